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

/* A child's space, as fork makes one, in bob's hands and alice's. */
static uint64_t other_space(void)
{
    return grant(&bob, SLOT(SPACE), &alice);
}

static bool writable(const struct program *p, uint64_t address)
{
    return space_resolve(p->process->space, address, PHX_PROT_WRITE) != 0;
}

/* Across two tables of leaves, which the other space has not. */
static void clone(void)
{
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), ACROSS, 3, READ_WRITE), 0);
    strcpy(at(&alice, ACROSS + 4096), "here");
    uint64_t into = other_space();
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, into, ACROSS, 1), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, into, ACROSS + 4096, 1), 0);
    CHECK(at(&alice, ACROSS) == at(&bob, ACROSS));
    CHECK(!writable(&alice, ACROSS) && !writable(&bob, ACROSS) && writable(&alice, ACROSS + 8192));
    CHECK_STR(at(&bob, ACROSS + 4096), "here");
    CHECK_EQ(space_resolve(bob.process->space, ACROSS + 8192, PHX_PROT_READ), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, into, ACROSS, 3), -PHX_EXISTS);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, into, ACROSS + 8192, 1), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, SLOT(SPACE), ACROSS, 1),
        -PHX_INVALID_ARGUMENT);
}

/* More than a step, and tables of leaves to make on the way. */
static void clone_much(void)
{
    uint64_t frame = make_frame(&alice, 600);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, ACROSS, 0, 600, READ_WRITE), 0);
    uint64_t into = other_space();
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, into, ACROSS, 600), 0);
    for (unsigned i = 0; i < 600; i++) {
        CHECK(at(&alice, ACROSS + i * 4096) == at(&bob, ACROSS + i * 4096));
        CHECK(!writable(&alice, ACROSS + i * 4096) && !writable(&bob, ACROSS + i * 4096));
    }
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, ACROSS, 600), 0);
}

static void copy_replace(void)
{
    uint64_t frame = make_frame(&alice, 3);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, ACROSS, 0, 3, READ_WRITE), 0);
    strcpy(at(&alice, ACROSS + 4096), "here");
    uint64_t was = space_resolve(alice.process->space, ACROSS + 4096, PHX_PROT_READ);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_COPY_REPLACE, SLOT(POOL), ACROSS + 4096,
                 READ_WRITE),
        0);
    CHECK_STR(at(&alice, ACROSS + 4096), "here");
    CHECK(space_resolve(alice.process->space, ACROSS + 4096, PHX_PROT_WRITE) != was);
    CHECK_EQ(space_resolve(alice.process->space, ACROSS, PHX_PROT_WRITE), was - 4096);
    CHECK_EQ(space_resolve(alice.process->space, ACROSS + 8192, PHX_PROT_WRITE), was + 4096);
    CHECK_EQ(
        CALL(t, SLOT(SPACE), ADDRESS_SPACE_COPY_REPLACE, SLOT(POOL), FAR, READ_WRITE), -PHX_NOT_FOUND);
}

/* Sealed by a hold that is let go: whose mapping is the last claims it, and all of it. */
static void claim_by_writing(void)
{
    uint64_t frame = make_frame(&alice, 4), where = WORD(t, 1);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 4, READ_WRITE), 0);
    CHECK_EQ(CALL(t, frame, FRAME_SEAL), 0);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, frame), 0);
    CHECK(!writable(&alice, FAR));
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_COPY_REPLACE, SLOT(POOL), FAR + 4096,
                 READ_WRITE),
        0);
    CHECK_EQ(space_resolve(alice.process->space, FAR + 4096, PHX_PROT_WRITE), where + 4096);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR + 8192, 1, PHX_PROT_READ), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR, 4, READ_WRITE), 0);
}

static void replace(void)
{
    uint64_t frame = make_frame(&alice, 2), where = WORD(t, 1);
    populate(3);
    CHECK_EQ(ATTEMPT_CALL(
                 t, SLOT(SPACE), ADDRESS_SPACE_REPLACE, frame, FAR + 4096, 1, PHX_PROT_READ),
        0);
    CHECK_EQ(space_resolve(alice.process->space, FAR + 4096, PHX_PROT_READ), where + 4096);
    CHECK(writable(&alice, FAR) && !writable(&alice, FAR + 4096) && writable(&alice, FAR + 8192));
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_REPLACE, frame, ACROSS, 1, 1), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, frame, CAPABILITY_REVOKE, 1), 0);
}

