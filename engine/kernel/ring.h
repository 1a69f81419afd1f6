/* SPDX-License-Identifier: MIT */
/*
 * A ring: submissions and completions in memory that a thread shares with the
 * kernel (abi.h, struct phx_ring).
 *
 * The frame is pinned and read and written through the kernel's own alias, each
 * field once; what counts is ringlogic's private copies. An entry that must wait
 * does so in a record, a waiter of its own, made when the ring was; an entry is
 * taken only if there is a record and room for its completion.
 */
#ifndef KERNEL_RING_H
#define KERNEL_RING_H

#include "ringlogic.h"
#include "thread.h"

#define RING_RECORDS_MAX 64

struct ring {
    struct object object;
    struct thread *thread; /* NULL: destroyed */
    struct pin frame;
    struct phx_ring *shared;
    struct phx_entry *entries;
    struct phx_completion *completions;
    struct ringlogic logic;
    struct list free;      /* of waiter.link: records that wait for nothing */
    unsigned count;        /* of records */
    struct waiter *records;
};

/* The waiter of a call that a Reply answers, or NULL when it is too late. */
struct waiter *ipc_reply_target(const struct hold *row);

err_t dispatch_entry(struct waiter *w, const struct phx_entry *e, uint64_t out[5]);
/* May the timer take it? */
bool dispatch_interrupt_safe(const struct phx_entry *e);

#endif
