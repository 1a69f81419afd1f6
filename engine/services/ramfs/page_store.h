/* SPDX-License-Identifier: MIT */
/*
 * Pages for files, mapped in runs of 16 and given back a run at a time.
 *
 * A system call a page would be slow, and memory that is never given back would
 * make a removed file a lie. New pages come from runs that have some in use
 * already, so as many runs are mapped at once as the most pages ever in use need,
 * and one more. One empty run is kept, for who writes and removes in turn.
 *
 * Locking  none: one thread
 * Tests    fs_test.c, on the host
 */
#ifndef RAMFS_PAGE_STORE_H
#define RAMFS_PAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_RUN_PAGES 16

/* What the surroundings provide: zeroed memory at an address, and its end. */
bool store_map(void *address, unsigned pages);
void store_unmap(void *address, unsigned pages);

/*
 * Holds between calls:
 *   P1  a run on the partial list is mapped and has a free page; no other has
 *   P2  a run on the free list is not mapped
 *   P3  at most one mapped run has no page in use
 */
struct store_run {
    uint16_t used;           /* bit a page */
    uint16_t dirty;          /* was used since it was mapped: must be cleared first */
    uint32_t previous, next; /* on one of the two lists, as index + 1; 0 ends */
};

struct page_store {
    uint8_t *base;
    struct store_run *runs;
    uint32_t run_count, run_capacity;
    uint32_t partial, free; /* heads of the lists */
    uint32_t empty;         /* mapped runs with no page in use */
};

/* Addresses from base upward are its own. */
void page_store_init(struct page_store *store, void *base);
void *page_store_new(struct page_store *store); /* zeroed; NULL: no memory */
void page_store_free(struct page_store *store, void *page);
/* Unmap the run that is kept. */
void page_store_trim(struct page_store *store);

#endif
