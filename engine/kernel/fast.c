/* SPDX-License-Identifier: MIT */
/*
 * The way in for system calls, and what everything waits for where nothing can go wrong: a
 * call in registers to a server that waits, its answer from a server that has no other
 * caller, the same with a plain message in memory, a capability that is derived, copied or
 * let go. What ipc.c and cap.c would decide is looked at in the same order; whatever is not
 * plain is left to them, and nothing was changed by then, but bytes in a buffer whose owner
 * waits for them. A message is plain if it has no capability, flag or deadline and about a
 * page of bytes at most.
 *
 * It is written to need no stack: each way out is a return or the last call of its
 * function, so that the compiler saves no register here (the entry has saved them all).
 *
 * Figures  docs/PERFORMANCE.md, call_reply, call_reply_64
 * Tests    tests/kernel/transport_test.c, in each form; ways_test.c
 */
#include "switch.h"

#define OP_CALL (PHX_KIND_TRANSPORT | PHX_T_CALL << 8)
#define OP_RETURN_RECV (PHX_KIND_TRANSPORT | PHX_T_RETURN_RECV << 8)
#define OP_FIVE_WORDS 0x5ffffff /* the last with at most five and without flags */

#define UNLIKELY(condition) __builtin_expect((condition), 0)

/* The first n words, n <= 5. The other registers are none of the other's business. */
static inline void pass_registers(const struct phx_registers *f, struct phx_registers *t,
                                  unsigned n)
{
    switch (n) {
    case 5: t->r9 = f->r9; __attribute__((fallthrough));
    case 4: t->r8 = f->r8; __attribute__((fallthrough));
    case 3: t->r10 = f->r10; __attribute__((fallthrough));
    case 2: t->rdx = f->rdx; __attribute__((fallthrough));
    case 1: t->rsi = f->rsi; __attribute__((fallthrough));
    case 0: break;
    default: __builtin_unreachable();
    }
}

/* A live row that is not counted, whose chain is known to be whole. */
static inline struct hold *plain_row(const struct cap_table *t, uint64_t id)
{
    struct hold *row = cap_row(t, id);

    return row && !row->uses && row->checked == kernel.caps.revocations ? row : NULL;
}

/* With the lock held. */
static bool __attribute__((noinline)) syscall_slow(struct thread *t)
{
    syscall_general(this_cpu(), t);
    return false;
}

static bool __attribute__((noinline)) syscall_contended(struct thread *t)
{
    kernel_lock(this_cpu());
    return syscall_slow(t);
}

static bool __attribute__((noinline)) extended(struct cpu *c, struct thread *from, struct thread *to)
{
    switch_leave_extended(c, from);
    switch_extended(c, to);
    kernel_unlock();
    return false;
}

/* `from` has just blocked; `to` runs on this core. */
static inline bool switch_and_leave(struct cpu *c, struct thread *from, struct thread *to)
{
    from->state = THREAD_BLOCKED;
    to->state = THREAD_RUNNING;
    c->current = to;
    switch_space(c, to->process->space);
    switch_bases(from, to);
    if (UNLIKELY(from->extended || to->extended))
        return extended(c, from, to);
    kernel_unlock(); /* both without: the core traps its use already */
    return false;
}

static inline bool go_on(struct thread *t)
{
    t->regs.rax = 0;
    kernel_unlock();
    return true;
}

/* How a thread waits for a notification for ever. */
#define PLAIN_WAIT (WAIT_NOTIFICATION | 1u << 24)