/* Nine, of which the last is refused: it is told how many were done. */
static void map_list(void)
{
    uint64_t frame = make_frame(&alice, 40);
    struct address_space_map_in *e = at(&alice, MEMORY);

    for (unsigned i = 0; i < 8; i++)
        e[i] = (struct address_space_map_in){frame, ACROSS + i * 4096, 7 - i, 1, READ_WRITE};
    e[8] = (struct address_space_map_in){frame, ACROSS, 0, 1, PHX_PROT_READ};
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY, 9), 0);
    CHECK_EQ(WORD(t, 0), 8);
    for (unsigned i = 0; i < 8; i++)
        CHECK(writable(&alice, ACROSS + i * 4096));
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY, 1), -PHX_EXISTS);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, ACROSS, 8), 0);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY, 1), 0);
    CHECK_EQ(WORD(t, 0), 1);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY, 0), 0);
    CHECK_EQ(WORD(t, 0), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, FAR, 2), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY + 4, 2), -PHX_INVALID_ARGUMENT);
}

/* Entries that take steps and tables; of one that is refused nothing stays mapped. */
static void map_long_list(void)
{
    uint64_t frame = make_frame(&alice, 700);
    struct address_space_map_in *e = at(&alice, MEMORY);

    e[0] = (struct address_space_map_in){frame, FAR, 0, 700, READ_WRITE};
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY, 1), 0);
    CHECK(WORD(t, 0) == 1 && writable(&alice, FAR) && writable(&alice, FAR + 699 * 4096));
    for (unsigned i = 0; i < 4; i++)
        e[i] = (struct address_space_map_in){frame, 0x2000000000 + i * 800 * 4096, 0, i % 2 ? 700 : 2,
            READ_WRITE};
    e[3].address = 0x7000000000;
    memory_fail(3); /* a table of what is 0x7000000000 */
    int64_t got = CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY, 4);
    memory_fail(-1);
    CHECK_EQ(got, 0);
    CHECK(WORD(t, 0) >= 1 && WORD(t, 0) <= 3);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_QUERY, e[WORD(t, 0)].address), -PHX_NOT_FOUND);
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

static void seal(void)
{
    uint64_t frame = make_frame(&alice, 3), lent = grant(&alice, frame, &bob);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 3, READ_WRITE), 0);
    CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, lent, FAR, 1, 2, READ_WRITE), 0);
    CHECK_EQ(ATTEMPT_CALL(t, frame, FRAME_SEAL), 0);
    CHECK(!writable(&alice, FAR) && !writable(&bob, FAR) && at(&bob, FAR) == at(&alice, FAR + 4096));
    CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR, 1, READ_WRITE),
        -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, ACROSS, 0, 1, READ_WRITE),
        -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, ACROSS, 0, 1, PHX_PROT_READ), 0);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 8, 8), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, frame, FRAME_CARVE, 0, 1), 0);
    CHECK_EQ(CALL(t, WORD(t, 0), FRAME_SEAL), -PHX_INVALID_STATE);
}

/* What the kernel writes itself cannot be sealed. */
static void claim(void)
{
    uint64_t frame = make_frame(&alice, 2), lent = grant(&alice, frame, &bob);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 2, READ_WRITE), 0);
    CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, lent, FAR, 0, 2, READ_WRITE), 0);
    CHECK_EQ(CALL(t, frame, FRAME_SEAL), 0);
    CHECK_EQ(CALL(t, frame, FRAME_CLAIM), -PHX_WOULD_BLOCK);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, lent), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR, 2), 0);
    CHECK_EQ(CALL(t, frame, FRAME_CLAIM), -PHX_WOULD_BLOCK); /* bob has it mapped */
    CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR, 2), 0);
    CHECK_EQ(ATTEMPT_CALL(t, frame, FRAME_CLAIM), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 2, READ_WRITE), 0);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 8, 8), 0);
    CHECK_EQ(CALL(t, frame, FRAME_SEAL), -PHX_INVALID_STATE);
    CHECK_EQ(CALL(t, frame, FRAME_CLAIM), -PHX_WOULD_BLOCK);
}

static uint64_t part_of(uint64_t frame, uint64_t offset, uint64_t pages)
{
    CHECK_EQ(CALL(t, frame, FRAME_CARVE, offset, pages), 0);
    return WORD(t, 0);
}

/* Two parts of three are one; with another authority's, another frame's, or in the wrong order
 * they are not. */
