/* SPDX-License-Identifier: MIT */
#include "ring.h"

/* With the lock held: what a step may take, in no-ops; another entry counts as four. */
#define STEP 64
#define ENTRIES_A_TICK 8

/* --- making and ending ----------------------------------------------------- */

static uint64_t records_pages(const struct ring *r)
{
    return (r->count * sizeof *r->records + PHX_PAGE_SIZE - 1) >> PHX_PAGE_SHIFT;
}

static err_t make_records(struct ring *r, struct thread *t)
{
    void *records;

    TRY(account_pages(r->object.account, records_pages(r), &records));
    memset(records, 0, records_pages(r) << PHX_PAGE_SHIFT);
    r->records = records;
    for (unsigned i = 0; i < r->count; i++) {
        struct waiter *w = &r->records[i];

        w->thread = t;
        w->ring = r;
        list_init(&w->lazy);
        list_add_tail(&r->free, &w->link);
    }
    return OK;
}

static err_t frame_holds_ring(const struct hold *row, uint64_t submissions, uint64_t completions)
{
    uint64_t bytes = sizeof(struct phx_ring) + submissions * sizeof(struct phx_entry) +
                     completions * sizeof(struct phx_completion);

    if (!ringlogic_size_ok((uint32_t)submissions) || !ringlogic_size_ok((uint32_t)completions))
        return PHX_INVALID_ARGUMENT;
    return bytes > FRAME_BADGE_PAGES(row->badge) << PHX_PAGE_SHIFT ? PHX_TOO_BIG : OK;
}

static void ring_share(struct ring *r, const struct hold *row)
{
    const struct frame *f = (const struct frame *)row->object;
    char *base = direct((f->pfn + FRAME_BADGE_OFFSET(row->badge)) << PHX_PAGE_SHIFT);

    r->shared = (struct phx_ring *)(void *)base;
    r->entries = (struct phx_entry *)(void *)(base + sizeof(struct phx_ring));
    r->completions = (struct phx_completion *)(void *)(r->entries + r->logic.submissions);
    memset(r->shared, 0, sizeof *r->shared);
    r->shared->submissions = r->logic.submissions;
    r->shared->completions = r->logic.completions;
}

int op_thread_control_new_ring(struct invocation *inv, const struct thread_control_new_ring_in *in,
                               struct thread_control_new_ring_out *out)
{
    struct thread *t = inv->thread;
    struct account *a = t->process->object.account;
    struct hold *frame;
    struct ring *r;
    void *object;
    uint32_t row;

    if (in->submissions > 32768 || in->completions > 65536 || in->flags)
        return PHX_INVALID_ARGUMENT;
    if (t->ring)
        return PHX_EXISTS;
    TRY(other(t, in->frame, IFACE_FRAME, FRAME_MAP_WRITE, &frame));
    TRY(frame_holds_ring(frame, in->submissions, in->completions));
    TRY(result_row(inv, &row));
    TRY(object_new(a, KIND_RING, &object));
    r = object;
    r->object.type = OBJECT_RING;
    r->object.watched = 1; /* it is what Replies to its calls name */
    r->object.account = a;
    list_init(&r->free);
    r->count = in->completions < RING_RECORDS_MAX ? (unsigned)in->completions : RING_RECORDS_MAX;
    err_t err = make_records(r, t);
    if (err != OK) {
        object_free(object);
        return err;
    }

    r->logic.submissions = (uint32_t)in->submissions;
    r->logic.completions = (uint32_t)in->completions;
    ring_share(r, frame);
    pin_set(&r->frame, frame);
    r->thread = t;
    r->object.refs++;
    t->ring = r;
    out->ring = object_hold(t, row, &r->object, IFACE_RING, RING_M_ALL, 0);
    return OK;
}

void ring_detach(struct thread *t)
{
    struct ring *r = t->ring;

    if (!r)
        return;
    for (unsigned i = 0; i < r->count; i++)
        wait_cancel(&r->records[i], PHX_CANCELLED);
    t->ring = NULL;
    t->ring_entering = false;
    r->thread = NULL;
    account_give_pages(r->object.account, r->records, records_pages(r));
    pin_drop(&r->frame);
    object_unref(&r->object);
}

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

void ring_complete(struct waiter *w, int64_t result, const uint64_t words[2])
{
    struct ring *r = w->ring;
    struct thread *t = r->thread;

    post(r, w->user, result, words);
    list_add_tail(&r->free, &w->link);
    if (t->waiter.state == WAIT_RING && completions_waiting(r) >= t->ring_complete) {
        uint64_t out[5] = { t->ring_taken };

        t->ring_entering = false;
        wait_end(&t->waiter);
        wait_answer_words(&t->waiter, OK, out);
    }
}

