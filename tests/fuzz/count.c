/* SPDX-License-Identifier: MIT */
/*
 * How many instructions a machine has done: ticks of the TSC, which is what they are under
 * `-icount shift=0`, less those that passed while all its processors slept. Programs are
 * told by Clock.realtime, which has no other use in these images.
 */
#include "tests/fuzz/count.h"

#include "thread.h"

static uint64_t asleep;
static unsigned sleepers;

/* Processors take turns under -icount: time passes in sleep only while all of them do,
 * and then it is the last to begin and the first to end that say how much. */
void __real_arch_idle(void);
void __wrap_arch_idle(void);
void __wrap_arch_idle(void)
{
    static uint64_t all_since;

    if (__atomic_add_fetch(&sleepers, 1, __ATOMIC_RELAXED) == cpu_count)
        all_since = arch_tsc();
    __real_arch_idle();
    if (__atomic_fetch_sub(&sleepers, 1, __ATOMIC_RELAXED) == cpu_count)
        asleep += arch_tsc() - all_since;
}

uint64_t instructions_done(void)
{
    return arch_tsc() - asleep;
}

int __wrap_op_clock_realtime(struct invocation *inv, struct clock_realtime_out *out);
int __wrap_op_clock_realtime(struct invocation *inv, struct clock_realtime_out *out)
{
    (void)inv;
    out->ns = instructions_done();
    return OK;
}
