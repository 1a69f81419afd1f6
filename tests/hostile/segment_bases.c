/* SPDX-License-Identifier: MIT */
/*
 * fs and gs bases that are nonsense: what the processor does not refuse (the kernel's
 * own addresses; by QEMU, not even those that are not canonical) must neither reach the
 * kernel at any entry nor be lost in switches.
 *
 * Gets  # bases kept, # refused
 */
#include "hostile.h"

static void set_fs(uint64_t base)
{
    __asm__ volatile("wrfsbase %0" ::"r"(base));
}

static void set_gs(uint64_t base)
{
    __asm__ volatile("wrgsbase %0" ::"r"(base));
}

static void through_gs(uint64_t offset)
{
    __asm__ volatile("mov %%gs:(%0), %%rax" ::"r"(offset) : "rax", "memory");
}

static bool over;

/* Another who has other bases. */
static void other(void *argument)
{
    uint64_t base = (uint64_t)argument;

    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        set_fs(base);
        set_gs(~base >> 17);
        thread_control_yield(RT_THREAD);
    }
}

static void has(uint64_t fs, uint64_t gs, const char *after)
{
    uint64_t f, g;

    __asm__ volatile("rdfsbase %0\n\trdgsbase %1" : "=r"(f), "=r"(g));
    MUST(f == fs && g == gs, "after %s: fs 0x%lx, not 0x%lx; gs 0x%lx, not 0x%lx", after, f, fs, g,
        gs);
}

static void kept(uint64_t fs, uint64_t gs)
{
    struct process_getpid_out pid = {0};
    struct trap t;

    set_fs(fs);
    set_gs(gs);
    process_getpid(RT_PROCESS, &pid);
    has(fs, gs, "a call");
    for (unsigned i = 0; i < 3; i++)
        thread_control_yield(RT_THREAD);
    has(fs, gs, "yield");
    t = attempt(through_gs, 0);
    MUST(t.kind != 0 || gs >> 47 == 0, "memory at 0x%lx can be read through gs", gs);
    has(fs, gs, "a fault");
    for (volatile unsigned i = 0; i < 100000; i++)
        ;
    has(fs, gs, "a while");
}

int main(void)
{
    uint64_t second = thread(other, (void *)0x123456789000);
    unsigned keeps = 0, refused = 0;

    for (unsigned i = 0; i < nowhere_count; i++) {
        struct trap f = attempt(set_fs, nowhere[i]), g = attempt(set_gs, nowhere[i]);

        MUST(f.vector == g.vector && (f.kind == 0 || f.vector == 13), "0x%lx: vectors %lu, %lu",
            nowhere[i], f.vector, g.vector);
        if (f.kind == 0) {
            kept(nowhere[i], nowhere[nowhere_count - 1]);
            kept(0, nowhere[i]);
            keeps += 2;
        } else {
            refused++;
        }
    }
    over = true;
    MUST(joined(second), "the other thread is lost");
    rt_print("%u bases kept, %u refused\n", keeps, refused);
    return 0;
}
