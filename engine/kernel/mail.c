/* SPDX-License-Identifier: MIT */
/*
 * Mailboxes: one-way messages, which are kept until somebody receives them.
 *
 * A mailbox is a ring of bytes that the endpoint's account pays for, and a table of
 * capabilities. Each message is one record of the ring, never split; its capabilities
 * are rows of the table like any other, so that revocation, watches and accounts see
 * them with nothing added. The sender's use is reserved and its node is kept, as
 * those of a queued call are, until the message is taken or lost.
 *
 * A capability that may receive is not taken in: the last of an endpoint's could lie
 * in its own mailbox, which then nobody could open or close.
 *
 * Spec     docs/ARCHITECTURE.md, "Messages"
 * Tests    tests/kernel/mail_test.c
 */
#include "ipc.h"

/* One message. Words, then bytes, follow. */
struct mail {
    uint32_t size;    /* of the record, a multiple of 8; 0: the next is at the beginning */
    uint16_t length;
    uint8_t words, method, caps;
    uint64_t arrived;
    uint64_t badge;
    struct node *up;  /* counted, with its generation: the hold it was sent through */
    uint64_t up_gen;
    struct uses *uses; /* counted; one is reserved */
    uint64_t cap[PHX_MESSAGE_CAPS];
    uint64_t word[];
};

static struct mail *mail_at(struct mailbox *box, uint64_t offset)
{
    return (struct mail *)(void *)(box->ring + offset);
}

/* The first; there is one. */
static struct mail *mail_first(struct mailbox *box)
{
    if (box->head == box->bytes || mail_at(box, box->head)->size == 0) {
        box->used -= box->bytes - box->head;
        box->head = 0;
    }
    return mail_at(box, box->head);
}

/* Where a record of this size can be; `bytes`: nowhere. */
static uint64_t mail_place(const struct mailbox *box, uint64_t size)
{
    if (box->tail < box->head || (box->tail == box->head && box->used > 0))
        return size <= box->head - box->tail ? box->tail : box->bytes;
    if (size <= box->bytes - box->tail)
        return box->tail;
    return size <= box->head ? 0 : box->bytes;
}

static uint64_t *queued_of(struct endpoint *e, uint64_t badge)
{
    struct badge *b = badge_find(e, badge);

    return b ? &b->queued : &e->queued;
}

/* The first is no longer there; what it had was given on. */
static void mail_remove(struct endpoint *e, struct mail *m)
{
    struct mailbox *box = e->mailbox;
    struct badge *b = badge_find(e, m->badge);

    *queued_of(e, m->badge) -= m->size;
    if (b)
        badge_check(e, b);
    node_unref(m->up);
    box->used -= m->size;
    box->head += m->size;
    if (box->used == 0) {
        box->head = box->tail = 0;
        list_remove(&box->waiting.link);
    }
}

static void mail_drop(struct endpoint *e, struct mail *m)
{
    struct cap_table *table = &e->mailbox->table;

    for (unsigned i = 0; i < m->caps; i++) {
        struct hold *row = cap_row(table, m->cap[i]);

        if (row)
            cap_release(table, row);
    }
    uses_return(m->uses);
    mail_remove(e, m);
}

int op_endpoint_mailbox(struct invocation *inv, const struct endpoint_mailbox_in *in)
{
    struct endpoint *e = (struct endpoint *)inv->object;
    struct mailbox *box;

    if (in->bytes == 0 || in->bytes > PHX_MAILBOX_MAX || in->bytes % PHX_PAGE_SIZE ||
        in->capabilities > PHX_MESSAGE_CAPS)
        return PHX_INVALID_ARGUMENT;
    if (e->mailbox)
        return PHX_EXISTS;
    if (e->servers == 0)
        return PHX_INVALID_STATE;
    TRY(account_pages(e->object.account, in->bytes >> PHX_PAGE_SHIFT, &box));
    *box = (struct mailbox){
        .waiting.state = WAIT_CALL,
        .bytes = in->bytes - sizeof *box,
        .caps = in->capabilities,
    };
    list_init(&box->waiting.link);
    cap_table_init(&box->table, &kernel.caps, e->object.account);
    e->mailbox = box;
    return OK;
}

/* --- sending ---------------------------------------------------------------- */

/* Capabilities, and a row in the mailbox for each. */
static err_t can_keep_caps(struct waiter *w, struct mailbox *box, struct passage *p,
                           uint32_t rows[PHX_MESSAGE_CAPS])
{
    unsigned n = 0;
    err_t err = OK;

    for (; n < p->caps && (err = cap_reserve(&box->table, &rows[n])) == OK; n++)
        ;
    for (unsigned i = 0; i < p->caps && err == OK; i++) {
        err = ipc_can_leave(w, i, p);
        if (err == OK && p->held[i]->interface == IFACE_ENDPOINT)
            err = PHX_NOT_ACCEPTED;
    }
    while (err != OK && n > 0)
        cap_unreserve(&box->table, rows[--n]);
    return err;
}

/* A record beyond the last, which is not one of them yet. */
static err_t mail_write(struct waiter *w, struct hold *row, struct mail *m, unsigned words,
                        uint64_t length)
{
    *m = (struct mail){
        .length = (uint16_t)length,
        .words = (uint8_t)words,
        .badge = row->badge,
        .up = row->up,
        .up_gen = row->up_gen,
        .uses = row->uses,
    };
    for (unsigned i = 0; i < words; i++)
        m->word[i] = *ipc_word(w, i);
    return copy_in(w->thread->process->space, m->word + words, w->message.send_address, length);
}

