/* SPDX-License-Identifier: MIT */
/*
 * The Linux face: what its files share.
 *
 * A system call is a function of its six argument registers that returns what
 * Linux would: a result, or a negative errno. -E_RESTART says that a signal wants
 * its handler; calls.c and signal.c make of it what Linux makes of it.
 */
#ifndef LINUX_FACE_H
#define LINUX_FACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "file.h"
#include "numbers.h"
#include "phoenix/abi.h"
#include "thread.h"

/* What this face keeps for each thread, in struct thread.face. */
struct linux_thread {
    /* Under threads_lock where another thread may look. */
    uint64_t mask;    /* bit signal - 1: blocked */
    uint64_t pending; /* for this thread alone */
    uint64_t saved_mask;
    bool restore_mask; /* saved_mask comes back when the next handler is entered */
    int64_t restart;   /* number of the call that a signal broke off, or -1 */
    struct linux_stack altstack;
    uint64_t clear_tid; /* 0, or what is zeroed and woken at its end */
    uint64_t robust_head;
    int16_t codes[SIGNALS]; /* si_code of what is pending */
    char name[16];
    bool end_told; /* watch.c */
};
_Static_assert(sizeof(struct linux_thread) <= FACE_SIZE, "thread.h");

static inline struct linux_thread *linux_of(struct thread *t)
{
    return (struct linux_thread *)t->face;
}

static inline struct linux_thread *linux_self(void)
{
    return linux_of(thread_self());
}

/* A call's arguments, where they are: in the program's saved registers. */
struct call {
    uint64_t b, c, d, e, f; /* rsi rdx r10 r8 r9 */
    uint64_t others[7];
    uint64_t number, clobbered, a; /* rax rcx rdi */
};
_Static_assert(offsetof(struct call, a) == offsetof(struct phx_registers, rdi) &&
                   offsetof(struct call, number) == offsetof(struct phx_registers, rax) &&
                   offsetof(struct call, b) == offsetof(struct phx_registers, rsi) &&
                   offsetof(struct call, c) == offsetof(struct phx_registers, rdx) &&
                   offsetof(struct call, d) == offsetof(struct phx_registers, r10) &&
                   offsetof(struct call, e) == offsetof(struct phx_registers, r8) &&
                   offsetof(struct call, f) == offsetof(struct phx_registers, r9), "abi.h");

/* --- signals (signal.c, frame.c) ------------------------------------------ */

#define SIGNAL_BIT(signal) (UINT64_C(1) << ((signal) - 1))

void signal_init(void);
/* To a thread, or to whichever thread may take it. */
void signal_thread(struct thread *thread, int signal, int code);
void signal_process(int signal, int code);
/* What the calling thread did itself and cannot go on after. */
struct fault {
    int signal, code;
    uint64_t address, error, vector;
};
void signal_force(const struct fault *fault);
/* The end by a signal, as wait(2) tells it. */
_Noreturn void signal_end(int signal);
/* A new thread begins with its maker's mask. */
void signal_inherit(struct thread *child);

/* Enter a handler: changes the registers; false: its stack cannot be written. */
bool frame_push(struct phx_registers *r, const struct linux_sigaction *action, int signal,
                int code, const struct fault *fault, uint64_t mask);
/* rt_sigreturn: registers and mask as the handler left them; false: no such frame. */
bool frame_pop(struct phx_registers *r, uint64_t *mask);
uint64_t frame_least_stack(void);

/* Parking for the calls that a signal always ends with -E_INTR. */
int64_t sleep_until(uint64_t deadline);

/* --- futexes (futex.c) ---------------------------------------------------- */

int64_t futex_wake_one_word(uint64_t address);
/* The mutexes that an ended thread leaves behind. */
void futex_release_robust(uint64_t head, uint64_t tid);

/* --- timers and what comes from outside (timers.c) ------------------------ */

void timers_init(void);

/* --- paths (path.c) ------------------------------------------------------- */

/* An absolute path, from a directory descriptor and a path of the program, in a
 * buffer of PATH_SIZE that path_put() frees; NULL with *e. With `empty`, an empty
 * path names the descriptor itself: then *file is it (and *e 0). */
char *path_get(int directory, uint64_t address, bool empty, struct file **file, int64_t *e);
void path_put(char *path);

/* --- time (clock.c) ------------------------------------------------------- */

/* From the program's timespec or timeval; -E_FAULT, -E_INVAL. */
int64_t load_timespec(uint64_t address, uint64_t *ns);
int64_t load_timeval(uint64_t address, uint64_t *ns);
/* A relative timeout to a deadline: address 0 for ever. */
int64_t load_timeout(uint64_t address, uint64_t *deadline);
struct linux_timespec timespec_of(uint64_t ns);

