/* SPDX-License-Identifier: MIT */
/*
 * What is waited for, what a terminal is set to, and what the system says of itself;
 * see trace.h.
 */
#include "trace.h"

#include "face.h"
#include "user.h"

#define NAME_SIZE 65
#define SPEED_38400 017
#define SPEED_MASK 010017

#define TAKE(t, i, value) \
    ((t)->a[i] != 0 && copy_from_user(value, (t)->a[i], sizeof(*(value))) == 0)

/* --- poll and select ------------------------------------------------------ */

static void put_events(struct trace *t, const char *name, int16_t events)
{
    put(t, "%s=", name);
    put_flags(t, (uint16_t)events, words_poll, "POLL???");
}

void show_poll_list(struct trace *t, unsigned i)
{
    struct linux_pollfd p;

    if (t->a[i] == 0) {
        put_address(t, 0);
        return;
    }
    put(t, "[");
    for (uint64_t n = 0; n < t->a[i + 1]; n++) {
        put(t, n == 0 ? "" : ", ");
        if (n == TRACE_ITEMS || copy_from_user(&p, t->a[i] + n * sizeof(p), sizeof(p)) < 0) {
            put(t, "...");
            break;
        }
        put(t, "{fd=%d", p.fd);
        if (p.fd >= 0)
            put_events(t, ", events", p.events);
        put(t, "}");
    }
    put(t, "]");
}

static void put_time_left(struct trace *t, unsigned i)
{
    struct linux_timespec left;

    if (TAKE(t, i, &left))
        put(t, ", left {tv_sec=%ld, tv_%s=%ld}", left.tv_sec,
            t->number == SYS_SELECT ? "usec" : "nsec", left.tv_nsec);
}

void put_poll_result(struct trace *t)
{
    struct linux_pollfd p;
    const char *between = "";

    if (t->result == 0) {
        put(t, " (Timeout)");
        return;
    }
    put(t, " ([");
    for (uint64_t n = 0; n < t->a[1] && n < TRACE_ITEMS; n++) {
        if (copy_from_user(&p, t->a[0] + n * sizeof(p), sizeof(p)) < 0 || p.revents == 0)
            continue;
        put(t, "%s{fd=%d", between, p.fd);
        put_events(t, ", revents", p.revents);
        put(t, "}");
        between = ", ";
    }
    put(t, "]");
    if (t->number == SYS_PPOLL)
        put_time_left(t, 2);
    put(t, ")");
}

/* Descriptors below the call's first argument. */
static bool put_set(struct trace *t, uint64_t set)
{
    const char *between = "";
    uint64_t word = 0;

    put(t, "[");
    for (uint64_t fd = 0; fd < t->a[0] && fd < 1024; fd++) {
        if (fd % 64 == 0 && copy_from_user(&word, set + fd / 8, 8) < 0)
            break;
        if ((word >> fd % 64 & 1) == 0)
            continue;
        put(t, "%s%lu", between, fd);
        between = " ";
    }
    put(t, "]");
    return between[0] != 0;
}

void show_fd_set(struct trace *t, unsigned i)
{
    if (t->a[i] == 0 || (int32_t)t->a[0] <= 0)
        put_address(t, t->a[i]);
    else
        put_set(t, t->a[i]);
}

void put_select_result(struct trace *t)
{
    static const char *const names[3] = {"in ", "out ", "except "};
    const char *between = "";

    if (t->result == 0) {
        put(t, " (Timeout)");
        return;
    }
    put(t, " (");
    for (unsigned i = 0; i < 3; i++) {
        size_t before = t->length;

        if (t->a[i + 1] == 0)
            continue;
        put(t, "%s%s", between, names[i]);
        if (put_set(t, t->a[i + 1]))
            between = ", ";
        else
            t->length = before;
    }
    put_time_left(t, 4);
    put(t, ")");
}

/* --- terminals ------------------------------------------------------------ */

