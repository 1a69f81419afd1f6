/* SPDX-License-Identifier: MIT */
/*
 * How a ring is made and how it ends, and what its owner may do to entries in flight.
 *
 * A large ring has thousands of pages of records. They are made, and taken down, a few
 * at a time, as long work; so is the search for entries to cancel.
 */
#include "ring.h"

#define PAGES_A_STEP 3     /* of records that are made */
#define LOOKS_A_STEP 256   /* for records to be cancelled; one that is counts as 32 */

_Static_assert(RING_COMPLETIONS_MAX + RECORDS_A_PAGE <= 1 << RING_RECORD_BITS, "Reply's badge");

/* --- records --------------------------------------------------------------- */

/* One more page of records. */
static err_t grow(struct ring *r, struct thread *t)
{
    struct record ***directory = &r->records[r->pages / POINTERS_A_PAGE];
    struct account *a = r->object.account;
    struct record *page;

    if (!*directory)
        TRY(account_zero_page(a, directory));
    TRY(account_zero_page(a, &page));
    (*directory)[r->pages % POINTERS_A_PAGE] = page;
    for (uint32_t i = 0; i < RECORDS_A_PAGE; i++) {
        struct record *record = page + i;

        record->number = (uint32_t)(r->pages * RECORDS_A_PAGE) + i;
        record->waiter.thread = t;
        record->waiter.ring = r;
        list_add_tail(&r->free, &record->waiter.link);
    }
    r->pages++;
    return OK;
}

bool ring_shrink(struct thread *t)
{
    struct ring *r = t->ring;

    if (!r)
        return false;
    r->thread = NULL;
    t->ring_entering = t->ring_roused = false;
    if (r->pages > 0) {
        struct record *page = ring_record(r, (r->pages - 1) * RECORDS_A_PAGE);

        for (unsigned i = 0; i < RECORDS_A_PAGE; i++) {
            wait_cancel(&page[i].waiter, PHX_CANCELLED);
            list_remove(&page[i].waiter.link);
        }
        r->pages--;
        account_give_pages(r->object.account, page, 1);
        return true;
    }
    for (unsigned i = 0; i < RECORD_DIRECTORIES && r->records[i]; i++)
        account_give_pages(r->object.account, r->records[i], 1);
    t->ring = NULL;
    pin_drop(&r->frame);
    pin_drop(&r->waker.notification);
    object_unref(&r->object);
    return false;
}

static bool unmake_step(struct thread *t, struct work *)
{
    return !ring_shrink(t);
}

/* --- making ---------------------------------------------------------------- */

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
    pin_set(&r->frame, row);
}

static bool make_step(struct thread *t, struct work *w)
{
    struct ring *r = t->ring;

    for (unsigned i = 0; i < PAGES_A_STEP && r->pages < w->end && w->result == OK; i++)
        w->result = grow(r, t);
    if (w->result == OK && !pin_alive(&r->frame))
        w->result = PHX_REVOKED;
    if (w->result == OK && r->pages == w->end)
        w->result = object_hold(t, &r->object, IFACE_RING, RING_M_ALL, 0, &w->out[0]);
    if (w->result != OK)
        w->step = unmake_step;
    if (w->result != OK || r->pages < w->end)
        return false;
    memset(r->shared, 0, sizeof *r->shared);
    r->shared->submissions = r->logic.submissions;
    r->shared->completions = r->logic.completions;
    r->shared->flags = r->setup & PHX_RING_SQPOLL ? PHX_RING_NEED_WAKEUP : 0;
    r->thread = t;
    return true;
}

int op_thread_control_new_ring(struct invocation *inv, const struct thread_control_new_ring_in *in,
                               struct thread_control_new_ring_out *out)
{
    struct thread *t = inv->thread;
    struct account *a = t->process->object.account;
    uint64_t submissions = in->submissions, completions = in->completions;
    struct hold *frame;
    struct ring *r;

    if (submissions > RING_SUBMISSIONS_MAX || completions > RING_COMPLETIONS_MAX ||
        in->flags & ~PHX_RING_SETUP_FLAGS)
        return PHX_INVALID_ARGUMENT;
    if (t->ring)
        return PHX_EXISTS;
    TRY(other(t, in->frame, IFACE_FRAME, FRAME_MAP_WRITE, &frame));
    TRY(frame_holds_ring(frame, submissions, completions));
    uint64_t pages = (completions - 1) / RECORDS_A_PAGE + 1;
    TRY(account_can(a, RESOURCE_PAGES, pages + (pages - 1) / POINTERS_A_PAGE + 1));
    TRY(object_new(a, KIND_RING, &r));

    r->object.type = IFACE_RING;
    r->object.watched = 1; /* it is what Replies to its calls name */
    r->object.account = a;
    r->object.refs = 1; /* its thread's */
    r->setup = (uint8_t)in->flags;
    list_init(&r->free);
    list_init(&r->pending);
    r->logic.submissions = (uint32_t)submissions;
    r->logic.completions = (uint32_t)completions;
    ring_share(r, frame);
    t->ring = r;
    t->work = (struct work){ .step = make_step, .end = pages };
    return work_begin(t, inv->waiter, (uint64_t *)out);
}

int op_ring_destroy(struct invocation *inv)
{
    struct ring *r = (struct ring *)inv->object;

    if (inv->waiter->ring || (r->thread && r->thread != inv->thread))
        return PHX_INVALID_STATE;
    if (!r->thread)
        return OK;
    inv->thread->work = (struct work){ .step = unmake_step };
    return work_begin(inv->thread, inv->waiter, NULL);
}

/* --- what its owner may do ------------------------------------------------- */

int op_ring_info(struct invocation *inv, struct ring_info_out *out)
{
    const struct ring *r = (const struct ring *)inv->object;

    out->submissions = r->logic.submissions;
    out->completions = r->logic.completions;
    out->in_flight = r->logic.in_flight;
    return OK;
}

/* What is between two steps of an operation is not stopped, the one that asks included. */
static bool cancel_step(struct thread *t, struct work *w)
{
    uint64_t end = t->ring->pages * RECORDS_A_PAGE;

    for (unsigned i = 0; i < LOOKS_A_STEP && w->cursor < end; i++, w->cursor++) {
        struct waiter *x = &ring_record(t->ring, w->cursor)->waiter;

        if (x->state == WAIT_NONE || (!w->every && x->user != w->address))
            continue;
        wait_cancel(x, PHX_CANCELLED);
        w->end++;
        i += 32;
    }
    w->out[0] = w->end;
    w->result = w->end ? OK : PHX_NOT_FOUND;
    return w->cursor == end;
}

int op_ring_cancel(struct invocation *inv, const struct ring_cancel_in *in,
                   struct ring_cancel_out *out)
{
    struct thread *t = inv->thread;

    if (!t->ring || inv->object != &t->ring->object || in->all > 1)
        return PHX_INVALID_ARGUMENT;
    t->work = (struct work){ .step = cancel_step, .address = in->user, .every = in->all };
    return work_begin(t, inv->waiter, (uint64_t *)out);
}