static void merge(void)
{
    uint64_t frame = make_frame(&alice, 8), parts[3], less;
    for (unsigned i = 0; i < 3; i++)
        parts[i] = part_of(frame, 2 * i, 2);
    uint64_t below = part_of(parts[0], 0, 1), above = part_of(below, 0, 1);
    CHECK_EQ(CALL(t, parts[0], FRAME_MERGE, parts[2]), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, parts[1], FRAME_MERGE, parts[0]), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, parts[1], FRAME_MERGE, parts[1]), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, parts[0], FRAME_MERGE, make_frame(&alice, 2)), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, below, FRAME_MERGE, part_of(frame, 1, 1)), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, frame, CAPABILITY_DERIVE, FRAME_M_ALL | CAPABILITY_M_ALL, 5), 0);
    CHECK_EQ(CALL(t, WORD(t, 0), FRAME_MERGE, parts[0]), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, parts[2], CAPABILITY_DERIVE, FRAME_M_ALL & ~FRAME_M_MAP_WRITE), 0);
    less = WORD(t, 0);
    CHECK_EQ(CALL(t, parts[1], FRAME_MERGE, less), -PHX_PERMISSION_DENIED);
    CHECK_EQ(ATTEMPT_CALL(t, parts[0], FRAME_MERGE, parts[1]), 0);
    CHECK_EQ(CALL(t, parts[1], FRAME_INFO), -PHX_INVALID_CAPABILITY);
    CHECK_EQ(CALL(t, parts[0], FRAME_INFO), 0);
    CHECK_EQ(WORD(t, 1), 4);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, parts[0], FAR, 1, 3, READ_WRITE), 0);
    CHECK_EQ(CALL(t, parts[0], CAPABILITY_REVOKE, 0), 0); /* the part's own children */
    CHECK_EQ(CALL(t, above, FRAME_INFO), -PHX_REVOKED);
    CHECK(writable(&alice, FAR + 8192));
    CHECK_EQ(CALL(t, frame, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(space_resolve(alice.process->space, FAR, PHX_PROT_READ), 0);
}

static void alloc_at(void)
{
    uint64_t frame = make_frame(&alice, 16), where = WORD(t, 1);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_ALLOC_AT, where, 1), -PHX_OUT_OF_MEMORY);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, frame), 0);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_ALLOC_AT, where + 8, 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_ALLOC_AT, 0, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_ALLOC_AT, where, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_ALLOC_AT, where + 4096, 4), -PHX_OUT_OF_MEMORY);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(POOL), FRAME_POOL_ALLOC_AT, where + 8 * 4096, 5), 0);
    CHECK_EQ(WORD(t, 1), where + 8 * 4096);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_ALLOC_AT, where + 12 * 4096, 1), -PHX_OUT_OF_MEMORY);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_ALLOC, 1), 0); /* anywhere again */
}

/* --- giving back -------------------------------------------------------------------- */

#define TOLD (FAR + 0x100000)

/* alice has a child whose account she asks, and a process in it whose frames go; what she
 * watches through is hers. */
static void watch_pool(void)
{
    uint64_t told = make_frame(&alice, 1), signal = make_notification(&alice);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_WATCH, signal, 1, signal), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_WATCH, told, 1, told), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(POOL), FRAME_POOL_WATCH, signal, 1, told), 0);
    CHECK_EQ(CALL(t, told, FRAME_SEAL), -PHX_INVALID_STATE);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, told, TOLD, 0, 1, PHX_PROT_READ), 0);
    const struct phx_repossession *said = at(&alice, TOLD);
    uint64_t account = alice.account_id, want = alice.account->limit[RESOURCE_PAGES];
    CHECK_EQ(CALL(boss.thread, account, ACCOUNT_RECLAIM, want, now_ns() + 1000), -PHX_WOULD_BLOCK);
    CHECK(said->wanted == want && said->deadline > 0 && said->taken == 0);
    CHECK_EQ(CALL(t, signal, NOTIFICATION_POLL, 1), 0);
    CHECK_EQ(WORD(t, 0), 1);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, told), 0); /* pinned, it stays */
    CHECK_EQ(CALL(boss.thread, account, ACCOUNT_RECLAIM, 7, 0), 0);
    CHECK_EQ(alice.account->limit[RESOURCE_PAGES], want - 7);
    CHECK_EQ(CALL(boss.thread, SLOT(ACCOUNT), ACCOUNT_TRANSFER, account, RESOURCE_PAGES, 7), 0);
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
    METHOD(ADDRESS_SPACE, CLONE, clone),
    METHOD(ADDRESS_SPACE, CLONE, clone_much),
    METHOD(ADDRESS_SPACE, COPY_REPLACE, copy_replace),
    METHOD(ADDRESS_SPACE, COPY_REPLACE, claim_by_writing),
    METHOD(ADDRESS_SPACE, REPLACE, replace),
    METHOD(ADDRESS_SPACE, MAP_LIST, map_list),
    METHOD(ADDRESS_SPACE, MAP_LIST, map_long_list),
    METHOD(FRAME, SEAL, seal),
    METHOD(FRAME, CLAIM, claim),
    METHOD(FRAME, INFO, frame_info),
    METHOD(FRAME, CARVE, carve),
    METHOD(FRAME, MERGE, merge),
    METHOD(FRAME_POOL, ALLOC, alloc),
    METHOD(FRAME_POOL, INFO, pool_info),
    METHOD(FRAME_POOL, ALLOC_AT, alloc_at),
    METHOD(FRAME_POOL, WATCH, watch_pool),
};

TEST(memory, each_works_or_changes_nothing, "with any allocation refused and at any limit")
{
    scenarios_run(scenarios, sizeof scenarios / sizeof scenarios[0], IFACE_ADDRESS_SPACE,
        IFACE_FRAME_POOL, &t);
}
