/* SPDX-License-Identifier: MIT */
/*
 * The one way in: an operation word and what belongs to it, from registers, from
 * one entry in memory, or from a ring.
 *
 * The checks come in one order for all: kind and number, the row, its chain, that
 * the method exists, that the hold has it, then what the method itself asks.
 */
#include "ring.h"
#include "thread.h"

#include "kernel_dispatch.inc.c"

#define KIND(op) ((op)&0xff)
#define NUMBER(op) ((unsigned)((op) >> 8 & 0xff))
#define METHOD(op) ((unsigned)((op) >> 16 & 0xff))
#define WORDS(op) ((unsigned)((op) >> 24 & 0xff))
#define WITH_WORDS (1 << PHX_T_CALL | 1 << PHX_T_RETURN | 1 << PHX_T_RETURN_RECV | 1 << PHX_T_SEND)
#define OP_ENTER1 (PHX_KIND_TRANSPORT | PHX_T_ENTER1 << 8)

/* It costs a use, unless it is refused. */
static err_t invoke_counted(struct invocation *inv, struct uses *uses, const struct kernel_op *op,
                            const uint64_t *in, uint64_t *out)
{
    TRY(uses_reserve(uses));
    err_t err = op->handler(inv, in, out);
    uses_settle(uses, err <= OK);
    return err;
}

/* A method of an object that the kernel itself serves, or of any capability. */
static err_t invoke(struct waiter *w, struct hold *row, const struct kernel_op *op,
                    const uint64_t in[5], uint64_t out[5])
{
    struct invocation inv;

    inv.thread = w->thread;
    inv.waiter = w;
    inv.row = row;
    inv.object = row->object;
    inv.badge = row->badge;
    if (op->flags & KERNEL_OP_MARKER)
        return PHX_INVALID_SYSCALL;
    if (row->object->dead)
        return PHX_REVOKED;
    if (row->uses && op->interface != IFACE_CAPABILITY)
        return invoke_counted(&inv, row->uses, op, in, out);
    return op->handler(&inv, in, out);
}

/* The method of what a hold names; or of every capability. */
static const struct kernel_op *find_op(const struct hold *row, unsigned method)
{
    unsigned interface = method < CAPABILITY_IDENTIFY ? row->interface : IFACE_CAPABILITY;
    unsigned op = interface < KERNEL_INTERFACES ? kernel_op_index[interface][method] : 0;

    return op ? &kernel_ops[op - 1] : NULL;
}

/* A method, of this interface if one is wanted: to whoever serves the capability. One way that
 * can be no one but a program. */
static err_t call(struct waiter *w, uint64_t op, uint64_t cap, unsigned wanted,
                  const uint64_t in[5], uint64_t out[5])
{
    unsigned method = METHOD(op);
    bool one_way = NUMBER(op) == PHX_T_SEND;
    struct hold *row;

    if (method >= (one_way ? CAPABILITY_IDENTIFY : 64))
        return PHX_INVALID_ARGUMENT;
    w->cap = cap;
    TRY(cap_lookup(&w->thread->process->table, cap, method, &row));
    if (wanted != IFACE_CAPABILITY && row->interface != wanted)
        return PHX_INVALID_ARGUMENT;
    if (row->interface >= KERNEL_INTERFACES && method < CAPABILITY_IDENTIFY)
        return one_way ? ipc_send(w, row, method, WORDS(op)) : ipc_call(w, row, method, WORDS(op));
    if (one_way)
        return PHX_NOT_SUPPORTED;
    const struct kernel_op *found = find_op(row, method);
    return found ? invoke(w, row, found, in, out) : PHX_INVALID_SYSCALL;
}

static err_t release(struct thread *t, uint64_t cap)
{
    struct hold *row = cap_row(&t->process->table, cap);

    if (!row)
        return PHX_INVALID_CAPABILITY;
    cap_release(&t->process->table, row);
    return OK;
}

/* A libnyx number: a method and where its capability is. */
static err_t nyx(struct waiter *w, unsigned number, uint64_t cap, const uint64_t in[5],
                 uint64_t out[5])
{
    const struct nyx_op *n = &nyx_ops[number];

    if (n->op == 0)
        return PHX_INVALID_SYSCALL;
    if (cap == 0 && n->slot)
        cap = PHX_SLOT_ID(n->slot);
    return call(w, PHX_OP_CALL(n->method, 0), cap, n->interface, in, out);
}

