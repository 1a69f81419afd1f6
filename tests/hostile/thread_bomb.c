/* SPDX-License-Identifier: MIT */
/*
 * Threads until its account refuses, all of them running; and it ends among them.
 *
 * Gets  more than 1000 threads, then: the account's limit is reached
 *       run: thread_bomb: status 7
 */
#include "hostile.h"

static uint8_t stack[64];

/* Every thread has the same stack, and so uses none: it yields for ever. */
static void yields(void)
{
    for (;;) {
        uint64_t op = PHX_OP_CALL(THREAD_CONTROL_YIELD, 0);

        __asm__ volatile("syscall" : "+a"(op) : "D"(RT_THREAD) : "rcx", "r11", "memory");
    }
}

int main(void)
{
    struct process_new_thread_out out = {0};
    unsigned made = 0;
    int64_t result;

    while ((result = process_new_thread(
                RT_PROCESS, (uint64_t)yields, (uint64_t)(stack + 32), 0, 0, 0, &out)) >= 0) {
        if (made++ % 16 == 0)
            MUST(thread_start(out.thread) >= 0, "start");
        phx_release(out.thread);
    }
    rt_print("%s than 1000 threads, then: %s\n", made > 1000 ? "more" : "fewer", text_of(result));
    return 7;
}
