/* SPDX-License-Identifier: MIT */
/*
 * Three threads that map, populate, protect, unmap, query and revoke at the same few
 * addresses, in an order that is drawn. At the end nothing is mapped there, and what
 * was asked for is in the account again.
 *
 * With  clock
 * Gets  # operations, nothing is mapped
 */
#include "hostile.h"

#define AT 0x500000000000
#define PAGES 600
#define TIMES 400

static uint64_t frames[8];
static uint32_t operations;

static void one(void)
{
    struct address_space_populate_out populated = {0};
    uint64_t address = AT + draw(PAGES) * PHX_PAGE_SIZE, count = 1 + draw(draw(8) ? 4 : PAGES);
    uint64_t *frame = &frames[draw(COUNT(frames))];
    struct frame_pool_alloc_out made = {0};
    uint64_t old;

    switch (draw(8)) {
    case 0:
        frame_pool_alloc(RT_POOL, 1 + draw(32), &made);
        old = __atomic_exchange_n(frame, made.frame, __ATOMIC_RELAXED);
        capability_revoke(old, draw(2));
        phx_release(old);
        break;
    case 1:
        address_space_populate(RT_SPACE, RT_POOL, address, count, 1 + draw(5), &populated);
        break;
    case 2:
        address_space_unmap(RT_SPACE, address, count);
        break;
    case 3:
        address_space_protect(RT_SPACE, address, count, draw(8));
        break;
    case 4:
        address_space_query(RT_SPACE, address, NULL);
        break;
    case 5:
        capability_revoke(*frame, 0);
        break;
    default:
        address_space_map(RT_SPACE, *frame, address, draw(4), 1 + draw(32), 1 + draw(5));
    }
    __atomic_fetch_add(&operations, 1, __ATOMIC_RELAXED);
}

static void many(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < TIMES; i++)
        one();
}

int main(void)
{
    uint64_t threads[2] = {thread(many, NULL), thread(many, NULL)};

    many(NULL);
    MUST(joined(threads[0]) && joined(threads[1]), "a thread is lost");
    for (unsigned i = 0; i < COUNT(frames); i++) {
        capability_revoke(frames[i], 1);
        phx_release(frames[i]);
    }
    MUST(address_space_unmap(RT_SPACE, AT, 2 * PAGES) >= 0, "unmap");
    for (unsigned i = 0; i < 2 * PAGES; i++)
        MUST(address_space_query(RT_SPACE, AT + i * PHX_PAGE_SIZE, NULL) == -PHX_NOT_FOUND,
            "page %u is mapped", i);
    rt_print("%u operations, nothing is mapped\n", operations);
    return 0;
}