/* --- taking ---------------------------------------------------------------- */

/* Take one entry, if there is one, a record and room; false: not now. */
static bool take_one(struct ring *r, bool only_safe)
{
    uint32_t tail = __atomic_load_n(&r->shared->submit_tail, __ATOMIC_ACQUIRE);
    struct list *free = list_first(&r->free);
    struct waiter *w;
    uint64_t out[5] = { 0 };

    completions_waiting(r);
    if (!free || !ringlogic_can_take(&r->logic, tail) || !pin_alive(&r->frame))
        return false;
    struct phx_entry e = r->entries[r->logic.submit_head & (r->logic.submissions - 1)];
    if (only_safe && !dispatch_interrupt_safe(&e))
        return false;
    ringlogic_take(&r->logic);
    __atomic_store_n(&r->shared->submit_head, r->logic.submit_head, __ATOMIC_RELEASE);

    w = CONTAINER(free, struct waiter, link);
    list_remove(&w->link);
    w->user = e.user;
    w->form = FORM_WORDS;
    w->deadline = PHX_FOREVER;
    w->interruptible = false;
    err_t err = dispatch_entry(w, &e, out);
    if (err != BLOCKED && w->form == FORM_WORDS)
        ring_complete(w, -(int64_t)err, out);
    else if (err != BLOCKED)
        wait_answer_words(w, err, w->message.words);
    return true;
}

/* The no-ops that come next, at most `most`: no record, and published together. */
static unsigned take_no_ops(struct ring *r, uint64_t most)
{
    uint32_t tail = __atomic_load_n(&r->shared->submit_tail, __ATOMIC_ACQUIRE);
    struct ringlogic logic = r->logic; /* so that it stays in registers */
    unsigned n = 0;

    if (!pin_alive(&r->frame))
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
    __atomic_store_n(&r->shared->submit_head, logic.submit_head, __ATOMIC_RELEASE);
    __atomic_store_n(&r->shared->complete_tail, logic.complete_tail, __ATOMIC_RELEASE);
    return n;
}

void ring_continue(struct thread *t)
{
    struct ring *r = t->ring;
    uint64_t out[5] = { 0 };

    completions_waiting(r);
    for (unsigned i = 0, n; i < STEP && t->ring_submit > 0 && !t->work.step; i += n) {
        n = take_no_ops(r, t->ring_submit < STEP - i ? t->ring_submit : STEP - i);
        t->ring_submit -= n;
        t->ring_taken += n;
        if (n > 0)
            continue;
        if (!take_one(r, false)) {
            t->ring_submit = 0;
            break;
        }
        t->ring_submit--;
        t->ring_taken++;
        n = 4;
    }
    if (t->ring_submit > 0 || t->work.step) {
        t->attention = true; /* the rest after a look at interrupts */
        return;
    }
    if (t->state != THREAD_RUNNING)
        return;
    if (completions_waiting(r) < t->ring_complete && t->ring_deadline != 0) {
        t->waiter.interruptible = true;
        wait_begin(&t->waiter, WAIT_RING, &r->object, NULL, t->ring_deadline);
        return;
    }
    t->ring_entering = false;
    out[0] = t->ring_taken;
    wait_answer_words(&t->waiter, OK, out);
}

int op_ring_enter(struct invocation *inv, const struct ring_enter_in *in,
                  struct ring_enter_out *out)
{
    struct thread *t = inv->thread;

    (void)out;
    if (!t->ring || inv->object != &t->ring->object || inv->waiter->ring)
        return PHX_INVALID_ARGUMENT;
    t->waiter.form = FORM_REGISTERS;
    t->ring_submit = in->submit;
    t->ring_complete = in->complete < t->ring->logic.completions ? in->complete
                                                                 : t->ring->logic.completions;
    t->ring_deadline = in->deadline;
    t->ring_taken = 0;
    t->ring_entering = true;
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

int op_ring_info(struct invocation *inv, struct ring_info_out *out)
{
    const struct ring *r = (const struct ring *)inv->object;

    out->submissions = r->logic.submissions;
    out->completions = r->logic.completions;
    out->in_flight = r->logic.in_flight;
    return OK;
}

int op_ring_destroy(struct invocation *inv)
{
    struct ring *r = (struct ring *)inv->object;

    if (inv->waiter->ring || (r->thread && r->thread != inv->thread))
        return PHX_INVALID_STATE;
    if (r->thread)
        ring_detach(r->thread);
    return OK;
}
