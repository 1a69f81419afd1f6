/* SPDX-License-Identifier: MIT */
/*
 * Signals by the short way and by the general one: who gets which bits, who runs then.
 */
#include "attempt.h"

static struct thread *t, *second;
static uint64_t n; /* a notification of alice's */
static struct notification *bits;

static void begin(void)
{
    world_begin();
    t = alice.thread;
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_NOTIFICATION), 0);
    n = WORD(t, 0);
    bits = (struct notification *)object_of(&alice, n);
    second = another_thread(&alice);
}

TEST(signal, bits_stay_until_they_are_taken, "and only they")
{
    begin();
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 5), 0);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 8), 0);
    CHECK_EQ(bits->bits, 13);
    CHECK_EQ(CALL(second, n, NOTIFICATION_WAIT, 6, PHX_FOREVER), 0);
    CHECK_EQ(WORD(second, 0), 4);
    CHECK_EQ(bits->bits, 9);
    world_end();
}

TEST(signal, a_waiter_gets_what_it_waits_for, "the rest stays, and nothing else of it changes")
{
    begin();
    CHECK_EQ(SYS(second, PHX_OP_CALL(NOTIFICATION_WAIT, 2), n, 6, PHX_FOREVER, 33, 44, 55), WAITS);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 9), 0); /* not for it */
    CHECK_EQ(answer_of(second), WAITS);
    uint32_t refs = bits->object.refs;
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 7), 0);
    CHECK_EQ(bits->object.refs, refs - 1);
    CHECK_EQ(answer_of(second), 0);
    CHECK_EQ(WORD(second, 0), 6);
    CHECK_EQ(WORD(second, 2), 33);
    CHECK_EQ(WORD(second, 4), 55);
    CHECK_EQ(bits->bits, 9);
    CHECK(list_is_empty(&bits->waiters));
    CHECK_EQ(CALL(second, SLOT(CLOCK), CLOCK_NOW), 0);
    world_end();
}

TEST(signal, each_of_two_gets_its_own, "in one signal")
{
    begin();
    struct thread *third = another_thread(&alice);
    CHECK_EQ(CALL(second, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(third, n, NOTIFICATION_WAIT, 3, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 3), 0);
    CHECK_EQ(WORD(second, 0), 1);
    CHECK_EQ(answer_of(third), 0);
    CHECK_EQ(WORD(third, 0), 2);
    CHECK_EQ(bits->bits, 0);
    world_end();
}

TEST(signal, a_wait_that_is_timed_ends_once, "and not again at its deadline")
{
    begin();
    CHECK_EQ(CALL(second, n, NOTIFICATION_WAIT, 1, now_ns() + 1000000), WAITS);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 1), 0);
    CHECK_EQ(answer_of(second), 0);
    pass_time(5000000);
    CHECK_EQ(CALL(second, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 1), 0);
    CHECK_EQ(answer_of(second), 0);
    world_end();
}

TEST(signal, who_goes_first_runs_at_once, "and who signalled, when it has its turn again")
{
    for (unsigned first = 0; first < 2; first++) {
        begin();
        CHECK_EQ(CALL(second, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
        CHECK_EQ(CALL(t, SLOT(CLOCK), CLOCK_NOW), 0);
        thread_schedule(t, t->schedule, first); /* all others are of order 0 */
        CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 1), 0);
        CHECK(arch_host.cpu->current == (first ? second : t));
        CHECK(arch_host.cpu->turn == (first ? second : t));
        CHECK_EQ(second->state, first ? THREAD_RUNNING : THREAD_READY);
        CHECK_EQ(t->state, first ? THREAD_READY : THREAD_RUNNING);
        thread_schedule(t, t->schedule, 0);
        CHECK_EQ(CALL(second, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
        CHECK_EQ(CALL(t, SLOT(CLOCK), CLOCK_NOW), 0);
        world_end();
    }
}
