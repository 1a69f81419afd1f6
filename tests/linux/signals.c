/* SPDX-License-Identifier: MIT */
/* Signals: handlers of all kinds, and what they interrupt. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "say.h"

static volatile sig_atomic_t got, nested, depth, calls, on_stack;
static sigjmp_buf back;
static volatile uintptr_t address;
static volatile int code;
static char alternative[65536];

static void note(int number)
{
    got = number;
}

static void set(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigaction(number, &action, NULL);
}

static void nest(int number)
{
    depth++;
    if (depth > nested)
        nested = depth;
    if (calls++ < 3)
        raise(number);
    depth--;
}

static void simple(void)
{
    struct sigaction action;

    set(SIGUSR1, note, 0);
    SAY(raise(SIGUSR1) == 0 && got == SIGUSR1);
    got = 0;
    SAY(kill(getpid(), SIGUSR1) == 0 && got == SIGUSR1);
    set(SIGUSR2, nest, 0);
    raise(SIGUSR2);
    printf("nested %d\n", nested);
    nested = calls = 0;
    set(SIGUSR2, nest, SA_NODEFER);
    raise(SIGUSR2);
    printf("nested %d\n", nested);
    set(SIGUSR1, note, SA_RESETHAND);
    raise(SIGUSR1);
    SAY(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    set(SIGUSR1, SIG_IGN, 0);
    SAY(raise(SIGUSR1) == 0);
    FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
    FAILS(kill(getpid(), 99), EINVAL);
    FAILS(kill(99999, SIGUSR1), ESRCH);
}

static void masks(void)
{
    sigset_t one, old, pending;

    got = 0;
    set(SIGUSR1, note, 0);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    SAY(sigprocmask(SIG_BLOCK, &one, &old) == 0 && !sigismember(&old, SIGUSR1));
    raise(SIGUSR1);
    SAY(got == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    SAY(sigprocmask(SIG_SETMASK, &old, NULL) == 0 && got == SIGUSR1);
    got = 0;
    sigprocmask(SIG_BLOCK, &one, NULL);
    raise(SIGUSR1);
    sigemptyset(&pending);
    FAILS(sigsuspend(&pending), EINTR);
    SAY(got == SIGUSR1 && sigprocmask(SIG_BLOCK, NULL, &old) == 0 && sigismember(&old, SIGUSR1));
    raise(SIGUSR1);
    SAY(sigtimedwait(&one, NULL, &(struct timespec){1, 0}) == SIGUSR1);
    FAILS(sigtimedwait(&one, NULL, &(struct timespec){0, 1000000}), EAGAIN);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static volatile sig_atomic_t other_came;

static void note_other(int number)
{
    (void)number;
    other_came = 1;
}

static void raise_other(int number)
{
    (void)number;
    raise(SIGUSR2);
    got = other_came; /* not before the handler is over */
}

static void handler_masks(void)
{
    struct sigaction action = {.sa_handler = raise_other};
    sigset_t all, now;

    set(SIGUSR2, note_other, 0);
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    got = 7;
    raise(SIGUSR1);
    SAY(got == 0 && other_came);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &now);
    sigprocmask(SIG_SETMASK, &now, &all);
    SAY(sigismember(&all, SIGUSR1) && !sigismember(&all, SIGKILL) && !sigismember(&all, SIGSTOP));
    sigaction(SIGUSR1, NULL, &action);
    SAY(sigismember(&action.sa_mask, SIGUSR2));
}

/* The 128 bytes below the stack pointer are the interrupted function's. */
static int red_zone_is_kept(void)
{
    long near = 0, far = 0;

    __asm__ volatile("sub $512, %%rsp\n\t"
                     "movq $0x1111, -8(%%rsp)\n\t"
                     "movq $0x2222, -128(%%rsp)\n\t"
                     "syscall\n\t"
                     "movq -8(%%rsp), %0\n\t"
                     "movq -128(%%rsp), %1\n\t"
                     "add $512, %%rsp"
                     : "=&r"(near), "=&r"(far)
                     : "a"(62L), "D"((long)getpid()), "S"((long)SIGUSR1)
                     : "rcx", "r11", "memory", "cc");
    return near == 0x1111 && far == 0x2222;
}

static void red_zone(void)
{
    got = 0;
    set(SIGUSR1, note, 0);
    SAY(red_zone_is_kept() && got == SIGUSR1);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    const ucontext_t *uc = context;
    char here;

    got = number;
    address = (uintptr_t)info->si_addr;
    code = info->si_code;
    on_stack = &here >= alternative && &here < alternative + sizeof(alternative);
    if (uc->uc_mcontext.gregs[REG_RIP] == 0)
        puts("no instruction pointer");
    siglongjmp(back, 1);
}

static int overflow(int n)
{
    volatile char room[2000];

    room[0] = (char)n;
    return overflow(n + 1) + room[0];
}

static void faults(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_sp = alternative, .ss_size = sizeof(alternative)}, old;
    volatile int zero = 0, *volatile low = (volatile int *)(uintptr_t)0x10;
    void (*volatile nowhere)(void) = (void (*)(void))0x1234000;

    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);
    if (!sigsetjmp(back, 1))
        *low = 1;
    printf("signal %d at %#lx code %d\n", got, (unsigned long)address, code);
    if (!sigsetjmp(back, 1))
        printf("%d\n", 1 / zero);
    printf("signal %d code %d\n", got, code);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("ud2");
    printf("signal %d\n", got);
    if (!sigsetjmp(back, 1))
        nowhere();
    printf("signal %d at %#lx code %d\n", got, (unsigned long)address, code);
    if (!sigsetjmp(back, 1))
        (void)*(volatile char *)(uintptr_t)0x8000000000000000;
    printf("signal %d at %#lx code %d\n", got, (unsigned long)address, code);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("int3");
    printf("signal %d\n", got);
    SAY(sigaltstack(&stack, NULL) == 0);
    got = on_stack = 0;
    if (!sigsetjmp(back, 1))
        printf("%d\n", overflow(0));
    SAY(got == SIGSEGV && on_stack == 1);
    stack.ss_flags = SS_DISABLE;
    SAY(sigaltstack(&stack, &old) == 0 && old.ss_sp == alternative);
}

