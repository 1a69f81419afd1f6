/* SPDX-License-Identifier: MIT */
/*
 * What arguments point to; see trace.h. Each function shows the bare address where
 * nothing can be read.
 */
#include "trace.h"

#include "bytes.h"
#include "face.h"
#include "user.h"

#define STAT_TYPE 0170000
#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe
#define SIGNAL_SET_MANY 43 /* so many of 64: those that are missing are told */

/* Copies *value from argument i; false: the address was shown instead. */
#define TAKE(t, i, value) take(t, i, value, sizeof(*(value)))

static bool take(struct trace *t, unsigned i, void *value, uint64_t size)
{
    if (t->a[i] != 0 && copy_from_user(value, t->a[i], size) == 0)
        return true;
    put_address(t, t->a[i]);
    return false;
}

/* --- times ---------------------------------------------------------------- */

static void put_pair(struct trace *t, const struct linux_timespec *time, const char *fraction)
{
    put(t, "{tv_sec=%ld, tv_%s=%ld}", time->tv_sec, fraction, time->tv_nsec);
}

void show_timespec(struct trace *t, unsigned i)
{
    struct linux_timespec time;

    if (TAKE(t, i, &time))
        put_pair(t, &time, "nsec");
}

void show_timeval(struct trace *t, unsigned i)
{
    struct linux_timespec time;

    if (TAKE(t, i, &time))
        put_pair(t, &time, "usec");
}

void show_itimer(struct trace *t, unsigned i)
{
    struct linux_timespec timer[2];

    if (!TAKE(t, i, &timer))
        return;
    put(t, "{it_interval=");
    put_pair(t, &timer[0], "usec");
    put(t, ", it_value=");
    put_pair(t, &timer[1], "usec");
    put(t, "}");
}

static void put_file_time(struct trace *t, const struct linux_timespec *time)
{
    if (time->tv_nsec == UTIME_NOW)
        put(t, "UTIME_NOW");
    else if (time->tv_nsec == UTIME_OMIT)
        put(t, "UTIME_OMIT");
    else
        put_pair(t, time, "nsec");
}

void show_times_two(struct trace *t, unsigned i)
{
    struct linux_timespec times[2];

    if (!TAKE(t, i, &times))
        return;
    put(t, "[");
    put_file_time(t, &times[0]);
    put(t, ", ");
    put_file_time(t, &times[1]);
    put(t, "]");
}

void show_timevals_two(struct trace *t, unsigned i)
{
    struct linux_timespec times[2];

    if (!TAKE(t, i, &times))
        return;
    put(t, "[");
    put_pair(t, &times[0], "usec");
    put(t, ", ");
    put_pair(t, &times[1], "usec");
    put(t, "]");
}

/* What was left of a sleep, which only one that was broken off tells. */
void show_remaining(struct trace *t, unsigned i)
{
    if (t->result == -E_INTR)
        show_timespec(t, i);
    else
        put_address(t, t->a[i]);
}

/* --- signals -------------------------------------------------------------- */

/* Without SIG, as strace has it in sets. */
static void put_signal_short(struct trace *t, unsigned n)
{
    const char *name = word_of(n, words_signal);

    if (name != NULL)
        put(t, "%s", name + 3);
    else
        put(t, n == 32 ? "RTMIN" : "RT_%u", n - 32);
}

void put_signal_set(struct trace *t, uint64_t set)
{
    const char *between = "";
    unsigned count = 0;
    bool most;

    for (uint64_t left = set; left != 0; left &= left - 1)
        count++;
    most = count >= SIGNAL_SET_MANY;
    put(t, most ? "~[" : "[");
    set = most ? ~set : set;
    for (; set != 0; set &= set - 1) {
        put(t, "%s", between);
        put_signal_short(t, (unsigned)__builtin_ctzll(set) + 1);
        between = " ";
    }
    put(t, "]");
}

void show_signal_set(struct trace *t, unsigned i)
{
    uint64_t set;

    if (TAKE(t, i, &set))
        put_signal_set(t, set);
}

/* What rt_sigreturn goes back to. */
void show_signal_frame(struct trace *t, unsigned i)
{
    uint64_t mask, at = thread_registers_of(thread_self())->rsp;

    (void)i;
    if (copy_from_user(&mask, at + offsetof(struct linux_ucontext, uc_sigmask), 8) < 0)
        return;
    put(t, "{mask=");
    put_signal_set(t, mask);
    put_char(t, '}');
}

