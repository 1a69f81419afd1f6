/* SPDX-License-Identifier: MIT */
/*
 * Sixteen threads that never enter the kernel, with interrupts as far off as a program
 * can have them. The shell still takes Ctrl-C.
 *
 * Keys  ^C
 * Gets  run: spins_for_ever: interrupted
 */
#include "hostile.h"

static void spins(void *argument)
{
    (void)argument;
    for (;;)
        __asm__ volatile("mov %%ss, %%eax\n\tmov %%eax, %%ss" ::: "rax"); /* holds one off */
}

int main(void)
{
    for (unsigned i = 0; i < 15; i++)
        thread(spins, NULL);
    rt_print("begun\n");
    spins(NULL);
    return 0;
}
