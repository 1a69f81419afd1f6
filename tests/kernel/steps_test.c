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
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, 40, READ_WRITE);
}

static int64_t map_frame(uint64_t frame)
{
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 1200, READ_WRITE);
}

static int64_t long_map(void)
{
    uint64_t frame = make_frame(&alice, 1200);
    arm();
    return map_frame(frame);
}

static int64_t long_unmap(void)
{
    CHECK_EQ(map_frame(make_frame(&alice, 1200)), 0);
    arm();
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR + 0x1000, 690);
}

static int64_t long_protect(void)
{
    CHECK_EQ(map_frame(make_frame(&alice, 1200)), 0);
    arm();
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR + 0x1000, 690, PHX_PROT_READ);
}

/* Mapped three times by alice and three times by bob. */
static int64_t long_revoke(void)
{
    uint64_t frame = make_frame(&alice, 300);
    CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
    uint64_t mine = WORD(alice.thread, 0), his = grant(&alice, mine, &bob);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t address = FAR + i * 0x1000000;
        CHECK_EQ(
            CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, mine, address, 0, 300, READ_WRITE),
            0);
        CHECK_EQ(
            CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, his, address, 0, 300, READ_WRITE), 0);
    }
    arm();
    return CALL(alice.thread, frame, CAPABILITY_REVOKE, 1);
}

/* Entries that no step waits for. */
static int64_t long_ring(void)
{
    uint64_t frame = make_frame(&alice, 4), pa = WORD(alice.thread, 1);
    struct phx_ring *r = direct(pa);

    CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 128, 128), 0);
    for (unsigned i = 0; i < 100; i++)
        ((struct phx_entry *)(void *)(r + 1))[i].op = PHX_OP_NYX(83);
    r->submit_tail = 100;
    arm();
    return CALL(alice.thread, WORD(alice.thread, 0), RING_ENTER, 100, 0, 0);
}

/* --- at each of their steps ---------------------------------------------------------- */

static uint64_t big_ring(uint64_t completions)
{
    uint64_t frame = make_frame(&alice, completions / 32);

    CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, completions), 0);
    return WORD(alice.thread, 0);
}

static int64_t long_new_ring(void)
{
    uint64_t frame = make_frame(&alice, 6);

    arm();
    return CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 128);
}

static int64_t long_destroy(void)
{
    uint64_t ring = big_ring(128);

    arm();
    return CALL(alice.thread, ring, RING_DESTROY);
}

/* All places are looked at. */
static int64_t long_cancel(void)
{
    uint64_t ring = big_ring(1024);
    struct phx_ring *r = alice.thread->ring->shared;

    *(struct phx_entry *)(void *)(r + 1) =
        (struct phx_entry){.op = PHX_OP_NYX(67), .words = {PHX_FOREVER}, .user = 5};
    r->submit_tail = 1;
    CHECK_EQ(CALL(alice.thread, ring, RING_ENTER, 1, 0, 0), 0);
    arm();
    return CALL(alice.thread, ring, RING_CANCEL, 5, 0);
}

static int64_t (*const long_operations[])(void) = {long_alloc, long_populate, long_map, long_unmap,
    long_protect, long_revoke, long_ring, long_new_ring, long_destroy, long_cancel};
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

/* --- another thread of the same process between two steps --------------------------- */

static struct thread *second;
static uint64_t lent; /* the hold that long_map_lent() maps by, and what it came from */
static uint64_t lender, where;

