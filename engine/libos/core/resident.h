/* SPDX-License-Identifier: MIT */
/*
 * Which pages of the program are mapped: two bits a page.
 *
 * The kernel knows too, but asking costs a call; the libos made every mapping, so
 * it can simply remember. `present` says that the kernel has a translation, and
 * `borrowed` that it leads to a file's own page, which must be replaced by a copy
 * before it may be written.
 *
 * A chunk covers 2 MiB. Chunks are found by a hash that grows with their number,
 * and are made by resident_reserve() alone, so that setting cannot fail.
 *
 * Locking  the caller's
 * Tests    resident_test.c, on the host
 */
#ifndef LIBOS_RESIDENT_H
#define LIBOS_RESIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resident_chunk {
    struct resident_chunk *next;
    uint64_t number;      /* address >> 21 */
    uint64_t present[8];
    uint64_t borrowed[8]; /* only where present */
};

#define RESIDENT_BUCKETS 512

struct resident {
    struct resident_chunk *buckets[RESIDENT_BUCKETS];
    void *(*alloc)(size_t size); /* zeroed; NULL: none */
    uint64_t count, most;        /* pages that are present, and the most that ever were */
};

/* Make sure that pages of [address, address + pages) can be set. */
bool resident_reserve(struct resident *r, uint64_t address, uint64_t pages);
/* Needs resident_reserve, unless present is false. */
void resident_set(struct resident *r, uint64_t address, uint64_t pages, bool present,
                  bool borrowed);
bool resident_is_present(const struct resident *r, uint64_t address);
bool resident_is_borrowed(const struct resident *r, uint64_t address);

/* How many pages from `address` on, at most `limit` (at least 1), are in the same
 * state as the first one. */
uint64_t resident_run(const struct resident *r, uint64_t address, uint64_t limit);
/* How many pages before and including `address`, at most `limit`, are like it. */
uint64_t resident_run_down(const struct resident *r, uint64_t address, uint64_t limit);

#endif
