/* SPDX-License-Identifier: MIT */
/*
 * Mailboxes: one-way messages, which are kept until somebody receives them.
 *
 * A message that is sent waits as a call does, in the same queue, and is taken, swept and
 * disconnected as one; but nobody waits with it. So it has what a caller has, in a slot of
 * memory that the endpoint's account pays for: its words, its bytes, a reserved use, the
 * node of the hold it came through. Its capabilities are rows of a table, like any others.
 *
 * A capability that may receive is not taken in: the last of an endpoint's could lie
 * in its own mailbox, which then nobody could open or close.
 *
 * Spec     docs/ARCHITECTURE.md, "Messages"
 * Tests    tests/kernel/mail_test.c
 */
#include "ipc.h"

#define MESSAGES_MAX 256

/* How many of one badge wait. */
static uint64_t *queued_of(struct endpoint *e, uint64_t badge)
{
    struct badge *b = badge_find(e, badge);

    return b ? &b->queued : &e->queued;
}

int op_endpoint_mailbox(struct invocation *inv, const struct endpoint_mailbox_in *in)
{
    struct endpoint *e = (struct endpoint *)inv->object;
    struct mailbox *box;

    if (in->messages == 0 || in->messages > MESSAGES_MAX || in->length > PHX_SEND_MAX ||
        in->capabilities > PHX_MESSAGE_CAPS)
        return PHX_INVALID_ARGUMENT;
    if (e->mailbox)
        return PHX_EXISTS;
    if (e->servers == 0)
        return PHX_INVALID_STATE;
    uint64_t slot = (sizeof(struct mail) + in->length + 15) & ~UINT64_C(15);
    uint64_t bytes = sizeof(struct mailbox) + in->messages * slot;
    uint64_t pages = (bytes + PHX_PAGE_SIZE - 1) >> PHX_PAGE_SHIFT;
    TRY(account_pages(e->object.account, pages, &box));
    *box = (struct mailbox){ .pages = pages, .slots = in->messages, .room = in->length };
    box->caps = (unsigned)in->capabilities;
    list_init(&box->free);
    cap_table_init(&box->table, &kernel.caps, e->object.account);
    for (uint64_t at = sizeof *box; at + slot <= bytes; at += slot)
        list_add_tail(&box->free, &((struct mail *)(void *)((char *)box + at))->waiter.link);
    e->mailbox = box;
    return OK;
}

bool mailbox_shrink(struct endpoint *e)
{
    struct mailbox *box = e->mailbox;

    if (!box)
        return false;
    if (!cap_table_shrink(&box->table)) {
        e->mailbox = NULL;
        account_give_pages(e->object.account, box, box->pages);
    }
    return true;
}

void mail_end(struct waiter *c)
{
    struct endpoint *e = (struct endpoint *)c->object;
    struct mailbox *box = e->mailbox;
    struct badge *b = badge_find(e, c->badge);

    for (unsigned i = 0; i < c->message.send_caps; i++) {
        struct hold *row = cap_row(&box->table, c->message.caps[i]);

        if (row) /* it was not moved on */
            cap_release(&box->table, row);
    }
    --*queued_of(e, c->badge);
    if (b)
        badge_check(e, b);
    node_unref(c->up);
    list_remove(&c->link);
    list_add_head(&box->free, &c->link);
    object_unref(&e->object);
}

/* Bytes, and a row in the mailbox for each capability. */
static err_t can_keep(struct waiter *w, struct mailbox *box, struct mail *mail, struct passage *p)
{
    const struct phx_message *m = &w->message;
    unsigned n = 0;
    err_t err = copy_in(w->thread->process->space, mail->bytes, m->send_address, p->length);

    for (; n < p->caps && err == OK; n += err == OK)
        err = cap_reserve(&box->table, &mail->waiter.rows[n]);
    for (unsigned i = 0; i < p->caps && err == OK; i++) {
        err = ipc_can_leave(w, i, p);
        if (err == OK && p->held[i]->interface == IFACE_ENDPOINT)
            err = PHX_NOT_ACCEPTED;
    }
    while (err != OK && n > 0)
        cap_unreserve(&box->table, mail->waiter.rows[--n]);
    return err;
}

/* It waits, with the capabilities that were found. */
static void mail_begin(struct waiter *w, struct waiter *c, const struct hold *row,
                       const struct passage *p)
{
    struct endpoint *e = (struct endpoint *)row->object;

    c->thread = NULL;
    c->form = FORM_MESSAGE;
    c->state = WAIT_CALL;
    c->badge = row->badge;
    c->up = row->up;
    c->up_gen = row->up_gen;
    c->uses = row->uses;
    c->object = &e->object;
    c->swept = c->mask = 0;
    c->message.send_length = (uint32_t)p->length;
    c->message.send_caps = (uint8_t)p->caps;
    node_ref(c->up);
    e->object.refs++;
    ++*queued_of(e, c->badge);
    for (unsigned i = 0; i < c->words; i++)
        c->message.words[i] = *ipc_word(w, i);
    for (unsigned i = 0; i < p->caps; i++) {
        c->message.caps[i] = ipc_leave(w, i, p->held[i], &e->mailbox->table, c->rows[i]);
        c->message.cap_modes[i] = PHX_CAP_MOVE;
    }
    list_remove(&c->link);
    list_add_tail(&e->callers, &c->link);
}

err_t ipc_send(struct waiter *w, struct hold *row, unsigned method, unsigned words)
{
    struct endpoint *e = (struct endpoint *)row->object;
    struct mailbox *box = e->mailbox;
    struct passage p = { .length = 0 };
    struct list *first;

    if (w->form == FORM_MESSAGE) {
        p.length = w->message.send_length;
        p.caps = w->message.send_caps;
    }
    if (e->servers == 0)
        return PHX_DISCONNECTED;
    if (!box)
        return PHX_NOT_SUPPORTED;
    if (p.length > box->room)
        return PHX_TOO_BIG;
    if (p.caps > box->caps)
        return PHX_NOT_ACCEPTED;
    if (list_is_empty(&box->free) || *queued_of(e, row->badge) >= (box->slots + 1) / 2)
        return PHX_WOULD_BLOCK;
    struct mail *mail = CONTAINER(box->free.next, struct mail, waiter.link);
    TRY(uses_reserve(row->uses));
    err_t err = can_keep(w, box, mail, &p);
    if (err != OK) {
        uses_return(row->uses);
        return err;
    }

    /* Commit. */
    struct waiter *c = &mail->waiter;
    c->method = (uint8_t)method;
    c->words = (uint8_t)words;
    mail_begin(w, c, row, &p);
    while (list_first(&e->callers) == &c->link && (first = list_first(&e->receivers))) {
        struct waiter *r = CONTAINER(first, struct waiter, link);

        if (ipc_take(c, r, &err) && err != BLOCKED)
            wait_cancel(r, err);
    }
    return OK;
}
