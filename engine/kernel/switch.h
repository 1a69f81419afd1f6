/* SPDX-License-Identifier: MIT */
/*
 * From one thread to another on a core: bases, address space, extended state.
 * Inline, because a call between processes does nothing else twice.
 *
 * NEEDS the kernel lock.
 */
#pragma once

#include "thread.h"

/* The registers have what `t` did with its extended state: keep it. */
static inline void switch_leave_extended(struct cpu *c, struct thread *t)
{
    if (t->extended && c->fpu_owner == t && !c->fpu_trapping)
        arch_fpu_save(t->extended);
}

/* What only the core knows about the thread that runs on it. */
static inline void switch_leave(struct cpu *c, struct thread *t)
{
    t->fs_base = arch_fs_base();
    t->gs_base = arch_gs_base();
    switch_leave_extended(c, t);
}

/* Said before it is done: who takes something out of the space asks this core to flush
 * from then on. Also cleared by kernel_flush_requested(), on spaces that are gone. */
static inline void switch_space(struct cpu *c, struct space *s)
{
    if (c->space == s)
        return;
    c->space = s;
    arch_root_load(s->root);
}

/* The registers hold the state of the last who used them, until another does; that
 * is this thread's latest only if it used no other core's meanwhile. */
static inline void switch_extended(struct cpu *c, struct thread *t)
{
    bool trap = !t->extended;

    if (trap != c->fpu_trapping) {
        arch_fpu_trap(trap);
        c->fpu_trapping = trap;
    }
    if (!trap && (c->fpu_owner != t || t->extended_core != c->index)) {
        arch_fpu_load(t->extended);
        c->fpu_owner = t;
        t->extended_core = c->index;
    }
}

/* Of one thread out, of the other in. */
static inline void switch_bases(struct thread *from, const struct thread *to)
{
    from->fs_base = arch_fs_base();
    from->gs_base = arch_set_bases(to->fs_base, to->gs_base);
}

static inline void switch_enter(struct cpu *c, struct thread *t)
{
    c->current = t;
    t->state = THREAD_RUNNING;
    switch_space(c, t->process->space);
    arch_set_bases(t->fs_base, t->gs_base);
    switch_extended(c, t);
}
