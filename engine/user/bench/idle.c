/* SPDX-License-Identifier: MIT */
/*
 * The least program: it waits for ever, on a stack of one page. What its process costs
 * is process_pages. Told to be "busy" it computes for ever: for wake_latency.
 */
#include "rt/rt.h"

int main(int argc, char **argv)
{
    while (argc > 1 && argv[1][0] == 'b')
        __asm__ volatile("" ::: "memory");
    for (;;)
        thread_control_sleep(RT_THREAD, PHX_FOREVER);
}
