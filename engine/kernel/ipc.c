/* SPDX-License-Identifier: MIT */
/*
 * Messages: calls, and their answers.
 *
 * A message is at most ten words, 64 KiB and four capabilities, and nothing of
 * it is ever kept by the kernel: it stays with its sender, who waits, until the
 * receiver is there. Then everything is decided first (capabilities, rows, both
 * buffers), the bytes are copied once from pages to pages, and from the line after
 * that nothing fails. A fault of one side is answered to that side alone.
 *
 * Copying is the last of what is decided, and of a long message only a piece of it is
 * done before the lock is let go: then the operation is asked for again (MORE), from
 * its first check, and goes on behind the piece if it still finds the same other side
 * waiting the same wait. So what happens to either side in between needs no care:
 * neither has left its queue, and nobody was told anything.
 *
 * A caller that finds its server waiting runs it at once, on its own slice, and an
 * answer goes back the same way: neither touches the ready queue or the timers.
 */
#include "ipc.h"
#include "ring.h"

#define PIECE 4096  /* bytes that are copied in one hold of the lock */
#define DEAD_MAX 12 /* that are found in a queue, alike */

/* --- capabilities in a message --------------------------------------------- */

static err_t can_leave(struct waiter *from, unsigned i, struct passage *p)
{
    struct cap_table *table = &from->thread->process->table;
    bool move = from->message.cap_modes[i] == PHX_CAP_MOVE;
    struct uses *counter;

    if (!move && from->message.cap_modes[i] != PHX_CAP_COPY)
        return PHX_INVALID_ARGUMENT;
    err_t err = cap_lookup(table, from->message.caps[i],
                           move ? CAPABILITY_TRANSFER : CAPABILITY_GRANT, &p->held[i]);
    if (from->state == WAIT_CALL && (err == PHX_INVALID_CAPABILITY || err == PHX_REVOKED)) {
        p->held[i] = NULL; /* it was alive when the call was queued */
        p->lost |= 1u << i;
        return OK;
    }
    TRY(err);
    for (unsigned k = 0; k < i; k++) /* a row can leave once */
        if (p->held[k] == p->held[i] && (move || from->message.cap_modes[k] == PHX_CAP_MOVE))
            return PHX_INVALID_ARGUMENT;
    return move ? OK : cap_prepare_derive(table, p->held[i], 0, &counter);
}

static uint64_t leave(struct waiter *from, unsigned i, struct hold *row, struct cap_table *target,
                      uint32_t index)
{
    if (!from->thread || from->message.cap_modes[i] == PHX_CAP_MOVE)
        return cap_move(ipc_table(from), row, target, index);
    return cap_derive(target, index, row, row->methods, row->badge, row->interface, NULL);
}

static bool accepts(const struct waiter *to, unsigned i, const struct hold *row)
{
    if (!to->thread)
        return row->interface != IFACE_ENDPOINT;
    return i < to->rows_reserved &&
           (!to->message.accept[i] || to->message.accept[i] == row->interface);
}

/* One-way, what is dead or not taken is lost: there is nobody to be told. */
static err_t can_pass_cap(struct waiter *from, const struct waiter *to, unsigned i,
                          struct passage *p)
{
    if (from->thread) {
        TRY(can_leave(from, i, p));
        return !p->held[i] || accepts(to, i, p->held[i]) ? OK : PHX_NOT_ACCEPTED;
    }
    p->held[i] = cap_row(ipc_table(from), from->message.caps[i]);
    if (p->held[i] && cap_alive(&kernel.caps, p->held[i]) && accepts(to, i, p->held[i]))
        return OK;
    p->held[i] = NULL;
    p->lost |= 1u << i;
    return OK;
}

err_t ipc_can_pass_caps(struct waiter *from, const struct waiter *to, struct passage *p)
{
    for (unsigned i = 0; i < p->caps; i++)
        TRY(can_pass_cap(from, to, i, p));
    return OK;
}

/* The receiver's rows were reserved when it began to wait. */
static void pass_caps(struct waiter *from, struct waiter *to, const struct passage *p)
{
    struct cap_table *target = ipc_table(to);

    for (unsigned i = 0; i < PHX_MESSAGE_CAPS; i++) {
        bool comes = i < p->caps && p->held[i];

        if (i < p->caps)
            to->message.caps[i] =
                comes ? leave(from, i, p->held[i], target, to->rows[i]) : 0;
        if (i < to->rows_reserved && !comes)
            cap_unreserve(target, to->rows[i]);
    }
    to->rows_reserved = 0;
}

