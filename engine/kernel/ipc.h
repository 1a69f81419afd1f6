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
 * endpoint's mailbox, to be moved, and whose bytes are here. */
struct mail {
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

/* Capability i of what `from` sends may leave its table: p->held[i]. */
MUST_USE err_t ipc_can_leave(struct waiter *from, unsigned i, struct passage *p);
/* It does, for a reserved row of `target`. */
uint64_t ipc_leave(struct waiter *from, unsigned i, struct hold *row, struct cap_table *target,
                   uint32_t index);
/* `w` takes what is queued, if its capability is still one; false: that was answered. Taken,
 * it is `w` that is answered: BLOCKED. */
bool ipc_take(struct waiter *c, struct waiter *w, err_t *err);

/* --- mailboxes (mail.c) ---------------------------------------------------- */

/* Taken or dropped: let go of what it still has. */
void mail_end(struct waiter *c);
/* The last server is gone, and all messages: a bounded part; false when nothing is left. */
bool mailbox_shrink(struct endpoint *e);
