/* SPDX-License-Identifier: MIT */
/*
 * `sysenter`, with the kernel's addresses where it would take its stack and return.
 *
 * Gets  process #: exception at 0x0 (rip #) and no way to tell it
 *       run: sysenter: illegal instruction
 */
#include "hostile.h"

int main(void)
{
    __asm__ volatile("sysenter" ::"c"(0xffffffff80000000), "d"(0xffffffff80000000), "a"(0UL)
                     : "memory");
    wrong("sysenter came back");
}
