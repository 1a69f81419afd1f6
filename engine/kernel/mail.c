/* SPDX-License-Identifier: MIT */
/*
 * Mailboxes: one-way messages, which are kept until somebody receives them.
 *
 * A message that is sent waits as a call does, in the same queue, and is taken, swept and
 * disconnected as one; but nobody waits with it. So it is passed twice as any message is: to
 * a waiter without a thread, in a slot of memory that the endpoint's account pays for, and from
 * there to who receives. It has what a caller has: words, bytes, a reserved use, the node of
 * the hold it came through. Its capabilities are rows of a table, like any others.
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
    for (uint64_t at = sizeof *box; at + slot <= bytes; at += slot) {
        struct mail *mail = (struct mail *)(void *)((char *)box + at);
        struct waiter *c = &mail->waiter;

        mail->box = box;
        c->thread = NULL;
        c->ring = NULL;
        c->server = NULL;
        c->all = FORM_MESSAGE << 8;
        c->swept = 0;
        c->message.send_address = (uint64_t)mail->bytes;
        list_add_tail(&box->free, &c->link);
    }
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
    wait_end(c);
    list_add_head(&box->free, &c->link);
}

/* Its bytes, and the capabilities that go into rows of the mailbox. */
static err_t can_keep(struct waiter *w, struct mail *mail, struct passage *p)
{
    TRY(copy_in(w->thread->process->space, mail->bytes, w->message.send_address, p->length));
    err_t err = ipc_reserve(&mail->waiter, p->caps);
    if (err == OK)
        err = ipc_can_pass_caps(w, &mail->waiter, p);
    if (err != OK)
        ipc_unreserve(&mail->waiter);
    return err;
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
    err_t err = can_keep(w, mail, &p);
    if (err != OK) {
        uses_settle(row->uses, false);
        return err;
    }

    /* Commit. */
    struct waiter *c = &mail->waiter;
    w->words = (uint8_t)words;
    ipc_through(c, row, method, words); /* which may go along */
    (void)ipc_pass(w, c, &p, method, c->badge);
    c->message.send_length = (uint32_t)p.length;
    c->message.send_caps = (uint8_t)p.caps;
    list_remove(&c->link);
    node_ref(c->up);
    wait_begin(c, WAIT_CALL, &e->object, &e->callers, PHX_FOREVER);
    ++*queued_of(e, c->badge);
    while (list_first(&e->callers) == &c->link && (first = list_first(&e->receivers))) {
        struct waiter *r = CONTAINER(first, struct waiter, link);

        if (ipc_take(c, r, &err) && err != BLOCKED)
            wait_cancel(r, err);
    }
    return OK;
}
