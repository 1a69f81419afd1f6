/* SPDX-License-Identifier: MIT */
/*
 * The part of arch.h that is a handful of instructions on x86-64.
 */
#pragma once

#include "arch/x86_64/ports.h"
#include "arch/x86_64/pte.h"
#include "arch/x86_64/regs.h"
#include "phoenix/abi.h"

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;

    __asm__("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

static inline void arch_pause(void)
{
    __asm__ volatile("pause" ::: "memory");
}

static inline uint64_t arch_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline void *direct(uint64_t pa)
{
    return (void *)(DIRECT_BASE + pa);
}

static inline uint64_t direct_pa(const void *p)
{
    return (uint64_t)p - DIRECT_BASE;
}

static inline void page_zero(void *page)
{
    uint64_t count = PHX_PAGE_SIZE / 8;

    __asm__ volatile("rep stosq" : "+D"(page), "+c"(count) : "a"(0UL) : "memory");
}

static inline void arch_root_load(uint64_t root)
{
    __asm__ volatile("mov %0, %%cr3" ::"r"(root) : "memory");
}

static inline void arch_flush_page(uint64_t address)
{
    __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

/* The kernel's own translations are global and stay. */
static inline void arch_flush_all(void)
{
    uint64_t root;

    __asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=&r"(root) : : "memory");
}

static inline uint64_t arch_fs_base(void)
{
    uint64_t base;

    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

/* While in the kernel, the program's GS base waits behind swapgs; between the two no
 * exception that uses GS can come (interrupts are off, an NMI does not look). */
static inline uint64_t arch_gs_base(void)
{
    uint64_t base;

    __asm__ volatile("swapgs\n\trdgsbase %0\n\tswapgs" : "=r"(base));
    return base;
}

/* Only what arch_fs_base() and arch_gs_base() gave, or 0: an address that is not
 * canonical would fault here. What arch_gs_base() would have said before. */
static inline uint64_t arch_set_bases(uint64_t fs, uint64_t gs)
{
    uint64_t old;

    __asm__ volatile("wrfsbase %1\n\tswapgs\n\trdgsbase %0\n\twrgsbase %2\n\tswapgs"
                     : "=&r"(old)
                     : "r"(fs), "r"(gs));
    return old;
}

static inline uint64_t arch_user_flags(uint64_t rflags)
{
    return (rflags & RFLAGS_USER) | RFLAGS_ONE | RFLAGS_IF;
}
