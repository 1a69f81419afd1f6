/* SPDX-License-Identifier: MIT */
#include "heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lock.h"
#include "phoenix/abi.h"
#include "test.h"

static bool refuses;
static size_t grown;

void lock_yield(void)
{
}

void *heap_grow(size_t pages, size_t *got)
{
    void *memory = refuses ? NULL : aligned_alloc(PHX_PAGE_SIZE, pages * PHX_PAGE_SIZE);

    *got = pages;
    grown += memory == NULL ? 0 : pages;
    if (memory != NULL)
        memset(memory, 0xaa, pages * PHX_PAGE_SIZE);
    return memory;
}

struct piece {
    unsigned char *at;
    size_t size;
    unsigned char mark;
};

static void check_and_free(struct piece *p)
{
    for (size_t i = 0; i < p->size; i++)
        CHECK_EQ(p->at[i], p->mark);
    heap_free(p->at, p->size);
    p->at = NULL;
}

TEST(heap, pieces_are_zeroed_aligned_and_their_owners_alone, "in any order of requests")
{
    static struct piece pieces[200];

    for (int i = 0; i < 20000; i++) {
        struct piece *p = &pieces[test_below(200)];

        if (p->at != NULL) {
            check_and_free(p);
            continue;
        }
        p->size = 1 + (test_below(8) == 0 ? test_below(40000) : test_below(3000));
        p->at = heap_alloc(p->size);
        p->mark = (unsigned char)test_rand();
        CHECK(p->at != NULL && (uintptr_t)p->at % 16 == 0);
        CHECK(p->size <= 2048 || (uintptr_t)p->at % PHX_PAGE_SIZE == 0);
        for (size_t j = 0; j < p->size; j++)
            CHECK_EQ(p->at[j], 0);
        memset(p->at, p->mark, p->size);
    }
    for (unsigned i = 0; i < 200; i++)
        if (pieces[i].at != NULL)
            check_and_free(&pieces[i]);
}

TEST(heap, runs_are_joined_when_they_are_freed, "so that a large one fits again")
{
    void *runs[8];
    size_t before;

    for (int i = 0; i < 8; i++)
        runs[i] = heap_alloc(64 * PHX_PAGE_SIZE);
    before = grown;
    for (int i = 0; i < 8; i++)
        heap_free(runs[i * 3 % 8], 64 * PHX_PAGE_SIZE);
    for (int i = 0; i < 8; i++)
        runs[i] = heap_alloc(64 * PHX_PAGE_SIZE);
    CHECK_EQ(grown, before);
    for (int i = 0; i < 8; i++)
        heap_free(runs[i], 64 * PHX_PAGE_SIZE);
}

TEST(heap, no_memory_is_null, "for small and large")
{
    refuses = true;
    CHECK(heap_alloc(100000000) == NULL);
    refuses = false;
    heap_free(NULL, 100);
}
