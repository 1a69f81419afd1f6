/* SPDX-License-Identifier: MIT */
/*
 * The least program: it waits for ever, on a stack of one page. What its process costs
 * is process_pages.
 */
#include "rt/rt.h"

int main(void)
{
    for (;;)
        thread_control_sleep(RT_THREAD, PHX_FOREVER);
}
