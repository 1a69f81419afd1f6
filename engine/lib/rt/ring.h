/* SPDX-License-Identifier: MIT */
/*
 * The user's side of a ring (abi.h, struct phx_ring): entries go in, completions
 * come out.
 *
 * Entries are written where rt_ring_entry() says and become the kernel's at
 * rt_ring_submit(), any number at once; a completion is there to be read from
 * rt_ring_completion() until rt_ring_seen(). Both ends keep their own index, so one
 * thread may submit and another read, without a lock: each end is for one thread
 * at a time. Nothing here enters the kernel; ring_enter() does, and the timer.
 *
 * Memory order  each acquire and release below pairs with the one that
 *               engine/core/ringlogic.h names
 * Tests         tests/ring: under ThreadSanitizer against the kernel's side, and
 *               under Relacy; in a machine, tests/native/time.c
 */
#ifndef RT_RING_H
#define RT_RING_H

#include <stddef.h>
#include <stdint.h>

#include "phoenix/abi.h"

/* submit_tail - submissions <= the kernel's submit_head <= shared->submit_tail <= submit_tail */
struct rt_ring {
    struct phx_ring *shared;
    struct phx_entry *entries;
    struct phx_completion *completions;
    uint32_t submit_tail;   /* entries written, as the submitting end counts them */
    uint32_t complete_head; /* completions read, as the reading end counts them */
};

/* `shared` is a window on the frame of a ring that newRing made. */
static inline void rt_ring_init(struct rt_ring *ring, struct phx_ring *shared)
{
    ring->shared = shared;
    ring->entries = (struct phx_entry *)(void *)(shared + 1);
    ring->completions = (struct phx_completion *)(void *)(ring->entries + shared->submissions);
    ring->submit_tail = shared->submit_tail;
    ring->complete_head = shared->complete_head;
}

/* Where the next entry is to be written; NULL: the kernel has yet to take one. */
static inline struct phx_entry *rt_ring_entry(struct rt_ring *ring)
{
    uint32_t size = ring->shared->submissions;

    if (ring->submit_tail - __atomic_load_n(&ring->shared->submit_head, __ATOMIC_ACQUIRE) >= size)
        return NULL;
    return &ring->entries[ring->submit_tail++ & (size - 1)];
}

/* The entries written so far are the kernel's now. */
static inline void rt_ring_submit(struct rt_ring *ring)
{
    __atomic_store_n(&ring->shared->submit_tail, ring->submit_tail, __ATOMIC_RELEASE);
}

/* Behind rt_ring_submit(), and behind rt_ring_seen() where entries wait for room: has who
 * polls the ring stopped looking? Then ring_wake(). */
static inline int rt_ring_needs_wakeup(const struct rt_ring *ring)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return (__atomic_load_n(&ring->shared->flags, __ATOMIC_RELAXED) & PHX_RING_NEED_WAKEUP) != 0;
}

/* The oldest completion that was not seen yet; NULL: there is none. */
static inline const struct phx_completion *rt_ring_completion(struct rt_ring *ring)
{
    uint32_t size = ring->shared->completions;

    if (__atomic_load_n(&ring->shared->complete_tail, __ATOMIC_ACQUIRE) == ring->complete_head)
        return NULL;
    return &ring->completions[ring->complete_head & (size - 1)];
}

/* It was read, and its place is the kernel's again. */
static inline void rt_ring_seen(struct rt_ring *ring)
{
    __atomic_store_n(&ring->shared->complete_head, ++ring->complete_head, __ATOMIC_RELEASE);
}

#endif
