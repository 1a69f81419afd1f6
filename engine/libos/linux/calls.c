/* SPDX-License-Identifier: MIT */
/*
 * The table of system calls, and what is done about those that are not in it.
 */
#include "face.h"
#include "kernel.h"
#include "upcall.h"

#define ENTRY(number, name) [number] = call_##name,
static call_fn *const table[CALL_COUNT] = {CALLS(ENTRY)};
#undef ENTRY

/* Calls that programs expect and that are not there yet, to name them in the log. */
static const char *const missing[CALL_COUNT] = {
    [29] = "shmget", [30] = "shmat", [31] = "shmctl", [41] = "socket", [53] = "socketpair",
    [57] = "fork", [58] = "vfork", [59] = "execve", [61] = "wait4", [101] = "ptrace",
    [155] = "pivot_root", [161] = "chroot", [165] = "mount", [166] = "umount2",
    [170] = "sethostname", [188] = "setxattr", [213] = "epoll_create", [222] = "timer_create",
    [232] = "epoll_wait", [233] = "epoll_ctl", [238] = "set_mempolicy",
    [239] = "get_mempolicy", [247] = "waitid", [253] = "inotify_init",
    [254] = "inotify_add_watch", [272] = "unshare", [275] = "splice", [276] = "tee",
    [281] = "epoll_pwait", [282] = "signalfd", [283] = "timerfd_create", [284] = "eventfd",
    [289] = "signalfd4", [290] = "eventfd2", [291] = "epoll_create1", [294] = "inotify_init1",
    [310] = "process_vm_readv", [317] = "seccomp", [319] = "memfd_create", [322] = "execveat",
    [323] = "userfaultfd", [324] = "membarrier", [334] = "rseq", [425] = "io_uring_setup",
    [434] = "pidfd_open", [441] = "epoll_pwait2",
};

static uint32_t misses[CALL_COUNT + 1]; /* the last: numbers beyond */

/* Each is named once. */
static int64_t not_there(uint64_t number)
{
    uint64_t i = number < CALL_COUNT ? number : CALL_COUNT;

    if (__atomic_fetch_add(&misses[i], 1, __ATOMIC_RELAXED) > 0)
        return -E_NOSYS;
    if (i < CALL_COUNT && missing[i] != NULL)
        program_log("%s is not there yet (ENOSYS)", missing[i]);
    else
        program_log("system call %lu is not there yet (ENOSYS)", number);
    return -E_NOSYS;
}

void face_syscall(struct phx_registers *r)
{
    uint64_t number = r->rax;
    int64_t result;

    if (number < CALL_COUNT && table[number] != NULL)
        result = table[number]((const struct call *)r);
    else
        result = not_there(number);
    if (result != -E_RESTART) {
        r->rax = (uint64_t)result;
        return;
    }
    linux_self()->restart = (int64_t)number;
    r->rax = (uint64_t)-E_INTR;
    thread_self()->work = 1;
}
