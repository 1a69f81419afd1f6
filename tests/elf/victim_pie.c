/* SPDX-License-Identifier: MIT */
/* A good program without a C library that may lie anywhere, to be damaged. */
#define STATUS_GOOD 7
#define SYS_WRITE 1
#define SYS_EXIT_GROUP 231

static char text[] = "victim: anywhere\n";
static int zeroes[5000];

static long call(long number, long a, const void *b, long c)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((used)) static void begin(const long *stack)
{
    long sum = 0;

    for (int i = 0; i < 5000; i++)
        sum += zeroes[i];
    zeroes[4999] = 1;
    if (stack[0] == 2 && sum == 0 && call(SYS_WRITE, 1, text, sizeof text - 1) > 0)
        call(SYS_EXIT_GROUP, STATUS_GOOD, 0, 0);
    call(SYS_EXIT_GROUP, 1, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n hlt\n");
