/* SPDX-License-Identifier: MIT */
/*
 * DF, AC, NT, RF, IOPL, ID and all others set at every entry: system calls that are
 * answered at once, that switch to another thread and that fail; faults; and timer
 * interrupts in a loop. The kernel works, and they come back as they were.
 *
 * Gets  # sets of flags at 4 system calls, 2 faults and in a loop
 */
#include "hostile.h"

#define CF 0x1
#define OF 0x800
#define DF 0x400
#define NT 0x4000
#define IOPL 0x3000
#define RF 0x10000
#define AC 0x40000
#define ID 0x200000
#define KEPT (CF | OF | DF | NT | AC | ID)
#define SPINS 3000000 /* more than a slice or two */

static uint64_t call_with(uint64_t flags, uint64_t op, uint64_t cap)
{
    uint64_t after, result = op;

    __asm__ volatile("push %[flags]\n\t"
                     "popfq\n\t"
                     "syscall\n\t"
                     "pushfq\n\t"
                     "pop %[after]\n\t"
                     "push $0x202\n\t"
                     "popfq"
                     : "+a"(result), [after] "=&r"(after), "+D"(cap)
                     : [flags] "r"(flags), "S"(0UL), "d"(0UL)
                     : "rcx", "r11", "memory", "cc");
    return after;
}

static void same(const char *what, uint64_t flags, uint64_t after)
{
    MUST(((flags ^ after) & KEPT) == 0 && (after & IOPL) == 0 && (after & 0x200),
        "%s with flags 0x%lx: 0x%lx after", what, flags, after);
}

static void invalid(uint64_t flags)
{
    __asm__ volatile("push %0\n\tpopfq\n\tud2" ::"r"(flags) : "memory", "cc");
}

static void absent(uint64_t flags)
{
    __asm__ volatile("push %0\n\tpopfq\n\tmovb $0, 0" ::"r"(flags) : "memory", "cc");
}

static uint64_t loop_with(uint64_t flags)
{
    uint64_t after, spins = SPINS;

    /* lea and jrcxz change no flags */
    __asm__ volatile("push %[flags]\n\t"
                     "popfq\n"
                     "1:\tlea -1(%%rcx), %%rcx\n\t"
                     "jrcxz 2f\n\t"
                     "jmp 1b\n"
                     "2:\tpushfq\n\t"
                     "pop %[after]\n\t"
                     "push $0x202\n\t"
                     "popfq"
                     : [after] "=&r"(after), "+c"(spins)
                     : [flags] "r"(flags)
                     : "memory", "cc");
    return after;
}

static bool over;

static void other(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        thread_control_yield(RT_THREAD);
}

static void one(uint64_t flags)
{
    struct trap t;

    same("NOP", flags, call_with(flags, PHX_OP_NOP, 0));
    same("getpid", flags, call_with(flags, PHX_OP_CALL(PROCESS_GETPID, 0), RT_PROCESS));
    same("yield", flags, call_with(flags, PHX_OP_CALL(THREAD_CONTROL_YIELD, 0), RT_THREAD));
    same("nothing", flags, call_with(flags, 0, 0));
    t = attempt(invalid, flags);
    MUST(t.vector == 6, "ud2 with flags 0x%lx: vector %lu", flags, t.vector);
    same("ud2", flags, t.rflags);
    t = attempt(absent, flags);
    MUST(t.vector == 14 || (t.vector == 17 && (flags & AC)), "0x%lx: vector %lu", flags, t.vector);
    same("a page fault", flags, t.rflags);
}

int main(void)
{
    static const uint64_t bits[] = {CF, OF, DF, NT, IOPL, RF, AC, ID};
    uint64_t second = thread(other, NULL);
    unsigned sets = 0;

    for (; sets < 1 << COUNT(bits); sets++) {
        uint64_t flags = 0x202;

        for (unsigned i = 0; i < COUNT(bits); i++)
            flags |= sets >> i & 1 ? bits[i] : 0;
        one(flags);
    }
    same("a loop", DF | AC | NT | ID | CF, loop_with(0x202 | DF | AC | NT | ID | CF));
    same("a loop", OF | IOPL, loop_with(0x202 | OF | IOPL));
    over = true;
    MUST(joined(second), "the other thread is lost");
    rt_print("%u sets of flags at 4 system calls, 2 faults and in a loop\n", sets);
    return 0;
}
