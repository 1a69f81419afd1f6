/* SPDX-License-Identifier: MIT */
/*
 * What becomes of entries: when one is taken, when it starts, and what its end does to
 * others.
 *
 * Entries start in the order of submission, as they are taken, and end when they end. Two
 * flags put a start off. CHAIN: the next entry hangs on this one, off all lists, until it
 * has ended. DRAIN: the entry stays in `pending`, and all behind it, until those before
 * have ended. Who waited and may start goes to the front of `pending`; the thread starts
 * it on its way out of the kernel, for which a blocked one is run (ring_rouse), so that
 * no entry is started in the middle of another's operation.
 */
#include "ring.h"

/* With the lock held: what a step may take, in no-ops; another entry is all of it. */
#define STEP 64
#define ENTRIES_A_TICK 8
#define POLL_NS 200000 /* without anything new, until who polls stops looking */
#define POLL_LOOKS 500 /* without the lock, between two steps */

/* --- completing ------------------------------------------------------------ */

/* The user's word, read once; a claim that cannot be leaves the last good one. */
static uint32_t completions_waiting(struct ring *r)
{
    ringlogic_claim_head(&r->logic,
                         __atomic_load_n(&r->shared->complete_head, __ATOMIC_ACQUIRE));
    return r->logic.complete_tail - r->logic.complete_head;
}

/* Into a frame that was revoked nothing is written any more, nor taken from it. */
static void post(struct ring *r, uint64_t user, int64_t result, const uint64_t words[2])
{
    struct phx_completion *c = &r->completions[ringlogic_complete(&r->logic)];

    if (!pin_alive(&r->frame))
        return;
    c->user = user;
    c->result = result;
    c->words[0] = words[0];
    c->words[1] = words[1];
    __atomic_store_n(&r->shared->complete_tail, r->logic.complete_tail, __ATOMIC_RELEASE);
}

static void finish(struct record *record, int64_t result, const uint64_t words[2], bool failed);

/* `next` hung on one that has ended: it may start, or will be Cancelled. */
static void let_go(struct ring *r, struct record *next, bool failed)
{
    static const uint64_t none[2] = { 0 };

    next->before = NULL;
    next->failed = failed;
    if (next->flags & PHX_ENTRY_LINK_TIMEOUT) { /* ends with the one it bounds */
        wait_end(&next->waiter);
        finish(next, -PHX_CANCELLED, none, failed);
    } else if (next->admitted) {
        list_add_head(&r->pending, &next->waiter.link);
    }
}

void ring_entered(struct thread *t, err_t error)
{
    uint64_t out[5] = { t->ring_taken };

    t->ring_entering = false;
    wait_answer_words(&t->waiter, error, out);
}

/* It may wait for as many completions as there are; and for others to be started. */
static void tell_thread(struct ring *r, struct thread *t, bool others)
{
    if (t->waiter.state == WAIT_RING && completions_waiting(r) >= t->ring_complete) {
        wait_end(&t->waiter);
        ring_entered(t, OK);
    }
    if (others)
        ring_rouse(t);
}

/* It ended; `failed`: what is chained to it is not to start. */
static void finish(struct record *record, int64_t result, const uint64_t words[2], bool failed)
{
    struct ring *r = record->waiter.ring;
    struct record *before = record->before, *next = record->next;

    if (before) {
        before->next = record->before = NULL;
        if ((record->flags & PHX_ENTRY_LINK_TIMEOUT) && result == -PHX_TIMEOUT)
            wait_cancel(&before->waiter, PHX_CANCELLED);
    }
    if (result >= 0 && (record->flags & PHX_ENTRY_NO_CQE))
        ringlogic_drop(&r->logic);
    else
        post(r, record->waiter.user, result, words);
    r->running -= record->admitted;
    if (r->last == record) {
        r->last = NULL;
        r->last_failed = failed;
    }
    list_add_head(&r->free, &record->waiter.link);
    if (next)
        let_go(r, next, failed);
    if (r->thread)
        tell_thread(r, r->thread, next || ((r->running == 0 || !record->admitted) &&
                                           !list_is_empty(&r->pending)));
}

void ring_complete(struct waiter *w, int64_t result, const uint64_t words[2])
{
    finish(CONTAINER(w, struct record, waiter), result, words, result < 0);
}

