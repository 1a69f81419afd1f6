/* SPDX-License-Identifier: MIT */
/*
 * Loads ds, es, fs, gs and ss with every selector of the table and around it, with local
 * ones and with the largest: only null and the program's own may be had. After each,
 * system calls, faults and switches must still work.
 *
 * Gets  # loads refused, # allowed
 */
#include "hostile.h"

#define DATA 0x1b
#define CODE 0x23
#define SELECTORS 0x90 /* the table has 7 entries; all of them, local ones too, and more */

static void load_ds(uint64_t selector)
{
    __asm__ volatile("mov %w0, %%ds" ::"r"(selector));
}

static void load_es(uint64_t selector)
{
    __asm__ volatile("mov %w0, %%es" ::"r"(selector));
}

static void load_fs(uint64_t selector)
{
    __asm__ volatile("mov %w0, %%fs" ::"r"(selector));
}

static void load_gs(uint64_t selector)
{
    __asm__ volatile("mov %w0, %%gs" ::"r"(selector));
}

static void load_ss(uint64_t selector)
{
    __asm__ volatile("mov %w0, %%ss" ::"r"(selector));
}

static bool is_own(uint64_t selector, bool stack)
{
    uint64_t entry = selector & ~UINT64_C(3);

    if (stack)
        return selector == DATA;
    return entry == 0 || entry == (DATA & ~3) || entry == (CODE & ~3);
}

static unsigned refused, allowed;

static void one(void (*load)(uint64_t), uint64_t selector)
{
    struct trap t = attempt(load, selector);
    struct process_getpid_out pid = {0};

    if (is_own(selector, load == load_ss)) {
        MUST(t.kind == 0, "0x%lx is refused: vector %lu", selector, t.vector);
        allowed++;
    } else {
        MUST(t.kind == PHX_UPCALL_EXCEPTION && t.vector == 13 && t.error == (selector & 0xfffc),
            "0x%lx: kind %lu vector %lu error 0x%lx", selector, t.kind, t.vector, t.error);
        refused++;
    }
    MUST(process_getpid(RT_PROCESS, &pid) >= 0 && pid.pid != 0, "no system call after 0x%lx",
        selector);
    if (selector % 8 == 3)
        thread_control_yield(RT_THREAD);
}

int main(void)
{
    static void (*const loads[])(uint64_t) = {load_ds, load_es, load_fs, load_gs, load_ss};

    for (unsigned i = 0; i < COUNT(loads); i++) {
        for (uint64_t selector = 0; selector < SELECTORS; selector++)
            one(loads[i], selector);
        for (unsigned bit = 4; bit < 16; bit++)
            for (uint64_t low = 0; low < 8; low++)
                one(loads[i], UINT64_C(1) << bit | low);
        for (uint64_t selector = 0xfff0; selector <= 0xffff; selector++)
            one(loads[i], selector);
        one(loads[i], i < 4 ? 0 : DATA);
    }
    rt_print("%u loads refused, %u allowed\n", refused, allowed);
    return 0;
}
