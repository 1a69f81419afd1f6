/* SPDX-License-Identifier: MIT */
/*
 * System calls and faults with a stack pointer that is nonsense: the kernel needs none.
 *
 * Gets  # stack pointers
 */
#include "hostile.h"

/* A system call of either way out, with this stack pointer. */
static int64_t with_stack(uint64_t stack, uint64_t op, uint64_t cap)
{
    int64_t result;
    uint64_t after;

    __asm__ volatile("mov %%rsp, %%rbp\n\t"
                     "mov %[stack], %%rsp\n\t"
                     "syscall\n\t"
                     "mov %%rsp, %[after]\n\t"
                     "mov %%rbp, %%rsp"
                     : "=a"(result), [after] "=&r"(after), "+D"(cap)
                     : "0"(op), [stack] "r"(stack), "S"(0UL), "d"(0UL)
                     : "rcx", "r11", "rbp", "memory", "cc");
    MUST(after == stack, "0x%lx became 0x%lx", stack, after);
    return result;
}

static void faults(uint64_t stack)
{
    __asm__ volatile("mov %0, %%rsp\n\tud2" ::"r"(stack) : "memory");
}

static void pushes(uint64_t stack)
{
    __asm__ volatile("mov %0, %%rsp\n\tpush %%rax" ::"r"(stack) : "memory");
}

static void one(uint64_t stack)
{
    struct trap t;

    MUST(with_stack(stack, PHX_OP_NOP, 0) == 0, "NOP at 0x%lx", stack);
    MUST(
        with_stack(stack, PHX_OP_CALL(PROCESS_GETPID, 0), RT_PROCESS) == 0, "call at 0x%lx", stack);
    MUST(with_stack(stack, PHX_OP_CALL(THREAD_CONTROL_YIELD, 0), RT_THREAD) == 0, "yield at 0x%lx",
        stack);
    MUST(with_stack(stack, PHX_OP_CALL(9, 0), RT_THREAD) == -PHX_PERMISSION_DENIED, "0x%lx", stack);
    t = attempt(faults, stack);
    MUST(t.vector == 6 && t.rsp == stack, "ud2 at 0x%lx: vector %lu rsp 0x%lx", stack, t.vector,
        t.rsp);
    t = attempt(pushes, stack);
    MUST(t.vector == 14 || t.vector == 12 || t.vector == 13, "push at 0x%lx: vector %lu", stack,
        t.vector);
}

int main(void)
{
    static const uint64_t more[] = {0, 1, 7, 8, 255, 256, 4096, 0x100000000};
    unsigned count = 0;

    for (unsigned i = 0; i < nowhere_count; i++, count++)
        one(nowhere[i]);
    for (unsigned i = 0; i < COUNT(more); i++, count++)
        one(more[i]);
    rt_print("%u stack pointers\n", count);
    return 0;
}