static int64_t map_lent(uint64_t address)
{
    lender = make_frame(&alice, 1200);
    CHECK_EQ(CALL(alice.thread, lender, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
    lent = WORD(alice.thread, 0);
    where = address;
    arm();
    return CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, lent, where, 0, 1200, READ_WRITE);
}

static int64_t long_map_lent(void)
{
    return map_lent(FAR);
}

/* Five tables: they take a step of their own, before the mapping is there. */
static int64_t long_map_across(void)
{
    return map_lent((UINT64_C(1) << 39) - 300 * 0x1000);
}

/* At each step of `operation` its thread loses its slice, `meanwhile` is done by the
 * other one, then the operation is let go on; `check` sees both answers. */
static void interleave(int64_t (*operation)(void), int64_t (*meanwhile)(void),
    void (*check)(int64_t answer, int64_t others))
{
    unsigned step = 0;
    bool again;

    do {
        world_begin();
        second = another_thread(&alice);
        in_window = end_slice;
        window_wanted = step;
        int64_t answer = operation();
        again = windows > step;
        arch_host.window = NULL;
        int64_t others = meanwhile();
        for (unsigned i = 0; i < 20 && answer == WAITS; i++) {
            settle();
            answer = answer_of(alice.thread);
        }
        check(answer, others);
        world_end();
    } while (again && ++step < 100);
    CHECK(step > 1 && step < 100);
}

static bool mapped(uint64_t address, unsigned protection)
{
    return space_resolve(alice.process->space, address, protection) != 0;
}

static int64_t unmap_middle(void)
{
    return CALL(second, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR + 0x3000, 5);
}

/* Taken away if it was there by then; nothing around it is. */
static void check_hole(int64_t answer, int64_t others)
{
    CHECK_EQ(answer, 0);
    CHECK_EQ(others, 0);
    for (uint64_t i = 1; i < 40; i++)
        if (i < 3 || i >= 8)
            CHECK(mapped(FAR + i * 0x1000, PHX_PROT_WRITE));
    for (uint64_t i = 4; i < 8; i++)
        CHECK_EQ(mapped(FAR + i * 0x1000, 1), mapped(FAR + 0x3000, 1));
}

TEST(steps, an_unmap_in_the_middle_is_exact, "while the rest is still being entered")
{
    interleave(long_map, unmap_middle, check_hole);
    interleave(long_populate, unmap_middle, check_hole);
}

static int64_t protect_middle(void)
{
    return CALL(second, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR + 0x3000, 5, PHX_PROT_READ);
}

static void check_read_only(int64_t answer, int64_t others)
{
    CHECK_EQ(answer, 0);
    CHECK(others == 0 || others == -PHX_NOT_FOUND);
    for (uint64_t i = 0; i < 40; i++) {
        CHECK(mapped(FAR + i * 0x1000, PHX_PROT_READ));
        CHECK_EQ(mapped(FAR + i * 0x1000, PHX_PROT_WRITE), others != 0 || i < 3 || i >= 8);
    }
}

TEST(steps, a_protection_holds_for_what_is_entered_later, "in the middle of a mapping")
{
    interleave(long_map, protect_middle, check_read_only);
    interleave(long_populate, protect_middle, check_read_only);
}

static int64_t map_middle(void)
{
    uint64_t id;

    CHECK_EQ(CALL(second, SLOT(POOL), FRAME_POOL_ALLOC, 1), 0);
    id = WORD(second, 0);
    return CALL(second, SLOT(SPACE), ADDRESS_SPACE_MAP, id, FAR + 0x3000, 0, 1, PHX_PROT_READ);
}

/* Whoever entered the range first has it, the other hears Exists. */
static void check_one_of_them(int64_t answer, int64_t others)
{
    CHECK(answer == 0 ? others == -PHX_EXISTS : answer == -PHX_EXISTS && others == 0);
    CHECK_EQ(mapped(FAR + 0x3000, PHX_PROT_WRITE), answer == 0);
    CHECK_EQ(mapped(FAR + 0x4000, PHX_PROT_READ), answer == 0);
}

TEST(steps, one_of_two_gets_a_range, "that both map")
{
    interleave(long_map, map_middle, check_one_of_them);
    interleave(long_populate, map_middle, check_one_of_them);
}

static int64_t revoke_lender(void)
{
    return CALL(second, lender, CAPABILITY_REVOKE, 0);
}

static void check_nothing_shows(int64_t answer, int64_t others)
{
    CHECK(answer == 0 || answer == -PHX_REVOKED);
    CHECK_EQ(others, 0);
    for (uint64_t i = 0; i < 1200; i++)
        CHECK(!mapped(where + i * 0x1000, PHX_PROT_READ));
}

TEST(steps, nothing_is_mapped_by_what_was_revoked, "at any step of the mapping")
{
    interleave(long_map_lent, revoke_lender, check_nothing_shows);
    interleave(long_map_across, revoke_lender, check_nothing_shows);
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
        uint64_t frame = make_frame(&alice, 1200);
        window_wanted = step;
        in_window = end_slice;
        arm();
        (void)CALL(alice.thread, space, ADDRESS_SPACE_MAP, frame, 0x10000000, 0, 1200, READ_WRITE);
        arch_host.window = NULL;
        kill_program(&child);
        settle();
        CHECK(answer_of(alice.thread) != WAITS);
        world_end();
    }
}
