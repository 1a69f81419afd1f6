/* SPDX-License-Identifier: MIT */
/*
 * Threads, rows and memory of its own account at the same time, whichever is to be had,
 * in an order that is drawn; lets some of it go and takes again, until each was refused
 * many times. It never has more than its limit.
 *
 * With  clock
 * Gets  pages, rows and threads were refused again and again
 */
#include "hostile.h"

#define ROUNDS 60000
#define KEPT 4096

static uint64_t kept[KEPT];
static uint64_t address = UINT64_C(1) << 40;

static void spins(void)
{
    for (;;)
        ;
}

static int64_t take(unsigned what, uint64_t *id)
{
    struct capability_duplicate_out copy = {0};
    struct process_new_thread_out thread = {0};
    struct frame_pool_alloc_out frame = {0};
    struct address_space_populate_out populated = {0};
    int64_t result;

    *id = 0;
    switch (what) {
    case 0:
        result = capability_duplicate(RT_POOL, &copy);
        *id = copy.capability;
        return result;
    case 1:
        result = process_new_thread(RT_PROCESS, (uint64_t)spins, 0, 0, 0, 0, &thread);
        *id = thread.thread;
        return result;
    case 2:
        result = frame_pool_alloc(RT_POOL, 1 + draw(200), &frame);
        *id = frame.frame;
        return result;
    default:
        address += UINT64_C(1) << (21 + draw(10));
        return address_space_populate(
            RT_SPACE, RT_POOL, address, 1 + draw(200), READ_WRITE, &populated);
    }
}

int main(void)
{
    unsigned refused[4] = {0};

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t place = draw(KEPT), id;
        unsigned what = (unsigned)draw(4);
        int64_t result;

        if (draw(8) == 0) {
            phx_release(kept[place]);
            kept[place] = 0;
            continue;
        }
        result = take(what, &id);
        MUST(result >= 0 || result == -PHX_LIMIT_EXCEEDED || result == -PHX_OUT_OF_MEMORY, "%u: %s",
            what, text_of(result));
        refused[what] += result < 0;
        phx_release(kept[place]);
        kept[place] = id;
    }
    for (unsigned what = 1; what < 4; what++)
        MUST(refused[what] > 10, "%u was refused %u times", what, refused[what]);
    rt_print("pages, rows and threads were refused again and again\n");
    return 0;
}
