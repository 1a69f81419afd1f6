/* SPDX-License-Identifier: MIT */
/* What each kind of argument looks like; see trace.h. */
#include "trace.h"

#include "face.h"
#include "user.h"

#define O_TMPFILE 020000000

/* --- numbers that have names ---------------------------------------------- */

static const struct {
    const struct word *words;
    const char *of;
    bool flags; /* any number of them, not one */
} named[KINDS] = {
    [ACCESS_MODE] = {words_access, "?_OK", true},
    [AT_FLAGS] = {words_at, "AT_???", true},
    [ACCESS_FLAGS] = {words_access_flags, "AT_???", true},
    [PROTECTION] = {words_protection, "PROT_???", true},
    [REMAP_FLAGS] = {words_remap, "MREMAP_???", true},
    [ADVICE] = {words_advice, "MADV_???", false},
    [FILE_ADVICE] = {words_file_advice, "POSIX_FADV_???", false},
    [SYNC_FLAGS] = {words_sync, "MS_???", true},
    [WHENCE] = {words_whence, "SEEK_???", false},
    [SIGNAL_HOW] = {words_signal_how, "SIG_???", false},
    [CLOCK] = {words_clock, "CLOCK_???", false},
    [TIMER_FLAGS] = {words_timer_flags, "TIMER_???", true},
    [TIMER_KIND] = {words_timer, "ITIMER_???", false},
    [FCNTL_COMMAND] = {words_fcntl, "F_???", false},
    [IOCTL_COMMAND] = {words_ioctl, "???", false},
    [ARCH_COMMAND] = {words_arch, "ARCH_???", false},
    [PRCTL_COMMAND] = {words_prctl, "PR_???", false},
    [LIMIT_KIND] = {words_limit, "RLIMIT_???", false},
    [USAGE_WHO] = {words_usage, "RUSAGE_???", false},
    [PRIORITY_WHICH] = {words_priority, "PRIO_???", false},
    [RANDOM_FLAGS] = {words_random, "GRND_???", true},
    [PIPE_FLAGS] = {words_open, "O_???", true},
    [LOCK_KIND] = {words_lock, "LOCK_???", true},
    [RENAME_FLAGS] = {words_rename, "RENAME_???", true},
    [FALLOCATE_MODE] = {words_fallocate, "FALLOC_FL_???", true},
    [STATX_MASK] = {words_statx, "STATX_???", true},
    [CLOSE_RANGE_FLAGS] = {words_close_range, "CLOSE_RANGE_???", true},
    [WAIT_FLAGS] = {words_wait, "W???", true},
    [FAMILY] = {words_family, "AF_???", false},
};

/* --- plain ones ----------------------------------------------------------- */

static void show_int(struct trace *t, unsigned i)
{
    put(t, "%d", (int32_t)t->a[i]);
}

static void show_unsigned(struct trace *t, unsigned i)
{
    put(t, "%u", (uint32_t)t->a[i]);
}

static void show_long(struct trace *t, unsigned i)
{
    put(t, "%ld", (int64_t)t->a[i]);
}

static void show_size(struct trace *t, unsigned i)
{
    put(t, "%lu", t->a[i]);
}

static void show_hex(struct trace *t, unsigned i)
{
    put(t, t->a[i] == 0 ? "0" : "0x%lx", t->a[i]);
}

static void show_pointer(struct trace *t, unsigned i)
{
    put_address(t, t->a[i]);
}

static void show_octal(struct trace *t, unsigned i)
{
    put_mode(t, (uint32_t)t->a[i]);
}

static void show_mode(struct trace *t, unsigned i)
{
    put_file_mode(t, (uint32_t)t->a[i]);
}

static void show_path(struct trace *t, unsigned i)
{
    put_text(t, t->a[i], TRACE_SHOWN);
}

static void show_string(struct trace *t, unsigned i)
{
    put_text(t, t->a[i], TRACE_STRING);
}

static void show_bytes(struct trace *t, unsigned i)
{
    put_bytes(t, t->a[i], t->a[i + 1], TRACE_STRING);
}

static void show_out_bytes(struct trace *t, unsigned i)
{
    put_bytes(t, t->a[i], (uint64_t)t->result, TRACE_STRING);
}

/* A path that the call filled in, with its 0. */
static void show_out_path(struct trace *t, unsigned i)
{
    put_text(t, t->a[i], TRACE_SHOWN);
}

static void show_out_random(struct trace *t, unsigned i)
{
    put_random(t, t->a[i], (uint64_t)t->result);
}

void put_number_at(struct trace *t, uint64_t address)
{
    uint32_t n;

    if (address == 0 || load_user32(address, &n) < 0)
        put_address(t, address);
    else
        put(t, "[%d]", (int32_t)n);
}

static void show_out_id(struct trace *t, unsigned i)
{
    put_number_at(t, t->a[i]);
}

