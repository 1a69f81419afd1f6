/* SPDX-License-Identifier: MIT */
/* The cases of cases.h on the kernel in this program, whose time the test makes pass. */
#include "../kernel/world.h"

#include <stdio.h>

#include "cases.h"

static struct ring_player player;

static uint64_t host_now(void) { return now_ns(); }

static void host_enter(uint64_t submit, uint64_t complete)
{
    int64_t answer = CALL(alice.thread, player.ring_cap, RING_ENTER, submit, complete, PHX_FOREVER);

    for (unsigned i = 0; answer == WAITS && i < 4; i++) {
        settle();
        answer = answer_of(alice.thread);
    }
    CHECK_EQ(answer, 0);
}

static void host_signal(uint64_t bits)
{
    CHECK_EQ(CALL(alice.thread, player.notification, NOTIFICATION_SIGNAL, bits), 0);
}

static void host_cancel(uint64_t user, uint64_t all)
{
    CHECK_EQ(CALL(alice.thread, player.ring_cap, RING_CANCEL, user, all), 0);
}

static void host_tick(struct thread *t)
{
    (void)t;
    kernel_timer(true);
}

static void host_pass_outside(void)
{
    run_entry(host_tick, alice.thread);
    run_entry(host_tick, alice.thread);
}

/* The thread has its turn in the end. */
static void host_pass(void)
{
    pass_time(2 * CASES_NEAR_NS);
    host_pass_outside();
}

static void host_release(uint64_t cap) { CHECK_EQ(SYS(alice.thread, PHX_OP_RELEASE, cap), 0); }

static void play(const struct ring_case *c)
{
    world_begin();
    player = (struct ring_player){.now = host_now, .enter = host_enter, .signal = host_signal,
        .cancel = host_cancel, .pass = host_pass, .pass_outside = host_pass_outside,
        .release = host_release, .pool = PHX_SLOT_ID(SLOT_POOL)};
    CHECK_EQ(CALL(alice.thread, PHX_SLOT_ID(SLOT_ACCOUNT), ACCOUNT_NEW_NOTIFICATION), 0);
    player.notification = WORD(alice.thread, 0);
    CHECK_EQ(CALL(alice.thread, player.pool, FRAME_POOL_ALLOC, CASES_PAGES), 0);
    uint64_t frame = WORD(alice.thread, 0);
    struct phx_ring *shared = direct(WORD(alice.thread, 1));
    CHECK_EQ(CALL(alice.thread, PHX_SLOT_ID(SLOT_THREAD), THREAD_CONTROL_NEW_RING, frame,
                 CASES_ENTRIES, CASES_ENTRIES),
        0);
    player.ring_cap = WORD(alice.thread, 0);
    rt_ring_init(&player.ring, shared);
    const char *wrong = case_play(&player, c->script);
    if (wrong)
        test_fail(__FILE__, __LINE__, "%s: \"%s\": came \"%s\", wanted \"%s\"", c->name, c->script,
            player.came, wrong);
    const struct ring *r = alice.thread->ring;
    CHECK_EQ(r->running, r->logic.in_flight);
    world_end();
}

TEST(ring, cases, "of order, failure and cancelling come out as the table says")
{
    for (unsigned i = 0; i < RING_CASES; i++)
        play(&ring_cases[i]);
    printf("  %u cases\n", (unsigned)RING_CASES);
}
