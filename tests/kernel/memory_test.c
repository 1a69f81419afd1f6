/* SPDX-License-Identifier: MIT */
/*
 * The methods of memory: spaces, frames, pools: each works, and under any
 * scarcity it is refused cleanly. A method without a scenario fails the test.
 */
#include "attempt.h"

#include <string.h>

#define FAR 0x40000000u    /* no table of its 1 GiB is there yet */
#define ACROSS 0x401ff000u /* two tables of leaves */

static struct thread *t; /* alice's, in every scenario */

/* --- AddressSpace ------------------------------------------------------------------ */

static void map(void)
{
    uint64_t frame = make_frame(&alice, 2);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, ACROSS, 0, 2, READ_WRITE), 0);
    strcpy(at(&alice, ACROSS + 4096), "here");
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 1, 1, PHX_PROT_READ), 0);
    CHECK_STR(at(&alice, FAR), "here");
}

/* Five tables and more than a step of entries. */
static void map_much(void)
{
    uint64_t frame = make_frame(&alice, 600);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, ACROSS, 0, 600, READ_WRITE), 0);
    CHECK_EQ(user_check(alice.process->space, ACROSS, 600 << 12, READ_WRITE), OK);
}

static void populate_one(void)
{
    CHECK_EQ(
        ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, 1, READ_WRITE), 0);
    CHECK_EQ(WORD(t, 0), 1);
    for (unsigned i = 0; i < 4096; i++)
        CHECK_EQ(((char *)at(&alice, FAR))[i], 0);
}

static void populate_many(void)
{
    CHECK_EQ(
        ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), ACROSS, 9, READ_WRITE), 0);
    CHECK(WORD(t, 0) > 0 && WORD(t, 0) <= 9);
    CHECK_EQ(user_check(alice.process->space, ACROSS, WORD(t, 0) << 12, READ_WRITE), OK);
}

static void populate(uint64_t pages)
{
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, pages, READ_WRITE), 0);
    CHECK_EQ(WORD(t, 0), pages);
}

/* A hole in the middle: both ends are cut, and the frame is split twice. */
static void unmap(void)
{
    populate(9);
    uint64_t used = memory_taken();
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR + 0x2000, 3), 0);
    CHECK(space_resolve(alice.process->space, FAR + 0x1000, PHX_PROT_READ) != 0);
    CHECK(space_resolve(alice.process->space, FAR + 0x2000, PHX_PROT_READ) == 0);
    CHECK(space_resolve(alice.process->space, FAR + 0x4000, PHX_PROT_READ) == 0);
    CHECK(space_resolve(alice.process->space, FAR + 0x5000, PHX_PROT_READ) != 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR, 9), 0);
    CHECK(memory_taken() < used);
}

static void protect(void)
{
    populate(9);
    CHECK_EQ(
        ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR + 0x2000, 3, PHX_PROT_READ), 0);
    CHECK_EQ(user_check(alice.process->space, FAR, 0x2000, READ_WRITE), OK);
    CHECK(space_resolve(alice.process->space, FAR + 0x2000, PHX_PROT_WRITE) == 0);
    CHECK_EQ(user_check(alice.process->space, FAR + 0x2000, 0x3000, PHX_PROT_READ), OK);
    CHECK_EQ(user_check(alice.process->space, FAR + 0x5000, 0x4000, READ_WRITE), OK);
}

static void query(void)
{
    populate(9);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_QUERY, FAR + 0x2fff), 0);
    CHECK_EQ(WORD(t, 0), space_resolve(alice.process->space, FAR + 0x2000, PHX_PROT_READ));
    CHECK_EQ(WORD(t, 1), READ_WRITE);
    CHECK_EQ(WORD(t, 2), 7);
}

/* --- Frame, FramePool ------------------------------------------------------------- */

static void frame_info(void)
{
    uint64_t frame = make_frame(&alice, 3), where = WORD(t, 1);
    CHECK_EQ(ATTEMPT_CALL(t, frame, FRAME_INFO), 0);
    CHECK_EQ(WORD(t, 0), where);
    CHECK_EQ(WORD(t, 1), 3);
}

static void carve(void)
{
    uint64_t frame = make_frame(&alice, 8), where = WORD(t, 1);
    CHECK_EQ(ATTEMPT_CALL(t, frame, FRAME_CARVE, 2, 4), 0);
    uint64_t part = WORD(t, 0);
    CHECK_EQ(CALL(t, part, FRAME_CARVE, 1, 2), 0);
    part = WORD(t, 0);
    CHECK_EQ(CALL(t, part, FRAME_INFO), 0);
    CHECK_EQ(WORD(t, 0), where + 3 * 4096);
    CHECK_EQ(WORD(t, 1), 2);
    CHECK_EQ(CALL(t, part, FRAME_CARVE, 1, 2), -PHX_INVALID_ARGUMENT);
}

static void alloc(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(POOL), FRAME_POOL_ALLOC, 21), 0);
    uint64_t pa = WORD(t, 1);
    for (unsigned i = 0; i < 21 * 4096; i++)
        CHECK_EQ(((char *)direct(pa))[i], 0);
}

static void pool_info(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(POOL), FRAME_POOL_INFO), 0);
    CHECK_EQ(WORD(t, 0) + memory_taken(), WORD(t, 1));
    CHECK(WORD(t, 2) <= WORD(t, 0));
}

static const struct scenario scenarios[] = {
    METHOD(ADDRESS_SPACE, MAP, map),
    METHOD(ADDRESS_SPACE, MAP, map_much),
    METHOD(ADDRESS_SPACE, POPULATE, populate_one),
    METHOD(ADDRESS_SPACE, POPULATE, populate_many),
    METHOD(ADDRESS_SPACE, UNMAP, unmap),
    METHOD(ADDRESS_SPACE, PROTECT, protect),
    METHOD(ADDRESS_SPACE, QUERY, query),
    METHOD(FRAME, INFO, frame_info),
    METHOD(FRAME, CARVE, carve),
    METHOD(FRAME_POOL, ALLOC, alloc),
    METHOD(FRAME_POOL, INFO, pool_info),
};

TEST(memory, each_works_or_changes_nothing, "with any allocation refused and at any limit")
{
    scenarios_run(scenarios, sizeof scenarios / sizeof scenarios[0], IFACE_ADDRESS_SPACE,
        IFACE_FRAME_POOL, &t);
}