/* pselect6's last argument. */
void show_signal_pair(struct trace *t, unsigned i)
{
    uint64_t pair[2], set;

    if (!TAKE(t, i, &pair))
        return;
    put(t, "{sigmask=");
    if (pair[0] == 0 || copy_from_user(&set, pair[0], 8) < 0)
        put_address(t, pair[0]);
    else
        put_signal_set(t, set);
    put(t, ", sigsetsize=%lu}", pair[1]);
}

void show_signal_action(struct trace *t, unsigned i)
{
    struct linux_sigaction a;

    if (!TAKE(t, i, &a))
        return;
    if (a.handler == SIG_DFL || a.handler == SIG_IGN)
        put(t, "{sa_handler=%s", a.handler == SIG_DFL ? "SIG_DFL" : "SIG_IGN");
    else
        put(t, "{sa_handler=0x%lx", a.handler);
    put(t, ", sa_mask=");
    put_signal_set(t, a.mask);
    put(t, ", sa_flags=");
    put_flags(t, a.flags, words_signal_action, "SA_???");
    if ((a.flags & SA_RESTORER) != 0)
        put(t, ", sa_restorer=0x%lx", a.restorer);
    put(t, "}");
}

void show_signal_stack(struct trace *t, unsigned i)
{
    struct linux_stack s;

    if (!TAKE(t, i, &s))
        return;
    put(t, "{ss_sp=");
    put_address(t, s.ss_sp);
    put(t, ", ss_flags=");
    put_flags(t, (uint32_t)s.ss_flags, words_signal_stack, "SS_???");
    put(t, ", ss_size=%lu}", s.ss_size);
}

void show_signal_info(struct trace *t, unsigned i)
{
    struct linux_siginfo info;

    if (TAKE(t, i, &info))
        put_signal_info(t, info.si_signo, info.si_code, (uint32_t)info.si_pid);
}

/* What a fault's code means depends on the signal. */
static const struct word *codes_of(int signal, int code)
{
    static const struct word *const codes[] = {
        [SIGSEGV] = words_segv_code, [SIGBUS] = words_bus_code, [SIGFPE] = words_fpe_code,
        [SIGILL] = words_ill_code,   [SIGTRAP] = words_trap_code,
    };
    bool fault = code > 0 && code < SI_KERNEL && signal <= SIGSEGV && codes[signal] != NULL;

    return fault ? codes[signal] : words_signal_code;
}

static bool is_fault(int signal, int code)
{
    return codes_of(signal, code) != words_signal_code ||
           (code == SI_KERNEL && codes_of(signal, 1) != words_signal_code);
}

void put_signal_info(struct trace *t, int signal, int code, uint64_t value)
{
    put(t, "{si_signo=");
    put_signal(t, (uint64_t)signal);
    put(t, ", si_code=");
    put_word(t, (uint64_t)(int64_t)code, codes_of(signal, code), "SI_???");
    if (is_fault(signal, code)) {
        put(t, ", si_addr=");
        put_address(t, value);
    } else if (code <= 0 && code != SI_TIMER) {
        put(t, ", si_pid=%lu, si_uid=0", value);
    }
    put(t, "}");
}

/* --- files ---------------------------------------------------------------- */

void put_file_mode(struct trace *t, uint64_t mode)
{
    const char *type = word_of(mode & STAT_TYPE, words_file_type);

    if (type != NULL)
        put(t, "%s|", type);
    else if ((mode & STAT_TYPE) != 0)
        put(t, "0x%lx /* S_IF??? */|", mode & STAT_TYPE);
    put_mode(t, mode & 07777);
}

static bool is_device(uint32_t mode)
{
    return (mode & STAT_TYPE) == 0020000 || (mode & STAT_TYPE) == 0060000;
}

void show_stat(struct trace *t, unsigned i)
{
    struct linux_stat s;

    if (!TAKE(t, i, &s))
        return;
    put(t, "{st_mode=");
    put_file_mode(t, s.st_mode);
    if (is_device(s.st_mode))
        put(t, ", st_rdev=makedev(0x%lx, 0x%lx), ...}",
            (s.st_rdev >> 8 & 0xfff) | (s.st_rdev >> 32 & ~UINT64_C(0xfff)),
            (s.st_rdev & 0xff) | (s.st_rdev >> 12 & 0xffffff00));
    else
        put(t, ", st_size=%ld, ...}", s.st_size);
}

