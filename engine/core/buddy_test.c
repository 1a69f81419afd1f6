/* SPDX-License-Identifier: MIT */
#include "buddy.h"

#include <stdlib.h>
#include <string.h>

#include "../../tests/harness/test.h"

/* --- the invariants of buddy.h, from what the table and the lists say --------- */

static unsigned head_of(const struct buddy *buddy, uint64_t pfn)
{
    return pfn < buddy->count && buddy->touched[pfn / 4096] ? buddy->heads[pfn] : 0;
}

static bool buddy_is_free(const struct buddy *buddy, uint64_t pfn)
{
    for (unsigned order = 0; order < BUDDY_ORDERS; order++)
        if (head_of(buddy, pfn >> order << order) > order)
            return true;
    return false;
}

/* The block is where the list says it is, and neither part of a larger one nor half of one. */
static bool block_ok(const struct buddy *buddy, const struct buddy_block *block, unsigned order)
{
    uint64_t pfn = block->pfn, size = UINT64_C(1) << order;

    if (pfn % size || pfn + size > buddy->count || buddy->page(pfn) != block ||
        head_of(buddy, pfn) != order + 1)
        return false;
    if (order < BUDDY_ORDERS - 1 && head_of(buddy, pfn ^ size) == order + 1)
        return false;
    for (unsigned above = order + 1; above < BUDDY_ORDERS; above++) {
        uint64_t outer = pfn >> above << above;

        if (outer != pfn && head_of(buddy, outer) > above)
            return false;
    }
    return true;
}

/* In time proportional to the number of free blocks. */
static bool buddy_ok(const struct buddy *buddy)
{
    uint64_t pages = 0;

    for (unsigned order = 0; order < BUDDY_ORDERS; order++) {
        if ((buddy->orders >> order & 1) == list_is_empty(&buddy->free[order]))
            return false;
        LIST_FOR_EACH (node, &buddy->free[order]) {
            if (!block_ok(buddy, CONTAINER(node, struct buddy_block, link), order))
                return false;
            pages += UINT64_C(1) << order;
        }
    }
    return pages == buddy->free_pages;
}

/* The first bytes of pages [FIRST, FIRST + PAGES): enough for a free block's links. */
#define FIRST 1003
#define END (FIRST + PAGES)
#define PAGES 2500

static uint64_t memory[PAGES][4];
static bool model[PAGES]; /* is free */

static void *page_of(uint64_t pfn)
{
    CHECK(pfn >= FIRST && pfn < FIRST + PAGES);
    return memory[pfn - FIRST];
}

static void *new_table(uint64_t pages)
{
    void *table = malloc(buddy_table_bytes(pages));

    memset(table, 0xa5, buddy_table_bytes(pages));
    return table;
}

static void check_model(const struct buddy *buddy)
{
    uint64_t free_pages = 0, largest = 0;

    for (uint64_t i = 0; i < PAGES; i++) {
        CHECK(buddy_is_free(buddy, FIRST + i) == model[i]);
        free_pages += model[i];
    }
    /* The largest block is the largest aligned power of two that is all free. */
    for (uint64_t size = 1; size <= PAGES; size *= 2) {
        for (uint64_t pfn = (FIRST + size - 1) / size * size; pfn + size <= FIRST + PAGES;
             pfn += size) {
            uint64_t run = 0;

            while (run < size && model[pfn - FIRST + run])
                run++;
            if (run == size)
                largest = size;
        }
    }
    CHECK_EQ(buddy->free_pages, free_pages);
    CHECK_EQ(buddy_largest(buddy), largest);
}

/* Changes [pfn, pfn + pages) from one state to the other, which none may be in yet. */
static void model_set(uint64_t pfn, uint64_t pages, bool is_free)
{
    CHECK(pfn >= FIRST && pfn + pages <= FIRST + PAGES);
    for (uint64_t i = pfn - FIRST; pages; i++, pages--) {
        CHECK(model[i] != is_free);
        model[i] = is_free;
    }
}

TEST(buddy, nothing_is_free, "before memory was added")
{
    struct buddy buddy;
    void *table = new_table(END);

    memset(model, 0, sizeof(model));
    buddy_init(&buddy, table, END, page_of);
    CHECK(buddy_ok(&buddy));
    check_model(&buddy);
    CHECK_EQ(buddy_alloc(&buddy, 1, 0), -1);
    CHECK_EQ(buddy_alloc(&buddy, 0, 0), -1);
    CHECK(!buddy_is_free(&buddy, 0) && !buddy_is_free(&buddy, UINT64_MAX));
    free(table);
}

