/* SPDX-License-Identifier: MIT */
/*
 * Four threads that wait for the keyboard for ever. They are ended from there, and what
 * is typed next is the shell's.
 *
 * Keys  ^C
 * Gets  run: reads_for_ever: interrupted
 */
#include "hostile.h"

static void reads(void *argument)
{
    for (;;)
        call(rt_cap("stdin"), CONSOLE_READ, (uint64_t)argument, PHX_PAGE_SIZE, PHX_FOREVER);
}

int main(void)
{
    for (unsigned i = 0; i < 3; i++)
        thread(reads, pages(1));
    rt_print("begun\n");
    reads(pages(1));
    return 0;
}
