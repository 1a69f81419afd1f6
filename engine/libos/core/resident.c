/* SPDX-License-Identifier: MIT */
#include "resident.h"

#include "phoenix/abi.h"

#define CHUNK_SHIFT 21
#define CHUNK_PAGES 512

static struct resident_chunk *find(const struct resident *r, uint64_t number)
{
    struct resident_chunk *c = r->buckets[number % RESIDENT_BUCKETS];

    while (c != NULL && c->number != number)
        c = c->next;
    return c;
}

/* 0 absent, 1 present, 3 present and borrowed. */
static unsigned state(const struct resident_chunk *c, unsigned page)
{
    uint64_t bit = UINT64_C(1) << page % 64;

    if (c == NULL)
        return 0;
    return ((c->present[page / 64] & bit) != 0) | ((c->borrowed[page / 64] & bit) != 0) << 1;
}

static unsigned page_state(const struct resident *r, uint64_t address)
{
    return state(find(r, address >> CHUNK_SHIFT),
                 (unsigned)(address >> PHX_PAGE_SHIFT) % CHUNK_PAGES);
}

bool resident_reserve(struct resident *r, uint64_t address, uint64_t pages)
{
    uint64_t last = (address + pages * PHX_PAGE_SIZE - 1) >> CHUNK_SHIFT;

    for (uint64_t number = address >> CHUNK_SHIFT; number <= last; number++) {
        struct resident_chunk *c = find(r, number);

        if (c != NULL)
            continue;
        c = r->alloc(sizeof(*c));
        if (c == NULL)
            return false;
        c->number = number;
        c->next = r->buckets[number % RESIDENT_BUCKETS];
        r->buckets[number % RESIDENT_BUCKETS] = c;
    }
    return true;
}

static uint64_t bits_of(uint64_t word)
{
    uint64_t n = 0;

    for (; word != 0; word &= word - 1)
        n++;
    return n;
}

/* Bits of one word of a chunk. */
static void set_bits(struct resident *r, uint64_t *present, uint64_t *borrowed, uint64_t mask,
                     bool is_present, bool is_borrowed)
{
    uint64_t was = *present & mask;

    r->count += is_present ? bits_of(mask & ~was) : -bits_of(was);
    *present = is_present ? *present | mask : *present & ~mask;
    *borrowed = is_borrowed ? *borrowed | mask : *borrowed & ~mask;
}

void resident_set(struct resident *r, uint64_t address, uint64_t pages, bool present,
                  bool borrowed)
{
    uint64_t page = address >> PHX_PAGE_SHIFT, end = page + pages;

    while (page < end) {
        struct resident_chunk *c = find(r, page / CHUNK_PAGES);
        unsigned word = (unsigned)(page % CHUNK_PAGES) / 64, first = page % 64;
        uint64_t n = 64 - first;

        if (c == NULL) {
            page = (page / CHUNK_PAGES + 1) * CHUNK_PAGES;
            continue;
        }
        if (n > end - page)
            n = end - page;
        set_bits(r, &c->present[word], &c->borrowed[word], ~UINT64_C(0) >> (64 - n) << first,
                 present, borrowed);
        page += n;
    }
    if (r->count > r->most)
        r->most = r->count;
}

bool resident_is_present(const struct resident *r, uint64_t address)
{
    return page_state(r, address) != 0;
}

bool resident_is_borrowed(const struct resident *r, uint64_t address)
{
    return page_state(r, address) == 3;
}

uint64_t resident_run(const struct resident *r, uint64_t address, uint64_t limit)
{
    uint64_t page = address >> PHX_PAGE_SHIFT, end = page + limit;
    unsigned want = page_state(r, address);

    page++;
    while (page < end) {
        const struct resident_chunk *c = find(r, page / CHUNK_PAGES);
        uint64_t next = (page / CHUNK_PAGES + 1) * CHUNK_PAGES;

        if (c == NULL && want == 0) {
            page = next;
            continue;
        }
        for (; page < end && page < next; page++)
            if (state(c, (unsigned)(page % CHUNK_PAGES)) != want)
                return page - (address >> PHX_PAGE_SHIFT);
    }
    return limit;
}

uint64_t resident_run_down(const struct resident *r, uint64_t address, uint64_t limit)
{
    unsigned want = page_state(r, address);
    uint64_t n = 1;

    while (n < limit && page_state(r, address - n * PHX_PAGE_SIZE) == want)
        n++;
    return n;
}