TEST(buddy, runs_are_free_exact_and_aligned, "whatever is added, taken and given back")
{
    struct buddy buddy;
    void *table = new_table(END);
    uint64_t added = 0;

    memset(model, 0, sizeof(model));
    buddy_init(&buddy, table, END, page_of);
    for (int step = 0; step < 6000; step++) {
        uint64_t pages = 1 + test_below(UINT64_C(1) << test_below(10));

        if (added < PAGES && test_below(8) == 0) {
            if (pages > PAGES - added)
                pages = PAGES - added;
            buddy_free(&buddy, FIRST + added, pages);
            model_set(FIRST + added, pages, true);
            added += pages;
        } else if (test_below(2)) {
            bool fits = pages <= buddy_largest(&buddy);
            uint64_t align = 1;
            int64_t pfn = buddy_alloc(&buddy, pages, 0);

            if (pfn >= 0 && test_below(2)) { /* back, and there or behind it on purpose */
                uint64_t at = (uint64_t)pfn + test_below(3), behind = at;

                buddy_free(&buddy, (uint64_t)pfn, pages);
                while (align < pages)
                    align *= 2;
                while (behind < at + pages && behind < END && model[behind - FIRST])
                    behind++;
                fits = at % align == 0 && behind == at + pages;
                pfn = buddy_alloc(&buddy, pages, at);
                CHECK(pfn < 0 || pfn == (int64_t)at);
            }
            CHECK(fits == (pfn >= 0));
            if (pfn < 0)
                continue;
            while (align < pages)
                align *= 2;
            CHECK((uint64_t)pfn % align == 0);
            model_set((uint64_t)pfn, pages, false);
        } else {
            /* Some taken pages from a random place, as many as lie together. */
            uint64_t at = test_below(added + 1), run = 0;

            while (at + run < added && run < pages && !model[at + run])
                run++;
            if (run)
                buddy_free(&buddy, FIRST + at, run);
            model_set(FIRST + at, run, true);
        }
        CHECK(buddy_ok(&buddy));
        if (step % 16 == 0)
            check_model(&buddy);
    }
    free(table);
}

TEST(buddy, all_comes_back_as_it_was, "when every page is freed alone, in any order")
{
    struct buddy buddy;
    void *table = new_table(END);
    uint64_t order[PAGES];
    uint64_t largest;

    buddy_init(&buddy, table, END, page_of);
    buddy_free(&buddy, FIRST, PAGES);
    largest = buddy_largest(&buddy);
    CHECK_EQ(largest, 1024);
    for (uint64_t i = 0; i < PAGES; i++) {
        order[i] = (uint64_t)buddy_alloc(&buddy, 1, 0);
        CHECK(order[i] >= FIRST && order[i] < FIRST + PAGES);
    }
    CHECK_EQ(buddy_alloc(&buddy, 1, 0), -1);
    CHECK_EQ(buddy_largest(&buddy), 0);
    for (uint64_t i = PAGES; i > 0; i--) {
        uint64_t which = test_below(i), pfn = order[which];

        order[which] = order[i - 1];
        CHECK(!buddy_is_free(&buddy, pfn));
        buddy_free(&buddy, pfn, 1);
        CHECK(buddy_is_free(&buddy, pfn));
    }
    CHECK(buddy_ok(&buddy));
    CHECK_EQ(buddy_largest(&buddy), largest);
    CHECK_EQ(buddy.free_pages, PAGES);
    free(table);
}

/* The last piece of the table has one page; the range begins even. */
#define WIDE_FIRST 4096
#define WIDE_END (WIDE_FIRST + WIDE_PAGES)
#define WIDE_PAGES (64 * 512 + 1)

static uint64_t wide[WIDE_PAGES][4];

static void *wide_page_of(uint64_t pfn)
{
    CHECK(pfn >= WIDE_FIRST && pfn < WIDE_FIRST + WIDE_PAGES);
    return wide[pfn - WIDE_FIRST];
}

