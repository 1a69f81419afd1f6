/* SPDX-License-Identifier: MIT */
/*
 * A ring between three threads, under ThreadSanitizer: one submits, one reads the
 * completions, and one is the kernel, with all of its generic code, which takes
 * entries at Ring.enter and at the timer's tick.
 *
 * The submitting and the reading thread never speak to each other, so the four
 * edges of the ring (entries there, entries taken, completions there, completions
 * seen) are the only order between the three; without one of them the sanitizer
 * sees a race. ring_test.sh shows that for each edge and each of its two sides.
 *
 * RING_ENTRIES in the environment is their number.
 */
#include "../kernel/world.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "rt/ring.h"

#define FRAME_PAGES 8
#define ENTRIES 256
#define BATCH 64
#define OF(i, n) ((i) * UINT64_C(0x9e3779b97f4a7c15) + (n))

static uint64_t wanted = 1 << 21;
static struct rt_ring submitting, reading;

/* Entry i: a no-op with numbers that follow from i. */
static void *submit_all(void *unused)
{
    for (uint64_t i = 0; i < wanted;) {
        unsigned n = (unsigned)(OF(i, 0) >> 58) + 1;

        for (; n > 0 && i < wanted; n--, i++) {
            struct phx_entry *e = rt_ring_entry(&submitting);

            if (!e)
                break;
            *e = (struct phx_entry){.op = PHX_OP_NOP, .cap = OF(i, 1), .user = OF(i, 2)};
        }
        rt_ring_submit(&submitting);
        if (n > 0)
            sched_yield();
    }
    return unused;
}

/* The completions come in the order of their entries, since none of them waits. */
static void *read_all(void *wrong)
{
    for (uint64_t i = 0; i < wanted;) {
        const struct phx_completion *c = rt_ring_completion(&reading);

        if (!c) {
            sched_yield();
            continue;
        }
        if (c->user != OF(i, 2) || c->result != 0)
            ++*(uint64_t *)wrong;
        rt_ring_seen(&reading);
        i++;
    }
    return NULL;
}

static struct phx_ring *make_ring(uint64_t *ring)
{
    CHECK_EQ(CALL(alice.thread, PHX_SLOT_ID(SLOT_POOL), FRAME_POOL_ALLOC, FRAME_PAGES), 0);
    uint64_t frame = WORD(alice.thread, 0), physical = WORD(alice.thread, 1);
    CHECK_EQ(CALL(alice.thread, PHX_SLOT_ID(SLOT_THREAD), THREAD_CONTROL_NEW_RING, frame, ENTRIES,
                  ENTRIES),
             0);
    *ring = WORD(alice.thread, 0);
    return direct(physical);
}

static void tick(struct thread *t)
{
    (void)t;
    kernel_timer(true);
}

/* The kernel's thread: turns of Ring.enter, and ticks that drain a little. */
static void take_all(uint64_t ring)
{
    const struct ringlogic *logic = &alice.thread->ring->logic;
    uint64_t done = 0, turns = 0;

    while (done < wanted) {
        uint32_t before = logic->complete_tail;

        if (++turns % 4 == 0)
            run_entry(tick, alice.thread);
        else
            CHECK_EQ(CALL(alice.thread, ring, RING_ENTER, BATCH, 0, 0), 0);
        done += logic->complete_tail - before;
        if (logic->complete_tail == before)
            sched_yield();
    }
    CHECK_EQ(done, wanted);
    printf("  %llu entries through the kernel in %llu turns\n", (unsigned long long)done,
           (unsigned long long)turns);
}

TEST(ring, threads_race_for_nothing, "with the kernel's own code on one side and rt's on the other")
{
    pthread_t submitter, reader;
    const char *entries = getenv("RING_ENTRIES");
    uint64_t ring, wrong = 0;

    if (entries)
        wanted = strtoull(entries, NULL, 10);
    world_begin();
    struct phx_ring *shared = make_ring(&ring);
    rt_ring_init(&submitting, shared);
    rt_ring_init(&reading, shared);
    pthread_create(&submitter, NULL, submit_all, NULL);
    pthread_create(&reader, NULL, read_all, &wrong);
    take_all(ring);
    pthread_join(submitter, NULL);
    pthread_join(reader, NULL);
    CHECK_EQ(wrong, 0);
    world_end();
}