void ring_rouse(struct thread *t)
{
    t->ring_roused = t->attention = true;
    if (!(t->ring->setup & (PHX_RING_DEFER_TASKRUN | PHX_RING_COOP_TASKRUN)))
        thread_attend(t);
    if (t->state == THREAD_BLOCKED)
        thread_ready(t);
}

/* --- order ----------------------------------------------------------------- */

/* Is it kept by a DRAIN, its own or that of the one that runs? */
static bool is_kept(const struct ring *r, unsigned flags)
{
    return r->running > 0 && (r->draining || (flags & PHX_ENTRY_DRAIN));
}

/* Do entries wait that a DRAIN keeps? */
static bool keeps_some(const struct ring *r)
{
    return !list_is_empty(&r->pending) &&
           !CONTAINER(r->pending.prev, struct record, waiter.link)->admitted;
}

static void admit(struct ring *r, struct record *record)
{
    record->admitted = true;
    r->running++;
    r->draining = record->flags & PHX_ENTRY_DRAIN;
}

/* A LINK_TIMEOUT is a no-op that follows an entry with CHAIN which has none yet. */
static bool flags_right(const struct ring *r, uint64_t op)
{
    uint64_t flags = op >> PHX_OP_FLAGS_SHIFT;

    if (flags & PHX_ENTRY_LINK_TIMEOUT)
        return !(flags & ~PHX_ENTRY_FLAGS) && (uint32_t)op == PHX_OP_NOP &&
               (r->last_flags & PHX_ENTRY_CHAIN) && !(r->last_flags & PHX_ENTRY_LINK_TIMEOUT);
    return !(flags & ~PHX_ENTRY_FLAGS);
}

/* Give it its place behind the entry before. Flags that are wrong stay in the operation
 * word, where they are refused when it starts; only CHAIN is good in any case. */
static void line_up(struct ring *r, struct record *record, struct phx_entry *e)
{
    record->before = record->next = NULL;
    record->admitted = record->failed = false;
    record->flags = (uint8_t)(e->op >> PHX_OP_FLAGS_SHIFT) & PHX_ENTRY_CHAIN;
    if (flags_right(r, e->op)) {
        record->flags = (uint8_t)(e->op >> PHX_OP_FLAGS_SHIFT);
        e->op = (uint32_t)e->op;
    }
    if ((r->last_flags & PHX_ENTRY_CHAIN) && r->last) {
        record->before = r->last;
        r->last->next = record;
    } else if (r->last_flags & PHX_ENTRY_CHAIN) {
        record->failed = r->last_failed;
    }
    r->last = record;
    r->last_flags = record->flags;
}

/* Put its start off. A LINK_TIMEOUT's time runs; an ASYNC that nobody rouses waits until
 * the core turns to something else, which deadline 0 says. */
static void put_off(struct record *record, const struct phx_entry *e, struct list *queue)
{
    bool alarm = (record->flags & PHX_ENTRY_ASYNC) && queue && list_is_empty(queue);
    uint64_t deadline = alarm ? 0 : PHX_FOREVER, wanted = e->words[0];

    if (record->flags & PHX_ENTRY_LINK_TIMEOUT)
        deadline = wanted ? wanted : 1;
    memcpy(&record->waiter.message, e, sizeof *e);
    wait_begin(&record->waiter, WAIT_LATER, NULL, queue, deadline);
}

static void start(struct record *record, struct phx_entry *e)
{
    bool fixed = record->flags & PHX_ENTRY_FIXED_BUFFER;
    struct waiter *w = &record->waiter;
    uint64_t out[5] = { 0 };

    if (record->failed || (record->flags & PHX_ENTRY_LINK_TIMEOUT)) {
        finish(record, -PHX_CANCELLED, out, record->failed);
        return;
    }
    w->deadline = PHX_FOREVER;
    w->interruptible = false;
    err_t err = dispatch_entry(w, e, out, fixed ? PHX_FIXED(0, 0) : 0);
    if (err != BLOCKED)
        wait_answer_words(w, err, w->form == FORM_WORDS ? out : w->message.words);
}