/* From here on it is one of them. */
static void mail_add(struct endpoint *e, struct mail *m, uint64_t at)
{
    struct mailbox *box = e->mailbox;

    node_ref(m->up);
    *queued_of(e, m->badge) += m->size;
    if (at != box->tail) { /* at the beginning again */
        if (box->tail < box->bytes)
            mail_at(box, box->tail)->size = 0;
        box->used += box->bytes - box->tail;
    }
    box->tail = at + m->size;
    box->used += m->size;
    m->arrived = ++kernel.arrivals;
    if (!list_is_linked(&box->waiting.link))
        list_add_tail(&e->callers, &box->waiting.link);
}

err_t ipc_send(struct waiter *w, struct hold *row, unsigned method, unsigned words)
{
    struct endpoint *e = (struct endpoint *)row->object;
    struct mailbox *box = e->mailbox;
    struct passage p = { .caps = w->form == FORM_MESSAGE ? w->message.send_caps : 0 };
    uint64_t length = w->form == FORM_MESSAGE ? w->message.send_length : 0;
    uint64_t size = sizeof(struct mail) + words * sizeof(uint64_t) + ((length + 7) & ~UINT64_C(7));
    uint32_t rows[PHX_MESSAGE_CAPS];
    struct list *first;

    if (e->servers == 0)
        return PHX_DISCONNECTED;
    if (!box)
        return PHX_NOT_SUPPORTED;
    if (length > PHX_SEND_MAX || size > box->bytes / 2)
        return PHX_TOO_BIG;
    if (p.caps > box->caps)
        return PHX_NOT_ACCEPTED;
    uint64_t at = mail_place(box, size);
    if (at == box->bytes || *queued_of(e, row->badge) + size > box->bytes / 2)
        return PHX_WOULD_BLOCK;
    struct mail *m = mail_at(box, at);
    TRY(mail_write(w, row, m, words, length));
    TRY(uses_reserve(row->uses));
    err_t err = can_keep_caps(w, box, &p, rows);
    if (err != OK) {
        uses_return(row->uses);
        return err;
    }

    /* Commit. */
    m->size = (uint32_t)size;
    m->method = (uint8_t)method;
    m->caps = (uint8_t)p.caps;
    mail_add(e, m, at);
    for (unsigned i = 0; i < p.caps; i++)
        m->cap[i] = ipc_leave(w, i, p.held[i], &box->table, rows[i]);
    while (box->used > 0 && (first = list_first(&e->receivers))) {
        struct waiter *r = CONTAINER(first, struct waiter, link);

        if (mailbox_take(e, r) == PHX_BAD_ADDRESS)
            wait_cancel(r, PHX_BAD_ADDRESS);
    }
    return OK;
}

/* --- receiving --------------------------------------------------------------- */

uint64_t mailbox_first(const struct endpoint *e)
{
    return e->mailbox && e->mailbox->used > 0 ? mail_first(e->mailbox)->arrived : 0;
}

/* What `w` takes of the capabilities; which were lost. */
static unsigned take_caps(struct cap_table *table, struct mail *m, struct waiter *w)
{
    struct cap_table *target = &w->thread->process->table;
    unsigned lost = 0;

    for (unsigned i = 0; i < m->caps; i++) {
        struct hold *row = cap_row(table, m->cap[i]);

        w->message.caps[i] = 0;
        if (row && cap_alive(&kernel.caps, row) && ipc_accepts(w, i, row)) {
            w->message.caps[i] = cap_move(table, row, target, w->rows[i]);
            continue;
        }
        lost |= 1u << i;
        if (row)
            cap_release(table, row);
    }
    for (unsigned i = 0; i < w->rows_reserved; i++)
        if (i >= m->caps || (lost >> i & 1))
            cap_unreserve(target, w->rows[i]);
    w->rows_reserved = 0;
    return lost;
}

err_t mailbox_take(struct endpoint *e, struct waiter *w)
{
    struct mail *m = mail_first(e->mailbox);
    uint64_t length = w->form == FORM_MESSAGE ? w->message.recv_capacity : 0;
    unsigned words = ipc_room(w, m->words);

    if (!node_alive(m->up, m->up_gen)) {
        mail_drop(e, m);
        return OK;
    }
    if (length > m->length)
        length = m->length;
    TRY(copy_out(w->thread->process->space, w->message.recv_address, m->word + m->words, length));

    /* Commit. */
    unsigned lost = take_caps(&e->mailbox->table, m, w);
    int64_t info = words | (int64_t)m->method << 8 | (int64_t)m->caps << 16 | (int64_t)lost << 24 |
                   (int64_t)length << 32 | PHX_INFO_ONE_WAY |
                   (length < m->length || words < m->words ? PHX_INFO_CUT : 0);
    for (unsigned i = 0; i < words; i++)
        *ipc_word(w, i) = m->word[i];
    if (w->form == FORM_MESSAGE) {
        w->message.badge = m->badge;
        w->message.info = (uint64_t)info;
    } else {
        w->thread->regs.rdi = m->badge;
    }
    uses_commit(m->uses);
    mail_remove(e, m);
    ipc_unreserve(w); /* nobody can answer it: no Reply comes */
    if (w->state != WAIT_NONE)
        wait_end(w);
    wait_answer(w, info, false);
    return BLOCKED;
}

/* --- ends ---------------------------------------------------------------------- */

bool mailbox_shrink(struct endpoint *e)
{
    struct mailbox *box = e->mailbox;

    if (!box)
        return false;
    if (box->used > 0) {
        mail_drop(e, mail_first(box));
    } else if (!cap_table_shrink(&box->table)) {
        e->mailbox = NULL;
        account_give_pages(e->object.account, box, (sizeof *box + box->bytes) >> PHX_PAGE_SHIFT);
    }
    return true;
}