void show_statx(struct trace *t, unsigned i)
{
    struct linux_statx s;

    if (!TAKE(t, i, &s))
        return;
    put(t, "{stx_mask=");
    put_flags(t, s.stx_mask, words_statx, "STATX_???");
    put(t, s.stx_attributes == 0 ? ", stx_attributes=0" : ", stx_attributes=0x%lx",
        s.stx_attributes);
    put(t, ", stx_mode=");
    put_file_mode(t, s.stx_mode);
    put(t, ", stx_size=%lu, ...}", s.stx_size);
}

void show_statfs(struct trace *t, unsigned i)
{
    struct linux_statfs s;

    if (!TAKE(t, i, &s))
        return;
    put(t, "{f_type=");
    put_word(t, (uint64_t)s.f_type, words_file_system, "???");
    put(t, ", f_bsize=%ld, f_blocks=%ld, f_bfree=%ld, f_bavail=%ld, f_files=%ld, f_ffree=%ld",
        s.f_bsize, s.f_blocks, s.f_bfree, s.f_bavail, s.f_files, s.f_ffree);
    put(t, s.f_fsid[0] == 0 && s.f_fsid[1] == 0 ? ", f_fsid={val=[0, 0]}"
                                                : ", f_fsid={val=[0x%x, 0x%x]}",
        s.f_fsid[0], s.f_fsid[1]);
    put(t, ", f_namelen=%ld, f_frsize=%ld, f_flags=", s.f_namelen, s.f_frsize);
    put_flags(t, (uint64_t)s.f_flags, words_statfs, "ST_???");
    put(t, "}");
}

void show_entries(struct trace *t, unsigned i)
{
    uint64_t at = 0, count = 0;
    struct linux_dirent entry;

    for (; at + sizeof(entry) <= (uint64_t)t->result; at += entry.d_reclen, count++)
        if (copy_from_user(&entry, t->a[i] + at, sizeof(entry)) < 0 || entry.d_reclen == 0)
            break;
    put_address(t, t->a[i]);
    put(t, " /* %lu entries */", count);
}

/* --- lists ---------------------------------------------------------------- */

/* `left`: bytes that the call moved. */
static void put_iov(struct trace *t, unsigned i, uint64_t left)
{
    struct linux_iovec v;

    put(t, "[");
    for (uint64_t n = 0; n < t->a[i + 1]; n++) {
        put(t, n == 0 ? "" : ", ");
        if (n == TRACE_ITEMS || copy_from_user(&v, t->a[i] + n * sizeof(v), sizeof(v)) < 0) {
            put(t, n == TRACE_ITEMS ? "..." : "...?");
            break;
        }
        put(t, "{iov_base=");
        put_bytes(t, v.base, v.length < left ? v.length : left, TRACE_STRING);
        put(t, ", iov_len=%lu}", v.length);
        left -= v.length < left ? v.length : left;
    }
    put(t, "]");
}

void show_iov(struct trace *t, unsigned i)
{
    put_iov(t, i, ~UINT64_C(0));
}

void show_out_iov(struct trace *t, unsigned i)
{
    put_iov(t, i, (uint64_t)t->result);
}

void show_groups(struct trace *t, unsigned i)
{
    uint32_t n;

    if (t->a[0] == 0) { /* only asked how many */
        put_address(t, t->a[i]);
        return;
    }
    put(t, "[");
    for (int64_t g = 0; g < t->result && load_user32(t->a[i] + 4 * (uint64_t)g, &n) == 0; g++)
        put(t, g == 0 ? "%u" : ", %u", n);
    put(t, "]");
}

void show_cpus(struct trace *t, unsigned i)
{
    const char *between = "";
    uint64_t set;

    put(t, "[");
    for (uint64_t at = 0; at < (uint64_t)t->result; at += 8)
        if (copy_from_user(&set, t->a[i] + at, 8) == 0)
            for (; set != 0; set &= set - 1, between = " ")
                put(t, "%s%lu", between, at * 8 + (unsigned)__builtin_ctzll(set));
    put(t, "]");
}

/* mincore's bytes. */
void show_pages(struct trace *t, unsigned i)
{
    uint64_t count = (t->a[1] + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
    uint8_t page;

    put(t, "[");
    for (uint64_t n = 0; n < count && copy_from_user(&page, t->a[i] + n, 1) == 0; n++) {
        put(t, n == 0 ? "" : ", ");
        if (n == TRACE_ITEMS) {
            put(t, "...");
            break;
        }
        put(t, "%u", page & 1u);
    }
    put(t, "]");
}
