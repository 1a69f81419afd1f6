/* SPDX-License-Identifier: MIT */
/*
 * Executes its own stack.
 *
 * Gets  process #: page fault at # (rip #) and no way to tell it
 *       run: stack_code: signal 11 at address #
 */
#include "hostile.h"

int main(void)
{
    volatile uint8_t code[16] = {0xc3}; /* ret */

    ((void (*)(void))(uint64_t)code)();
    wrong("the stack can be executed");
}
