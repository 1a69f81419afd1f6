/* SPDX-License-Identifier: MIT */
/*
 * The buddy system. A page's byte can only be trusted where its piece of the table
 * was cleared; head_of() and set_head() are the only ones that look.
 */
#include "buddy.h"

#include "bytes.h"

#define PIECE 4096 /* bytes of the table that are cleared together */

static uint64_t pieces(uint64_t pages)
{
    return (pages + PIECE - 1) / PIECE;
}

/* 0 outside of the table, where the buddy of its last page may be. */
static unsigned head_of(const struct buddy *buddy, uint64_t pfn)
{
    return pfn < buddy->count && buddy->touched[pfn / PIECE] ? buddy->heads[pfn] : 0;
}

static void set_head(struct buddy *buddy, uint64_t pfn, unsigned value)
{
    uint8_t *touched = &buddy->touched[pfn / PIECE];

    if (!*touched) {
        memset(buddy->heads + pfn / PIECE * PIECE, 0, PIECE);
        *touched = 1;
    }
    buddy->heads[pfn] = (uint8_t)value;
}

static void push(struct buddy *buddy, uint64_t pfn, unsigned order)
{
    struct buddy_block *block = buddy->page(pfn);

    block->pfn = pfn;
    list_add_head(&buddy->free[order], &block->link);
    buddy->orders |= 1u << order;
    set_head(buddy, pfn, order + 1);
}

static void take(struct buddy *buddy, struct buddy_block *block, unsigned order)
{
    list_remove(&block->link);
    if (list_is_empty(&buddy->free[order]))
        buddy->orders &= ~(1u << order);
    set_head(buddy, block->pfn, 0);
}

/* Greatest order of a block that begins at pfn and has at most that many pages. */
static unsigned order_at(uint64_t pfn, uint64_t pages)
{
    unsigned aligned = (unsigned)__builtin_ctzll(pfn | BUDDY_RUN_MAX);
    unsigned fits = 63u - (unsigned)__builtin_clzll(pages);

    return fits < aligned ? fits : aligned;
}

void buddy_free(struct buddy *buddy, uint64_t pfn, uint64_t pages)
{
    buddy->free_pages += pages;
    while (pages) {
        unsigned order = order_at(pfn, pages);
        uint64_t block = pfn;

        pfn += UINT64_C(1) << order;
        pages -= UINT64_C(1) << order;
        for (; order < BUDDY_ORDERS - 1; order++) {
            uint64_t other = block ^ UINT64_C(1) << order;

            if (head_of(buddy, other) != order + 1)
                break;
            take(buddy, buddy->page(other), order);
            block &= other;
        }
        push(buddy, block, order);
    }
}

size_t buddy_table_bytes(uint64_t pages)
{
    return pieces(pages) * (PIECE + 1);
}

void buddy_init(struct buddy *buddy, void *table, uint64_t pages, void *(*page)(uint64_t pfn))
{
    *buddy = (struct buddy){.count = pages, .heads = table, .page = page};
    buddy->touched = buddy->heads + pieces(pages) * PIECE;
    memset(buddy->touched, 0, pieces(pages));
    for (unsigned order = 0; order < BUDDY_ORDERS; order++)
        list_init(&buddy->free[order]);
}

uint64_t buddy_largest(const struct buddy *buddy)
{
    return buddy->orders ? UINT64_C(1) << (31 - __builtin_clz(buddy->orders)) : 0;
}

int64_t buddy_alloc(struct buddy *buddy, uint64_t pages, uint64_t at)
{
    unsigned wanted = pages == 1 ? 0 : 64u - (unsigned)__builtin_clzll(pages - 1);

    if (pages == 0 || pages > buddy_largest(buddy) || at & ((UINT64_C(1) << wanted) - 1))
        return -1;
    unsigned order = (unsigned)__builtin_ctz(buddy->orders >> wanted << wanted);
    struct buddy_block *block = CONTAINER(buddy->free[order].next, struct buddy_block, link);
    if (at) {
        for (order = wanted; head_of(buddy, at >> order << order) != order + 1; order++)
            if (order == BUDDY_ORDERS)
                return -1;
        block = buddy->page(at >> order << order);
    }
    uint64_t first = block->pfn, size = UINT64_C(1) << order, pfn = at ? at : first;

    take(buddy, block, order);
    buddy->free_pages -= size;
    buddy_free(buddy, first, pfn - first);
    buddy_free(buddy, pfn + pages, first + size - pfn - pages);
    return (int64_t)pfn;
}
