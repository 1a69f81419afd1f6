/* SPDX-License-Identifier: MIT */
/*
 * Calls that a host's sandbox may keep from programs, so that there is nothing to compare
 * with: clone3, mbind, and what is asked of sockets when there are none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"

#define PAGE 4096
#define THREAD_FLAGS \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

struct arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup, later;
};

static _Alignas(16) unsigned char stack[64 * 1024];
static volatile int child_tid, parent_tid;
static volatile int seen;

/* The new thread has its own stack and no way back from a C function, so it calls one. */
__attribute__((used)) static void child(void)
{
    seen = 42;
    syscall(SYS_exit, 0);
}

static long start_thread(struct arguments *a, long size)
{
    long result;

    __asm__ volatile("syscall\n"
                     "test %%rax, %%rax\n"
                     "jnz 1f\n"
                     "call child\n"
                     "1:"
                     : "=a"(result)
                     : "a"(435L), "D"(a), "S"(size)
                     : "rcx", "r11", "memory");
    return result;
}

static void threads(void)
{
    struct arguments a = {.flags = THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
                          .child_tid = (uint64_t)&child_tid,
                          .parent_tid = (uint64_t)&parent_tid,
                          .stack = (uint64_t)stack,
                          .stack_size = sizeof stack};
    long tid;

    child_tid = 1;
    tid = start_thread(&a, 88);
    while (child_tid != 0)
        sched_yield();
    SAY(tid > 0 && tid != getpid() && parent_tid == tid && seen == 42);
    FAILS(syscall(435, &a, 56), EINVAL);
    FAILS(syscall(435, &a, 2 * PAGE), E2BIG);
    FAILS(syscall(435, (void *)8, 88), EFAULT);
    a.later = 1;
    FAILS(syscall(435, &a, 96), E2BIG);
    a.exit_signal = 17;
    FAILS(syscall(435, &a, 88), EINVAL);
    a.exit_signal = 0;
    a.stack_size = 0;
    FAILS(syscall(435, &a, 88), EINVAL);
    a = (struct arguments){.exit_signal = 17};
    FAILS(syscall(435, &a, 88), ENOSYS); /* a fork */
}

static long bind_memory(void *at, unsigned long length, int mode, unsigned long *nodes,
                        unsigned long count, unsigned flags)
{
    return syscall(SYS_mbind, at, length, mode, nodes, count, flags);
}

static void policies(void)
{
    enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL };
    unsigned long node0[2] = {1, 0}, node1[2] = {2, 0}, both[2] = {1, 1};
    char *p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    SAY(bind_memory(p, 4 * PAGE, PREFERRED, NULL, 0, 0) == 0);
    SAY(bind_memory(p, 4 * PAGE, BIND, node0, 64, 0) == 0);
    SAY(bind_memory(p, 100, INTERLEAVE, both, 128, 3) == 0);
    SAY(bind_memory(p, PAGE, LOCAL, NULL, 0, 0) == 0 && bind_memory(p, 0, DEFAULT, NULL, 0, 0) == 0);
    FAILS(bind_memory(p, PAGE, BIND, node1, 64, 0), EINVAL);
    FAILS(bind_memory(p, PAGE, BIND, NULL, 0, 0), EINVAL);
    FAILS(bind_memory(p, PAGE, DEFAULT, node0, 64, 0), EINVAL);
    FAILS(bind_memory(p, PAGE, 99, node0, 64, 0), EINVAL);
    FAILS(bind_memory(p, PAGE, BIND, node0, 64, 8), EINVAL);
    FAILS(bind_memory(p + 1, PAGE, BIND, node0, 64, 0), EINVAL);
    FAILS(bind_memory(p, PAGE, BIND, (void *)8, 64, 0), EFAULT);
    FAILS(bind_memory(p, 1ul << 40, BIND, node0, 64, 0), EFAULT);
    FAILS(bind_memory(p, ~0ul - PAGE, BIND, node0, 64, 0), EINVAL);
}

static void no_sockets(void)
{
    struct sockaddr address = {0};
    socklen_t length = sizeof address;
    int ends[2];

    SAY(pipe(ends) == 0);
    FAILS(getpeername(ends[0], &address, &length), ENOTSOCK);
    FAILS(getsockname(ends[1], &address, &length), ENOTSOCK);
    FAILS(getsockopt(ends[0], SOL_SOCKET, SO_TYPE, &address, &length), ENOTSOCK);
    FAILS(send(ends[1], "x", 1, 0), ENOTSOCK);
    FAILS(recv(ends[0], &address, 1, 0), ENOTSOCK);
    FAILS(shutdown(0, SHUT_RD), ENOTSOCK);
    FAILS(listen(99, 1), EBADF);
    FAILS(accept(-1, NULL, NULL), EBADF);
    FAILS(socket(AF_UNIX, SOCK_STREAM, 0), ENOSYS);
}

int main(void)
{
    threads();
    policies();
    no_sockets();
    return 0;
}
