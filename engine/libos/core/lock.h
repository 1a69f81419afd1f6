/* SPDX-License-Identifier: MIT */
/*
 * Locks between threads of one libos. What they cover is short and never waits,
 * so a taker that finds one held lets the others run and tries again.
 *
 * Order, outermost first: a file's position, the descriptor table, the threads
 * and their signals, futexes, pipes, memory, the heap. The program's memory may
 * be touched (which can fault, and then takes the memory lock) under any but the
 * last two.
 */
#ifndef LIBOS_LOCK_H
#define LIBOS_LOCK_H

#include <stdint.h>

struct lock {
    uint32_t taken;
};

/* Called while a lock is not to be had: ThreadControl.yield. */
void lock_yield(void);

static inline void lock_take(struct lock *lock)
{
    /* Acquire: pairs with the release below. */
    while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) != 0)
        lock_yield();
}

static inline void lock_release(struct lock *lock)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

#endif
