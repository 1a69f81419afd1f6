/* SPDX-License-Identifier: MIT */
/*
 * A ring: submissions and completions in memory that a thread shares with the
 * kernel (abi.h, struct phx_ring).
 *
 * The frame is pinned and read and written through the kernel's own alias, each
 * field once; what counts is ringlogic's private copies. An entry that was taken is
 * in a record, made when the ring was, until it ends: it waits there for what it
 * asked for, or to be started at all. It is taken only if there is a record and room
 * for its completion.
 */
#pragma once

#include "ringlogic.h"
#include "thread.h"

#define RING_SUBMISSIONS_MAX 32768
#define RING_COMPLETIONS_MAX 65536
#define RING_RECORD_BITS 17 /* of a Reply's badge: its record's number */

/*
 * An entry in flight. Not started, it is WAIT_LATER and the entry itself lies where
 * its message will. Holds between operations:
 *   O1  a->next == b exactly if b->before == a; both are in flight, b is not started,
 *       and the entry that became b follows the one that became a, which has CHAIN
 *   O2  ring.pending has the admitted before the others, and what is in it but not
 *       admitted in the order of submission
 *   O3  ring.running counts the admitted; while one of them has DRAIN it is 1
 */
struct record {
    struct waiter waiter;
    struct record *before, *next;
    uint32_t number;
    uint8_t flags;     /* PHX_ENTRY_*, 0 if they were wrong */
    bool failed;       /* what it was chained to did: Cancelled in its turn */
    bool admitted;     /* no DRAIN keeps it any more */
};

#define RECORDS_A_PAGE (PHX_PAGE_SIZE / sizeof(struct record))
#define RECORD_PAGES_MAX ((RING_COMPLETIONS_MAX - 1) / RECORDS_A_PAGE + 1)
#define POINTERS_A_PAGE (PHX_PAGE_SIZE / sizeof(void *))
#define RECORD_DIRECTORIES ((RECORD_PAGES_MAX - 1) / POINTERS_A_PAGE + 1)

struct ring {
    struct object object;
    struct thread *thread; /* NULL: destroyed, or about to be */
    struct pin frame;
    struct phx_ring *shared;
    struct phx_entry *entries;
    struct phx_completion *completions;
    struct ringlogic logic;
    struct list free;      /* of record.waiter.link: those not in flight */
    struct list pending;   /* not started, and their predecessor has ended */
    struct record *last;   /* the entry taken last, while it is in flight */
    uint32_t running;
    uint8_t last_flags;    /* of the entry taken last, */
    bool last_failed;      /* and how it ended */
    bool draining;         /* the one that runs, if any, has DRAIN */
    uint8_t setup;         /* PHX_RING_SQPOLL ... */
    bool polled;           /* somebody is in Ring.poll */
    struct watch waker;    /* tells them when they no longer are */
    uint32_t pages;        /* of records so far */
    struct record **records[RECORD_DIRECTORIES]; /* pages of pointers to pages of them */
};

static inline struct record *ring_record(const struct ring *r, uint64_t number)
{
    uint64_t page = number / RECORDS_A_PAGE;

    return r->records[page / POINTERS_A_PAGE][page % POINTERS_A_PAGE] + number % RECORDS_A_PAGE;
}

/* The waiter of a call that a Reply answers, or NULL when it is too late. */
struct waiter *ipc_reply_target(const struct hold *row);

/* Of its addresses of buffers, `fixed` is a part. */
err_t dispatch_entry(struct waiter *w, struct phx_entry *e, uint64_t out[5], uint64_t fixed);
/* May the timer take it? */
bool dispatch_interrupt_safe(const struct phx_entry *e);
