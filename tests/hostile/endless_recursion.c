/* SPDX-License-Identifier: MIT */
/*
 * Calls itself until its stack is over.
 *
 * Gets  process #: page fault at # (rip #) and no way to tell it
 *       run: endless_recursion: signal 11 at address #
 */
#include "hostile.h"

static uint64_t __attribute__((noinline)) deeper(volatile uint64_t *above)
{
    volatile uint64_t here = *above + 1;

    return here == 0 ? 0 : deeper(&here) + here;
}

int main(void)
{
    volatile uint64_t first = 0;

    wrong("came back after %lu", deeper(&first));
}
