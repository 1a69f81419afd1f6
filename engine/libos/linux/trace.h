/* SPDX-License-Identifier: MIT */
/*
 * A system call as text, in the form that strace(1) made known.
 *
 * What each argument is stands in one table (trace_table.c); how that is shown in
 * trace_show.c, trace_calls.c, trace_structs.c and trace_waits.c; which bit has which
 * name in trace_words.c. An argument that the call only reads is shown before the call,
 * one that it fills in after it, and as a bare address if it failed.
 *
 * Everything that is looked at is the program's memory, through user.h: an address
 * that is none is shown as the number that it is.
 */
#ifndef LINUX_TRACE_H
#define LINUX_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_TEXT 1280  /* a line is cut there */
#define TRACE_SHOWN 255  /* bytes of a path that are shown */
#define TRACE_STRING 32  /* bytes of a buffer that are shown */
#define TRACE_ITEMS 32   /* of a list */
#define TRACE_COLUMN 39  /* results stand behind it */
#define TRACE_ARGUMENTS 6

#define SYS_SELECT 23
#define SYS_PPOLL 271

enum { F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, F_GETLK = 5, F_SETLKW = 7,
       F_GETOWN = 9 };
enum { TCGETS = 0x5401, TCSETS = 0x5402, TCSETSF = 0x5404, TIOCGPGRP = 0x540f,
       TIOCSPGRP = 0x5410, TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414, FIONREAD = 0x541b,
       FIONBIO = 0x5421, TIOCGSID = 0x5429 };
enum { PR_SET_PDEATHSIG = 1, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_SET_NAME = 15,
       PR_GET_NAME = 16, PR_CAPBSET_READ = 23 };

/* What an argument is. Those behind SHOWN_AFTER are looked at after the call. */
enum trace_kind {
    NONE, INT, UNSIGNED, LONG, SIZE, HEX, POINTER, AT_FD, PATH, STRING, BYTES, IOV, OCTAL,
    OPEN_FLAGS, OPEN_MODE, FILE_MODE, ACCESS_MODE, AT_FLAGS, ACCESS_FLAGS, PROTECTION,
    MAP_FLAGS, REMAP_FLAGS, REMAP_TO, ADVICE, FILE_ADVICE, SYNC_FLAGS, WHENCE, SIGNAL_NUMBER,
    SIGNAL_HOW, SIGNAL_SET, SIGNAL_ACTION, SIGNAL_STACK, CLOCK, TIMER_FLAGS, TIMER_KIND,
    TIMESPEC, TIMEVAL, ITIMER, TIMES_TWO, TIMEVALS_TWO, POLL_LIST, FD_SET, SIGNAL_PAIR,
    SIGNAL_FRAME, FUTEX_COMMAND, FUTEX_TIMEOUT, FUTEX_SECOND, FUTEX_THIRD, CLONE, FCNTL_COMMAND,
    FCNTL_VALUE, IOCTL_COMMAND, ARCH_COMMAND, PRCTL_COMMAND, LIMIT_KIND, LIMIT, USAGE_WHO,
    PRIORITY_WHICH, RANDOM_FLAGS, PIPE_FLAGS, LOCK_KIND, RENAME_FLAGS, FALLOCATE_MODE,
    STATX_FLAGS, STATX_MASK, CLOSE_RANGE_FLAGS, PERSONALITY, WAIT_FLAGS, FAMILY, SOCKET_KIND,
    TEXTS, TEXTS_COUNT,
    SHOWN_AFTER, OUT_POINTER, OUT_BYTES, OUT_PATH, OUT_RANDOM, OUT_IOV, OUT_STAT, OUT_STATFS,
    OUT_STATX, OUT_TIMESPEC, OUT_TIMEVAL, OUT_ITIMER, OUT_LIMIT, OUT_LIMIT32, OUT_USAGE,
    OUT_TIMES, OUT_SYSINFO, OUT_UNAME, OUT_PIPE, OUT_ENTRIES, OUT_SIGNAL_SET, OUT_SIGNAL_ACTION,
    OUT_SIGNAL_STACK, OUT_SIGNAL_INFO, OUT_REMAINING, OUT_ID, OUT_GROUPS, OUT_CPUS, OUT_PAGES,
    OUT_ADDRESS, OUT_NUMBER, OUT_OFFSET, OUT_CLONE, OUT_CLONE3, OUT_IOCTL, OUT_ARCH, OUT_PRCTL,
    KINDS
};

/* How the result is shown: as a number, or with what it stands for. */
enum trace_result {
    DECIMAL, ADDRESS, IN_OCTAL, OF_FCNTL, OF_POLL, OF_SELECT, OF_SIGNAL, OF_PERSONALITY
};

struct trace_call {
    const char *name; /* NULL: Linux has no such call, or none that is known here */
    uint8_t kinds[TRACE_ARGUMENTS];
    uint8_t result;
    bool waits;   /* it may take long: shown as soon as it begins */
    bool endless; /* it does not come back */
};

