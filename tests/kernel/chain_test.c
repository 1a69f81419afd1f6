/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom: the end of a chain of calls, and the call that would close a cycle,
 * which is refused where nothing could ever answer it, and nowhere else.
 */
#include "attempt.h"

#define PROGRAMS (WAIT_CHAIN_MAX + 1)

static struct program programs[PROGRAMS];
static uint64_t endpoints[PROGRAMS], to_next[PROGRAMS]; /* to_next[i]: i's hold of i + 1's */

static void begin(unsigned n)
{
    world_begin();
    for (unsigned i = 0; i < n; i++) {
        programs[i] = i == 0 ? alice : i == 1 ? bob : world_program(&alice);
        endpoints[i] = make_endpoint(&programs[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned next = (i + 1) % n;

        to_next[i] = grant(&programs[next], make_client(&programs[next], endpoints[next], 1, 0),
            &programs[i]);
    }
}

/* RECV of what is there, which is nothing: from now on it is who serves there. */
static void looks(const struct program *p, uint64_t endpoint)
{
    message_at(p, MEMORY)->deadline = 0;
    CHECK_EQ(SYS(p->thread, PHX_OP_RECV | PHX_OP_MESSAGE, endpoint, MEMORY), -PHX_WOULD_BLOCK);
}

static int64_t calls_until(unsigned i, uint64_t deadline)
{
    message_at(&programs[i], MEMORY)->deadline = deadline;
    return SYS(programs[i].thread, PHX_OP_CALL(0, 0) | PHX_OP_MESSAGE, to_next[i], MEMORY);
}

static int64_t calls(unsigned i)
{
    return SYS(programs[i].thread, PHX_OP_CALL(0, 0), to_next[i]);
}

TEST(chain, its_end_is_who_runs, "through as many servers as are followed, and no further")
{
    begin(PROGRAMS);
    struct thread *first = programs[0].thread;
    for (unsigned i = 1; i < PROGRAMS; i++)
        CHECK_EQ(SYS(programs[i].thread, PHX_OP_RECV, endpoints[i]), WAITS);
    for (unsigned i = 0; i + 1 < PROGRAMS; i++) {
        CHECK(wait_chain_end(first) == programs[i].thread);
        CHECK_EQ(calls(i), WAITS);
    }
    CHECK(wait_chain_end(first) == programs[WAIT_CHAIN_MAX].thread);
    struct program more = world_program(&alice);
    uint64_t minted = make_client(&programs[PROGRAMS - 1], endpoints[PROGRAMS - 1], 1, 0);
    uint64_t last = grant(&programs[PROGRAMS - 1], minted, &more);
    CHECK_EQ(SYS(more.thread, PHX_OP_CALL(0, 0), last), WAITS); /* queued, for the last */
    CHECK(wait_chain_end(more.thread) == programs[PROGRAMS - 1].thread);
    world_end();
}

TEST(chain, a_cycle_is_refused, "of 1 to 16 threads; of 17 it is not found")
{
    for (unsigned n = 1; n <= PROGRAMS; n++) {
        begin(n);
        looks(&programs[0], endpoints[0]);
        for (unsigned i = 1; i < n; i++)
            CHECK_EQ(SYS(programs[i].thread, PHX_OP_RECV, endpoints[i]), WAITS);
        for (unsigned i = 0; i + 1 < n; i++)
            CHECK_EQ(calls(i), WAITS);
        CHECK_EQ(calls(n - 1), n <= WAIT_CHAIN_MAX ? -PHX_DEADLOCK : WAITS);
        if (n > 1 && n <= WAIT_CHAIN_MAX) {
            CHECK_EQ(SYS(programs[n - 1].thread, PHX_OP_RETURN(0, 0), 0), 0);
            CHECK_EQ(answer_of(programs[n - 2].thread), 0);
        }
        world_end();
    }
}

TEST(chain, queued_callers_are_links, "of a cycle that nobody was taken out of")
{
    begin(3);
    for (unsigned i = 0; i < 3; i++)
        looks(&programs[i], endpoints[i]);
    uint64_t counted = make_client(&programs[0], endpoints[0], 1, 3);
    to_next[2] = grant(&programs[0], counted, &programs[2]);
    CHECK_EQ(calls(0), WAITS);
    CHECK_EQ(calls(1), WAITS);
    CHECK(wait_chain_end(programs[0].thread) == programs[2].thread);
    CHECK_EQ(calls(2), -PHX_DEADLOCK);
    CHECK_EQ(CALL(programs[2].thread, to_next[2], CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(programs[2].thread, 3), 3); /* it cost no use */
    world_end();
}

/* --- where somebody could answer ------------------------------------------------------- */

static void another_thread_serves(void)
{
    (void)another_thread(&alice);
}

static void another_hold_serves(void)
{
    CHECK_EQ(CALL(alice.thread, endpoints[0], CAPABILITY_DUPLICATE), 0);
}

static void another_program_serves(void)
{
    (void)grant(&alice, endpoints[0], &bob);
    CHECK_EQ(SYS(alice.thread, PHX_OP_RELEASE, endpoints[0]), 0);
}

static void it_serves_elsewhere(void)
{
    looks(&alice, make_endpoint(&alice));
}

static void it_has_a_ring(void)
{
    CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING,
                 make_frame(&alice, 1), 4, 4),
        0);
}

static void nothing(void)
{
}

/* alice calls bob, who calls back. */
static void calls_back(void (*before)(void), uint64_t first, uint64_t second, int64_t answer)
{
    begin(2);
    looks(&alice, endpoints[0]);
    before();
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoints[1]), WAITS);
    CHECK_EQ(calls_until(0, first), WAITS);
    CHECK_EQ(calls_until(1, second), answer);
    world_end();
}

