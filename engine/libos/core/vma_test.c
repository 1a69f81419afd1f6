/* SPDX-License-Identifier: MIT */
#include "vma.h"

#include <stdlib.h>
#include <string.h>

#include "phoenix/abi.h"
#include "test.h"

#define PAGES 64

static struct vma *grow(struct vma *old, size_t old_capacity, size_t capacity)
{
    (void)old_capacity;
    return realloc(old, capacity * sizeof(*old));
}

/* What each page is, page by page: protection + 1, or 0. */
static uint8_t model[PAGES];

static void check_against_model(const struct vma_set *set)
{
    CHECK(vma_ok(set));
    for (uint64_t page = 0; page < PAGES; page++) {
        const struct vma *area = vma_at(set, page * PHX_PAGE_SIZE + 5);

        CHECK_EQ(area == NULL ? 0 : area->protection + 1, model[page]);
    }
}

/* As mm.c does it. */
static void unmap(struct vma_set *set, uint64_t start, uint64_t end)
{
    size_t first, last;

    CHECK(vma_reserve(set, 2));
    vma_cut(set, start * PHX_PAGE_SIZE, end * PHX_PAGE_SIZE, &first, &last);
    vma_remove(set, first, last);
    memset(model + start, 0, end - start);
}

static void map(struct vma_set *set, uint64_t start, uint64_t end, unsigned protection)
{
    struct vma area = {start * PHX_PAGE_SIZE, end * PHX_PAGE_SIZE, protection, 0, NULL, 0};

    unmap(set, start, end);
    CHECK(vma_is_free(set, area.start, area.end) && vma_reserve(set, 1));
    vma_insert(set, &area);
    memset(model + start, (int)protection + 1, end - start);
}

static void protect(struct vma_set *set, uint64_t start, uint64_t end, unsigned protection)
{
    size_t first, last;

    CHECK(vma_reserve(set, 2));
    vma_cut(set, start * PHX_PAGE_SIZE, end * PHX_PAGE_SIZE, &first, &last);
    for (size_t i = first; i < last; i++)
        set->areas[i].protection = protection;
    vma_mend(set, first, last);
    for (uint64_t page = start; page < end; page++)
        if (model[page] != 0)
            model[page] = (uint8_t)(protection + 1);
}

TEST(vma, any_order_of_changes_equals_a_page_by_page_model, "2000 of each kind")
{
    struct vma_set set = {.resize = grow};

    memset(model, 0, sizeof(model));
    for (int i = 0; i < 6000; i++) {
        uint64_t start = test_below(PAGES), end = start + 1 + test_below(PAGES - start);
        unsigned protection = (unsigned)test_below(4);

        if (i % 3 == 0)
            map(&set, start, end, protection);
        else if (i % 3 == 1)
            protect(&set, start, end, protection);
        else
            unmap(&set, start, end);
        check_against_model(&set);
    }
    free(set.areas);
}

TEST(vma, covers_and_is_free_tell_holes, "at every boundary")
{
    struct vma_set set = {.resize = grow};

    map(&set, 10, 20, 1);
    map(&set, 20, 30, 2);
    CHECK(vma_covers(&set, 10 * PHX_PAGE_SIZE, 30 * PHX_PAGE_SIZE));
    CHECK(!vma_covers(&set, 9 * PHX_PAGE_SIZE, 30 * PHX_PAGE_SIZE));
    CHECK(!vma_covers(&set, 10 * PHX_PAGE_SIZE, 31 * PHX_PAGE_SIZE));
    CHECK(vma_is_free(&set, 0, 10 * PHX_PAGE_SIZE));
    CHECK(!vma_is_free(&set, 0, 10 * PHX_PAGE_SIZE + 1));
    CHECK(vma_is_free(&set, 30 * PHX_PAGE_SIZE, 31 * PHX_PAGE_SIZE));
    unmap(&set, 15, 16);
    CHECK(!vma_covers(&set, 10 * PHX_PAGE_SIZE, 30 * PHX_PAGE_SIZE));
    free(set.areas);
}

TEST(vma, gap_is_the_highest_that_fits, "inside its bounds")
{
    struct vma_set set = {.resize = grow};
    const uint64_t p = PHX_PAGE_SIZE;

    CHECK_EQ(vma_gap(&set, p, 64 * p, 4 * p), 60 * p);
    map(&set, 50, 62, 1);
    CHECK_EQ(vma_gap(&set, p, 64 * p, 2 * p), 62 * p);
    CHECK_EQ(vma_gap(&set, p, 64 * p, 3 * p), 47 * p);
    map(&set, 1, 40, 1);
    CHECK_EQ(vma_gap(&set, p, 64 * p, 10 * p), 40 * p);
    CHECK_EQ(vma_gap(&set, p, 64 * p, 11 * p), 0);
    CHECK_EQ(vma_gap(&set, p, 45 * p, 4 * p), 41 * p);
    CHECK_EQ(vma_gap(&set, p, 64 * p, 65 * p), 0);
    CHECK_EQ(vma_gap(&set, p, 64 * p, 0), 0);
    map(&set, 40, 50, 1);
    map(&set, 62, 64, 1);
    CHECK_EQ(vma_gap(&set, p, 64 * p, p), 0);
    free(set.areas);
}

TEST(vma, backings_join_only_where_they_continue, "by their offsets")
{
    struct vma_set set = {.resize = grow};
    struct backing *file = (struct backing *)(uintptr_t)16;
    struct vma area = {0x10000, 0x12000, 1, 0, file, 0x3000};
    size_t first, last;

    CHECK(vma_reserve(&set, 4));
    vma_insert(&set, &area);
    area = (struct vma){0x12000, 0x13000, 1, 0, file, 0x5000};
    vma_insert(&set, &area);
    CHECK_EQ(set.count, 1);
    area = (struct vma){0x13000, 0x14000, 1, 0, file, 0x9000};
    vma_insert(&set, &area);
    CHECK_EQ(set.count, 2);
    vma_cut(&set, 0x11000, 0x12000, &first, &last);
    CHECK_EQ(set.areas[first].offset, 0x4000);
    vma_mend(&set, first, last);
    CHECK_EQ(set.count, 2);
    CHECK(vma_ok(&set));
    free(set.areas);
}

TEST(vma, too_many_areas_are_refused, "before anything changes")
{
    struct vma_set set = {.resize = grow, .count = VMA_MAX - 1};

    CHECK(!vma_reserve(&set, 2));
}