/* At most one waits for these bits, and for nothing else. */
static bool __attribute__((noinline)) fast_signal(struct thread *t, struct hold *row)
{
    struct notification *n = (struct notification *)row->object;
    struct list *first = n->waiters.next;
    struct waiter *w = CONTAINER(first, struct waiter, link);
    uint64_t bits = t->regs.rsi;
    struct cpu *c = this_cpu();

    if (first == &n->waiters) {
        n->bits |= bits;
        return go_on(t);
    }
    if (w->plain != PLAIN_WAIT || first->next != &n->waiters || !(bits & w->mask))
        return syscall_method(c, t, row, NOTIFICATION_SIGNAL);

    /* Commit. */
    struct thread *waiter = w->thread;
    n->bits |= bits & ~w->mask;
    waiter->regs.rsi = bits & w->mask;
    waiter->regs.rax = 0;
    list_remove(first);
    w->all = WAIT_NONE;
    w->object = NULL;
    n->object.refs--;
    t->regs.rax = 0;
    if (!thread_goes_first(c, waiter)) {
        thread_ready(waiter);
        return kernel_leave(c, t);
    }
    thread_take_turn(c, waiter);
    kernel_unlock();
    return false;
}

static bool __attribute__((noinline))
kernel_call(struct thread *t, struct hold *row, unsigned method)
{
    return row->interface == IFACE_NOTIFICATION && method == NOTIFICATION_SIGNAL
               ? fast_signal(t, row)
               : syscall_method(this_cpu(), t, row, method);
}

/* A method that every capability has. */
static bool __attribute__((noinline)) plain_method(struct thread *t, unsigned method)
{
    struct hold *row = plain_row(&t->process->table, t->regs.rdi);

    if (!row || method > 63 || !(row->methods >> method & 1))
        return syscall_slow(t);
    return syscall_method(this_cpu(), t, row, method);
}

/* --- messages in memory --------------------------------------------------------- */

#define ALWAYS_INLINE inline __attribute__((always_inline)) /* twice, for 80 instructions a round */
#define MESSAGE_WAIT(state) ((state) | FORM_MESSAGE << 8)
#define NOT_PLAIN (~UINT64_C(0))

/* Waits so, with nothing reserved and without a deadline, and is free to go on: of a waiter's
 * first eight bytes, those that are masked have no longer any meaning. */
static ALWAYS_INLINE bool is_plain(const struct waiter *w, enum wait_state state, bool message)
{
    if (w->thread->attention)
        return false;
    return message ? (w->all & 0xffff000000ffffff) == MESSAGE_WAIT(state) && !w->ring
                   : w->plain == state;
}

/* The message of the operation that `t` asks for, if it is plain; what its wait will need is
 * noted, which ipc_message_in() would note anew. */
static ALWAYS_INLINE struct phx_message *plain_message(struct thread *t)
{
    struct space *s = t->process->space;
    struct waiter *w = &t->waiter;
    uint64_t address = t->regs.rsi, op = t->regs.rax;
    struct phx_message *m = user_near(s, address, sizeof *m, PHX_PROT_WRITE);

    if (t->attention || (op - PHX_OP_MESSAGE) >> 24 > PHX_WORDS || address % 8 || !m ||
        __atomic_load_n((uint64_t *)(void *)m->cap_modes, __ATOMIC_RELAXED) >> 32 ||
        __atomic_load_n(&m->deadline, __ATOMIC_RELAXED) != PHX_FOREVER)
        return NULL;
    uint32_t length = __atomic_load_n(&m->send_length, __ATOMIC_RELAXED);
    uint32_t capacity = __atomic_load_n(&m->recv_capacity, __ATOMIC_RELAXED);
    uint64_t buffer = __atomic_load_n(&m->recv_address, __ATOMIC_RELAXED);
    void *near_buffer = user_near(s, buffer, capacity, PHX_PROT_WRITE);
    if (length > PHX_PAGE_SIZE || capacity > PHX_PAGE_SIZE ||
        (!near_buffer && user_check(s, buffer, capacity, PHX_PROT_WRITE) != OK))
        return NULL;
    w->near = m;
    w->near_buffer = near_buffer;
    w->near_flushes = s->flushes;
    w->message_address = address;
    w->message.send_address = __atomic_load_n(&m->send_address, __ATOMIC_RELAXED);
    w->message.recv_address = buffer;
    w->message.send_length = length;
    w->message.recv_capacity = capacity;
    w->mask = 0;
    return m;
}

