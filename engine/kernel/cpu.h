/* SPDX-License-Identifier: MIT */
/*
 * What each core has for itself. The first fields are at fixed places for the
 * assembly in arch/ (its asm offsets are checked there).
 */
#pragma once

#include "arch.h"
#include "slots.h"

struct space;
struct thread;

/* Why a core looks again at its next exit: who runs may be another; or there are chores, for
 * which nobody loses his turn. */
#define RESCHED_CHOOSE 1
#define RESCHED_CHORES 2

struct cpu {
    struct cpu *self;        /* offset 0: GS base points here */
    struct thread *current;  /* offset 8: whose registers an entry saves; NULL: idle */
    uint64_t scratch;        /* offset 16: for the entry code */
    uint64_t stack_top;      /* offset 24: of the core's one kernel stack */
    unsigned index;          /* offset 32: 0 is the boot processor */
    unsigned apic_id;

    /* scheduler and memory; under the kernel lock unless said otherwise */
    struct space *space; /* whose root is loaded; NULL: the kernel's own */
    struct thread *fpu_owner;    /* whose extended state the registers hold */
    bool fpu_trapping;
    uint32_t flush_wanted;       /* atomic: set by another core, cleared by this one */
    uint32_t resched;            /* atomic: RESCHED_*, what the next exit looks for */
    struct turns turns;
    struct thread *turn;         /* on whose time `current` runs; counted */
    uint64_t turn_began;         /* ns */
    uint64_t slice_end;          /* ns: the turn's end */
    unsigned turn_key;           /* KEY: who comes before that takes the core */
    bool ahead;                  /* it is run on credit */
    bool grace;                  /* it was told of its end */
    uint64_t timer_armed;        /* ns for which the timer is armed, 0: not */

    struct arch_cpu *arch;       /* GDT, TSS, interrupt stacks */
} __attribute__((aligned(64)));

extern struct cpu cpus[CPUS_MAX];
extern unsigned cpu_count;