/* --- passing --------------------------------------------------------------- */

/* What is left of the bytes, or a piece of it: MORE. `other` waits for the thread that this is
 * done for, which keeps how far it is. */
static err_t copy_some(struct waiter *from, struct waiter *to, struct waiter *other,
                       struct passage *p)
{
    uint64_t done = 0, n = p->length;

    struct space *source = from->thread ? from->thread->process->space : NULL;
    struct work *work = &(other == to ? from : to)->thread->work;
    if (n > PIECE) {
        if (other->mask == 0)
            other->mask = ++kernel.copies;
        if (work->copies == other->mask)
            done = work->cursor;
        work->copies = other->mask;
        n = n - done < PIECE ? n - done : PIECE;
        work->cursor = done + n;
    }
    TRY(copy_across(source, from->message.send_address + done, to->thread->process->space,
                    to->message.recv_address + done, n, &p->receiver_failed));
    return done + n < p->length ? MORE : OK;
}

/* Decide; the copy into the receiver's buffer is its last part, and harmless there. */
static err_t can_pass(struct waiter *from, struct waiter *to, struct waiter *other,
                      struct passage *p)
{
    p->length = p->caps = p->lost = 0; /* `held` is told by caps */
    p->cut = p->receiver_failed = false;
    if (from->form != FORM_MESSAGE)
        return OK;
    p->caps = from->message.send_caps;
    TRY(ipc_can_pass_caps(from, to, p));

    uint64_t capacity = to->form == FORM_MESSAGE ? to->message.recv_capacity : 0;
    p->length = from->message.send_length;
    if (p->length > capacity) {
        p->length = capacity;
        p->cut = true;
    }
    return copy_some(from, to, other, p);
}

int64_t ipc_pass(struct waiter *from, struct waiter *to, const struct passage *p, unsigned method,
                 uint64_t badge)
{
    unsigned room = to->form == FORM_REGISTERS ? 5 : PHX_WORDS;
    unsigned words = from->words < room ? from->words : room;
    int64_t info = words | (int64_t)method << 8 | (int64_t)p->caps << 16 |
                   (int64_t)p->lost << 24 | (int64_t)p->length << 32 |
                   (p->cut || words < from->words ? PHX_INFO_CUT : 0) |
                   (from->thread ? 0 : PHX_INFO_ONE_WAY);

    for (unsigned i = 0; i < words; i++)
        *ipc_word(to, i) = *ipc_word(from, i);
    if (to->form == FORM_MESSAGE) {
        pass_caps(from, to, p);
        to->message.badge = badge;
        to->message.info = (uint64_t)info;
        to->message.reply = 0;
    }
    return info;
}

/* --- what a wait for a message reserves ------------------------------------ */

err_t ipc_reserve(struct waiter *w, unsigned n)
{
    for (w->rows_reserved = 0; w->rows_reserved < n; w->rows_reserved++)
        TRY(cap_reserve(ipc_table(w), &w->rows[w->rows_reserved]));
    return OK;
}

void ipc_unreserve(struct waiter *w)
{
    struct cap_table *table = ipc_table(w);

    for (unsigned i = 0; i < w->rows_reserved; i++)
        cap_unreserve(table, w->rows[i]);
    w->rows_reserved = 0;
    if (w->wants_reply)
        cap_unreserve(table, w->rows[PHX_MESSAGE_CAPS]);
    w->wants_reply = false;
}

void ipc_undo(struct waiter *w)
{
    ipc_unreserve(w);
    if (w->state != WAIT_CALL)
        return;
    node_unref(w->up);
    uses_settle(w->uses, false);
}

/* Rows and buffer for what will come in. */
static err_t prepare_receive(struct waiter *w, bool call)
{
    struct process *p = w->thread->process;
    const struct phx_message *m = &w->message;

    w->rows_reserved = 0;
    w->wants_reply = false;
    if (w->form != FORM_MESSAGE)
        return OK;
    if (m->accept_caps > PHX_MESSAGE_CAPS || m->recv_capacity > PHX_MESSAGE_MAX)
        return PHX_INVALID_ARGUMENT;
    TRY(user_check(p->space, m->recv_address, m->recv_capacity, PHX_PROT_WRITE));
    err_t err = ipc_reserve(w, m->accept_caps);
    if (err == OK && !call && (w->ring || (m->flags & PHX_MESSAGE_REPLY))) {
        err = cap_reserve(&p->table, &w->rows[PHX_MESSAGE_CAPS]);
        w->wants_reply = err == OK;
    }
    if (err != OK)
        ipc_unreserve(w);
    return err;
}

