/* SPDX-License-Identifier: MIT */
/*
 * System calls with arguments that nobody means: numbers of all kinds, addresses
 * that are there, are not, cannot be written, or end in the middle. Whatever they
 * answer, the program lives, and its memory outside of what it offered is as it was.
 * For a machine only: on a host with real files it would do harm.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"

#define PAGE 4096
#define ARENA (16 * PAGE)

/* Calls that end or stop it when they do what they are told. */
static const uint16_t fatal[] = {
    SYS_exit, SYS_exit_group, SYS_pause, SYS_rt_sigsuspend, SYS_rt_sigreturn, SYS_clone,
    SYS_kill, SYS_tkill, SYS_tgkill, SYS_arch_prctl, SYS_brk, SYS_munmap, SYS_mremap, SYS_mmap,
    SYS_mprotect, SYS_madvise, SYS_rt_sigaction, SYS_sigaltstack, SYS_setitimer, SYS_alarm,
    SYS_nanosleep, SYS_clock_nanosleep, SYS_rt_sigtimedwait, SYS_set_tid_address,
    SYS_set_robust_list, SYS_close_range, SYS_close, SYS_dup2, SYS_dup3,
};
/* Calls on memory: only inside the arena. */
static const uint16_t memory[] = {SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_mincore,
                                  SYS_msync};

static uint64_t state = 12345;
static unsigned char *arena, *readonly, *edge;

static uint64_t roll(uint64_t n)
{
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % n;
}

static uint64_t address(void)
{
    static const uint64_t odd[] = {0, 1, 8, 0xfff, 0x1000, 0x7fffe0000000, 0x7fffe0001000,
                                   0x7ffff0000000, 0x7fffffffeff8, 0x7ffffffff000,
                                   0x800000000000, 0xffff800000000000, ~0ul, ~0ul - 7};

    switch (roll(6)) {
    case 0: return odd[roll(sizeof(odd) / sizeof(odd[0]))];
    case 1: return (uint64_t)readonly + roll(PAGE);
    case 2: return (uint64_t)edge + PAGE - roll(64);
    case 3: return (uint64_t)edge + PAGE + roll(64);
    default: return (uint64_t)arena + roll(ARENA);
    }
}

static uint64_t number(void)
{
    static const uint64_t odd[] = {0, 1, 2, 3, 4, 5, 7, 8, 16, 64, 100, 1023, 1024, 4096, 65536,
                                   0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff,
                                   0x8000000000000000, ~0ul, (uint64_t)-100, 0x1000, 0x801, 0x42};

    return roll(8) == 0 ? roll(1 << 20) : odd[roll(sizeof(odd) / sizeof(odd[0]))];
}

static uint64_t argument(void)
{
    return roll(2) == 0 ? address() : number();
}

static int is_fatal(long call)
{
    for (unsigned i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        if (fatal[i] == call)
            return 1;
    return 0;
}

/* What could wait for ever, and where one could wait. */
static int may_block(long call)
{
    return call == SYS_poll || call == SYS_ppoll || call == SYS_select || call == SYS_pselect6 ||
           call == SYS_futex || call == SYS_pipe || call == SYS_pipe2;
}

static void any_call(void)
{
    long call = (long)roll(452);

    if (is_fatal(call) || may_block(call))
        return;
    syscall(call, argument(), argument(), argument(), argument(), argument(), argument());
}

static void memory_call(void)
{
    long call = memory[roll(sizeof(memory) / sizeof(memory[0]))];
    uint64_t at = roll(ARENA), length = roll(ARENA - at + 1);

    if (roll(4) != 0)
        at &= -(uint64_t)PAGE;
    if (call == SYS_mremap)
        syscall(call, arena + at, length, roll(2 * ARENA), roll(2), 0);
    else
        syscall(call, arena + at, length, call == SYS_mincore ? address() : roll(16), 0, 0);
}

static void new_arena(void)
{
    mmap(arena, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (unsigned i = 0; i < ARENA; i += 8)
        *(uint64_t *)(void *)(arena + i) = roll(3) == 0 ? address() : number();
}

static void out_of_the_way(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;

    arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, flags, -1, 0);
    readonly = mmap(NULL, PAGE, PROT_READ, flags, -1, 0);
    edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    munmap(edge + PAGE, PAGE);
    for (int i = 1; i <= 64; i++)
        signal(i, SIG_IGN);
}

#define LIBOS ((unsigned char *)0x7fffe0000000)

/* The libos reads and writes for its program, but not itself, nor up to itself. */
static void the_libos(void)
{
    int ends[2], flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    unsigned char *last = mmap(LIBOS - PAGE, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);

    pipe(ends);
    FAILS(write(ends[1], LIBOS, 16), EFAULT);
    FAILS(write(ends[1], LIBOS + PAGE, 16), EFAULT);
    FAILS(getrandom(LIBOS, 16, 0), EFAULT);
    if (last == LIBOS - PAGE) {
        FAILS(getrandom(last + PAGE - 8, 16, 0), EFAULT);
        SAY(write(ends[1], last + PAGE - 8, 8) == 8);
        SAY(read(ends[0], last, 8) == 8);
    }
    FAILS(mmap(LIBOS, PAGE, PROT_READ, flags, -1, 0) == MAP_FAILED ? -1 : 0, ENOMEM);
    FAILS(munmap(LIBOS, PAGE), EINVAL);
    FAILS(mprotect(LIBOS, PAGE, PROT_READ), ENOMEM);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    int rounds = 0, out = dup(1);
    unsigned char before[64], own[64];

    if (argc > 1)
        state = strtoul(argv[1], NULL, 0);
    the_libos();
    out_of_the_way();
    for (unsigned i = 0; i < sizeof(own); i++)
        own[i] = before[i] = (unsigned char)i;
    for (; rounds < 60000; rounds++) {
        if (rounds % 64 == 0)
            new_arena();
        if (roll(8) == 0)
            memory_call();
        else
            any_call();
        if (rounds % 1024 == 0)
            for (int i = 0; i < 1024; i++)
                if (i != out)
                    close(i);
    }
    dup2(out, 1);
    SAY(memcmp(own, before, sizeof(own)) == 0);
    SAY(readonly[0] == 0 && readonly[PAGE - 1] == 0);
    printf("%d rounds\n", rounds);
    return 0;
}