/* One call on its way. */
struct trace {
    const struct trace_call *call;
    uint64_t number, a[TRACE_ARGUMENTS];
    uint64_t moved;    /* what OUT_OFFSET was before the call */
    int64_t result;
    bool after;        /* the call was made */
    unsigned next;     /* the argument that is shown next */
    unsigned shown;    /* how many were */
    bool comma;        /* there is one already before the next */
    size_t column;     /* where `text` will begin in its line */
    size_t length;
    char text[TRACE_TEXT];
};

/* trace_table.c; numbers beyond the table have no name. */
const struct trace_call *trace_call_of(uint64_t number);

/* Shows argument i. */
typedef void trace_show(struct trace *t, unsigned i);

/* --- trace_show.c --------------------------------------------------------- */

/* The arguments from t->next on; before the call, up to the first that it fills in. */
void trace_show_arguments(struct trace *t);

void put_number_at(struct trace *t, uint64_t address); /* [3] */

/* --- trace_calls.c -------------------------------------------------------- */

trace_show show_futex_command, show_futex_timeout, show_futex_third, show_clone,
    show_clone_rest, show_clone3, show_fcntl_value, show_ioctl_value, show_arch_value,
    show_prctl_value, show_out_address;
/* Whether there is a value behind the command; argument i of futex, behind the third. */
bool futex_has(const struct trace *t, unsigned i);
bool fcntl_has_value(const struct trace *t);
bool prctl_has_value(const struct trace *t);

/* --- trace_text.c: pieces ------------------------------------------------- */

/* The closing bracket, " = 3" and what it stands for. */
void trace_show_result(struct trace *t);

static inline bool trace_failed(const struct trace *t)
{
    return t->result < 0 && t->result >= -4095;
}

void put(struct trace *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void put_char(struct trace *t, char c);
void put_address(struct trace *t, uint64_t address);
void put_mode(struct trace *t, uint64_t n); /* octal, of three digits at least */
/* `length` bytes there, quoted, of which `most` are shown (255 at most). */
void put_bytes(struct trace *t, uint64_t address, uint64_t length, uint64_t most);
/* The same of a string. */
void put_text(struct trace *t, uint64_t address, uint64_t most);
/* Bytes as numbers. */
void put_random(struct trace *t, uint64_t address, uint64_t length);
void put_signal(struct trace *t, uint64_t n);
void put_open_flags(struct trace *t, uint64_t flags);

/* --- trace_structs.c: argument i, which points to something --------------- */

trace_show show_timespec, show_timeval, show_itimer, show_times_two, show_timevals_two,
    show_signal_set, show_signal_pair, show_signal_action, show_signal_stack, show_signal_info,
    show_signal_frame, show_remaining,
    show_stat, show_statfs, show_statx, show_entries, show_iov, show_out_iov, show_groups,
    show_cpus, show_pages;
void put_signal_set(struct trace *t, uint64_t set);
/* value: the address of a fault, else the sender's process. */
void put_signal_info(struct trace *t, int signal, int code, uint64_t value);
void put_file_mode(struct trace *t, uint64_t mode);

/* --- trace_waits.c: more of these ----------------------------------------- */

trace_show show_poll_list, show_fd_set, show_termios, show_window, show_limit, show_limit32,
    show_usage, show_times, show_sysinfo, show_uname;
/* Behind a result: which descriptors, and the time that was left. */
void put_poll_result(struct trace *t);
void put_select_result(struct trace *t);

/* --- trace_words.c -------------------------------------------------------- */

struct word {
    uint64_t value;
    const char *name;
};
/* The name, or the number and in a comment what it should have been one of. */
void put_word(struct trace *t, uint64_t value, const struct word *words, const char *of);
/* The names of all bits, joined with |. */
void put_flags(struct trace *t, uint64_t value, const struct word *words, const char *of);
/* NULL: none. */
const char *word_of(uint64_t value, const struct word *words);

/* Hidden: clang would look for their addresses in a table (upcall.c has the same). */
#pragma GCC visibility push(hidden)
extern const struct word words_open[], words_at[], words_access[], words_protection[],
    words_map[], words_map_type[], words_remap[], words_advice[], words_file_advice[],
    words_sync[], words_whence[], words_signal[], words_signal_how[], words_signal_action[],
    words_signal_stack[], words_signal_code[], words_segv_code[], words_bus_code[],
    words_fpe_code[], words_ill_code[], words_trap_code[], words_clock[], words_timer_flags[],
    words_timer[], words_poll[], words_futex[], words_clone[], words_fcntl[], words_ioctl[],
    words_arch[], words_prctl[], words_limit[], words_usage[], words_priority[],
    words_random[], words_lock[], words_rename[], words_fallocate[], words_statx[],
    words_statx_flags[], words_close_range[], words_file_type[], words_file_system[],
    words_wait[], words_family[], words_socket[], words_socket_flags[], words_iflag[],
    words_oflag[], words_cflag[], words_lflag[], words_statfs[], words_access_flags[];
#pragma GCC visibility pop

/* "ENOENT" and "No such file or directory"; NULL: not one that is known. */
const char *error_name(unsigned error, const char **text);

#endif
