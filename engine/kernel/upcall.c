/* SPDX-License-Identifier: MIT */
/*
 * Upcalls: faults, foreign system calls and asynchronous news arrive in the program
 * that they concern, at the address its thread page names. The page belongs to the
 * program: every field is read once, and nonsense in it harms only its owner.
 */
#include "switch.h"

/* The thread's page, unless it was taken back. */
static inline struct phx_thread_page *page_of(struct thread *t)
{
    return pin_alive(&t->page_frame) ? t->page : NULL;
}

static inline bool in_restart_range(const struct phx_thread_page *page, uint64_t rip)
{
    return rip >= page->restart_low && rip < page->restart_high;
}

/* It cannot be told: stop it and tell its keeper; without one the process ends. */
static void undeliverable(struct thread *t, unsigned kind, uint64_t address, uint64_t error,
                          unsigned signal)
{
    static const char *const names[] = { "", "page fault", "foreign system call", "exception",
                                         "news" };
    struct process *p = t->process;

    if (!watch_tell(&p->keeper)) {
        klog(LOG_WARNING, "process %lu: %s at 0x%lx (rip 0x%lx) and no way to tell it", p->pid,
             names[kind], address, t->regs.rip);
        process_end(p, signal, address);
        return;
    }
    p->fault_address = address;
    t->untold = (struct process_stopped_out){ .kind = kind, .address = address, .error = error };
    list_remove(&t->untold_link); /* it may have been started without asking */
    list_add_tail(&p->untold, &t->untold_link);
    thread_block(t, THREAD_STOPPED);
}

/* Enter the libos at its upcall entry; a thread whose page does not allow it stops and its keeper
 * is told, or, without keeper, its process ends with `signal`. Inline: 29 instructions a fault. */
static inline void __attribute__((always_inline))
upcall(struct thread *t, unsigned kind, uint64_t address, uint64_t error, unsigned vector,
     unsigned signal)
{
    struct phx_thread_page *page = page_of(t);
    uint32_t depth = page ? __atomic_load_n(&page->depth, __ATOMIC_RELAXED) : PHX_FRAMES;
    uint64_t entry = page ? __atomic_load_n(&page->entry, __ATOMIC_RELAXED) : 0;

    if (depth >= PHX_FRAMES || entry == 0 || entry >= PHX_USER_END) {
        undeliverable(t, kind, address, error, signal);
        return;
    }

    uint32_t disabled = page->disabled;
    if (in_restart_range(page, t->regs.rip)) { /* frame 0 is still to be left: it begins anew */
        t->regs.rip = page->restart_low;
        t->regs.rsp = page->stack;
        depth += depth == 0;
        disabled = 1;
    }
    uint64_t stack = disabled ? t->regs.rsp - 256 : page->stack;
    struct phx_frame *f = &page->frames[depth];
    f->registers = t->regs;
    f->address = address;
    f->error = error;
    f->vector = vector;
    f->kind = kind;
    f->disabled = disabled;
    page->depth = depth + 1;
    page->disabled = 1;

    t->regs.rip = entry;
    t->regs.rsp = (stack & ~15UL) - 8;
    t->regs.rflags = arch_user_flags(0);
    t->regs.rdi = t->page_address + offsetof(struct phx_thread_page, frames) +
                  depth * sizeof(struct phx_frame);
    t->regs.rsi = kind;
    t->regs.rdx = t->page_address;
    t->resume_full = 0; /* rcx and r11 are in the frame */
}

bool syscall_foreign(struct thread *t)
{
    struct cpu *c = this_cpu();

    if (!kernel_trylock())
        kernel_lock(c);
    upcall(t, PHX_UPCALL_SYSCALL, 0, 0, 0, 31);
    return kernel_leave(c, t);
}

void upcall_pending(struct thread *t)
{
    struct phx_thread_page *page = page_of(t);
    uint64_t bits = t->pending;

    t->pending = 0;
    if (!page)
        return;
    page->pending |= bits;
    if (page->disabled || page->depth >= PHX_FRAMES)
        return;
    if (in_restart_range(page, t->regs.rip)) { /* it may have tested `pending` already */
        t->regs.rip = page->restart_low;
        t->resume_full = 1;
        return;
    }
    upcall(t, PHX_UPCALL_PENDING, 0, 0, 0, 9);
}

/* The signal that stands for an exception, where a process dies of it. */
static unsigned exception_signal(unsigned vector)
{
    static const uint8_t signals[32] = { [0] = 8, [1] = 5,  [3] = 5,  [6] = 4,
                                         [7] = 4, [16] = 8, [17] = 7, [19] = 8 };

    return vector < 32 && signals[vector] ? signals[vector] : 11;
}

/* The first use of extended state since this thread began. */
static bool extended_begin(struct thread *t)
{
    void *area;

    if (t->extended || object_new(t->process->object.account, KIND_EXTENDED_STATE, &area) != OK)
        return false;
    arch_fpu_init(area);
    t->extended = area;
    switch_extended(this_cpu(), t);
    return true;
}

bool kernel_fault(struct thread *t, unsigned vector, uint64_t error, uint64_t address)
{
    struct cpu *c = this_cpu();

    if (!kernel_trylock())
        kernel_lock(c);
    if (vector == 14)
        upcall(t, PHX_UPCALL_PAGE_FAULT, address, error, vector, 11);
    else if (vector != 7 || !extended_begin(t))
        upcall(t, PHX_UPCALL_EXCEPTION, address, error, vector, exception_signal(vector));
    return kernel_leave(c, t) && !t->resume_full;
}
