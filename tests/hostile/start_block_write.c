/* SPDX-License-Identifier: MIT */
/*
 * Writes to the page that says what it was handed.
 *
 * Gets  process #: page fault at # (rip #) and no way to tell it
 *       run: start_block_write: signal 11 at address 0x3f0000
 */
#include "hostile.h"

int main(void)
{
    *(volatile uint8_t *)PHX_NATIVE_START_BLOCK = 0xff;
    wrong("the start block can be written");
}
