/* SPDX-License-Identifier: MIT */
/*
 * The two operations that everything waits for, where nothing can go wrong: a call
 * in registers to a server that waits, and its answer from a server that has no
 * other caller. What ipc.c would decide is looked at in the same order; whatever is
 * not plain is left to it, and nothing was changed by then.
 *
 * Figures  docs/PERFORMANCE.md, call_reply
 */
#include "switch.h"

#define OP_CALL (PHX_KIND_TRANSPORT | PHX_T_CALL << 8)
#define OP_RETURN_RECV (PHX_KIND_TRANSPORT | PHX_T_RETURN_RECV << 8)

/* The first n words, n <= 5. The other registers are none of the other's business. */
static inline void pass_registers(const struct phx_registers *f, struct phx_registers *t,
                                  unsigned n)
{
    switch (n) {
    case 5: t->r9 = f->r9; __attribute__((fallthrough));
    case 4: t->r8 = f->r8; __attribute__((fallthrough));
    case 3: t->r10 = f->r10; __attribute__((fallthrough));
    case 2: t->rdx = f->rdx; __attribute__((fallthrough));
    case 1: t->rsi = f->rsi; break;
    default: break;
    }
}

/* A live row that is not counted, whose chain is known to be whole. */
static inline struct hold *plain_row(const struct cap_table *t, uint64_t id)
{
    struct hold *row = cap_row(t, id);

    return row && !row->uses && row->checked == kernel.caps.revocations ? row : NULL;
}

/* Both sides in registers, no deadline, nothing reserved. */
static inline bool plain_waiter(const struct waiter *w)
{
    return w->form == FORM_REGISTERS && !w->ring && w->timed == TIMED_NOT &&
           !w->thread->attention;
}

static bool fast_call(struct cpu *c, struct thread *t, uint64_t op)
{
    struct hold *row = plain_row(&t->process->table, t->regs.rdi);
    unsigned method = (unsigned)(op >> 16 & 0xff), words = (unsigned)(op >> 24);

    if (!row || row->interface < KERNEL_INTERFACES || method >= CAPABILITY_IDENTIFY ||
        !(row->methods >> method & 1) || words > 5)
        return false;
    struct endpoint *e = (struct endpoint *)row->object;
    struct list *first = e->receivers.next;
    if (first == &e->receivers)
        return false;
    struct waiter *r = CONTAINER(first, struct waiter, link), *w = &t->waiter;
    struct thread *server = r->thread;
    if (!plain_waiter(r) || t->attention)
        return false;

    /* Commit. */
    pass_registers(&t->regs, &server->regs, words);
    server->regs.rax = words | method << 8;
    server->regs.rdi = row->badge;
    list_remove(&r->link);
    r->state = WAIT_NONE;
    r->object = NULL;
    e->object.refs--; /* the caller's row is another */
    w->state = WAIT_REPLY;
    w->form = FORM_REGISTERS;
    w->rows_reserved = 0;
    w->interruptible = false;
    w->sequence++;
    w->server = server;
    server->current_call = w;
    t->state = THREAD_BLOCKED;
    switch_leave(c, t);
    switch_enter(c, server);
    return true;
}

static bool fast_return_receive(struct cpu *c, struct thread *t, uint64_t op)
{
    struct hold *row = plain_row(&t->process->table, t->regs.rdi);
    struct waiter *caller = t->current_call, *w = &t->waiter;
    unsigned status = (unsigned)(op >> 16 & 0xff), words = (unsigned)(op >> 24);

    if (!row || row->interface != IFACE_ENDPOINT || !(row->methods & ENDPOINT_M_RECEIVE) ||
        words > 5)
        return false;
    struct endpoint *e = (struct endpoint *)row->object;
    if (!caller || !plain_waiter(caller) || !list_is_empty(&e->callers) || t->attention ||
        caller->thread->state != THREAD_BLOCKED)
        return false;

    /* Commit. */
    struct thread *client = caller->thread;
    pass_registers(&t->regs, &client->regs, words);
    client->regs.rax = status ? (uint64_t)-(int64_t)status : words;
    caller->state = WAIT_NONE;
    caller->server = NULL;
    t->current_call = NULL;
    w->state = WAIT_RECEIVE;
    w->form = FORM_REGISTERS;
    w->rows_reserved = 0;
    w->wants_reply = false;
    w->interruptible = false;
    w->cap = t->regs.rdi;
    w->object = &e->object;
    e->object.refs++;
    list_add_tail(&e->receivers, &w->link);
    t->state = THREAD_BLOCKED;
    switch_leave(c, t);
    switch_enter(c, client);
    return true;
}

bool fast_operation(struct cpu *c, struct thread *t)
{
    uint64_t op = t->regs.rax;

    if (op >> 32)
        return false;
    switch (op & 0xffff) {
    case OP_CALL: return fast_call(c, t, op);
    case OP_RETURN_RECV: return fast_return_receive(c, t, op);
    default: return false;
    }
}
