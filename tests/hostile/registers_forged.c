/* SPDX-License-Identifier: MIT */
/*
 * Writes every bit of flags, and addresses that are none, into the registers of a thread
 * that is stopped: what ring 3 may not have is not there when they are read back, nor
 * when the thread runs with them.
 *
 * With  account,clock
 * Gets  ...process #: page fault at # (rip #) and no way to tell it
 *       ...process #: exception at # (rip #) and no way to tell it
 *       64 flags, # addresses, 300 sets of registers
 */
#include "hostile.h"

#define MAY 0x240dd5 /* CF PF AF ZF SF TF DF OF AC ID */
#define ALWAYS 0x202
#define SETS 300

static uint64_t victim, notification;
static volatile uint64_t seen; /* the flags that it runs with */

void victim_begins(void);
__asm__("victim_begins:\n\t"
        "pushfq\n\t"
        "pop %rax\n\t"
        "mov %rax, (%rdi)\n\t"
        "ud2");

static void write_registers(const struct phx_registers *r, int64_t expected)
{
    int64_t result;

    while ((result = thread_registers(victim, (uint64_t)r, 1)) == -PHX_INVALID_STATE)
        thread_control_yield(RT_THREAD);
    MUST(result == expected, "rip 0x%lx: %s", r->rip, text_of(result));
}

/* It stops by its own fault, or is stopped. */
static void run(void)
{
    MUST(thread_start(victim) >= 0, "start");
    if (notification_wait(notification, 1, now() + 2000000, NULL) >= 0)
        return;
    thread_stop(victim);
    notification_poll(notification, 1, NULL);
}

static void flags(uint64_t stack)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        struct phx_registers r = {.rip = (uint64_t)victim_begins,
            .rsp = stack,
            .rdi = (uint64_t)&seen,
            .rflags = UINT64_C(1) << bit};
        uint64_t expected = (UINT64_C(1) << bit & MAY) | ALWAYS;

        write_registers(&r, 0);
        MUST(thread_registers(victim, (uint64_t)&r, 0) >= 0, "read");
        MUST(r.rflags == expected, "flag %u: 0x%lx", bit, r.rflags);
        if (bit == 8) /* it would stop at once */
            continue;
        seen = 0;
        MUST(thread_start(victim) >= 0, "start");
        MUST(notification_wait(notification, 1, PHX_FOREVER, NULL) >= 0, "its end");
        MUST((seen & ~UINT64_C(0x10000)) == expected, "flag %u: runs with 0x%lx", bit, seen);
    }
}

static unsigned addresses(void)
{
    unsigned count = 0;

    for (; count < nowhere_count; count++) {
        struct phx_registers r = {.rip = nowhere[count], .rflags = ALWAYS};

        write_registers(&r, -PHX_INVALID_ARGUMENT);
    }
    return count;
}

int main(void)
{
    struct account_new_notification_out made = {0};
    struct process_new_thread_out out = {0};
    struct phx_registers r;
    unsigned count;

    account_new_notification(rt_cap("account"), &made);
    notification = made.notification;
    process_keeper(RT_PROCESS, notification, 1);
    process_new_thread(RT_PROCESS, (uint64_t)victim_begins, 0, 0, 0, 0, &out);
    victim = out.thread;
    flags((uint64_t)pages(1) + PHX_PAGE_SIZE);
    count = addresses();
    for (unsigned i = 0; i < SETS; i++) {
        uint64_t *words = (uint64_t *)(void *)&r;

        for (unsigned k = 0; k < sizeof r / 8; k++)
            words[k] = strange_word();
        r.rip %= USER_END;
        write_registers(&r, 0);
        run();
    }
    rt_print("64 flags, %u addresses, %u sets of registers\n", count, SETS);
    return 0;
}