/* --- calls ---------------------------------------------------------------- */

typedef int64_t call_fn(const struct call *call);

#define CALLS(X) \
    X(0, read) X(1, write) X(2, open) X(3, close) X(4, stat) X(5, fstat) X(6, lstat) \
    X(7, poll) X(8, lseek) X(9, mmap) X(10, mprotect) X(11, munmap) X(12, brk) \
    X(13, rt_sigaction) X(14, rt_sigprocmask) X(15, rt_sigreturn) X(16, ioctl) \
    X(17, pread64) X(18, pwrite64) X(19, readv) X(20, writev) X(21, access) X(22, pipe) \
    X(23, select) X(24, sched_yield) X(25, mremap) X(26, msync) X(27, mincore) \
    X(28, madvise) X(32, dup) X(33, dup2) X(34, pause) X(35, nanosleep) \
    X(36, getitimer) X(37, alarm) X(38, setitimer) X(39, getpid) X(40, sendfile) \
    X(42, connect) X(43, accept) X(44, sendto) X(45, recvfrom) X(46, sendmsg) \
    X(47, recvmsg) X(48, shutdown) X(49, bind) X(50, listen) X(51, getsockname) \
    X(52, getpeername) X(54, setsockopt) X(55, getsockopt) X(56, clone) X(60, exit) X(62, kill) X(63, uname) X(72, fcntl) X(73, flock) \
    X(74, fsync) X(75, fdatasync) X(76, truncate) X(77, ftruncate) X(78, getdents) \
    X(79, getcwd) X(80, chdir) X(81, fchdir) X(82, rename) X(83, mkdir) X(84, rmdir) \
    X(85, creat) X(86, link) X(87, unlink) X(88, symlink) X(89, readlink) X(90, chmod) \
    X(91, fchmod) X(92, chown) X(93, fchown) X(94, lchown) X(95, umask) \
    X(96, gettimeofday) X(97, getrlimit) X(98, getrusage) X(99, sysinfo) X(100, times) \
    X(102, getuid) X(104, getgid) X(105, setuid) X(106, setgid) X(107, geteuid) \
    X(108, getegid) X(109, setpgid) X(110, getppid) X(111, getpgrp) X(112, setsid) \
    X(113, setreuid) X(114, setregid) X(115, getgroups) X(116, setgroups) \
    X(117, setresuid) X(118, getresuid) X(119, setresgid) X(120, getresgid) \
    X(121, getpgid) X(124, getsid) X(127, rt_sigpending) X(128, rt_sigtimedwait) \
    X(130, rt_sigsuspend) X(131, sigaltstack) X(132, utime) X(133, mknod) \
    X(135, personality) X(137, statfs) X(138, fstatfs) X(140, getpriority) \
    X(141, setpriority) X(157, prctl) X(158, arch_prctl) X(160, setrlimit) X(162, sync) \
    X(186, gettid) X(191, getxattr) X(192, lgetxattr) X(193, fgetxattr) \
    X(194, listxattr) X(195, llistxattr) X(196, flistxattr) X(200, tkill) X(201, time) \
    X(202, futex) X(203, sched_setaffinity) X(204, sched_getaffinity) \
    X(217, getdents64) X(218, set_tid_address) X(221, fadvise64) X(228, clock_gettime) \
    X(229, clock_getres) X(230, clock_nanosleep) X(231, exit_group) X(234, tgkill) \
    X(235, utimes) X(237, mbind) X(257, openat) X(258, mkdirat) X(259, mknodat) X(260, fchownat) \
    X(261, futimesat) X(262, newfstatat) X(263, unlinkat) X(264, renameat) \
    X(265, linkat) X(266, symlinkat) X(267, readlinkat) X(268, fchmodat) \
    X(269, faccessat) X(270, pselect6) X(271, ppoll) X(273, set_robust_list) \
    X(274, get_robust_list) X(280, utimensat) X(285, fallocate) X(288, accept4) X(292, dup3) \
    X(293, pipe2) X(295, preadv) X(296, pwritev) X(302, prlimit64) X(306, syncfs) \
    X(316, renameat2) X(318, getrandom) X(326, copy_file_range) X(327, preadv2) \
    X(328, pwritev2) X(332, statx) X(435, clone3) X(436, close_range) X(439, faccessat2)

#define CALL_DECLARE(number, name) call_fn call_##name;
CALLS(CALL_DECLARE)
#undef CALL_DECLARE

#define CALL_COUNT 452

#endif
