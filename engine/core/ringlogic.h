/* SPDX-License-Identifier: MIT */
/*
 * The kernel's side of a submission and completion ring: indices only.
 *
 * Of the shared words only two belong to the user, submit_tail and complete_head.
 * The caller reads each once and passes it in as a claim; a claim that no correct
 * program can make (more entries than the ring has, a head that passes the tail or
 * goes back) is refused and changes nothing. All else is counted here, in the
 * kernel's private copies, which what the user writes into the ring cannot move.
 *
 * An entry is taken only if a completion slot is free for it when it ends: slots
 * that hold completions, and those promised to entries in flight, never exceed the
 * size. So ringlogic_complete() always has room, however slow its reader is.
 *
 * Memory order, for the caller, in C11 terms
 *   submit_tail    load acquire, before reading the entries up to it; pairs with
 *                  the user's store release behind writing them
 *   submit_head    store release, behind the last read of the entries it gives
 *                  back; pairs with the user's load acquire before reusing them
 *   complete_tail  store release, behind writing the completion; pairs with the
 *                  user's load acquire before reading it
 *   complete_head  load acquire, before overwriting what it gives back; pairs
 *                  with the user's store release behind reading it
 *   NEED_WAKEUP    store, sequentially consistent fence, load of submit_tail; the
 *                  user: store of submit_tail, fence, load of the flag
 *
 * Locking  the lock of the ring's owner
 * Spec     engine/include/phoenix/abi.h, struct phx_ring
 * Tests    ringlogic_test.c, on the host; tests/ring, between threads
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Holds between calls, in arithmetic modulo 2^32:
 *   R1  both sizes are powers of two, 1 to 2^31
 *   R2  complete_tail - complete_head + in_flight <= completions
 */
struct ringlogic {
    uint32_t submissions, completions; /* sizes */
    uint32_t submit_head;              /* entries taken so far */
    uint32_t complete_tail;            /* completions written so far */
    uint32_t complete_head;            /* completions read, as last claimed */
    uint32_t in_flight;                /* entries taken and not ended */
};

static inline bool ringlogic_size_ok(uint32_t size)
{
    return size && !(size & (size - 1));
}

/* Believe the user's complete_head, unless it cannot be. */
static inline void ringlogic_claim_head(struct ringlogic *ring, uint32_t complete_head)
{
    if (complete_head - ring->complete_head <= ring->complete_tail - ring->complete_head)
        ring->complete_head = complete_head;
}

/* Whether an entry waits below the user's submit_tail, if that can be, and may be
 * taken: a completion slot is free that is not promised. */
static inline bool ringlogic_can_take(const struct ringlogic *ring, uint32_t submit_tail)
{
    uint32_t waiting = submit_tail - ring->submit_head;

    return waiting > 0 && waiting <= ring->submissions &&
           ring->complete_tail - ring->complete_head < ring->completions - ring->in_flight;
}

/* Take the next entry, which ringlogic_can_take() said is ready. */
static inline void ringlogic_take(struct ringlogic *ring)
{
    ring->in_flight++;
    ring->submit_head++;
}

/* An entry taken earlier ended: the place of its completion. */
static inline uint32_t ringlogic_complete(struct ringlogic *ring)
{
    ring->in_flight--;
    return ring->complete_tail++ & (ring->completions - 1);
}

/* An entry taken earlier ended, and wants no completion. */
static inline void ringlogic_drop(struct ringlogic *ring)
{
    ring->in_flight--;
}