static err_t transport(struct waiter *w, uint64_t op, uint64_t cap, const uint64_t in[5],
                       uint64_t out[5])
{
    unsigned number = NUMBER(op), method = METHOD(op), words = WORDS(op);

    if (words > PHX_WORDS && number < 32 && WITH_WORDS >> number & 1)
        return PHX_INVALID_ARGUMENT;
    switch (number) {
    case PHX_T_NOP: return OK;
    case PHX_T_CALL:
    case PHX_T_SEND: return call(w, op, cap, IFACE_CAPABILITY, in, out);
    case PHX_T_RECV: return ipc_receive(w, cap, false, 0, 0);
    case PHX_T_RETURN: return ipc_return(w, cap, method, words);
    case PHX_T_RETURN_RECV:
        return w->ring ? PHX_INVALID_ARGUMENT : ipc_receive(w, cap, true, method, words);
    case PHX_T_RELEASE: return release(w->thread, cap);
    case PHX_T_SIGNAL: return nyx(w, 6, cap, in, out);
    case PHX_T_WAIT: return nyx(w, 7, cap, in, out);
    default: return PHX_INVALID_SYSCALL;
    }
}

/* A message that needs more than one hold of the lock: the same again. */
static bool transport_again(struct thread *t, struct work *work)
{
    struct waiter *w = work->waiter;
    uint64_t *words = w->form == FORM_MESSAGE ? w->message.words : thread_word(t, 0);

    work->result = transport(w, work->address, work->end, words, words);
    if (work->result == MORE)
        return false;
    memcpy(work->out, words, sizeof work->out);
    return true;
}

static err_t dispatch(struct waiter *w, uint64_t op, uint64_t cap, const uint64_t in[5],
                      uint64_t out[5])
{
    struct work *work = &w->thread->work;

    if (tapped)
        tap_note(w->thread, op, cap);
    if (op >> PHX_OP_FLAGS_SHIFT) /* there are no flags */
        return PHX_INVALID_ARGUMENT;
    if (KIND(op) == PHX_KIND_NYX)
        return nyx(w, NUMBER(op), cap, in, out);
    if (KIND(op) != PHX_KIND_TRANSPORT)
        return PHX_INVALID_SYSCALL;
    err_t err = transport(w, op, cap, in, out);
    if (err != MORE)
        return err;
    work->step = transport_again; /* `copies` and `cursor` are the copy's */
    work->unlocked = NULL;
    work->waiter = w;
    work->address = op;
    work->end = cap;
    w->thread->attention = true;
    return BLOCKED;
}

static bool takes_message(uint64_t op)
{
    unsigned number = NUMBER(op);

    return op >> PHX_OP_FLAGS_SHIFT == 0 && KIND(op) == PHX_KIND_TRANSPORT &&
           number >= PHX_T_CALL && number <= PHX_T_SEND;
}

/* Apart from the rest, so that a ring's entries without one need no stack frame here. */
static err_t __attribute__((noinline))
message_entry(struct waiter *w, uint64_t op, uint64_t cap, uint64_t message, uint64_t fixed)
{
    TRY(ipc_message_in(w, message));
    w->message.send_address |= fixed;
    w->message.recv_address |= fixed;
    w->thread->work.copies = 0; /* nothing of it was copied */
    return dispatch(w, op, cap, w->message.words, w->message.words);
}

err_t dispatch_entry(struct waiter *w, struct phx_entry *e, uint64_t out[5], uint64_t fixed)
{
    if (takes_message(e->op))
        return message_entry(w, e->op, e->cap, e->words[0], fixed);
    e->words[0] |= fixed;
    return dispatch(w, e->op, e->cap, e->words, out);
}

bool dispatch_interrupt_safe(const struct phx_entry *e)
{
    unsigned row = KIND(e->op) == PHX_KIND_NYX ? nyx_ops[NUMBER(e->op)].op : 0;

    if (row)
        return kernel_ops[row - 1].flags & KERNEL_OP_INTERRUPT_SAFE;
    return KIND(e->op) == PHX_KIND_TRANSPORT &&
           (NUMBER(e->op) == PHX_T_NOP || NUMBER(e->op) == PHX_T_SIGNAL);
}

/* ENTER1: one entry in memory. Its results come back in registers, or in its message. */
static err_t enter1(struct waiter *w, uint64_t address, uint64_t out[5])
{
    struct phx_entry e;

    if (address % 8)
        return PHX_INVALID_ARGUMENT;
    TRY(copy_in(w->thread->process->space, &e, address, sizeof e));
    return dispatch_entry(w, &e, out, 0);
}

static err_t dispatch_registers(struct waiter *w, uint64_t op, uint64_t out[5])
{
    struct phx_registers *r = &w->thread->regs;

    if ((op & ~0xffff0000UL) == OP_ENTER1)
        return enter1(w, r->rdi, out);
    if (op & PHX_OP_MESSAGE)
        return takes_message(op) ? message_entry(w, op & ~PHX_OP_MESSAGE, r->rdi, r->rsi, 0)
                                 : PHX_INVALID_ARGUMENT;
    return dispatch(w, op, r->rdi, out, out);
}

/* In registers, with nothing asked of a wait so far. */
static struct waiter *begin(struct thread *t, enum wait_form form)
{
    struct waiter *w = &t->waiter;

    w->form = (uint8_t)form;
    w->interruptible = false;
    w->deadline = PHX_FOREVER;
    return w;
}