/* Start what was put off and may go now; false: there is none. */
static bool start_pending(struct ring *r)
{
    struct list *first = list_first(&r->pending);
    struct record *record = first ? CONTAINER(first, struct record, waiter.link) : NULL;
    struct phx_entry e;

    if (!record || (!record->admitted && is_kept(r, record->flags)))
        return false;
    list_remove(first);
    if (!record->admitted)
        admit(r, record);
    if (record->before) /* it comes back when that one ends */
        return true;
    memcpy(&e, &record->waiter.message, sizeof e);
    wait_end(&record->waiter);
    start(record, &e);
    return true;
}

/* --- taking ---------------------------------------------------------------- */

/* Is there an entry, and room for its completion? */
static bool has_entry(struct ring *r)
{
    uint32_t tail = __atomic_load_n(&r->shared->submit_tail, __ATOMIC_ACQUIRE);

    completions_waiting(r);
    return ringlogic_can_take(&r->logic, tail) && pin_alive(&r->frame);
}

/* Take one entry, if there is one; false: not now. */
static bool take_one(struct ring *r, bool only_safe)
{
    struct list *free = list_first(&r->free);

    if (!free || !has_entry(r))
        return false;
    struct phx_entry e = r->entries[r->logic.submit_head & (r->logic.submissions - 1)];
    if (only_safe && !dispatch_interrupt_safe(&e))
        return false;
    ringlogic_take(&r->logic);
    __atomic_store_n(&r->shared->submit_head, r->logic.submit_head, __ATOMIC_RELEASE);

    struct record *record = CONTAINER(free, struct record, waiter.link);
    list_remove(free);
    record->waiter.user = e.user;
    record->waiter.form = FORM_WORDS;
    line_up(r, record, &e);
    bool kept = keeps_some(r) || is_kept(r, record->flags);
    if (!kept)
        admit(r, record);
    if (kept || (!record->before && (record->flags & PHX_ENTRY_ASYNC)))
        put_off(record, &e, &r->pending);
    else if (record->before)
        put_off(record, &e, NULL);
    else
        start(record, &e);
    return true;
}

/* The no-ops that come next, at most `most`: no record, and published together. */
static unsigned take_no_ops(struct ring *r, uint64_t most)
{
    uint32_t tail = __atomic_load_n(&r->shared->submit_tail, __ATOMIC_ACQUIRE);
    struct ringlogic logic = r->logic; /* so that it stays in registers */
    unsigned n = 0;

    if (!pin_alive(&r->frame) || (r->last_flags & PHX_ENTRY_CHAIN) || keeps_some(r) ||
        is_kept(r, 0))
        return 0;
    for (; n < most && ringlogic_can_take(&logic, tail); n++) {
        const struct phx_entry *e = &r->entries[logic.submit_head & (logic.submissions - 1)];

        if (__atomic_load_n(&e->op, __ATOMIC_RELAXED) != PHX_OP_NOP)
            break;
        ringlogic_take(&logic);
        r->completions[ringlogic_complete(&logic)] =
            (struct phx_completion){ .user = __atomic_load_n(&e->user, __ATOMIC_RELAXED) };
    }
    if (n == 0)
        return 0;
    r->logic = logic;
    r->last_flags = 0;
    __atomic_store_n(&r->shared->submit_head, logic.submit_head, __ATOMIC_RELEASE);
    __atomic_store_n(&r->shared->complete_tail, logic.complete_tail, __ATOMIC_RELEASE);
    return n;
}

void ring_continue(struct thread *t)
{
    struct ring *r = t->ring;

    completions_waiting(r);
    for (unsigned i = 0, n; i < STEP && !t->work.step; i += n) {
        n = take_no_ops(r, t->ring_submit < STEP - i ? t->ring_submit : STEP - i);
        t->ring_submit -= n;
        t->ring_taken += n;
        if (n > 0)
            continue;
        n = STEP;
        if (t->ring_submit > 0 && take_one(r, false)) {
            t->ring_submit--;
            t->ring_taken++;
            continue;
        }
        t->ring_submit = 0;
        t->ring_roused = t->ring_roused && start_pending(r);
        if (!t->ring_roused)
            break;
    }
    if (t->ring_submit > 0 || t->ring_roused || t->work.step) {
        t->attention = true; /* the rest after a look at interrupts */
        return;
    }
    if (t->state != THREAD_RUNNING || !ring_wants(t))
        return;
    if (completions_waiting(r) < t->ring_complete && t->ring_deadline != 0) {
        t->waiter.interruptible = true;
        wait_begin(&t->waiter, WAIT_RING, &r->object, NULL, t->ring_deadline);
        return;
    }
    ring_entered(t, OK);
}

