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
 * Tests    ringlogic_test.c, on the host
 */
#ifndef CORE_RINGLOGIC_H
#define CORE_RINGLOGIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Holds between calls, in arithmetic modulo 2^32; ringlogic_ok() says the same in code:
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

static inline bool ringlogic_ok(const struct ringlogic *ring)
{
    return ringlogic_size_ok(ring->submissions) && ringlogic_size_ok(ring->completions) &&
           ring->in_flight <= ring->completions &&
           ring->complete_tail - ring->complete_head <= ring->completions - ring->in_flight;
}

/* Empty; sizes as R1. */
void ringlogic_init(struct ringlogic *ring, uint32_t submissions, uint32_t completions);

/* Believe the user's complete_head, or refuse. */
bool ringlogic_claim_head(struct ringlogic *ring, uint32_t complete_head);

/*
 * How many entries wait below the user's submit_tail (*waiting) and how many of them
 * may be taken now, at most `most` (*ready). Fewer ready than waiting and than most: the
 * completions are full, which the user is told as AGAIN. False: a claim to refuse.
 */
bool ringlogic_can_take(const struct ringlogic *ring, uint32_t submit_tail, uint32_t most,
                   uint32_t *waiting, uint32_t *ready);

/* Take the next entry, which ringlogic_can_take() said is ready: its place. */
uint32_t ringlogic_take(struct ringlogic *ring);

/* An entry taken earlier ended: the place of its completion. */
uint32_t ringlogic_complete(struct ringlogic *ring);

/* An entry taken earlier ended and wants no completion. */
void ringlogic_end_silently(struct ringlogic *ring);

/* A completion that no entry stands for: its place, or -1 when there is no room
 * that is not promised (the caller then says PHX_RING_CQ_OVERFLOW). */
int64_t ringlogic_complete_extra(struct ringlogic *ring);

#endif
