/* SPDX-License-Identifier: MIT */
/*
 * What mm.c, fault.c and remap.c share; nobody else includes this.
 */
#ifndef LIBOS_MM_INTERNAL_H
#define LIBOS_MM_INTERNAL_H

#include "lock.h"
#include "mm.h"
#include "phoenix/abi.h"
#include "resident.h"

#define MM_LOWEST 0x10000 /* the kernel maps nothing below */

struct mm {
    struct lock lock;
    struct vma_set set;
    struct resident resident;
    uint64_t low;      /* where the program may be given addresses */
    uint64_t gap_high; /* new areas are placed below */
    uint64_t break_start, break_end;
    uint64_t next_fault, cluster; /* the last fault's end, and how much it mapped */
    uint64_t last_present;        /* the last fault at a page that was there */
};

extern struct mm mm;

static inline uint64_t page_up(uint64_t n)
{
    return (n + PHX_PAGE_SIZE - 1) & -(uint64_t)PHX_PAGE_SIZE;
}

/* All below need mm.lock. */
int64_t mm_map_locked(const struct mm_request *request);
bool mm_range_ok(uint64_t address, uint64_t length);
/* Take translations away, whichever there are. */
void mm_drop_pages(uint64_t start, uint64_t end);
/* What the hardware gets for an area's protection, never write and execute both. */
uint32_t mm_hardware(uint32_t protection, uint32_t access);
/* Free the backing if that was its last use. */
void mm_backing_check(struct backing *backing);

#endif
