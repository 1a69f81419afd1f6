/* SPDX-License-Identifier: MIT */
/*
 * The buddy system. A page's byte can only be trusted where its piece of the table
 * was cleared; head_of() and set_head() are the only ones that look.
 */
#include "buddy.h"

#include "bytes.h"

#define PIECE 512 /* bytes of the table that are cleared together */

/* What a free block's first bytes are. */
struct block {
    struct list link;
    uint64_t pfn;
};

static uint64_t pieces(uint64_t pages)
{
    return (pages + PIECE - 1) / PIECE;
}

static size_t touched_bytes(uint64_t pages)
{
    return (pieces(pages) + 63) / 64 * 8;
}

static unsigned head_of(const struct buddy *buddy, uint64_t pfn)
{
    uint64_t at = pfn - buddy->first, piece = at / PIECE;

    return buddy->touched[piece / 64] >> piece % 64 & 1 ? buddy->heads[at] : 0;
}

static void set_head(struct buddy *buddy, uint64_t pfn, unsigned value)
{
    uint64_t at = pfn - buddy->first, piece = at / PIECE;
    uint64_t bit = UINT64_C(1) << piece % 64;

    if (!(buddy->touched[piece / 64] & bit)) {
        memset(buddy->heads + piece * PIECE, 0, PIECE);
        buddy->touched[piece / 64] |= bit;
    }
    buddy->heads[at] = (uint8_t)value;
}

static void push(struct buddy *buddy, uint64_t pfn, unsigned order)
{
    struct block *block = buddy->page(pfn);

    block->pfn = pfn;
    list_add_head(&buddy->free[order], &block->link);
    buddy->orders |= 1u << order;
    set_head(buddy, pfn, order + 1);
}

static void take(struct buddy *buddy, struct block *block, unsigned order)
{
    list_remove(&block->link);
    if (list_is_empty(&buddy->free[order]))
        buddy->orders &= ~(1u << order);
    set_head(buddy, block->pfn, 0);
}

/* Is there a free block of exactly that order? `pfn` is aligned to it. */
static bool is_block(const struct buddy *buddy, uint64_t pfn, unsigned order)
{
    return pfn >= buddy->first && pfn - buddy->first < buddy->count &&
           head_of(buddy, pfn) == order + 1;
}

/* Greatest order of a block that begins at pfn and has at most that many pages. */
static unsigned order_at(uint64_t pfn, uint64_t pages)
{
    unsigned order = 63u - (unsigned)__builtin_clzll(pages);

    if (order >= BUDDY_ORDERS)
        order = BUDDY_ORDERS - 1;
    if (pfn && (unsigned)__builtin_ctzll(pfn) < order)
        order = (unsigned)__builtin_ctzll(pfn);
    return order;
}

static void give(struct buddy *buddy, uint64_t pfn, uint64_t pages)
{
    buddy->free_pages += pages;
    while (pages) {
        unsigned order = order_at(pfn, pages);
        uint64_t block = pfn;

        pfn += UINT64_C(1) << order;
        pages -= UINT64_C(1) << order;
        while (order < BUDDY_ORDERS - 1 && is_block(buddy, block ^ UINT64_C(1) << order, order)) {
            take(buddy, buddy->page(block ^ UINT64_C(1) << order), order);
            block &= ~(UINT64_C(1) << order);
            order++;
        }
        push(buddy, block, order);
    }
}

size_t buddy_table_bytes(uint64_t pages)
{
    return touched_bytes(pages) + pieces(pages) * PIECE;
}

void buddy_init(struct buddy *buddy, void *table, uint64_t first, uint64_t pages,
                void *(*page)(uint64_t pfn))
{
    *buddy = (struct buddy){.first = first, .count = pages, .touched = table, .page = page};
    buddy->heads = (uint8_t *)table + touched_bytes(pages);
    memset(table, 0, touched_bytes(pages));
    for (unsigned order = 0; order < BUDDY_ORDERS; order++)
        list_init(&buddy->free[order]);
}

void buddy_add(struct buddy *buddy, uint64_t pfn, uint64_t pages)
{
    give(buddy, pfn, pages);
}

void buddy_free(struct buddy *buddy, uint64_t pfn, uint64_t pages)
{
    give(buddy, pfn, pages);
}

int64_t buddy_alloc(struct buddy *buddy, uint64_t pages)
{
    if (pages == 0 || pages > buddy_largest(buddy))
        return -1;

    unsigned wanted = pages == 1 ? 0 : 64u - (unsigned)__builtin_clzll(pages - 1);
    unsigned order = (unsigned)__builtin_ctz(buddy->orders >> wanted << wanted);
    struct block *block = CONTAINER(list_first(&buddy->free[order]), struct block, link);
    uint64_t pfn = block->pfn, size = UINT64_C(1) << order;

    take(buddy, block, order);
    buddy->free_pages -= size;
    give(buddy, pfn + pages, size - pages);
    return (int64_t)pfn;
}

bool buddy_is_free(const struct buddy *buddy, uint64_t pfn)
{
    for (unsigned order = 0; order < BUDDY_ORDERS; order++) {
        uint64_t block = pfn >> order << order;

        if (block < buddy->first || block - buddy->first >= buddy->count)
            return false;
        if (head_of(buddy, block) > order)
            return true;
    }
    return false;
}

uint64_t buddy_largest(const struct buddy *buddy)
{
    if (!buddy->orders)
        return 0;
    return UINT64_C(1) << (31 - __builtin_clz(buddy->orders));
}

/* The block is where the list says it is, and neither part of a larger one nor half of one. */
static bool block_ok(const struct buddy *buddy, const struct block *block, unsigned order)
{
    uint64_t pfn = block->pfn, size = UINT64_C(1) << order;

    if (pfn % size || pfn < buddy->first || pfn - buddy->first + size > buddy->count ||
        buddy->page(pfn) != block || head_of(buddy, pfn) != order + 1)
        return false;
    if (order < BUDDY_ORDERS - 1 && is_block(buddy, pfn ^ size, order))
        return false;
    for (unsigned above = order + 1; above < BUDDY_ORDERS; above++) {
        uint64_t outer = pfn >> above << above;

        if (outer != pfn && outer >= buddy->first && head_of(buddy, outer) > above)
            return false;
    }
    return true;
}

bool buddy_ok(const struct buddy *buddy)
{
    uint64_t pages = 0;

    for (unsigned order = 0; order < BUDDY_ORDERS; order++) {
        if ((buddy->orders >> order & 1) == list_is_empty(&buddy->free[order]))
            return false;
        LIST_FOR_EACH (node, &buddy->free[order]) {
            if (!block_ok(buddy, CONTAINER(node, struct block, link), order))
                return false;
            pages += UINT64_C(1) << order;
        }
    }
    return pages == buddy->free_pages;
}
