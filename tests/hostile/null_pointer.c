/* SPDX-License-Identifier: MIT */
/*
 * Reads where a null pointer points.
 *
 * Gets  process #: page fault at 0x0 (rip #) and no way to tell it
 *       run: null_pointer: segmentation fault
 */
#include "hostile.h"

int main(void)
{
    volatile uint64_t null = 0;

    wrong("there is something at 0: %d", *(volatile uint8_t *)null);
}