void syscall_general(struct cpu *c, struct thread *t)
{
    uint64_t op = t->regs.rax;

    if (t->work.step) { /* a ring's, that began elsewhere: the same again, behind that */
        t->regs.rip -= 2;
        kernel_exit(c);
        return;
    }
    struct waiter *w = begin(t, op & PHX_OP_WIDE ? FORM_WIDE : FORM_REGISTERS);
    err_t err = dispatch_registers(w, op & ~PHX_OP_WIDE, thread_word(t, 0));

    if (err != BLOCKED && w->form == FORM_MESSAGE)
        wait_answer_words(w, err, w->message.words);
    else if (err != BLOCKED)
        t->regs.rax = (uint64_t)-(int64_t)err;
    kernel_exit(c);
}

bool syscall_method(struct cpu *c, struct thread *t, struct hold *row, unsigned method)
{
    const struct kernel_op *op = find_op(row, method);
    struct waiter *w = begin(t, FORM_REGISTERS);
    err_t err = PHX_INVALID_SYSCALL;

    w->cap = t->regs.rdi;
    if (op)
        err = invoke(w, row, op, thread_word(t, 0), thread_word(t, 0));
    if (err != BLOCKED)
        t->regs.rax = (uint64_t)-(int64_t)err;
    return kernel_leave(c, t);
}

/* --- methods of every capability ------------------------------------------- */

int op_capability_identify(struct invocation *inv, struct capability_identify_out *out)
{
    const struct hold *row = inv->row;

    out->interface = row->interface;
    out->methods = row->methods;
    out->badge = row->badge;
    out->uses = row->uses ? row->uses->left : ~UINT64_C(0);
    return OK;
}

int op_capability_derive(struct invocation *inv, const struct capability_derive_in *in,
                         struct capability_derive_out *out)
{
    if (in->methods & ~inv->row->methods)
        return PHX_PERMISSION_DENIED;
    return result_derive(inv, in->methods, inv->badge, inv->row->interface, in->uses,
                         &out->capability);
}

int op_capability_duplicate(struct invocation *inv, struct capability_duplicate_out *out)
{
    struct cap_table *table = &inv->thread->process->table;
    uint32_t row;

    TRY(cap_reserve(table, &row));
    out->capability = cap_duplicate(table, row, inv->row);
    return OK;
}

int op_capability_grant(struct invocation *inv, const struct capability_grant_in *in,
                        struct capability_grant_out *out)
{
    struct hold *process;

    TRY(other(inv->thread, in->process, IFACE_PROCESS, PROCESS_ACCEPT, &process));
    struct process *p = (struct process *)process->object;
    if (in->methods & ~inv->row->methods)
        return PHX_PERMISSION_DENIED;
    if (p->state >= PROCESS_DYING)
        return PHX_INVALID_STATE;
    if (in->slot >= PHX_SLOT_COUNT)
        return PHX_INVALID_ARGUMENT;
    return result_derive_in(inv, &p->table, (uint32_t)in->slot, in->methods, inv->badge,
                            inv->row->interface, 0, &out->capability);
}

/* --- revoking: authority at once, effects in steps -------------------------- */

/* A bounded part of what was installed through a hold of it; false: nothing is left. */
static bool sweep(struct object *o, struct work *w)
{
    uint64_t number = w->cursor;

    switch (o->type) {
    case IFACE_FRAME: return frame_sweep((struct frame *)o, number);
    case IFACE_ENDPOINT:
        return wait_sweep(&((struct endpoint *)o)->callers, number) ||
               wait_sweep(&((struct endpoint *)o)->receivers, number);
    case IFACE_NOTIFICATION:
        irq_sweep();
        return wait_sweep(&((struct notification *)o)->waiters, number);
    case IFACE_THREAD:
        return wait_sweep(&CONTAINER(o, struct thread, object)->joiners, number);
    case IFACE_CAPABILITY:
        irq_sweep();
        dma_sweep();
        return schedules_sweep(&w->address);
    default: return false;
    }
}

static bool revoke_step(struct thread *, struct work *w)
{
    if (sweep(w->object, w))
        return false;
    object_unref(w->object);
    return true;
}

err_t sweep_begin(struct invocation *inv, struct object *o)
{
    inv->thread->work =
        (struct work){ .step = revoke_step, .object = o, .cursor = ++kernel.sweeps };
    return work_begin(inv->thread, inv->waiter, NULL);
}

err_t row_revoke(struct invocation *inv, struct cap_table *table, struct hold *row, uint64_t own)
{
    struct object *o = row->object;

    if (own > 1)
        return PHX_INVALID_ARGUMENT;
    cap_revoke_children(&kernel.caps, row);
    o->refs++; /* what was installed through it is looked for after the row is gone */
    if (own)
        cap_release(table, row);
    return sweep_begin(inv, o);
}

int op_capability_revoke(struct invocation *inv, const struct capability_revoke_in *in)
{
    return row_revoke(inv, &inv->thread->process->table, inv->row, in->own);
}