/* A handler that repairs, and the program goes on where it was. */
static char *volatile guarded;

static void repair(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    address = (uintptr_t)info->si_addr;
    mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

static void repairing(void)
{
    struct sigaction action = {.sa_sigaction = repair, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &action, NULL);
    guarded = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    guarded[100] = 'r';
    SAY(guarded[100] == 'r' && address == (uintptr_t)guarded + 100);
    set(SIGSEGV, SIG_DFL, 0);
}

static volatile double noise;

static void spoil(int number)
{
    double x[8];

    for (int i = 0; i < 8; i++)
        x[i] = i * 1.25 + number;
    for (int i = 0; i < 8; i++)
        noise += x[i] * x[7 - i];
    __asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm7, %%xmm7\n\tpxor %%xmm15, %%xmm15"
                     ::: "xmm0", "xmm7", "xmm15");
}

/* Registers, the extended ones too, survive a handler. */
static void registers(void)
{
    uint64_t in[4] = {0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0}, out[4];

    set(SIGUSR1, spoil, 0);
    in[3] = (uint64_t)getpid();
    __asm__ volatile("movq %5, %%xmm0\n\t"
                     "movq %6, %%xmm7\n\t"
                     "movq %7, %%xmm15\n\t"
                     "mov $0x4444444444444444, %%r12\n\t"
                     "mov $62, %%eax\n\t"
                     "mov %8, %%rdi\n\t"
                     "mov %9, %%esi\n\t"
                     "syscall\n\t"
                     "movq %%xmm0, %0\n\t"
                     "movq %%xmm7, %1\n\t"
                     "movq %%xmm15, %2\n\t"
                     "mov %%r12, %3\n\t"
                     "mov %%rax, %4\n\t"
                     : "=m"(out[0]), "=m"(out[1]), "=m"(out[2]), "=m"(out[3]), "=m"(in[3])
                     : "m"(in[0]), "m"(in[1]), "m"(in[2]), "m"(in[3]), "i"(SIGUSR1)
                     : "rax", "rdi", "rsi", "rcx", "r11", "r12", "xmm0", "xmm7", "xmm15", "memory");
    SAY(out[0] == in[0] && out[1] == in[1] && out[2] == in[2]);
    SAY(out[3] == 0x4444444444444444 && in[3] == 0 && noise != 0);
}

static void in_a_moment(int microseconds)
{
    struct itimerval t = {.it_value = {0, microseconds}};

    setitimer(ITIMER_REAL, &t, NULL);
}

/* What waits is interrupted, or begins again. */
static void interrupting(void)
{
    struct timespec rest, t = {5, 0};
    int ends[2];
    char byte;

    got = 0;
    set(SIGALRM, note, 0);
    in_a_moment(20000);
    FAILS(pause(), EINTR);
    SAY(got == SIGALRM);
    in_a_moment(20000);
    SAY(nanosleep(&t, &rest) == -1 && errno == EINTR && rest.tv_sec == 4);
    pipe(ends);
    in_a_moment(20000);
    FAILS(read(ends[0], &byte, 1), EINTR);
    got = 0;
    in_a_moment(20000);
    while (!got)
        ;
    SAY(got == SIGALRM);
    SAY(alarm(100) == 0 && alarm(0) == 100);
    close(ends[1]);
    SAY(read(ends[0], &byte, 1) == 0);
    close(ends[0]);
}

static int ticks;

static void tick(int number)
{
    (void)number;
    ticks++;
}

static int writable;

static void feed(int number)
{
    (void)number;
    if (write(writable, "!", 1) != 1)
        _exit(9);
}

static void repeating(void)
{
    struct itimerval t = {{0, 5000}, {0, 5000}}, off = {{0, 0}, {0, 0}};
    int ends[2];
    char byte = 0;

    set(SIGALRM, tick, SA_RESTART);
    setitimer(ITIMER_REAL, &t, NULL);
    while (*(volatile int *)&ticks < 5)
        pause();
    setitimer(ITIMER_REAL, &off, NULL);
    SAY(ticks >= 5);
    pipe(ends);
    writable = ends[1];
    set(SIGALRM, feed, SA_RESTART);
    in_a_moment(20000);
    SAY(read(ends[0], &byte, 1) == 1 && byte == '!');
    set(SIGPIPE, note, 0);
    close(ends[0]);
    got = 0;
    FAILS(write(ends[1], "x", 1), EPIPE);
    SAY(got == SIGPIPE);
    close(ends[1]);
}

static volatile sig_atomic_t trapped;

static void trap(int number)
{
    (void)number;
    trapped = 1;
}

/* How often depends on what the handler leaves of the flag; that it goes on does not. */
static void trap_flag(void)
{
    set(SIGTRAP, trap, 0);
    __asm__ volatile("sub $128, %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop\n\t"
                     "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\tnop\n\tadd $128, %%rsp"
                     ::: "memory", "cc");
    SAY(trapped == 1);
    set(SIGTRAP, SIG_DFL, 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    simple();
    masks();
    handler_masks();
    red_zone();
    faults();
    repairing();
    registers();
    interrupting();
    repeating();
    trap_flag();
    set(SIGTERM, SIG_DFL, 0);
    fflush(stdout);
    kill(getpid(), SIGTERM);
    puts("still here");
    return 1;
}
