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
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rt/ring.h"

#define FRAME_PAGES 8
#define ENTRIES 256
#define BATCH 64
#define OF(i, n) ((i) * UINT64_C(0x9e3779b97f4a7c15) + (n))

static uint64_t wanted;
static struct rt_ring submitting, reading;
static bool polled;
static sem_t bell; /* rung for who polls, when they have stopped looking */

static void ring_bell(const struct rt_ring *end)
{
    if (polled && rt_ring_needs_wakeup(end))
        sem_post(&bell);
}

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
        ring_bell(&submitting);
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
        ring_bell(&reading); /* entries may wait for the room */
        i++;
    }
    return NULL;
}

static struct phx_ring *make_ring(uint64_t *ring, uint64_t flags)
{
    CHECK_EQ(CALL(alice.thread, PHX_SLOT_ID(SLOT_POOL), FRAME_POOL_ALLOC, FRAME_PAGES), 0);
    uint64_t frame = WORD(alice.thread, 0), physical = WORD(alice.thread, 1);
    CHECK_EQ(CALL(alice.thread, PHX_SLOT_ID(SLOT_THREAD), THREAD_CONTROL_NEW_RING, frame, ENTRIES,
                  ENTRIES, flags),
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

/* As long as thirty steps without news, and who polls stops looking. */
static void time_goes_by(void) { arch_host.tsc += 7000; }

/* bob polls alice's ring, and sleeps where he stopped looking. */
static void poll_all(uint64_t ring)
{
    const struct ringlogic *logic = &alice.thread->ring->logic;
    uint64_t lent = grant(&alice, ring, &bob), polls = 0;
    struct timespec patience;

    CHECK_EQ(CALL(bob.thread, PHX_SLOT_ID(SLOT_ACCOUNT), ACCOUNT_NEW_NOTIFICATION), 0);
    uint64_t told = WORD(bob.thread, 0);
    for (;; polls++) { /* a tick between two may have taken some too */
        arch_host.window = time_goes_by;
        CHECK_EQ(CALL(bob.thread, lent, RING_POLL, told, 1), 0);
        if (logic->complete_tail >= wanted)
            break;
        clock_gettime(CLOCK_REALTIME, &patience);
        patience.tv_sec += 20;
        CHECK_EQ(sem_timedwait(&bell, &patience), 0);
    }
    arch_host.window = NULL;
    CHECK_EQ(logic->complete_tail, wanted);
    printf("  %u entries through the kernel in %llu polls\n", logic->complete_tail,
           (unsigned long long)polls);
}

static void race(uint64_t most, uint64_t flags, void (*take)(uint64_t ring))
{
    pthread_t submitter, reader;
    const char *entries = getenv("RING_ENTRIES");
    uint64_t ring, wrong = 0;

    wanted = entries ? strtoull(entries, NULL, 10) : most;
    polled = flags & PHX_RING_SQPOLL;
    sem_init(&bell, 0, 0);
    world_begin();
    struct phx_ring *shared = make_ring(&ring, flags);
    rt_ring_init(&submitting, shared);
    rt_ring_init(&reading, shared);
    pthread_create(&submitter, NULL, submit_all, NULL);
    pthread_create(&reader, NULL, read_all, &wrong);
    take(ring);
    pthread_join(submitter, NULL);
    pthread_join(reader, NULL);
    CHECK_EQ(wrong, 0);
    world_end();
}

TEST(ring, threads_race_for_nothing, "with the kernel's own code on one side and rt's on the other")
{
    race(1 << 21, 0, take_all);
}

TEST(ring, who_polls_is_woken, "for each entry that came when it had stopped looking")
{
    race(1 << 17, PHX_RING_SQPOLL, poll_all);
}