err_t ipc_message_in(struct waiter *w, uint64_t address)
{
    struct space *s = w->thread->process->space;
    struct phx_message *m = &w->message;

    if (address % 8)
        return PHX_INVALID_ARGUMENT;
    TRY(user_check(s, address, sizeof *m, PHX_PROT_WRITE));
    TRY(copy_in(s, m, address, sizeof *m));
    if (m->send_caps > PHX_MESSAGE_CAPS || m->send_length > PHX_MESSAGE_MAX)
        return PHX_INVALID_ARGUMENT;
    m->badge = m->info = m->reply = 0;
    w->form = FORM_MESSAGE;
    w->near = user_alias(s, address, sizeof *m, PHX_PROT_WRITE);
    w->near_buffer = NULL;
    w->near_flushes = s->flushes;
    w->message_address = address;
    w->deadline = m->deadline;
    w->interruptible = m->flags & PHX_MESSAGE_INTERRUPTIBLE;
    return OK;
}

/* If its owner unmapped it meanwhile, the owner has lost it. */
void ipc_message_out(struct waiter *w)
{
    struct space *s = w->thread->process->space;
    const struct phx_message *m = &w->message;
    uint64_t at = w->message_address, words = PHX_INFO_WORDS(m->info);

    if (copy_out(s, at + offsetof(struct phx_message, badge), &m->badge,
                 (uint64_t)(const char *)&m->words[words] - (uint64_t)&m->badge) != OK ||
        copy_out(s, at + offsetof(struct phx_message, caps), m->caps,
                 PHX_INFO_CAPS(m->info) * sizeof *m->caps) != OK)
        klog(LOG_WARNING, "process %lu unmapped a message that it waited for",
             w->thread->process->pid);
}

/* --- who waits for whom ------------------------------------------------------ */

void ipc_serves_none(struct thread *t)
{
    if (t->serves)
        t->serves->server = NULL;
    t->serves = NULL;
}

static void serves(struct thread *t, struct endpoint *e, uint64_t cap)
{
    if (e->server)
        ipc_serves_none(e->server);
    ipc_serves_none(t);
    e->server = t;
    t->serves = e;
    t->serves_cap = cap;
}

/* Who received there last, and still may. */
static struct thread *server_of(const struct endpoint *e)
{
    struct thread *t = e->server;

    return t && cap_row(&t->process->table, t->serves_cap) ? t : NULL;
}

/*
 * The end of the chain of waits from `t`. True if that is `t` itself and nothing on the way can
 * go on: each waits for ever, for the one thread that can answer it, and nothing is done for
 * that thread meanwhile.
 */
static bool follow(struct thread *t, struct thread **end)
{
    bool sure = true;

    *end = t;
    for (unsigned i = 0; i < WAIT_CHAIN_MAX; i++) {
        const struct waiter *w = &(*end)->waiter;
        const struct endpoint *e = w->state == WAIT_CALL ? (struct endpoint *)w->object : NULL;
        struct thread *next = e ? server_of(e) : w->state == WAIT_REPLY ? w->server : NULL;

        if (!next)
            return false;
        sure = sure && w->timed == TIMED_NOT && !next->ring &&
               (!e || (e->servers == 1 && next->process->thread_count == 1));
        *end = next;
        if (next == t)
            return sure;
    }
    return false;
}

struct thread *wait_chain_end(struct thread *t)
{
    struct thread *end;

    (void)follow(t, &end);
    return end;
}

/* --- calls ----------------------------------------------------------------- */

/* The Reply that stands for this delivery of the call of `caller`, to get its first hold. */
static struct object *reply_object(struct waiter *caller, uint64_t *badge)
{
    caller->replies = 0;
    *badge = caller->sequence << RING_RECORD_BITS;
    if (!caller->ring)
        return &caller->thread->object;
    *badge |= CONTAINER(caller, struct record, waiter)->number;
    return &caller->ring->object;
}

struct waiter *ipc_reply_target(const struct hold *row)
{
    const struct ring *ring = (const struct ring *)row->object;
    struct waiter *c = &CONTAINER(row->object, struct thread, object)->waiter;

    if (row->object->type == IFACE_RING) {
        uint64_t i = row->badge & ((1 << RING_RECORD_BITS) - 1);

        c = i < ring->pages * RECORDS_A_PAGE ? &ring_record(ring, i)->waiter : NULL;
    }
    return c && c->state == WAIT_REPLY && c->sequence == row->badge >> RING_RECORD_BITS ? c : NULL;
}

