/* SPDX-License-Identifier: MIT */
/*
 * The hardware that a unit test has: `struct arch_host` is all of it, for the test to
 * set and to read. Physical memory is an arena of the test's; page-table entries are
 * those of x86-64, and page_table.c works on them here as there.
 */
#pragma once

#include <setjmp.h>
#include <string.h>

#include "arch/x86_64/pte.h"
#include "phoenix/abi.h"

#define ARCH_HOST_SERIAL 65536

struct arch_host {
    struct cpu *cpu;       /* this_cpu(): the test's to set and to change */
    uint64_t tsc;          /* grows by tsc_step at every look */
    uint64_t tsc_step;
    uint64_t root;         /* the one loaded last */
    uint64_t page_flushes, flushes;
    uint64_t wakeups[CPUS_MAX], flush_requests[CPUS_MAX]; /* sent to that core */
    uint64_t timer;        /* ns it was armed for, 0 off */
    uint64_t idles, windows;
    void (*idle)(void);    /* what happens while the core sleeps; may longjmp() away */
    void (*flush)(unsigned cpu); /* what that core does when it is asked to flush */
    void (*pause)(void);   /* what others do while this core waits for them */
    void (*page_flush)(uint64_t address); /* told of each page that is flushed */
    void (*window)(void);  /* what interrupts do in the window they are given */
    uint64_t fs_base, gs_base;
    bool fpu_trap;
    const void *fpu_area;  /* saved to or loaded from last */
    unsigned cores;        /* what arch_start_cpus() answers; none are started */
    uint64_t random;       /* the next random word: 1, 2, 3 ... */
    char serial[ARCH_HOST_SERIAL]; /* what was written; what does not fit is dropped */
    size_t serial_length;
    const char *input;     /* what is still to be read; NULL: nothing */
    size_t input_length;
    uint8_t ports[1 << 16];        /* what was written last, and is read */
    uint64_t lines_open;           /* a bit for each that is let through */
    uint64_t lines_level, irq_ends;
    bool has_dma_unit;
    uint64_t dma_roots[1 << 16], dma_sets; /* by function; how many were made */
    uint64_t dma_flushes[256];     /* by domain */
    void (*dma_flush)(unsigned domain); /* told of each */
    struct arch_dma_fault dma_fault; /* the next one; function 0: none */
    jmp_buf *stop;         /* where a function that never returns goes; NULL: abort() */
    int stop_reason;       /* ARCH_HOST_*, which is also what setjmp() returns */
    unsigned shutdown_status;
};
#define ARCH_HOST_LINE 4 /* an interrupt line that is the kernel's own */
#define ARCH_HOST_ENTER_USER 1
#define ARCH_HOST_SHUTDOWN 2
#define ARCH_HOST_REBOOT 3

extern struct arch_host arch_host;
/* Everything as at power-on; physical addresses 0 to size are at base, which is aligned
 * to a page. An address outside is a failure of the test: it aborts. */
void arch_host_memory(void *base, uint64_t size);
void *arch_host_direct(uint64_t pa);
uint64_t arch_host_pa(const void *p);

static inline struct cpu *this_cpu(void)
{
    return arch_host.cpu;
}

static inline void arch_pause(void)
{
    if (arch_host.pause)
        arch_host.pause();
}

static inline uint32_t arch_port_in(uint16_t port, unsigned width)
{
    uint32_t value = 0;

    memcpy(&value, arch_host.ports + port, width);
    return value;
}

static inline void arch_port_out(uint16_t port, unsigned width, uint32_t value)
{
    memcpy(arch_host.ports + port, &value, width);
}

static inline uint64_t arch_tsc(void)
{
    return arch_host.tsc += arch_host.tsc_step;
}

static inline void *direct(uint64_t pa)
{
    return arch_host_direct(pa);
}

static inline uint64_t direct_pa(const void *p)
{
    return arch_host_pa(p);
}

static inline void page_zero(void *page)
{
    memset(page, 0, PHX_PAGE_SIZE);
}

static inline void arch_root_load(uint64_t root)
{
    arch_host.root = root;
}

static inline void arch_flush_page(uint64_t address)
{
    arch_host.page_flushes++;
    if (arch_host.page_flush)
        arch_host.page_flush(address);
}

static inline void arch_flush_all(void)
{
    arch_host.flushes++;
}

static inline uint64_t arch_fs_base(void)
{
    return arch_host.fs_base;
}

static inline uint64_t arch_gs_base(void)
{
    return arch_host.gs_base;
}

static inline uint64_t arch_set_bases(uint64_t fs, uint64_t gs)
{
    uint64_t old = arch_host.gs_base;

    arch_host.fs_base = fs;
    arch_host.gs_base = gs;
    return old;
}

static inline uint64_t arch_user_flags(uint64_t rflags)
{
    return (rflags & RFLAGS_USER) | RFLAGS_ONE | RFLAGS_IF;
}
