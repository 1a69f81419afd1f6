/* SPDX-License-Identifier: MIT */
#include "boots.h"

int main(void)
{
    return boot_blobs();
}
