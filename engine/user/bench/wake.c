/* SPDX-License-Identifier: MIT */
/*
 * A driver under load: from the moment that its deadline comes to its first instruction
 * behind the wait, while a hundred processes compute and never yield. They have no slots,
 * and so run on what is left over; the driver has one slot of four, and may run ahead of it.
 */
#include "bench.h"

#define BUSY 100
#define WAKES 20
#define NAP_NS 3300000 /* in no step with the slots */
#define CREDIT_NS 1000000

static uint64_t latest;

static uint64_t now(void)
{
    struct clock_now_out out;

    must(clock_now(rt_cap("clock"), &out), "clock");
    return out.ns;
}

static void drive(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < WAKES; i++) {
        uint64_t deadline = now() + NAP_NS;

        must(thread_control_sleep(RT_THREAD, deadline), "sleep");
        uint64_t late = now() - deadline;
        latest = late > latest ? late : latest;
    }
}

static void start_busy(struct proc *busy, const struct proc_image *image)
{
    static const struct proc_text arguments[] = {{"idle", 4}, {"busy", 4}};
    struct proc_plan plan = {
        .account = rt_cap("account"),
        .pool = RT_POOL,
        .image = *image,
        .startup = {.arguments = arguments, .argument_count = 2, .program = {"idle", 4}},
    };
    const char *reason = "";

    must(proc_build(&plan, busy, &reason), reason);
    must(schedule_add(rt_cap("schedule"), busy->thread, 1), "order"); /* behind who starts them */
    must(proc_start(busy), "busy");
}

/* The root's threads first in the spare list, the driver's behind them but for its credit. */
static uint64_t make_room(uint64_t slots, uint64_t root)
{
    struct account_new_schedule_out made;
    struct time_slice_range_out own;

    must(account_new_schedule(rt_cap("account"), &made), "schedule");
    must(time_slice_range(slots, 3, 1, &own), "slot");
    must(time_slice_bind(slots, 0), "slots");
    must(time_slice_bind(own.slice, made.schedule), "slot");
    must(time_slice_spare(slots, 0, 63), "place");
    must(time_slice_spare(slots, root, 0), "place");
    must(time_slice_spare(slots, made.schedule, 1), "place");
    must(schedule_credit(made.schedule, CREDIT_NS), "credit");
    return made.schedule;
}

PART wakes(const struct proc_image *image)
{
    static struct proc busy[BUSY];
    uint64_t slots = rt_cap("slots"), root = rt_cap("schedule"), thread;
    uint64_t own = make_room(slots, root);
    struct thread_join_out joined;

    for (unsigned i = 0; i < BUSY; i++)
        start_busy(&busy[i], image);
    must(rt_thread(drive, NULL, &thread), "thread");
    must(schedule_add(own, thread, 0), "schedule");
    must(thread_join(thread, PHX_FOREVER, &joined), "join");
    for (unsigned i = 0; i < BUSY; i++)
        proc_end(&busy[i], 0);
    must(time_slice_bind(slots, root), "slots");
    bench_report("wake_latency", latest);
}

void bench_wakes(void)
{
    struct proc_image idle = bench_image("idle");

    wakes(&idle);
}