static ALWAYS_INLINE bool pass_bytes(const struct thread *t, const struct waiter *to, uint64_t n)
{
    const void *source =
        user_near(t->process->space, t->waiter.message.send_address, n, PHX_PROT_READ);
    void *target = to->near_buffer;
    bool failed;

    if (!target || !source)
        return copy_across(t->process->space, t->waiter.message.send_address,
                           to->thread->process->space, to->message.recv_address, n,
                           &failed) == OK;
    memmove(target, source, n);
    return true;
}

/* Bytes and words of what `t` sends go to who waits in `to`: with them `info`, or NOT_PLAIN,
 * and nothing went. */
static ALWAYS_INLINE uint64_t pass_plain(const struct thread *t, const struct waiter *to,
                                         uint64_t badge, uint64_t info)
{
    const struct phx_message *m = t->waiter.near;
    struct phx_message *theirs = to->near;
    uint64_t n = t->waiter.message.send_length, words = t->regs.rax >> 24 & 0x3f;

    if (!theirs || to->near_flushes != to->thread->process->space->flushes)
        return NOT_PLAIN;
    if (n > to->message.recv_capacity) {
        n = to->message.recv_capacity;
        info |= PHX_INFO_CUT;
    }
    if (n > 0 && !pass_bytes(t, to, n))
        return NOT_PLAIN;
    info |= words | n << 32;
    theirs->badge = badge;
    theirs->info = info;
    theirs->reply = 0;
    for (uint64_t i = 0; i < words; i++)
        theirs->words[i] = __atomic_load_n(&m->words[i], __ATOMIC_RELAXED);
    return info;
}

/* --- calls and answers, with a message or in registers alone ----------------------- */

/* To a server, or a method of a kernel object. */
static ALWAYS_INLINE bool plain_call(struct thread *t, uint64_t op, unsigned method, bool message)
{
    struct hold *row = plain_row(&t->process->table, t->regs.rdi);

    if (!row || !(row->methods >> method & 1) || (message && row->interface < KERNEL_INTERFACES))
        return syscall_slow(t);
    if (row->interface < KERNEL_INTERFACES)
        return kernel_call(t, row, method);
    struct endpoint *e = (struct endpoint *)row->object;
    struct list *first = e->receivers.next;
    struct waiter *r = CONTAINER(first, struct waiter, link), *w = &t->waiter;
    uint64_t info = __builtin_bswap16((uint16_t)(op >> 16)); /* words, then the method */
    if (first == &e->receivers || !is_plain(r, WAIT_RECEIVE, message))
        return syscall_slow(t);
    if (message && (info = pass_plain(t, r, row->badge, (uint64_t)method << 8)) == NOT_PLAIN)
        return syscall_slow(t);

    /* Commit. */
    struct thread *server = r->thread;
    if (!message) {
        pass_registers(&t->regs, &server->regs, (unsigned)(op >> 24));
        server->regs.rdi = row->badge;
    }
    server->regs.rax = info;
    server->current_call = w;
    list_remove(&r->link);
    r->all = WAIT_NONE;
    w->all = message ? MESSAGE_WAIT(WAIT_REPLY) : WAIT_REPLY;
    w->sequence++;
    w->server = server;
    return switch_and_leave(this_cpu(), t, server);
}

static ALWAYS_INLINE bool plain_return_receive(struct thread *t, uint64_t op, bool message)
{
    struct hold *row = plain_row(&t->process->table, t->regs.rdi);
    struct waiter *caller = t->current_call, *w = &t->waiter;
    uint64_t status = op >> 16 & 0xff, info = op >> 24;

    if (!row || row->interface != IFACE_ENDPOINT || !(row->methods & ENDPOINT_M_RECEIVE))
        return syscall_slow(t);
    struct endpoint *e = (struct endpoint *)row->object;
    if (!caller || !is_plain(caller, WAIT_REPLY, message) ||
        caller->thread->state != THREAD_BLOCKED || !list_is_empty(&e->callers))
        return syscall_slow(t);
    if (message && (info = pass_plain(t, caller, 0, 0)) == NOT_PLAIN)
        return syscall_slow(t);

    /* Commit. */
    struct thread *client = caller->thread;
    if (!message)
        pass_registers(&t->regs, &client->regs, (unsigned)info);
    client->regs.rax = status ? -status : info;
    caller->all = WAIT_NONE;
    caller->server = NULL;
    t->current_call = NULL;
    w->all = message ? MESSAGE_WAIT(WAIT_RECEIVE) : WAIT_RECEIVE;
    w->cap = t->regs.rdi;
    list_add_tail(&e->receivers, &w->link);
    return switch_and_leave(this_cpu(), t, client);
}

