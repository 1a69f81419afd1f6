/* SPDX-License-Identifier: MIT */
#include "resident.h"

#include <stdlib.h>
#include <string.h>

#include "phoenix/abi.h"
#include "test.h"

#define BASE UINT64_C(0x7f0000000000)
#define PAGES 2000 /* four chunks */

static unsigned allocations;

static void *zeroed(size_t size)
{
    return allocations-- == 0 ? NULL : calloc(1, size);
}

static void release(struct resident *r)
{
    for (unsigned b = 0; b < RESIDENT_BUCKETS; b++)
        while (r->buckets[b] != NULL) {
            struct resident_chunk *c = r->buckets[b];

            r->buckets[b] = c->next;
            free(c);
        }
}

static uint64_t at(uint64_t page)
{
    return BASE + page * PHX_PAGE_SIZE;
}

TEST(resident, any_order_of_changes_equals_a_model, "over chunk boundaries")
{
    struct resident r = {.alloc = zeroed};
    uint64_t most = 0;
    uint8_t model[PAGES] = {0};

    allocations = 100;
    for (int i = 0; i < 3000; i++) {
        uint64_t start = test_below(PAGES), n = 1 + test_below(PAGES - start), page, run = 1;
        bool present = test_below(2) != 0, borrowed = present && test_below(2) != 0;
        uint64_t count = 0;

        if (present)
            CHECK(resident_reserve(&r, at(start), n));
        resident_set(&r, at(start), n, present, borrowed);
        memset(model + start, present + 2 * borrowed, n);
        page = test_below(PAGES);
        CHECK_EQ(resident_is_present(&r, at(page)), model[page] != 0);
        CHECK_EQ(resident_is_borrowed(&r, at(page)), model[page] == 3);
        while (page + run < PAGES && model[page + run] == model[page])
            run++;
        CHECK_EQ(resident_run(&r, at(page), PAGES - page), run);
        run = 1;
        while (run <= page && model[page - run] == model[page])
            run++;
        CHECK_EQ(resident_run_down(&r, at(page), page + 1), run);
        for (unsigned p = 0; p < PAGES; p++)
            count += model[p] != 0;
        CHECK_EQ(r.count, count);
        most = count > most ? count : most;
        CHECK_EQ(r.most, most);
    }
    release(&r);
}

TEST(resident, a_huge_empty_range_is_one_run, "without a chunk for it")
{
    struct resident r = {.alloc = zeroed};

    CHECK_EQ(resident_run(&r, BASE, UINT64_C(1) << 30), UINT64_C(1) << 30);
    resident_set(&r, BASE, UINT64_C(1) << 20, false, false);
    CHECK_EQ(r.count, 0);
}

TEST(resident, reserve_fails_without_memory, "and marks nothing")
{
    struct resident r = {.alloc = zeroed};

    allocations = 1;
    CHECK(!resident_reserve(&r, BASE, 1024));
    CHECK(!resident_is_present(&r, BASE));
    release(&r);
}