TEST(buddy, every_page_of_a_wide_range_counts, "from its first, alone in a block, to its last")
{
    struct buddy buddy;
    void *table = new_table(WIDE_END);
    static bool taken[WIDE_PAGES];
    uint64_t out = 0;

    memset(taken, 0, sizeof(taken));
    buddy_init(&buddy, table, WIDE_END, wide_page_of);
    for (uint64_t i = WIDE_PAGES; i-- > 0;)
        buddy_free(&buddy, WIDE_FIRST + i, 1);
    CHECK(buddy_ok(&buddy));
    CHECK_EQ(buddy_largest(&buddy), 16384);
    for (int step = 0; step < 200000; step++) {
        uint64_t at = test_below(WIDE_PAGES);

        CHECK(buddy_is_free(&buddy, WIDE_FIRST + at) == !taken[at]);
        if (taken[at]) {
            buddy_free(&buddy, WIDE_FIRST + at, 1);
            taken[at] = false;
            out--;
        } else {
            at = (uint64_t)buddy_alloc(&buddy, 1, 0) - WIDE_FIRST;
            CHECK(at < WIDE_PAGES && !taken[at]);
            taken[at] = true;
            out++;
        }
        CHECK_EQ(buddy.free_pages, WIDE_PAGES - out);
    }
    CHECK(buddy_ok(&buddy));
    for (uint64_t at = 0; at < WIDE_PAGES; at++)
        if (taken[at])
            buddy_free(&buddy, WIDE_FIRST + at, 1);
    CHECK(buddy_ok(&buddy));
    CHECK_EQ(buddy_largest(&buddy), 16384);
    CHECK(buddy_is_free(&buddy, WIDE_FIRST) && !buddy_is_free(&buddy, WIDE_FIRST - 1));
    CHECK(buddy_is_free(&buddy, WIDE_FIRST + WIDE_PAGES - 1) &&
          !buddy_is_free(&buddy, WIDE_FIRST + WIDE_PAGES));
    free(table);
}

TEST(buddy, nothing_beyond_the_range_is_looked_at, "though it would be the buddy of its last page")
{
    struct buddy buddy;
    uint64_t pages = WIDE_PAGES - 1;
    void *table = new_table(WIDE_FIRST + 1 + pages);

    /* The last page is even now, and the table's next byte is not the table's. */
    buddy_init(&buddy, table, WIDE_FIRST + 1 + pages, wide_page_of);
    buddy_free(&buddy, WIDE_FIRST + 1, 1);
    buddy_free(&buddy, WIDE_FIRST + pages, 1);
    CHECK(buddy_ok(&buddy));
    CHECK(!buddy_is_free(&buddy, WIDE_FIRST + 1 + pages) && !buddy_is_free(&buddy, WIDE_FIRST));
    CHECK_EQ(buddy.free_pages, 2);
    free(table);
}

TEST(buddy, the_checker_sees_each_broken_invariant, "so that its word counts")
{
    struct buddy buddy, good;
    void *table = new_table(WIDE_END);
    uint64_t *pfn = &wide[256][2]; /* of the block at 256, behind its link */

    buddy_init(&buddy, table, WIDE_FIRST + 1024, wide_page_of);
    buddy_free(&buddy, WIDE_FIRST + 256, 128);
    buddy_free(&buddy, WIDE_FIRST + 512, 64);
    good = buddy;
    CHECK(buddy_ok(&buddy));
    buddy.free_pages++;
    CHECK(!buddy_ok(&buddy));
    buddy = good;
    buddy.orders ^= 1;
    CHECK(!buddy_ok(&buddy));
    buddy = good;
    buddy.orders ^= 1u << 7;
    CHECK(!buddy_ok(&buddy));
    buddy = good;
    for (uint64_t wrong = 0; wrong < 1024; wrong++) {
        *pfn = WIDE_FIRST + wrong;
        CHECK(buddy_ok(&buddy) == (wrong == 256));
    }
    *pfn = WIDE_FIRST + 256;
    buddy.heads[WIDE_FIRST + 256] = 7;
    CHECK(!buddy_ok(&buddy));
    buddy.heads[WIDE_FIRST + 256] = 8;
    buddy.count = WIDE_FIRST + 512 + 63;
    CHECK(!buddy_ok(&buddy));
    buddy = good;
    CHECK(buddy_ok(&buddy));
    buddy.heads[WIDE_FIRST + 384] = 8; /* its buddy is free as well: should have been joined */
    CHECK(!buddy_ok(&buddy));
    buddy.heads[WIDE_FIRST + 384] = 0;
    buddy.heads[WIDE_FIRST + 0] = 10; /* a free block that covers it */
    CHECK(!buddy_ok(&buddy));
    buddy.heads[WIDE_FIRST + 0] = 9; /* one that ends just before it */
    CHECK(buddy_ok(&buddy));
    free(table);
}

