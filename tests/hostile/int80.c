/* SPDX-License-Identifier: MIT */
/*
 * `int 0x80` in a program that is no Linux program and has nobody to tell.
 *
 * Gets  process #: exception at 0x0 (rip #) and no way to tell it
 *       run: int80: segmentation fault
 */
#include "hostile.h"

int main(void)
{
    __asm__ volatile("int $0x80" ::"a"(1UL), "b"(0UL) : "memory");
    wrong("int 0x80 came back");
}
