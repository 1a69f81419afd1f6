/* SPDX-License-Identifier: MIT */
/*
 * Upcall entries that are no user addresses, depths that are no depths, stacks and
 * restart ranges of every kind: the thread stops and its keeper hears of it, or it goes
 * on where its page says. Pending bits with the same.
 *
 * With  account,clock
 * Gets  ...process #: exception at # (rip #) and no way to tell it
 *       ...process #: page fault at # (rip #) and no way to tell it
 *       # pages, # stops
 */
#include "hostile.h"

#define LONG UINT64_C(10000000000) /* it must stop */
#define SHORT 1000000

static uint64_t notification;

static void faults(void)
{
    __asm__ volatile("1: ud2\n\tjmp 1b");
}

static void loops(void)
{
    __asm__ volatile("1: jmp 1b");
}

struct victim {
    struct phx_thread_page *page;
    uint64_t thread;
};

static struct victim victim_new(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct process_new_thread_out made = {0};
    struct victim v;
    int64_t result;

    frame_pool_alloc(RT_POOL, 1, &frame);
    v.page = rt_window(frame.frame, 1, READ_WRITE);
    result = process_new_thread(RT_PROCESS, (uint64_t)faults, (uint64_t)pages(1) + 4096, 0,
        frame.frame, (uint64_t)v.page, &made);
    MUST(result >= 0, "no thread: %s", text_of(result));
    v.thread = made.thread;
    phx_release(frame.frame);
    return v;
}

/* Run it at `start` with what its page says now, until it stops; then stop it. */
static unsigned run(struct victim *v, void (*start)(void), uint64_t patience)
{
    struct phx_registers r = {.rip = (uint64_t)start, .rflags = 0x202};
    struct notification_wait_out out = {0};
    uint64_t end = now() + patience;
    int64_t result = thread_registers(v->thread, (uint64_t)&r, 1);

    MUST(result >= 0, "registers: %s", text_of(result));
    MUST(thread_start(v->thread) >= 0, "start");
    thread_interrupt(v->thread, draw(16));
    result = notification_wait(notification, 1, end, &out);
    thread_stop(v->thread);
    while (thread_registers(v->thread, (uint64_t)&r, 0) == -PHX_INVALID_STATE)
        thread_control_yield(RT_THREAD);
    notification_poll(notification, 1, NULL);
    return result >= 0;
}

static void fill(struct phx_thread_page *page, uint64_t entry, uint32_t depth)
{
    page->entry = entry;
    page->stack = strange_word();
    page->disabled = (uint32_t)draw(3);
    page->depth = depth;
    page->pending = strange_word();
    page->restart_low = strange_word();
    page->restart_high = draw(2) ? UINT64_MAX : strange_word();
}

int main(void)
{
    struct account_new_notification_out out = {0};
    struct victim v;
    unsigned filled = 0, stops = 0;

    account_new_notification(rt_cap("account"), &out);
    notification = out.notification;
    MUST(process_keeper(RT_PROCESS, notification, 1) >= 0, "keeper");
    v = victim_new();
    for (unsigned i = 0; i < nowhere_count; i++, filled++) {
        fill(v.page, nowhere[i], 0);
        MUST(run(&v, faults, LONG) == 1, "entry 0x%lx did not stop it", nowhere[i]);
        stops++;
    }
    for (uint32_t depth = 4; depth != 0; depth <<= 1, filled++) {
        fill(v.page, (uint64_t)faults, depth);
        MUST(run(&v, faults, LONG) == 1, "depth %u did not stop it", depth);
        stops++;
    }
    for (unsigned i = 0; i < 100; i++, filled++) {
        fill(v.page, draw(2) ? strange_word() : (uint64_t)loops, (uint32_t)draw(6));
        stops += run(&v, draw(2) ? faults : loops, SHORT);
    }
    rt_print("%u pages, %u stops\n", filled, stops);
    return 0;
}
