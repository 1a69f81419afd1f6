/* SPDX-License-Identifier: MIT */
/*
 * As many waits in flight as a ring takes, more behind them, in each of three threads of
 * which one ends, one is stopped and one is cut off when the program does.
 *
 * With  account,clock
 * Gets  128 taken, then none; 3 threads
 */
#include "hostile.h"

#define SIZE 128

static uint64_t notification;
static uint32_t full;

static void fills(void *argument)
{
    struct view v = ring_open(SIZE, SIZE);
    int64_t first, more;

    for (unsigned i = 0; i < SIZE; i++)
        v.entries[i] =
            (struct phx_entry){.op = PHX_OP_NYX(7), .cap = notification, .words = {1, PHX_FOREVER}};
    __atomic_store_n(&v.shared->submit_tail, SIZE, __ATOMIC_RELEASE);
    first = ring_enter_now(&v, UINT64_MAX, 0);
    more = ring_enter_now(&v, UINT64_MAX, 0);
    MUST(first == SIZE && more == 0, "%ld taken, then %ld", first, more);
    __atomic_fetch_add(&full, 1, __ATOMIC_RELAXED);
    if (argument != NULL) {
        struct ring_enter_out out = {0};

        ring_enter(v.ring, UINT64_MAX, 1, PHX_FOREVER, &out);
        for (;;)
            thread_control_yield(RT_THREAD);
    }
}

int main(void)
{
    struct account_new_notification_out out = {0};
    uint64_t threads[3];

    account_new_notification(rt_cap("account"), &out);
    notification = out.notification;
    for (unsigned i = 0; i < 3; i++)
        threads[i] = thread(fills, (void *)(uint64_t)i);
    MUST(joined(threads[0]), "the first is lost");
    while (__atomic_load_n(&full, __ATOMIC_RELAXED) < 3)
        thread_control_yield(RT_THREAD);
    MUST(thread_stop(threads[1]) >= 0, "stop");
    notification_signal(notification, 1);
    rt_print("%u taken, then none; %u threads\n", SIZE, full);
    return 0;
}