int op_ring_enter(struct invocation *inv, const struct ring_enter_in *in,
                  struct ring_enter_out *)
{
    struct thread *t = inv->thread;

    if (!t->ring || inv->object != &t->ring->object || inv->waiter->ring)
        return PHX_INVALID_ARGUMENT;
    t->waiter.form = FORM_REGISTERS;
    t->ring_submit = in->submit;
    t->ring_complete = in->complete < t->ring->logic.completions ? in->complete
                                                                 : t->ring->logic.completions;
    t->ring_deadline = in->deadline;
    t->ring_taken = 0;
    t->ring_entering = true;
    t->ring_roused |= in->complete > 0; /* who waits has the ASYNC ones done too */
    ring_continue(t);
    return BLOCKED;
}

void ring_poll(struct thread *t)
{
    if (t->work.step || t->ring_entering || t->waiter.state != WAIT_NONE)
        return;
    for (unsigned i = 0; i < ENTRIES_A_TICK && take_one(t->ring, true); i++)
        ;
}

/* --- polling --------------------------------------------------------------- */

/* Without the lock. The frame may be another's by now: what is read is only compared. */
static void look(struct work *w)
{
    const struct ring *r = (const struct ring *)w->object;
    const struct cpu *c = this_cpu();

    for (unsigned i = 0; i < POLL_LOOKS && !__atomic_load_n(&c->resched, __ATOMIC_RELAXED) &&
                         !__atomic_load_n(&c->flush_wanted, __ATOMIC_RELAXED) &&
                         __atomic_load_n(&r->shared->submit_tail, __ATOMIC_RELAXED) == w->cursor;
         i++)
        arch_pause();
}

static void say(struct ring *r, uint32_t flags)
{
    if (pin_alive(&r->frame))
        __atomic_store_n(&r->shared->flags, flags, __ATOMIC_RELAXED);
}

/* Entries start for their thread wherever that is; a long one it goes on with itself. */
static bool poll_step(struct thread *t, struct work *w)
{
    struct ring *r = (struct ring *)w->object;
    struct thread *owner = r->thread;
    uint64_t before = w->out[0], now = now_ns();

    while (owner && !owner->work.step && w->out[0] - before < 2 &&
           (start_pending(r) || take_one(r, false)))
        w->out[0]++;
    if (w->out[0] != before) {
        w->end = now + POLL_NS;
        if (owner->attention)
            ring_rouse(owner);
    }
    if (owner && owner->work.step)
        this_cpu()->resched = RESCHED_CHOOSE; /* it may be here that it has to go on */
    bool wanted = t->pending || t->stop_wanted || t->process->state >= PROCESS_DYING;
    w->result = !owner ? PHX_CANCELLED : wanted ? PHX_INTERRUPTED : OK;
    w->cursor = r->logic.submit_head;
    if (w->result == OK && now < w->end)
        return false;
    say(r, PHX_RING_NEED_WAKEUP);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* who submits: store, fence, load of the flag */
    if (w->result == OK && has_entry(r)) {
        say(r, 0);
        return false;
    }
    r->polled = false;
    object_unref(&r->object);
    return true;
}

int op_ring_poll(struct invocation *inv, const struct ring_poll_in *in, struct ring_poll_out *)
{
    struct ring *r = (struct ring *)inv->object;
    struct thread *t = inv->thread;

    if (inv->waiter->ring || r == t->ring)
        return PHX_INVALID_ARGUMENT;
    if (!r->thread || !(r->setup & PHX_RING_SQPOLL))
        return PHX_INVALID_STATE;
    if (r->polled)
        return PHX_EXISTS;
    TRY(watch_set(&r->waker, t, in->notification, in->bits));
    r->polled = true;
    r->object.refs++;
    say(r, 0);
    t->work = (struct work){ .step = poll_step, .unlocked = look, .waiter = inv->waiter,
                             .object = &r->object, .end = now_ns() + POLL_NS };
    t->attention = true; /* which is where its first step is */
    return BLOCKED;
}

int op_ring_wake(struct invocation *inv)
{
    return watch_tell(&((struct ring *)inv->object)->waker) ? OK : PHX_NOT_FOUND;
}
