/* SPDX-License-Identifier: MIT */
/*
 * How much more two cores do than one: two processes that compute the same, one after the
 * other and at once. Boots as init of a machine with two cores, and plays both processes.
 * The median of nine, in thousandths; it is a time, and means something on a host that has
 * two cores to spare.
 */
#include "bench.h"

#define ROUNDS 9
#define LOOPS 40000000

static uint64_t now(void)
{
    struct clock_now_out out;

    must(clock_now(rt_cap("clock"), &out), "clock");
    return out.ns;
}

static void compute(void)
{
    for (unsigned i = 0; i < LOOPS; i++)
        __asm__ volatile("" ::: "memory");
}

static void wait_for(uint64_t notification)
{
    struct notification_wait_out out;

    must(notification_wait(notification, 1, PHX_FOREVER, &out), "wait");
}

static _Noreturn void other(void)
{
    for (;;) {
        wait_for(rt_cap("begin"));
        compute();
        must(notification_signal(rt_cap("done"), 1), "signal");
    }
}

static uint64_t notification(void)
{
    struct account_new_notification_out made;

    must(account_new_notification(rt_cap("account"), &made), "notification");
    return made.notification;
}

static void start_other(uint64_t begin, uint64_t done)
{
    static const struct proc_text arguments[] = {{"pair", 4}, {"other", 5}};
    const struct proc_grant grants[] = {
        {"begin", begin, NOTIFICATION_M_WAIT, 0},
        {"done", done, NOTIFICATION_M_SIGNAL, 0},
        {"log", rt_cap("log"), LOG_M_WRITE, SLOT_LOG},
    };
    struct proc_plan plan = {
        .account = rt_cap("account"),
        .pool = RT_POOL,
        .image = bench_image("pair"),
        .grants = grants,
        .grant_count = 3,
        .startup = {.arguments = arguments, .argument_count = 2, .program = {"pair", 4}},
    };
    const char *reason = "";
    struct proc proc;

    must(proc_build(&plan, &proc, &reason), reason);
    must(proc_start(&proc), "other");
}

/* What two did at once, in thousandths of what one did in the same time. */
static uint64_t round_of(uint64_t begin, uint64_t done)
{
    uint64_t from = now(), alone;

    compute();
    alone = now() - from;
    from = now();
    must(notification_signal(begin, 1), "signal");
    compute();
    wait_for(done);
    return 2000 * alone / (now() - from);
}

int main(int argc, char **argv)
{
    uint64_t speedups[ROUNDS], begin, done;

    (void)argv;
    if (argc > 1)
        other();
    begin = notification();
    done = notification();
    start_other(begin, done);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t speedup = round_of(begin, done);
        unsigned at = i;

        for (; at > 0 && speedups[at - 1] > speedup; at--)
            speedups[at] = speedups[at - 1];
        speedups[at] = speedup;
    }
    rt_print("smp2_speedup\t%lu\tthousandths\n", speedups[ROUNDS / 2]);
    power_shutdown(rt_cap("power"), 0);
    return 0;
}
