/* SPDX-License-Identifier: MIT */
/*
 * Writes to its own text.
 *
 * Gets  process #: page fault at # (rip #) and no way to tell it
 *       run: text_write: signal 11 at address #
 */
#include "hostile.h"

int main(void)
{
    *(volatile uint8_t *)(uint64_t)main = 0xcc;
    wrong("text can be written");
}