void show_out_address(struct trace *t, unsigned i)
{
    uint64_t value;

    if (t->a[i] == 0 || copy_from_user(&value, t->a[i], 8) < 0) {
        put_address(t, t->a[i]);
        return;
    }
    put(t, "[");
    put_address(t, value);
    put(t, "]");
}

static void show_out_number(struct trace *t, unsigned i)
{
    uint64_t value;

    if (t->a[i] == 0 || copy_from_user(&value, t->a[i], 8) < 0)
        put_address(t, t->a[i]);
    else
        put(t, "[%lu]", value);
}

/* Where a file is read, moved on by the call: [0] => [5]. */
static void show_file_offset(struct trace *t, unsigned i)
{
    uint64_t before = t->moved, now;

    if (t->a[i] == 0 || copy_from_user(&now, t->a[i], 8) < 0)
        put_address(t, t->a[i]);
    else if (!trace_failed(t) && now != before)
        put(t, "[%lu] => [%lu]", before, now);
    else
        put(t, "[%lu]", now);
}

static void show_pipe(struct trace *t, unsigned i)
{
    uint32_t ends[2];

    if (copy_from_user(ends, t->a[i], sizeof(ends)) < 0)
        put_address(t, t->a[i]);
    else
        put(t, "[%u, %u]", ends[0], ends[1]);
}

static void show_at_fd(struct trace *t, unsigned i)
{
    if ((int32_t)t->a[i] == AT_FDCWD)
        put(t, "AT_FDCWD");
    else
        put(t, "%d", (int32_t)t->a[i]);
}

static void show_signal(struct trace *t, unsigned i)
{
    put_signal(t, (uint32_t)t->a[i]);
}

static void show_open_flags(struct trace *t, unsigned i)
{
    put_open_flags(t, (uint32_t)t->a[i]);
}

static void show_map_flags(struct trace *t, unsigned i)
{
    put_word(t, t->a[i] & MAP_TYPE, words_map_type, "MAP_???");
    if ((t->a[i] & ~(uint64_t)MAP_TYPE) != 0) {
        put(t, "|");
        put_flags(t, t->a[i] & ~(uint64_t)MAP_TYPE, words_map, "MAP_???");
    }
}

static void show_statx_flags(struct trace *t, unsigned i)
{
    static const char *const sync[4] = {"AT_STATX_SYNC_AS_STAT", "AT_STATX_FORCE_SYNC",
                                        "AT_STATX_DONT_SYNC", "AT_STATX_SYNC_TYPE"};

    put(t, "%s", sync[t->a[i] >> 13 & 3]);
    if ((t->a[i] & ~UINT64_C(0x6000)) != 0) {
        put(t, "|");
        put_flags(t, t->a[i] & ~UINT64_C(0x6000), words_statx_flags, "AT_???");
    }
}

static void show_personality(struct trace *t, unsigned i)
{
    put(t, t->a[i] == 0 ? "PER_LINUX" : "0x%x", (uint32_t)t->a[i]);
}

static void show_socket_kind(struct trace *t, unsigned i)
{
    put_word(t, t->a[i] & 0xf, words_socket, "SOCK_???");
    if ((t->a[i] & ~UINT64_C(0xf)) != 0) {
        put(t, "|");
        put_flags(t, t->a[i] & ~UINT64_C(0xf), words_socket_flags, "SOCK_???");
    }
}

/* argv of a program that is not started here, and how many variables it would get. */
static unsigned text_at(uint64_t list, unsigned n, uint64_t *text)
{
    return list != 0 && copy_from_user(text, list + 8 * n, 8) == 0 && *text != 0;
}

static void show_texts(struct trace *t, unsigned i)
{
    uint64_t text;

    put(t, "[");
    for (unsigned n = 0; text_at(t->a[i], n, &text); n++) {
        put(t, n == 0 ? "" : ", ");
        if (n == TRACE_ITEMS) {
            put(t, "...");
            break;
        }
        put_text(t, text, TRACE_STRING);
    }
    put(t, "]");
}

static void show_texts_count(struct trace *t, unsigned i)
{
    unsigned n = 0;
    uint64_t text;

    while (n < 100000 && text_at(t->a[i], n, &text))
        n++;
    put_address(t, t->a[i]);
    put(t, " /* %u vars */", n);
}

/* --- which is shown how ---------------------------------------------------- */

