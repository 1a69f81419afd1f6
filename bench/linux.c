/* SPDX-License-Identifier: MIT */
/*
 * What a Linux program pays for its system calls: guest instructions per operation,
 * by the TSC under `-icount shift=0`. It is an ordinary static program; on Linux it
 * prints the peer's figures. Run in a folder that it may write.
 *
 * Each figure is the least of several rounds of many operations; run_insn is what the
 * machine had executed when main() began.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stamp.h"

#define ROUNDS 5
#define PAGES 256

static void must(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

/* operation() does `count` of what is measured. */
static void measure(const char *name, unsigned count, void (*operation)(unsigned count))
{
    uint64_t least = ~UINT64_C(0);

    operation(count); /* what only the first one pays */
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t from = bench_stamp(), took;

        operation(count);
        took = bench_stamp() - from;
        least = took < least ? took : least;
    }
    printf("%s\t%llu\tinstructions\n", name, (unsigned long long)((least + count / 2) / count));
}

static void do_getppid(unsigned count)
{
    while (count--) {
        long result;

        __asm__ volatile("syscall"
                         : "=a"(result)
                         : "a"((long)SYS_getppid)
                         : "rcx", "r11", "memory");
    }
}

/* The mapping and its end are in it, and cost little beside the pages. */
static void do_touch(unsigned count)
{
    char *area =
        mmap(NULL, count * 4096UL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(area != MAP_FAILED, "mmap");
    for (unsigned i = 0; i < count; i++)
        *(volatile char *)&area[i * 4096UL] = 1;
    munmap(area, count * 4096UL);
}

static void handler(int number)
{
    (void)number;
}

static void do_signal(unsigned count)
{
    while (count--)
        raise(SIGUSR1);
}

static void *nothing(void *unused)
{
    return unused;
}

static void do_threads(unsigned count)
{
    while (count--) {
        pthread_t thread;

        must(pthread_create(&thread, NULL, nothing, NULL) == 0, "pthread_create");
        pthread_join(thread, NULL);
    }
}

/* Two threads hand a word to and fro. */
static int turn;

static void hand_over(int from, int to)
{
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != from)
        syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, to, NULL, NULL, 0);
    __atomic_store_n(&turn, to, __ATOMIC_RELEASE);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *partner(void *unused)
{
    for (;;)
        hand_over(1, 0);
    return unused;
}

static void do_futex(unsigned count)
{
    while (count--)
        hand_over(0, 1);
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 0)
        syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
}

static void do_create(unsigned count)
{
    static char bytes[4096];

    while (count--) {
        int fd = open("bench-file", O_CREAT | O_TRUNC | O_WRONLY, 0600);

        must(fd >= 0 && write(fd, bytes, sizeof bytes) == sizeof bytes, "bench-file");
        close(fd);
    }
}

static void do_stat(unsigned count)
{
    struct stat status;

    while (count--)
        must(stat("bench-file", &status) == 0, "bench-file");
}

static void do_open(unsigned count)
{
    while (count--)
        close(open("bench-file", O_RDONLY));
}

int main(void)
{
    uint64_t begun = bench_stamp();
    pthread_t thread;

    printf("run_insn\t%llu\tinstructions\n", (unsigned long long)begun);
    signal(SIGUSR1, handler);
    measure("getppid_trap", 500, do_getppid);
    measure("anon_fault", PAGES, do_touch);
    measure("signal_self", 100, do_signal);
    measure("thread_create_join", 20, do_threads);
    measure("memfile_create", 20, do_create);
    measure("stat", 50, do_stat);
    measure("open_close", 50, do_open);
    must(pthread_create(&thread, NULL, partner, NULL) == 0, "pthread_create");
    measure("futex_rt", 50, do_futex);
    return 0;
}
