/* SPDX-License-Identifier: MIT */
/*
 * Telling the time, and letting it pass. Without a Clock all of it is EPERM.
 *
 * The kernel does not tell how long a process ran, so its CPU time is the time
 * since it began: right for one busy thread, an upper bound otherwise.
 */
#include "face.h"
#include "kernel.h"
#include "mm.h"
#include "time.h"
#include "user.h"

struct linux_timespec timespec_of(uint64_t ns)
{
    return (struct linux_timespec){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};
}

/* Seconds beyond this are as good as for ever. */
#define SECONDS_MAX (INT64_MAX / (int64_t)NS_PER_SECOND)

int64_t load_timespec(uint64_t address, uint64_t *ns)
{
    struct linux_timespec t;
    int64_t e = copy_from_user(&t, address, sizeof(t));

    if (e < 0)
        return e;
    if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= (int64_t)NS_PER_SECOND)
        return -E_INVAL;
    *ns = t.tv_sec >= SECONDS_MAX ? INT64_MAX
                                  : (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
    return 0;
}

int64_t load_timeval(uint64_t address, uint64_t *ns)
{
    struct linux_timeval t;
    int64_t e = copy_from_user(&t, address, sizeof(t));

    if (e < 0)
        return e;
    if (t.tv_sec < 0 || t.tv_usec < 0 || t.tv_usec >= 1000000)
        return -E_INVAL;
    *ns = t.tv_sec >= SECONDS_MAX ? INT64_MAX
                                  : (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_usec * 1000;
    return 0;
}

int64_t load_timeout(uint64_t address, uint64_t *deadline)
{
    uint64_t ns;
    int64_t e;

    *deadline = PHX_FOREVER;
    if (address == 0)
        return 0;
    e = load_timespec(address, &ns);
    if (e < 0)
        return e;
    if (!time_is_known())
        return -E_PERM;
    *deadline = time_ahead(ns);
    return 0;
}

static int64_t read_clock(uint64_t clock, uint64_t *ns)
{
    switch (clock) {
    case LINUX_CLOCK_REALTIME:
    case LINUX_CLOCK_REALTIME_COARSE:
        *ns = time_realtime();
        break;
    case LINUX_CLOCK_MONOTONIC:
    case LINUX_CLOCK_MONOTONIC_RAW:
    case LINUX_CLOCK_MONOTONIC_COARSE:
    case LINUX_CLOCK_BOOTTIME:
        *ns = time_monotonic();
        break;
    case LINUX_CLOCK_PROCESS_CPUTIME_ID:
    case LINUX_CLOCK_THREAD_CPUTIME_ID:
        *ns = time_monotonic() - time_started();
        break;
    default:
        return -E_INVAL;
    }
    return time_is_known() ? 0 : -E_PERM;
}

int64_t call_clock_gettime(const struct call *c)
{
    struct linux_timespec t;
    uint64_t ns;
    int64_t e = read_clock(c->a, &ns);

    if (e < 0)
        return e;
    t = timespec_of(ns);
    return copy_to_user(c->b, &t, sizeof(t));
}

int64_t call_clock_getres(const struct call *c)
{
    struct linux_timespec t = {0, 1};
    uint64_t ns;
    int64_t e = read_clock(c->a, &ns);

    if (e < 0)
        return e;
    return c->b == 0 ? 0 : copy_to_user(c->b, &t, sizeof(t));
}

int64_t call_gettimeofday(const struct call *c)
{
    uint64_t ns = time_realtime();
    struct linux_timeval t = {(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / 1000)};
    static const int32_t zone[2];
    int64_t e = 0;

    if (!time_is_known())
        return -E_PERM;
    if (c->a != 0)
        e = copy_to_user(c->a, &t, sizeof(t));
    if (e == 0 && c->b != 0)
        e = copy_to_user(c->b, zone, sizeof(zone));
    return e;
}

int64_t call_time(const struct call *c)
{
    int64_t seconds = (int64_t)(time_realtime() / NS_PER_SECOND), e = 0;

    if (!time_is_known())
        return -E_PERM;
    if (c->a != 0)
        e = copy_to_user(c->a, &seconds, sizeof(seconds));
    return e < 0 ? e : seconds;
}

/* What is left, for a sleep that a signal broke off. */
static int64_t tell_rest(uint64_t address, uint64_t deadline)
{
    uint64_t now = time_monotonic();
    struct linux_timespec rest = timespec_of(deadline > now ? deadline - now : 0);
    int64_t e = address == 0 ? 0 : copy_to_user(address, &rest, sizeof(rest));

    return e < 0 ? e : -E_INTR;
}

int64_t call_nanosleep(const struct call *c)
{
    uint64_t deadline;
    int64_t e = c->a == 0 ? -E_FAULT : load_timeout(c->a, &deadline);

    if (e < 0)
        return e;
    e = sleep_until(deadline);
    return e < 0 ? tell_rest(c->b, deadline) : 0;
}

int64_t call_clock_nanosleep(const struct call *c)
{
    uint64_t now, until, deadline;
    int64_t e;

    if (c->a != LINUX_CLOCK_REALTIME && c->a != LINUX_CLOCK_MONOTONIC &&
        c->a != LINUX_CLOCK_BOOTTIME)
        return c->a == LINUX_CLOCK_THREAD_CPUTIME_ID ? -E_INVAL : -E_OPNOTSUPP;
    e = read_clock(c->a, &now);
    if (e == 0)
        e = load_timespec(c->c, &until);
    if (e < 0)
        return e;
    if ((c->b & TIMER_ABSTIME) == 0) {
        deadline = time_ahead(until);
        e = sleep_until(deadline);
        return e < 0 ? tell_rest(c->d, deadline) : 0;
    }
    return until <= now ? 0 : sleep_until(time_ahead(until - now));
}

/* --- how long it ran ------------------------------------------------------ */

int64_t call_times(const struct call *c)
{
    int64_t ticks = (int64_t)((time_monotonic() - time_started()) / 10000000);
    int64_t t[4] = {ticks, 0, 0, 0}, e = 0;

    if (!time_is_known())
        return -E_PERM;
    if (c->a != 0)
        e = copy_to_user(c->a, t, sizeof(t));
    return e < 0 ? e : (int64_t)(time_monotonic() / 10000000);
}

int64_t call_getrusage(const struct call *c)
{
    int64_t usage[18] = {0};
    uint64_t ns = time_monotonic() - time_started();

    if ((int32_t)c->a != 0 && (int32_t)c->a != 1 && (int32_t)c->a != -1)
        return -E_INVAL;
    if ((int32_t)c->a != -1) { /* it has no children */
        usage[0] = (int64_t)(ns / NS_PER_SECOND);
        usage[1] = (int64_t)(ns % NS_PER_SECOND / 1000);
        usage[4] = (int64_t)(mm_peak_pages() * (PHX_PAGE_SIZE / 1024)); /* ru_maxrss */
    }
    return copy_to_user(c->b, usage, sizeof(usage));
}