/* A large machine: a free block's bytes are kept in one of a few places. */
#define LARGE_PAGES (UINT64_C(1) << 20)

static struct {
    uint64_t pfn;
    uint64_t bytes[4];
} places[256];
static size_t places_used;

static void *place_of(uint64_t pfn)
{
    size_t i = 0;

    while (i < places_used && places[i].pfn != pfn)
        i++;
    CHECK(i < 256);
    if (i == places_used)
        places[places_used++].pfn = pfn;
    return places[i].bytes;
}

TEST(buddy, boot_touches_blocks_not_pages, "when 4 GiB with a hole at 3 GiB are added")
{
    struct buddy buddy;
    uint8_t *table = new_table(LARGE_PAGES);
    uint64_t hole = 3 * BUDDY_RUN_MAX, untouched = 0;
    int64_t whole[3];

    places_used = 0;
    CHECK(buddy_table_bytes(LARGE_PAGES) <= LARGE_PAGES + 4096);
    buddy_init(&buddy, table, LARGE_PAGES, place_of);
    buddy_free(&buddy, 256, hole - 256);
    buddy_free(&buddy, hole + 4096, LARGE_PAGES - hole - 4096);
    CHECK(buddy_ok(&buddy));
    CHECK(places_used <= 24);
    for (size_t i = 0; i < buddy_table_bytes(LARGE_PAGES); i++)
        untouched += table[i] == 0xa5;
    CHECK(untouched >= LARGE_PAGES - 24 * 4096);
    CHECK_EQ(buddy.free_pages, LARGE_PAGES - 4096 - 256);

    /* The most that there is in one run; more is refused however much is free. */
    CHECK_EQ(buddy_largest(&buddy), BUDDY_RUN_MAX);
    CHECK_EQ(buddy_alloc(&buddy, BUDDY_RUN_MAX + 1, 0), -1);
    CHECK_EQ(buddy_alloc(&buddy, UINT64_MAX, 0), -1);
    for (int i = 0; i < 2; i++) {
        whole[i] = buddy_alloc(&buddy, BUDDY_RUN_MAX, 0);
        CHECK(whole[i] > 0 && (uint64_t)whole[i] % BUDDY_RUN_MAX == 0);
    }
    CHECK_EQ(buddy_alloc(&buddy, BUDDY_RUN_MAX, 0), -1);
    whole[2] = buddy_alloc(&buddy, BUDDY_RUN_MAX / 2 + 1, 0);
    CHECK_EQ(whole[2], -1);
    buddy_free(&buddy, (uint64_t)whole[0], BUDDY_RUN_MAX);
    whole[2] = buddy_alloc(&buddy, BUDDY_RUN_MAX / 2 + 1, 0);
    CHECK_EQ(whole[2], whole[0]);
    CHECK(buddy_ok(&buddy));
    free(table);
}

TEST(buddy, the_largest_blocks_are_never_joined, "and page 0 is one like any other")
{
    struct buddy buddy;
    uint8_t *table = new_table(LARGE_PAGES);

    places_used = 0;
    buddy_init(&buddy, table, LARGE_PAGES, place_of);
    buddy_free(&buddy, 0, LARGE_PAGES);
    CHECK(buddy_ok(&buddy));
    CHECK_EQ(places_used, 4);
    CHECK_EQ(buddy_largest(&buddy), BUDDY_RUN_MAX);
    for (int i = 0; i < 4; i++)
        CHECK(buddy_alloc(&buddy, BUDDY_RUN_MAX, 0) >= 0);
    CHECK_EQ(buddy.free_pages, 0);
    CHECK(!buddy_is_free(&buddy, 0) && !buddy_is_free(&buddy, LARGE_PAGES - 1));
    for (uint64_t half = 0; half < 8; half++)
        buddy_free(&buddy, half * BUDDY_RUN_MAX / 2, BUDDY_RUN_MAX / 2);
    CHECK(buddy_ok(&buddy));
    CHECK_EQ(buddy.free_pages, LARGE_PAGES);
    for (int i = 0; i < 4; i++)
        CHECK((uint64_t)buddy_alloc(&buddy, BUDDY_RUN_MAX, 0) % BUDDY_RUN_MAX == 0);
    CHECK_EQ(buddy_alloc(&buddy, 1, 0), -1);
    free(table);
}
