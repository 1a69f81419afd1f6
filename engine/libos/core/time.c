/* SPDX-License-Identifier: MIT */
#include "time.h"

#include "kernel.h"
#include "kernel.stubs.h"

static struct clock_calibration_out calibration;
static bool known;
static uint64_t started;

static uint64_t counter(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

void time_init(void)
{
    known = caps.clock != 0 && clock_calibration(caps.clock, &calibration) >= 0;
    started = time_monotonic();
}

bool time_is_known(void)
{
    return known;
}

uint64_t time_monotonic(void)
{
    unsigned __int128 ticks;

    if (!known)
        return 0;
    ticks = counter() - calibration.tsc_base;
    return calibration.ns_base + (uint64_t)(ticks * calibration.multiplier >> calibration.shift);
}

uint64_t time_realtime(void)
{
    return calibration.realtime_base + time_monotonic();
}

uint64_t time_started(void)
{
    return started;
}

uint64_t time_ahead(uint64_t ns)
{
    uint64_t now = time_monotonic();

    return ns < PHX_FOREVER - 1 - now ? now + ns : PHX_FOREVER - 1;
}
