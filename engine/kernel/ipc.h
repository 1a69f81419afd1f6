/* SPDX-License-Identifier: MIT */
/*
 * What messages that are called (ipc.c) and those that are sent one way (mail.c) share.
 */
#pragma once

#include "thread.h"

/* What passes, once it was decided. */
struct passage {
    uint64_t length;
    bool cut, receiver_failed;
    unsigned caps, lost;
    struct hold *held[PHX_MESSAGE_CAPS]; /* NULL: lost */
};

/* A one-way message: a queued caller without a thread, whose capabilities are rows of its
 * mailbox, to be moved, and whose bytes are here. */
struct mail {
    struct mailbox *box;
    struct waiter waiter;
    char bytes[];
};

struct mailbox {
    struct cap_table table;
    struct list free;            /* of mail.waiter.link */
    uint64_t pages, slots, room; /* room: bytes of one message */
    unsigned caps;               /* that one may have */
};

static inline uint64_t *ipc_word(struct waiter *w, unsigned i)
{
    return w->form == FORM_MESSAGE ? &w->message.words[i] : thread_word(w->thread, i);
}

/* Where the capabilities that `w` sends or takes are. */
static inline struct cap_table *ipc_table(struct waiter *w)
{
    return w->thread ? &w->thread->process->table
                     : &CONTAINER(w, struct mail, waiter)->box->table;
}

/* n rows for what it takes; refused, it may have got some. */
MUST_USE err_t ipc_reserve(struct waiter *w, unsigned n);
void ipc_unreserve(struct waiter *w);
/* The capabilities that `from` sends may go to `to`. */
MUST_USE err_t ipc_can_pass_caps(struct waiter *from, const struct waiter *to, struct passage *p);
/* Words and capabilities, once that was decided; the info word. */
int64_t ipc_pass(struct waiter *from, struct waiter *to, const struct passage *p, unsigned method,
                 uint64_t badge);
/* What `w` sends goes through `row`. */
void ipc_through(struct waiter *w, const struct hold *row, unsigned method, unsigned words);
/* `w` takes what is queued, if its capability is still one; false: that was answered. Taken,
 * it is `w` that is answered: BLOCKED. */
bool ipc_take(struct waiter *c, struct waiter *w, err_t *err);

/* --- mailboxes (mail.c) ---------------------------------------------------- */

/* Taken or dropped: let go of what it still has. */
void mail_end(struct waiter *c);
/* The last server is gone, and all messages: a bounded part; false when nothing is left. */
bool mailbox_shrink(struct endpoint *e);
