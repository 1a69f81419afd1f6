/* SPDX-License-Identifier: MIT */
/*
 * DF, AC, NT, RF, IOPL, ID and all others set at every entry: system calls that are
 * answered at once, that switch to another thread, that zero memory and that fail;
 * faults; and timer interrupts in a loop. The kernel works, and they come back as they
 * were.
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
#define FRAMES 64
#define SPINS 3000000 /* more than a slice or two */

static uint64_t first_word; /* of the last call: in and out */

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
                     : "+a"(result), [after] "=&r"(after), "+D"(cap), "+S"(first_word)
                     : [flags] "r"(flags), "d"(0UL)
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

static void spins(void *argument)
{
    (void)argument;
    for (;;)
        ;
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

/* Memory that was written is let go of: some of it is had again. */
static void dirty(void)
{
    struct lent memory[FRAMES];

    for (unsigned i = 0; i < FRAMES; i++) {
        uint8_t *window;

        memory[i] = lend(2);
        window = rt_window(memory[i].frame, 2, READ_WRITE);
        memset(window, 0xa5, 2 * PHX_PAGE_SIZE);
        rt_window_close(window, 2);
    }
    for (unsigned i = 0; i < FRAMES; i++) {
        phx_release(memory[i].child);
        phx_release(memory[i].frame);
    }
}

/* Pages are zeroed from their beginning to their end. */
static void zeroes(uint64_t flags)
{
    dirty();
    for (unsigned n = 0; n < FRAMES; n++) {
        uint8_t *window;

        first_word = 2;
        same("alloc", flags, call_with(flags, PHX_OP_CALL(FRAME_POOL_ALLOC, 1), RT_POOL));
        window = rt_window(first_word, 2, READ_WRITE);
        MUST(window != NULL, "no frame");
        for (unsigned i = 0; i < 2 * PHX_PAGE_SIZE; i++)
            MUST(window[i] == 0, "byte %u of a new page is 0x%x", i, window[i]);
        rt_window_close(window, 2);
    }
}

/* A switch to one that was interrupted is left by another instruction than one to who
 * called. */
static void switches_to_interrupted(void)
{
    uint64_t flags = 0x202 | DF | AC | NT | ID, third = thread(spins, NULL);

    for (unsigned i = 0; i < 4; i++)
        same("a switch to who was interrupted", flags,
            call_with(flags, PHX_OP_CALL(THREAD_CONTROL_YIELD, 0), RT_THREAD));
    thread_stop(third);
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
    zeroes(0x202 | DF | AC | NT);
    over = true;
    MUST(joined(second), "the other thread is lost");
    switches_to_interrupted();
    rt_print("%u sets of flags at 4 system calls, 2 faults and in a loop\n", sets);
    return 0;
}
