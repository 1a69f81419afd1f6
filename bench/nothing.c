/* SPDX-License-Identifier: MIT */
/* A Linux program that ends at once: what a machine for one program costs. */
int main(void)
{
    return 0;
}