/* What `c` sends goes to the server that `r` is of: a call, which waits for its answer from
 * then on, or mail. */
static void deliver(struct waiter *c, struct waiter *r, const struct passage *p, bool direct)
{
    struct thread *server = r->thread;
    int64_t info = ipc_pass(c, r, p, c->method, c->badge);

    if (r->form != FORM_MESSAGE)
        server->regs.rdi = c->badge;
    c->sequence++;
    c->mask = 0;
    if (!c->thread) {
        mail_end(c);
    } else if (r->wants_reply) {
        uint64_t badge;
        struct object *o = reply_object(c, &badge);

        r->message.reply =
            cap_put(&server->process->table, r->rows[PHX_MESSAGE_CAPS], o, IFACE_REPLY,
                    REPLY_M_ALL, badge);
        r->wants_reply = false;
    } else {
        server->current_call = c;
        c->server = server;
    }
    ipc_unreserve(r);
    wait_end(r);
    wait_answer(r, info, direct);
}

/* `w` calls and `r` waits: what passes was decided. */
static void call_now(struct waiter *w, struct waiter *r, const struct passage *p)
{
    struct thread *server = r->thread;
    bool direct = !w->ring && !r->ring && w->thread == this_cpu()->current && !server->attention;

    wait_begin(w, WAIT_REPLY, NULL, NULL, w->deadline);
    deliver(w, r, p, direct);
    if (direct)
        thread_switch_direct(this_cpu(), server);
}

/* To a server that waits: BLOCKED; OK: none does. */
static err_t try_now(struct waiter *w, struct endpoint *e)
{
    struct list *first;
    struct passage p;
    err_t err;

    while ((first = list_first(&e->receivers))) {
        struct waiter *r = CONTAINER(first, struct waiter, link);

        err = can_pass(w, r, r, &p);
        if (err != OK && !p.receiver_failed)
            return err;
        if (err == OK) {
            uses_settle(w->uses, true);
            call_now(w, r, &p);
            return BLOCKED;
        }
        wait_cancel(r, PHX_BAD_ADDRESS); /* the next may do */
    }
    if (w->deadline == 0)
        return PHX_WOULD_BLOCK;
    for (unsigned i = 0; w->form == FORM_MESSAGE && i < w->message.send_caps; i++)
        TRY(can_leave(w, i, &p)); /* what dies after this is lost */
    return OK;
}

void ipc_through(struct waiter *w, const struct hold *row, unsigned method, unsigned words)
{
    w->method = (uint8_t)method;
    w->words = (uint8_t)words;
    w->badge = row->badge;
    w->uses = row->uses;
    w->up = row->up;
    w->up_gen = row->up_gen;
}

err_t ipc_call(struct waiter *w, struct hold *row, unsigned method, unsigned words)
{
    struct endpoint *e = (struct endpoint *)row->object;
    struct thread *end;

    ipc_through(w, row, method, words);
    TRY(prepare_receive(w, true));
    err_t err = e->servers == 0 ? PHX_DISCONNECTED : uses_reserve(w->uses);
    if (err == OK) {
        err = try_now(w, e);
        if (err == BLOCKED)
            return BLOCKED;
        if (err != OK)
            uses_settle(w->uses, false);
    }
    if (err != OK) {
        ipc_unreserve(w);
        return err;
    }

    node_ref(w->up);
    w->mask = 0;
    wait_begin(w, WAIT_CALL, &e->object, &e->callers, w->deadline);
    if (!w->ring && follow(w->thread, &end))
        wait_cancel(w, PHX_DEADLOCK);
    return BLOCKED;
}

bool ipc_take(struct waiter *c, struct waiter *w, err_t *err)
{
    struct passage p;

    *err = BLOCKED;
    if (!node_alive(c->up, c->up_gen)) {
        wait_cancel(c, PHX_REVOKED);
        return false;
    }
    err_t failed = can_pass(c, w, c, &p);
    if (failed == MORE || (failed != OK && p.receiver_failed)) {
        *err = failed;
        return true;
    }
    if (failed != OK) {
        wait_cancel(c, failed);
        return false;
    }

    uses_settle(c->uses, true);
    node_unref(c->up);
    if (c->thread) {
        list_remove(&c->link);
        object_unref(c->object);
        c->object = NULL;
        c->state = WAIT_REPLY;
    }
    deliver(c, w, &p, false);
    return true;
}

