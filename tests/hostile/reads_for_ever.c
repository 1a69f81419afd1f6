/* SPDX-License-Identifier: MIT */
/*
 * Four threads that wait for the keyboard for ever. They are ended from there, and what
 * is typed next is the shell's.
 *
 * Keys  ^C
 * Gets  run: reads_for_ever: interrupted
 */
#include "hostile.h"

#include "rt/terminal.h"

static void reads(void *argument)
{
    uint64_t got;

    for (;;)
        terminal_read_until(rt_cap("stdin"), (uint64_t)argument, PHX_PAGE_SIZE, PHX_FOREVER, &got);
}

int main(void)
{
    for (unsigned i = 0; i < 3; i++)
        thread(reads, pages(1));
    rt_print("begun\n");
    reads(pages(1));
    return 0;
}
