/* SPDX-License-Identifier: MIT */
/* Faults, and notifications between two threads. */
#include "bench.h"
#include "rt/layout.h"

/*
 * handlers.S: an upcall entry that leaves at once, past the faulting instruction, and
 * a load that faults. The GS base is the thread page.
 */
void bench_upcall_entry(void);
void bench_fault(void *address);

static uint8_t upcall_stack[4096] __attribute__((aligned(16)));

PART faults(void)
{
    struct phx_thread_page *page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;

    page->stack = (uint64_t)(upcall_stack + sizeof upcall_stack);
    page->entry = (uint64_t)bench_upcall_entry;
    __asm__ volatile("wrgsbase %0" : : "r"(page));
    bench_report("fault_upcall", MEASURE(200, bench_fault((void *)0x1000)));
}

/* --- notifications --------------------------------------------------------- */

static uint64_t there, back; /* signalled by this thread, and by the other one */
static volatile uint64_t woken;

static void wait_for(uint64_t notification)
{
    struct notification_wait_out out;

    must(notification_wait(notification, 1, PHX_FOREVER, &out), "wait");
}

static void other(void *unused)
{
    (void)unused;
    for (;;) {
        wait_for(there);
        woken = bench_stamp();
        must(notification_signal(back, 1), "signal");
    }
}

/* From the signal to the first instruction behind the wait of the other, who goes first. */
PART signals(void)
{
    struct account_new_notification_out n;
    struct thread_control_self_out self;
    uint64_t thread, least = ~0UL;

    must(account_new_notification(rt_cap("account"), &n), "notification");
    there = n.notification;
    must(account_new_notification(rt_cap("account"), &n), "notification");
    back = n.notification;
    must(rt_thread(other, NULL, &thread), "thread");
    must(thread_control_self(RT_THREAD, &self), "self");
    must(schedule_add(rt_cap("schedule"), self.thread, 1), "order");
    for (unsigned i = 0; i < 20; i++) {
        uint64_t from = bench_stamp();

        must(notification_signal(there, 1), "signal");
        wait_for(back);
        least = woken - from < least ? woken - from : least;
    }
    bench_report("signal", least);
    must(schedule_add(rt_cap("schedule"), self.thread, 0), "order");
}

void bench_threads(void)
{
    faults();
    signals();
}