/* Whatever came first, a call or a one-way message. */
static err_t receive_on(struct waiter *w, struct endpoint *e)
{
    struct list *first;
    err_t err = OK;

    for (unsigned dead = 0; err == OK && (first = list_first(&e->callers)); dead++)
        if (dead == DEAD_MAX)
            err = MORE;
        else if (!ipc_take(CONTAINER(first, struct waiter, link), w, &err))
            err = OK;
    if (err == OK && w->deadline == 0)
        err = PHX_WOULD_BLOCK;
    if (err == OK) {
        w->mask = 0;
        wait_begin(w, WAIT_RECEIVE, NULL, &e->receivers, w->deadline);
        return BLOCKED;
    }
    if (err != BLOCKED)
        ipc_unreserve(w);
    return err;
}

/* --- answers --------------------------------------------------------------- */

/* Answer `c` with what `w` sends. Direct: the caller of this runs c's thread. */
static err_t answer(struct waiter *w, struct waiter *c, unsigned status, bool direct)
{
    struct passage p;
    err_t err = can_pass(w, c, c, &p);

    if (err != OK && !p.receiver_failed)
        return err;
    if (p.receiver_failed) {
        wait_cancel(c, PHX_BAD_ADDRESS);
        return OK;
    }

    int64_t info = ipc_pass(w, c, &p, 0, 0);
    ipc_unreserve(c);
    wait_end(c);
    if (status != 0 && c->form == FORM_MESSAGE)
        ipc_message_out(c);
    wait_answer(c, status ? -(int64_t)status : info, direct);
    return OK;
}

err_t ipc_return(struct waiter *w, uint64_t cap, unsigned status, unsigned words)
{
    struct thread *t = w->thread;
    struct waiter *c = t->current_call;
    struct hold *row = NULL;

    w->words = (uint8_t)words;
    w->rows_reserved = 0;
    if (cap) {
        TRY(other(t, cap, IFACE_REPLY, REPLY_RETURN, &row));
        c = ipc_reply_target(row);
    }
    err_t err = c ? answer(w, c, status, false) : PHX_DISCONNECTED;
    if (cap && (err == OK || !c) && (row = cap_row(&t->process->table, cap)))
        cap_release(&t->process->table, row); /* its one use, also where nobody waits */
    return err;
}

err_t ipc_receive(struct waiter *w, uint64_t cap, bool answers, unsigned status, unsigned words)
{
    struct waiter *c = w->thread->current_call;
    struct hold *row;
    err_t err = OK;

    TRY(other(w->thread, cap, IFACE_ENDPOINT, ENDPOINT_RECEIVE, &row));
    struct endpoint *e = (struct endpoint *)row->object;
    w->cap = cap;
    w->words = (uint8_t)words;
    TRY(prepare_receive(w, false));
    serves(w->thread, e, cap);
    bool direct = answers && c && !c->ring && !c->thread->attention &&
                  c->thread->state == THREAD_BLOCKED && list_is_empty(&e->callers) &&
                  w->deadline != 0;
    if (c && answers)
        err = answer(w, c, status, direct);
    else if (c && !w->ring) /* it was served and not taken as a Reply: this loses it */
        wait_cancel(c, PHX_DISCONNECTED);
    if (err != OK) {
        ipc_unreserve(w);
        return err;
    }
    err = receive_on(w, e);
    if (direct && c->thread->state == THREAD_BLOCKED)
        thread_switch_direct(this_cpu(), c->thread);
    return err;
}

int op_thread_control_take_reply(struct invocation *inv, struct thread_control_take_reply_out *out)
{
    struct thread *t = inv->thread;
    uint64_t badge;

    if (!t->current_call)
        return PHX_INVALID_STATE;
    struct object *o = reply_object(t->current_call, &badge);
    TRY(object_hold(t, o, IFACE_REPLY, REPLY_M_ALL, badge, &out->reply));
    t->current_call->server = NULL;
    t->current_call = NULL;
    return OK;
}

/* --- ends ------------------------------------------------------------------ */

err_t endpoint_disconnect(struct object *o)
{
    struct endpoint *e = (struct endpoint *)o;
    struct list *l;

    for (unsigned i = 0; i < WAITS_A_STEP; i++) {
        if (!(l = list_first(&e->callers)) && !(l = list_first(&e->receivers)))
            return mailbox_shrink(e) ? MORE : OK;
        wait_cancel(CONTAINER(l, struct waiter, link), PHX_DISCONNECTED);
    }
    return MORE;
}
