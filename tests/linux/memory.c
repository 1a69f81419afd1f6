/* SPDX-License-Identifier: MIT */
/* Memory: much of it, of all protections, moved and given back. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

#define PAGE 4096
#define MIB (1024 * 1024)

static sigjmp_buf back;
static volatile uintptr_t fault_address;
static volatile int fault_code;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    fault_address = (uintptr_t)info->si_addr;
    fault_code = info->si_code;
    siglongjmp(back, 1);
}

/* Whether touching an address faults there. */
static int faults(volatile char *p, int write)
{
    if (sigsetjmp(back, 1))
        return fault_address == (uintptr_t)p;
    if (write)
        *p = 1;
    else
        (void)*p;
    return 0;
}

static void much(void)
{
    size_t size = 100 * MIB;
    unsigned char *p = malloc(size);
    uint64_t sum = 0;

    SAY(p != NULL);
    for (size_t i = 0; i < size; i += PAGE)
        p[i] = (unsigned char)(i / PAGE);
    for (size_t i = 0; i < size; i += PAGE)
        sum += p[i] + p[i + 1];
    printf("sum %llu\n", (unsigned long long)sum);
    free(p);
    p = calloc(1, 10 * MIB);
    SAY(p != NULL && p[5 * MIB] == 0);
    p = realloc(p, 30 * MIB);
    SAY(p != NULL && p[9 * MIB] == 0);
    free(p);
    SAY(malloc(SIZE_MAX / 4) == NULL && errno == ENOMEM);
}

static void protections(void)
{
    char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    SAY(p != MAP_FAILED);
    memset(p, 'a', 16 * PAGE);
    SAY(mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ) == 0);
    SAY(!faults(p + 5 * PAGE, 0) && faults(p + 5 * PAGE, 1) && fault_code == SEGV_ACCERR);
    SAY(!faults(p + 3 * PAGE, 1) && !faults(p + 8 * PAGE, 1));
    SAY(mprotect(p + 6 * PAGE, PAGE, PROT_NONE) == 0);
    SAY(faults(p + 6 * PAGE, 0) && fault_code == SEGV_ACCERR);
    SAY(mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE) == 0 && p[6 * PAGE + 7] == 'a');
    SAY(munmap(p + 4 * PAGE, PAGE) == 0);
    SAY(faults(p + 4 * PAGE, 0) && fault_code == SEGV_MAPERR);
    FAILS(mprotect(p, 16 * PAGE, PROT_READ), ENOMEM);
    FAILS(syscall(SYS_mprotect, p + 1, PAGE, PROT_READ), EINVAL);
    SAY(munmap(p, 16 * PAGE) == 0 && faults(p, 0));
    SAY(munmap(p, 16 * PAGE) == 0);
    FAILS(munmap(p + 1, PAGE), EINVAL);
    p = mmap(NULL, 64 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    SAY(p != MAP_FAILED && faults(p + MIB, 1));
    SAY(mprotect(p + MIB, MIB, PROT_READ | PROT_WRITE) == 0 && !faults(p + MIB, 1));
    SAY(faults(p + MIB - 1, 1) && faults(p + 2 * MIB, 1));
    munmap(p, 64 * MIB);
}

