/* SPDX-License-Identifier: MIT */
/*
 * The program's memory: areas that it asked for, pages that appear when they are
 * touched.
 *
 * The kernel has translations and no policy. Here is the policy: an area costs
 * nothing until it is touched; a first touch maps a cluster of pages, larger ones
 * for a program that walks through its memory; a file's page is the file's own
 * frame as long as nobody may write it, and a copy after that.
 *
 * No mapping is writable and executable. An area that is to be both has pages that
 * are one at a time, and are turned over by the faults that this causes.
 *
 * Locking  inside; the program's memory must not be touched while it is held
 */
#ifndef LIBOS_MM_H
#define LIBOS_MM_H

#include <stdbool.h>
#include <stdint.h>

#include "vma.h"

/* Bytes that areas show: a file's, mapped where the libos can read them. Lives
 * until it is neither pinned nor used by any area. */
struct backing {
    const uint8_t *content;
    uint64_t length; /* bytes; the rest of its last page is zeroes */
    uint64_t frame;  /* its pages as a capability to map, or 0: they are copied */
    uint32_t pins;
    void (*free)(struct backing *backing);
};

enum mm_where { MM_ANYWHERE, MM_FIXED, MM_FIXED_FREE /* -E_EXIST if something is there */ };

struct mm_request {
    uint64_t address; /* a wish, or with MM_FIXED a demand */
    uint64_t length;
    uint64_t offset;  /* in the backing, page aligned */
    struct backing *backing;
    uint32_t protection, flags;
    enum mm_where where;
};

/* Areas without a wish for an address are not placed below `low`. What is reserved
 * is mapped already and stays as it is. */
void mm_init(uint64_t low);
/* New areas without a wish are placed below this. */
void mm_set_high(uint64_t high);
void mm_reserve(uint64_t address, uint64_t length);

/* Address, or -E_*. */
int64_t mm_map(const struct mm_request *request);
int64_t mm_unmap(uint64_t address, uint64_t length);
int64_t mm_protect(uint64_t address, uint64_t length, uint32_t protection);
/* Whether a wish for so much memory, none of it touched yet, is not absurd: a few hundred
 * MiB, or no more than the machine has. What is touched and not there ends the program. */
bool mm_may_take(uint64_t pages);
/* Forget contents, keep the areas. */
int64_t mm_discard(uint64_t address, uint64_t length);
/* Grow, shrink or move; to 0: wherever. */
int64_t mm_remap(uint64_t address, uint64_t old_length, uint64_t length, bool may_move,
                 uint64_t to);
/* Whether every page of a range lies in some area. */
bool mm_is_mapped(uint64_t address, uint64_t length);
/* One byte a page: 1 for those that are mapped. */
int64_t mm_resident(uint64_t address, uint64_t pages, uint8_t *vector);

void mm_set_break(uint64_t start);
uint64_t mm_break(uint64_t wish);

/* A page fault: 0 when it was mended; -E_FAULT no area, -E_ACCES not allowed, -E_IO
 * behind a file's end, -E_NOMEM. */
int64_t mm_fault(uint64_t address, uint32_t access);

/* The most pages that the program ever had at once, its file's own included. */
uint64_t mm_peak_pages(void);

void backing_pin(struct backing *backing);
void backing_unpin(struct backing *backing);

/* --- the libos's own range ------------------------------------------------ */

/* Fresh zeroed pages; 0: none. */
uint64_t region_pages(uint64_t pages);
/* The same above an empty page, so that whoever comes too deep faults. */
uint64_t region_stack(uint64_t pages);
void region_free_stack(uint64_t address, uint64_t pages);
/* A frame's pages, to read (and execute, for borrowing); 0: none. */
uint64_t region_map(uint64_t frame, uint64_t pages, uint32_t protection);
void region_free(uint64_t address, uint64_t pages);
/* The spawner put something there. */
void region_reserve(uint64_t address, uint64_t pages);

#endif