void show_termios(struct trace *t, unsigned i)
{
    struct {
        uint32_t iflag, oflag, cflag, lflag;
    } s;

    if (!TAKE(t, i, &s)) {
        put_address(t, t->a[i]);
        return;
    }
    put(t, "{c_iflag=");
    put_flags(t, s.iflag, words_iflag, "I???");
    put(t, ", c_oflag=NL0|CR0|TAB0|BS0|VT0|FF0");
    if (s.oflag != 0) {
        put(t, "|");
        put_flags(t, s.oflag, words_oflag, "O???");
    }
    if ((s.cflag & SPEED_MASK) == SPEED_38400)
        put(t, ", c_cflag=B38400|CS%u", 5 + (s.cflag >> 4 & 3));
    else
        put(t, ", c_cflag=0x%x|CS%u", s.cflag & SPEED_MASK, 5 + (s.cflag >> 4 & 3));
    if ((s.cflag & ~(SPEED_MASK | 060u)) != 0) {
        put(t, "|");
        put_flags(t, s.cflag & ~(SPEED_MASK | 060u), words_cflag, "C???");
    }
    put(t, ", c_lflag=");
    put_flags(t, s.lflag, words_lflag, "L???");
    put(t, ", ...}");
}

void show_window(struct trace *t, unsigned i)
{
    uint16_t size[4];

    if (TAKE(t, i, &size))
        put(t, "{ws_row=%u, ws_col=%u, ws_xpixel=%u, ws_ypixel=%u}", size[0], size[1], size[2],
            size[3]);
    else
        put_address(t, t->a[i]);
}

/* --- limits and usage ----------------------------------------------------- */

static void put_limit(struct trace *t, uint64_t n, const char *infinity)
{
    if (n == ~UINT64_C(0))
        put(t, "%s", infinity);
    else if (n > 1024 && n % 1024 == 0)
        put(t, "%lu*1024", n / 1024);
    else
        put(t, "%lu", n);
}

static void put_limits(struct trace *t, unsigned i, const char *infinity)
{
    uint64_t limits[2];

    if (!TAKE(t, i, &limits)) {
        put_address(t, t->a[i]);
        return;
    }
    put(t, "{rlim_cur=");
    put_limit(t, limits[0], infinity);
    put(t, ", rlim_max=");
    put_limit(t, limits[1], infinity);
    put(t, "}");
}

void show_limit(struct trace *t, unsigned i)
{
    put_limits(t, i, "RLIM64_INFINITY");
}

/* Of getrlimit and setrlimit, whose type is another. */
void show_limit32(struct trace *t, unsigned i)
{
    put_limits(t, i, "RLIM_INFINITY");
}

void show_usage(struct trace *t, unsigned i)
{
    uint64_t usage[4];

    if (TAKE(t, i, &usage))
        put(t, "{ru_utime={tv_sec=%lu, tv_usec=%lu}, ru_stime={tv_sec=%lu, tv_usec=%lu}, ...}",
            usage[0], usage[1], usage[2], usage[3]);
    else
        put_address(t, t->a[i]);
}

void show_times(struct trace *t, unsigned i)
{
    uint64_t n[4];

    if (TAKE(t, i, &n))
        put(t, "{tms_utime=%lu, tms_stime=%lu, tms_cutime=%lu, tms_cstime=%lu}", n[0], n[1], n[2],
            n[3]);
    else
        put_address(t, t->a[i]);
}

void show_sysinfo(struct trace *t, unsigned i)
{
    struct {
        uint64_t uptime, loads[3], total, free, shared, buffers, swap_total, swap_free;
        uint16_t processes, pad[3];
        uint64_t high_total, high_free;
        uint32_t unit, pad2;
    } s;

    if (!TAKE(t, i, &s)) {
        put_address(t, t->a[i]);
        return;
    }
    put(t, "{uptime=%lu, loads=[%lu, %lu, %lu], totalram=%lu, freeram=%lu, sharedram=%lu", s.uptime,
        s.loads[0], s.loads[1], s.loads[2], s.total, s.free, s.shared);
    put(t, ", bufferram=%lu, totalswap=%lu, freeswap=%lu, procs=%u, totalhigh=%lu", s.buffers,
        s.swap_total, s.swap_free, s.processes, s.high_total);
    put(t, ", freehigh=%lu, mem_unit=%u}", s.high_free, s.unit);
}

void show_uname(struct trace *t, unsigned i)
{
    char names[2][NAME_SIZE];

    if (!TAKE(t, i, &names)) {
        put_address(t, t->a[i]);
        return;
    }
    names[0][NAME_SIZE - 1] = names[1][NAME_SIZE - 1] = 0;
    put(t, "{sysname=\"%s\", nodename=\"%s\", ...}", names[0], names[1]);
}
