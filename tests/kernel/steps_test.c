/* SPDX-License-Identifier: MIT */
/*
 * Operations that go in steps: others end, or have their turn, between any two.
 */
#include "attempt.h"

#define FAR 0x401ff000u

static unsigned window_wanted, windows, preempted;
static void (*in_window)(void);

static void on_window(void)
{
    if (windows++ == window_wanted)
        in_window();
}

/* What is prepared is over: windows count from here. */
static void arm(void)
{
    windows = 0;
    arch_host.window = on_window;
}

static void end_alice(void)
{
    process_end(alice.process, 9, 0);
}

static void end_bob(void)
{
    process_end(bob.process, 9, 0);
}

static void end_slice(void)
{
    kernel_timer(false);
}

static void kill_program(const struct program *p)
{
    CHECK_EQ(CALL(boss.thread, p->process_id, PROCESS_EXIT, 9), 0);
    settle();
    CHECK_EQ(p->process->state, PROCESS_DEAD);
}

/* --- the operations ---------------------------------------------------------------- */

static int64_t long_alloc(void)
{
    arm();
    return CALL(alice.thread, SLOT(POOL), FRAME_POOL_ALLOC, 40);
}

static int64_t long_populate(void)
{
    arm();
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, 40,
                READ_WRITE);
}

static int64_t map_frame(uint64_t frame)
{
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 700, READ_WRITE);
}

static int64_t long_map(void)
{
    uint64_t frame = make_frame(&alice, 700);
    arm();
    return map_frame(frame);
}

static int64_t long_unmap(void)
{
    CHECK_EQ(map_frame(make_frame(&alice, 700)), 0);
    arm();
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR + 0x1000, 690);
}

static int64_t long_protect(void)
{
    CHECK_EQ(map_frame(make_frame(&alice, 700)), 0);
    arm();
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR + 0x1000, 690,
                PHX_PROT_READ);
}

/* Mapped three times by alice and three times by bob. */
static int64_t long_revoke(void)
{
    uint64_t frame = make_frame(&alice, 300);
    CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
    uint64_t mine = WORD(alice.thread, 0), his = grant(&alice, mine, &bob);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t address = FAR + i * 0x1000000;
        CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, mine, address, 0, 300,
                      READ_WRITE),
                 0);
        CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, his, address, 0, 300,
                      READ_WRITE),
                 0);
    }
    arm();
    return CALL(alice.thread, frame, CAPABILITY_REVOKE, 1);
}

/* --- at each of their steps ---------------------------------------------------------- */

static int64_t (*const long_operations[])(void) = { long_alloc, long_populate, long_map,
                                                    long_unmap, long_protect, long_revoke };
#define LONG_OPERATIONS (sizeof long_operations / sizeof long_operations[0])

/* `action` in each window of each long operation; then `check` with its answer. */
static void at_each_step(void (*action)(void), void (*check)(int64_t answer))
{
    for (unsigned o = 0; o < LONG_OPERATIONS; o++) {
        unsigned step = 0;

        do {
            world_begin();
            in_window = action;
            window_wanted = step;
            int64_t answer = long_operations[o]();
            arch_host.window = NULL;
            if (windows > step)
                check(answer);
            settle();
            world_end();
        } while (windows > step++ && step < 200);
        CHECK(step > 1 && step < 200);
    }
}

static void check_ended(int64_t answer)
{
    CHECK(answer == ENDED || answer == WAITS);
    settle();
    CHECK_EQ(alice.process->state, PROCESS_DEAD);
}

TEST(steps, work_of_the_dead_ends, "at whichever step its process was ended")
{
    at_each_step(end_alice, check_ended);
}

/* Done, perhaps after others had their turn. */
static void check_done(int64_t answer)
{
    preempted += answer == WAITS;
    for (unsigned i = 0; i < 10 && answer == WAITS; i++) {
        settle();
        answer = answer_of(alice.thread);
    }
    CHECK_EQ(answer, 0);
}

TEST(steps, work_goes_on, "when another user of the same memory ends at any step")
{
    at_each_step(end_bob, check_done);
}

TEST(steps, long_work_does_not_keep_others, "from running when its slice ends")
{
    preempted = 0;
    at_each_step(end_slice, check_done);
    CHECK(preempted > 20);
}

static void check_killed_while_ready(int64_t answer)
{
    CHECK(answer == WAITS || answer == 0);
    kill_program(&alice);
}

TEST(steps, work_that_waits_for_its_turn_ends, "with its process, at any step")
{
    at_each_step(end_slice, check_killed_while_ready);
}

/* --- spaces and frames ------------------------------------------------------------ */

TEST(steps, a_frame_with_many_mappings_is_revoked, "where most are of others")
{
    for (unsigned living = 60; living < 140; living += 39) {
        world_begin();
        uint64_t frame = make_frame(&alice, 1);
        CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
        uint64_t child = WORD(alice.thread, 0);
        for (uint64_t i = 0; i < living; i++)
            CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, i == 50 ? child : frame,
                          FAR + i * 0x1000, 0, 1, READ_WRITE),
                     0);
        CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_REVOKE, 0), 0);
        for (uint64_t i = 0; i < living; i++)
            CHECK_EQ(space_resolve(alice.process->space, FAR + i * 0x1000, 1) == 0, i == 50);
        world_end();
    }
}

TEST(steps, a_thread_page_is_inside_its_frame, "where that is a part of another")
{
    world_begin();
    uint64_t frame = make_frame(&alice, 3), pa = WORD(alice.thread, 1);
    CHECK_EQ(CALL(alice.thread, frame, FRAME_CARVE, 2, 1), 0);
    CHECK_EQ(CALL(alice.thread, SLOT(PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000, 0,
                  WORD(alice.thread, 0), 0x7000),
             0);
    CHECK_EQ(((struct phx_thread_page *)direct(pa))->self, 0);
    CHECK_EQ(((struct phx_thread_page *)direct(pa + 0x2000))->self, 0x7000);
    world_end();
}

TEST(steps, a_space_can_end_while_it_is_built, "by another process, at any step")
{
    for (unsigned step = 0; step < 12; step++) {
        world_begin();
        struct program child = world_program(&bob);
        uint64_t space = grant(&boss, child.space_id, &alice);
        uint64_t frame = make_frame(&alice, 700);
        window_wanted = step;
        in_window = end_slice;
        arm();
        (void)CALL(alice.thread, space, ADDRESS_SPACE_MAP, frame, 0x10000000, 0, 700, READ_WRITE);
        arch_host.window = NULL;
        kill_program(&child);
        settle();
        CHECK(answer_of(alice.thread) != WAITS);
        world_end();
    }
}
