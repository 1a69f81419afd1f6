/* SPDX-License-Identifier: MIT */
/*
 * Long operations (populate, map, protect, unmap and revoke of thousands of pages) of
 * three threads that are stopped, interrupted and started in the middle of them; the
 * last is cut off by the end of the program.
 *
 * With  clock
 * Gets  # operations, # stops
 */
#include "hostile.h"

#define AT UINT64_C(0x300000000000)
#define LONG 1200
#define MILLISECONDS 150

static uint32_t operations;

static void works(void *argument)
{
    uint64_t base = AT + (uint64_t)argument * LONG * 2 * PHX_PAGE_SIZE;

    for (;;) {
        struct address_space_populate_out out = {0};
        struct lent memory;

        address_space_populate(RT_SPACE, RT_POOL, base, LONG, READ_WRITE, &out);
        address_space_protect(RT_SPACE, base, out.pages, 1);
        address_space_unmap(RT_SPACE, base, LONG);
        memory = lend(LONG / 2);
        address_space_map(RT_SPACE, memory.child, base, 0, LONG / 2, READ_WRITE);
        address_space_map(
            RT_SPACE, memory.child, base + LONG * PHX_PAGE_SIZE, 0, LONG / 2, READ_WRITE);
        capability_revoke(memory.frame, 0);
        phx_release(memory.child);
        phx_release(memory.frame);
        __atomic_fetch_add(&operations, 5, __ATOMIC_RELAXED);
    }
}

int main(void)
{
    uint64_t threads[3], end = now() + UINT64_C(1000000) * MILLISECONDS;
    unsigned stops = 0;

    for (uint64_t i = 0; i < COUNT(threads); i++)
        threads[i] = thread(works, (void *)i);
    while (now() < end || operations < 20) {
        uint64_t id = threads[draw(COUNT(threads))];

        thread_stop(id);
        thread_interrupt(id, 1);
        if (draw(2))
            thread_control_yield(RT_THREAD);
        thread_start(id);
        call(RT_THREAD, THREAD_CONTROL_SLEEP, now() + draw(400000), 0, 0);
        stops++;
    }
    for (unsigned i = 0; i < COUNT(threads); i++)
        while (thread_start(threads[i]) >= 0)
            thread_stop(threads[i]);
    rt_print("%u operations, %u stops\n", operations, stops);
    return 0;
}