static bool __attribute__((noinline)) message_call(struct thread *t, unsigned method)
{
    return method < CAPABILITY_IDENTIFY && plain_message(t)
               ? plain_call(t, t->regs.rax, method, true)
               : syscall_slow(t);
}

static bool __attribute__((noinline)) message_return(struct thread *t)
{
    return plain_message(t) ? plain_return_receive(t, t->regs.rax, true) : syscall_slow(t);
}

/* A capability made of a row, in the same table, whose object has no hooks: a child where
 * `down` is there, or a sibling. */
static bool __attribute__((noinline)) fast_copy(struct thread *t, unsigned method)
{
    struct hold *row = plain_row(&t->process->table, t->regs.rdi), *new;
    bool child = method == CAPABILITY_DERIVE;
    uint64_t id;

    if (!row || !(row->methods >> method & 1) || row->object->watched ||
        (child && (!row->down || t->regs.rdx != 0 || (t->regs.rsi & ~row->methods))) ||
        !(new = cap_take(&t->process->table, &id)))
        return syscall_slow(t);

    /* Commit. */
    if (child)
        hold_fill(new, row, t->regs.rsi, row->down, row->down->gen);
    else
        hold_fill(new, row, row->methods, row->up, row->up_gen);
    t->regs.rsi = id;
    return go_on(t);
}

/* Let go of a row that is nobody's last of anything. */
static bool __attribute__((noinline)) fast_release(struct thread *t)
{
    struct cap_table *table = &t->process->table;
    struct hold *row = cap_row(table, t->regs.rdi);

    if (!row || row->uses || row->down || row->up->refs == 1 || row->object->refs == 1 ||
        row->object->watched)
        return syscall_slow(t);

    /* Commit. */
    row->object->refs--;
    row->up->refs--;
    cap_give(table, row, t->regs.rdi);
    return go_on(t);
}

/* The lock, for what is short: whatever else another core wants of this one comes as an
 * interrupt, right behind it. */
static inline bool may_be_quick(const struct thread *t)
{
    return t->regs.rax <= OP_FIVE_WORDS && !t->attention;
}

bool kernel_syscall(struct thread *t)
{
    const struct process *p = t->process;
    uint64_t op = t->regs.rax;

    if (UNLIKELY(t->regs.rip - p->libos_low - 1 >= p->libos_size))
        return syscall_foreign(t);
    if ((uint16_t)op == OP_CALL) {
        unsigned method = ((const uint8_t *)&t->regs.rax)[2];

        if (UNLIKELY(!kernel_trylock()))
            return syscall_contended(t);
        if (!may_be_quick(t))
            return message_call(t, method);
        if (method < CAPABILITY_IDENTIFY)
            return plain_call(t, op, method, false);
        return method == CAPABILITY_DERIVE || method == CAPABILITY_DUPLICATE
                   ? fast_copy(t, method)
                   : plain_method(t, method);
    }
    if ((uint16_t)op == OP_RETURN_RECV) {
        if (UNLIKELY(!kernel_trylock()))
            return syscall_contended(t);
        return may_be_quick(t) ? plain_return_receive(t, op, false) : message_return(t);
    }
    if (op == PHX_OP_NOP) {
        t->regs.rax = 0;
        return true;
    }
    if (UNLIKELY(!kernel_trylock()))
        return syscall_contended(t);
    return op == PHX_OP_RELEASE && may_be_quick(t) ? fast_release(t) : syscall_slow(t);
}
