/* SPDX-License-Identifier: MIT */
/*
 * Executes its heap.
 *
 * Gets  process #: page fault at # (rip #) and no way to tell it
 *       run: heap_code: signal 11 at address #
 */
#include "hostile.h"

int main(void)
{
    uint8_t *code = rt_alloc(16);

    MUST(code != NULL, "no memory");
    *(volatile uint8_t *)code = 0xc3; /* ret */
    ((void (*)(void))(uint64_t)code)();
    wrong("the heap can be executed");
}
