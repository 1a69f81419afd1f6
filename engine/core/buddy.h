/* SPDX-License-Identifier: MIT */
/*
 * Free physical pages: runs of any length, given out and taken back in O(log).
 *
 * Free memory is kept as the largest aligned power-of-two blocks that it makes
 * up (a buddy system). One byte a page says at the first page of a free block
 * how large the block is; free blocks of a size are linked through their own
 * first bytes. Page numbers are physical ones, so that a run of n pages lies
 * aligned to the next power of two and a large page can map it.
 *
 * The byte table is cleared in pieces when they are first written (a byte for
 * each piece says whether it was), so that boot costs by the block and not by
 * the page, however much memory there is.
 *
 * Locking  the caller's
 * Tests    buddy_test.c, on the host
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "list.h"

#define BUDDY_ORDERS 19 /* blocks of 1 page to 2^18 pages, 1 GiB */
#define BUDDY_RUN_MAX (UINT64_C(1) << (BUDDY_ORDERS - 1))

/*
 * Holds between calls; buddy_ok() of the tests says the same in code:
 *   B1  free blocks are aligned to their size, disjoint, and inside [0, count)
 *   B2  no two free blocks below the largest order are buddies (they were joined)
 *   B3  the byte of a page is order + 1 if a free block begins there, else 0
 *   B4  bit k of `orders` is set exactly if free[k] is not empty; the blocks'
 *       pages add up to free_pages
 */
struct buddy {
    uint64_t count;    /* how many pages the table covers, from page 0 */
    uint64_t free_pages;
    uint32_t orders;
    uint8_t *heads;
    uint8_t *touched;  /* for each piece of `heads`: was it cleared? */
    void *(*page)(uint64_t pfn); /* where a free page is */
    struct list free[BUDDY_ORDERS];
};

/* What a free block's first bytes are. */
struct buddy_block {
    struct list link;
    uint64_t pfn;
};

/* How large the table for that many pages is: about one byte a page. */
size_t buddy_table_bytes(uint64_t pages);

/*
 * All pages taken; buddy_free() gives some. `table` has buddy_table_bytes(pages)
 * and may hold anything: only its last 1/4096th is cleared here. The struct must
 * not move afterwards (lists point into it).
 */
void buddy_init(struct buddy *buddy, void *table, uint64_t pages, void *(*page)(uint64_t pfn));

/*
 * A run of exactly that many pages: the number of its first page, a multiple of
 * the next power of two, and `at` if that is not 0; or -1 when no block is large enough, or
 * not there (always so for 0 pages and for more than BUDDY_RUN_MAX). The pages hold
 * whatever they held.
 */
int64_t buddy_alloc(struct buddy *buddy, uint64_t pages, uint64_t at);

/* Memory to hand out, of any alignment and length, inside the covered range and not
 * in it already: what boot found, or any part of what buddy_alloc() gave. */
void buddy_free(struct buddy *buddy, uint64_t pfn, uint64_t pages);

/* The most pages that buddy_alloc() would give in one run now. */
uint64_t buddy_largest(const struct buddy *buddy);