static trace_show *const shows[KINDS] = {
    [INT] = show_int, [UNSIGNED] = show_unsigned, [LONG] = show_long, [SIZE] = show_size,
    [HEX] = show_hex, [POINTER] = show_pointer, [AT_FD] = show_at_fd, [PATH] = show_path,
    [STRING] = show_string, [BYTES] = show_bytes, [IOV] = show_iov, [OCTAL] = show_octal,
    [OPEN_FLAGS] = show_open_flags, [OPEN_MODE] = show_octal, [FILE_MODE] = show_mode,
    [MAP_FLAGS] = show_map_flags, [REMAP_TO] = show_pointer, [SIGNAL_NUMBER] = show_signal,
    [SIGNAL_SET] = show_signal_set, [SIGNAL_ACTION] = show_signal_action,
    [SIGNAL_STACK] = show_signal_stack, [TIMESPEC] = show_timespec, [TIMEVAL] = show_timeval,
    [ITIMER] = show_itimer, [TIMES_TWO] = show_times_two, [TIMEVALS_TWO] = show_timevals_two,
    [POLL_LIST] = show_poll_list, [FD_SET] = show_fd_set, [SIGNAL_PAIR] = show_signal_pair,
    [SIGNAL_FRAME] = show_signal_frame,
    [FUTEX_COMMAND] = show_futex_command, [FUTEX_TIMEOUT] = show_futex_timeout,
    [FUTEX_SECOND] = show_pointer, [FUTEX_THIRD] = show_futex_third, [CLONE] = show_clone,
    [FCNTL_VALUE] = show_fcntl_value, [LIMIT] = show_limit, [STATX_FLAGS] = show_statx_flags,
    [PERSONALITY] = show_personality, [SOCKET_KIND] = show_socket_kind, [TEXTS] = show_texts,
    [TEXTS_COUNT] = show_texts_count,
    [OUT_POINTER] = show_pointer, [OUT_BYTES] = show_out_bytes, [OUT_PATH] = show_out_path,
    [OUT_RANDOM] = show_out_random, [OUT_IOV] = show_out_iov, [OUT_STAT] = show_stat,
    [OUT_STATFS] = show_statfs, [OUT_STATX] = show_statx, [OUT_TIMESPEC] = show_timespec,
    [OUT_TIMEVAL] = show_timeval, [OUT_ITIMER] = show_itimer, [OUT_LIMIT] = show_limit,
    [OUT_LIMIT32] = show_limit32, [OUT_USAGE] = show_usage, [OUT_TIMES] = show_times,
    [OUT_SYSINFO] = show_sysinfo, [OUT_UNAME] = show_uname, [OUT_PIPE] = show_pipe,
    [OUT_ENTRIES] = show_entries, [OUT_SIGNAL_SET] = show_signal_set,
    [OUT_SIGNAL_ACTION] = show_signal_action, [OUT_SIGNAL_STACK] = show_signal_stack,
    [OUT_SIGNAL_INFO] = show_signal_info, [OUT_REMAINING] = show_remaining,
    [OUT_ID] = show_out_id, [OUT_GROUPS] = show_groups,
    [OUT_CPUS] = show_cpus, [OUT_PAGES] = show_pages, [OUT_ADDRESS] = show_out_address,
    [OUT_NUMBER] = show_out_number, [OUT_OFFSET] = show_file_offset, [OUT_CLONE] = show_clone_rest,
    [OUT_CLONE3] = show_clone3,
    [OUT_IOCTL] = show_ioctl_value, [OUT_ARCH] = show_arch_value, [OUT_PRCTL] = show_prctl_value,
};

/* Some are there only if another says so. */
static bool is_there(const struct trace *t, unsigned i)
{
    switch (t->call->kinds[i]) {
    case NONE: return false;
    case OPEN_MODE: return (t->a[i - 1] & (O_CREAT | O_TMPFILE)) != 0;
    case REMAP_TO: return (t->a[i - 1] & MREMAP_FIXED) != 0;
    case FUTEX_TIMEOUT:
    case FUTEX_SECOND:
    case FUTEX_THIRD: return futex_has(t, i);
    case FCNTL_VALUE: return fcntl_has_value(t);
    case OUT_PRCTL: return prctl_has_value(t);
    default: return true;
    }
}

/* These look at the failure themselves. */
static bool shows_failure(uint8_t kind)
{
    switch (kind) {
    case OUT_POINTER:
    case OUT_REMAINING:
    case OUT_OFFSET:
    case OUT_CLONE:
    case OUT_CLONE3:
    case OUT_IOCTL:
    case OUT_PRCTL: return true;
    default: return false;
    }
}

static void show(struct trace *t, unsigned i)
{
    uint8_t kind = t->call->kinds[i];

    if (t->shown++ > 0 && !t->comma)
        put(t, ", ");
    t->comma = false;
    if (named[kind].words != NULL && named[kind].flags)
        put_flags(t, (uint32_t)t->a[i], named[kind].words, named[kind].of);
    else if (named[kind].words != NULL)
        put_word(t, (uint32_t)t->a[i], named[kind].words, named[kind].of);
    else if (kind > SHOWN_AFTER && trace_failed(t) && !shows_failure(kind))
        put_address(t, t->a[i]);
    else
        shows[kind](t, i);
}

void trace_show_arguments(struct trace *t)
{
    for (; t->next < TRACE_ARGUMENTS; t->next++) {
        if (t->call->kinds[t->next] > SHOWN_AFTER && !t->after) {
            t->comma = t->shown > 0;
            put(t, t->comma ? ", " : "");
            return;
        }
        if (is_there(t, t->next))
            show(t, t->next);
    }
}
