/* SPDX-License-Identifier: MIT */
/*
 * What messages that are called (ipc.c) and those that are sent one way (mail.c) share.
 */
#ifndef KERNEL_IPC_H
#define KERNEL_IPC_H

#include "thread.h"

/* What passes, once it was decided. */
struct passage {
    uint64_t length;
    bool cut, receiver_failed;
    unsigned caps, lost;
    struct hold *held[PHX_MESSAGE_CAPS]; /* NULL: lost */
};

static inline uint64_t *ipc_word(struct waiter *w, unsigned i)
{
    return w->form == FORM_MESSAGE ? &w->message.words[i] : thread_word(w->thread, i);
}

/* How many words of a message `w` has room for. */
static inline unsigned ipc_room(const struct waiter *w, unsigned words)
{
    unsigned room = w->form == FORM_REGISTERS ? 5 : PHX_WORDS;

    return words < room ? words : room;
}

/* May capability i of what comes to `to` be this one? */
static inline bool ipc_accepts(const struct waiter *to, unsigned i, const struct hold *row)
{
    return i < to->rows_reserved &&
           (!to->message.accept[i] || to->message.accept[i] == row->interface);
}

/* Capability i of what `from` sends may leave its table: p->held[i]. */
MUST_USE err_t ipc_can_leave(struct waiter *from, unsigned i, struct passage *p);
/* It does, for a reserved row of `target`. */
uint64_t ipc_leave(struct waiter *from, unsigned i, struct hold *row, struct cap_table *target,
                   uint32_t index);
/* Give back the rows that were reserved for what would come. */
void ipc_unreserve(struct waiter *w);

/* --- mailboxes (mail.c) ---------------------------------------------------- */

/*
 * Holds whenever the lock is free:
 *   M1  records fill [head, tail), or [head, bytes) and [0, tail), `used` bytes in all
 *   M2  the sizes of a badge's records add up to its `queued`, at most bytes / 2
 */
struct mailbox {
    struct cap_table table;
    struct waiter waiting;     /* in endpoint.callers while there is something in it: a call
                                * that nothing revokes, for whoever looks there */
    uint64_t bytes, head, tail, used;
    uint64_t caps;             /* that a message may have */
    char ring[];               /* from a multiple of 8 */
};

/* When the first message that waits there arrived (kernel.arrivals); 0: there is none. */
uint64_t mailbox_first(const struct endpoint *e);
/* `w` receives it: BLOCKED, it was answered; OK: it was dead and is gone; or an error of the
 * receiver's, and the message stays. */
err_t mailbox_take(struct endpoint *e, struct waiter *w);
/* The last server is gone: a bounded part of it vanishes; false when nothing is left. */
bool mailbox_shrink(struct endpoint *e);

#endif