static void placement(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0), *q;

    p[2 * PAGE] = 'x';
    q = mmap(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0);
    SAY(q == p + 2 * PAGE && *q == 0);
    SAY(mmap(p, PAGE, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
    SAY(errno == EEXIST);
    SAY(munmap(p + 6 * PAGE, PAGE) == 0);
    q = mmap(p + 6 * PAGE, PAGE, PROT_READ, flags, -1, 0);
    SAY(q == p + 6 * PAGE);
    FAILS((long)mmap(p + 1, PAGE, PROT_READ, flags | MAP_FIXED, -1, 0), EINVAL);
    FAILS((long)mmap(NULL, 0, PROT_READ, flags, -1, 0), EINVAL);
    munmap(p, 8 * PAGE);
}

static void moving(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0), *q;

    p[0] = 'f';
    p[3 * PAGE] = 'l';
    q = mremap(p, 4 * PAGE, 400 * PAGE, MREMAP_MAYMOVE);
    SAY(q != MAP_FAILED && q[0] == 'f' && q[3 * PAGE] == 'l' && q[399 * PAGE] == 0);
    SAY(mremap(q, 400 * PAGE, 2 * PAGE, 0) == q && q[0] == 'f' && faults(q + 2 * PAGE, 0));
    q[PAGE] = 'z';
    SAY(madvise(q, 2 * PAGE, MADV_DONTNEED) == 0 && q[0] == 0 && q[PAGE] == 0);
    FAILS((long)mremap(q + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EINVAL);
    munmap(q, 2 * PAGE);
    FAILS((long)mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
}

static char *set_break(char *to)
{
    return (char *)syscall(SYS_brk, to);
}

static void breaking(void)
{
    char *start = set_break(NULL), *end = start + 100 * PAGE;

    SAY(set_break(end) == end);
    start[99 * PAGE] = 'b';
    SAY(set_break(start) == start && set_break(NULL) == start);
    SAY(set_break(end) == end && start[99 * PAGE] == 0);
    SAY(set_break((char *)8) == end && set_break(start) == start);
}

/* Code that is written and then run; both at once is a matter of faults. */
static void code(int protection)
{
    static const unsigned char returns_42[] = {0xb8, 42, 0, 0, 0, 0xc3};
    unsigned char *p = mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int (*function)(void) = (int (*)(void))(uintptr_t)p;

    memcpy(p, returns_42, sizeof(returns_42));
    if ((protection & PROT_EXEC) == 0)
        mprotect(p, PAGE, PROT_READ | PROT_EXEC);
    printf("code says %d\n", function());
    if ((protection & PROT_EXEC) != 0) {
        p[1] = 43;
        printf("code says %d\n", function());
    }
    munmap(p, PAGE);
}

static int deep(int n)
{
    volatile char room[4000];

    room[0] = (char)n;
    return n == 0 ? 0 : deep(n - 1) + (room[0] == (char)n);
}

/* Addresses that a system call must refuse and survive. */
static void bad_addresses(void)
{
    char *none = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *bad[] = {NULL, (char *)8, none + PAGE, (char *)0x7ffffffff000,
                   (char *)0x8000000000000000, (char *)-PAGE, (char *)-1};
    int ends[2];

    mprotect(none + PAGE, PAGE, PROT_NONE);
    pipe(ends);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        printf("bad address %u\n", i);
        FAILS(write(ends[1], bad[i], 100), EFAULT);
        FAILS(pipe((int *)(void *)bad[i]), EFAULT);
        FAILS(nanosleep((struct timespec *)(void *)bad[i], NULL), EFAULT);
        FAILS(open(bad[i], O_RDONLY), EFAULT);
        FAILS(writev(ends[1], (struct iovec *)(void *)bad[i], 1), EFAULT);
    }
    memset(none, 'x', PAGE);
    FAILS(open(none + 100, O_RDONLY), EFAULT);
    SAY(write(ends[1], none + PAGE - 10, 10) == 10);
    FAILS(read(ends[0], bad[2], 10), EFAULT);
    SAY(read(ends[0], none, 10) == 10);
    none[PAGE - 1] = 0;
    FAILS(open(none, O_RDONLY), ENAMETOOLONG);
    none[200] = 0;
    FAILS(open(none + 100, O_RDONLY), ENOENT);
    munmap(none, 2 * PAGE);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    much();
    protections();
    placement();
    moving();
    breaking();
    code(PROT_READ | PROT_WRITE);
    code(PROT_READ | PROT_WRITE | PROT_EXEC);
    printf("deep %d\n", deep(1000));
    bad_addresses();
    return 0;
}