TEST(chain, what_may_be_answered_waits, "for another thread, hold or program, or until a deadline")
{
    uint64_t soon = now_ns() + 1000000000;

    calls_back(nothing, PHX_FOREVER, PHX_FOREVER, -PHX_DEADLOCK);
    calls_back(nothing, soon, PHX_FOREVER, WAITS);
    calls_back(nothing, PHX_FOREVER, soon, WAITS);
    calls_back(another_thread_serves, PHX_FOREVER, PHX_FOREVER, WAITS);
    calls_back(another_hold_serves, PHX_FOREVER, PHX_FOREVER, WAITS);
    calls_back(another_program_serves, PHX_FOREVER, PHX_FOREVER, WAITS);
    calls_back(it_serves_elsewhere, PHX_FOREVER, PHX_FOREVER, WAITS);
    calls_back(it_has_a_ring, PHX_FOREVER, PHX_FOREVER, WAITS);
}

TEST(chain, a_reply_in_a_hand_is_no_link, "who has it may answer later")
{
    begin(2);
    looks(&alice, endpoints[0]);
    struct thread *other = another_thread(&bob);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoints[1]), WAITS);
    CHECK_EQ(calls(0), WAITS);
    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
    uint64_t reply = WORD(bob.thread, 0);
    CHECK(wait_chain_end(alice.thread) == alice.thread);
    CHECK_EQ(calls(1), WAITS);
    CHECK_EQ(SYS(other, PHX_OP_RETURN(0, 0), reply), 0);
    CHECK_EQ(answer_of(alice.thread), 0);
    world_end();
}

TEST(chain, ends_forget_who_served, "a thread, or the endpoint")
{
    begin(2);
    looks(&bob, endpoints[1]);
    struct thread *other = another_thread(&bob);
    CHECK_EQ(SYS(other, PHX_OP_RECV, endpoints[1]), WAITS);
    struct endpoint *e = (struct endpoint *)object_of(&bob, endpoints[1]);
    CHECK(e->server == other && bob.thread->serves == NULL);
    looks(&bob, endpoints[1]);
    CHECK(e->server == bob.thread && other->serves == NULL);
    uint64_t own = make_endpoint(&bob);
    looks(&bob, own);
    CHECK(e->server == NULL);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, own), 0);
    CHECK(bob.thread->serves == NULL);
    world_end();
}
