/* SPDX-License-Identifier: MIT */
/*
 * Memory that is asked back, and taken: what was taken shows nowhere, in no process and by no
 * hold, its pages are free for others, and its holder was told which. What the kernel uses
 * itself stays.
 */
#include "attempt.h"

#define AT 0x40000000u
#define TOLD (AT + 0x10000000u)

static struct thread *t;
static const struct phx_repossession *said;

static void begin(void)
{
    world_begin();
    t = alice.thread;
    uint64_t told = make_frame(&alice, 1), signal = make_notification(&alice);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_WATCH, signal, 1, told), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, told, TOLD, 0, 1, PHX_PROT_READ), 0);
    said = at(&alice, TOLD);
}

static uint64_t unused(void)
{
    return alice.account->limit[RESOURCE_PAGES] - alice.account->used[RESOURCE_PAGES];
}

/* So many more than are unused: asked for, and what was said after the deadline. */
static int64_t take(uint64_t more)
{
    uint64_t limit = alice.account->limit[RESOURCE_PAGES];
    uint64_t pages = unused() + more, by = now_ns() + 1000000;

    CHECK_EQ(CALL(boss.thread, alice.account_id, ACCOUNT_RECLAIM, pages, by), -PHX_WOULD_BLOCK);
    CHECK(said->wanted == pages && said->deadline == by);
    pass_time(2000000);
    int64_t got = CALL(boss.thread, alice.account_id, ACCOUNT_RECLAIM, pages, by);
    CHECK_EQ(alice.account->limit[RESOURCE_PAGES], got == 0 ? limit - pages : limit);
    world_check();
    return got;
}

/* Gives back to alice what went, so that her world ends as it began. */
static void give_again(uint64_t limit)
{
    CHECK_EQ(CALL(boss.thread, SLOT(ACCOUNT), ACCOUNT_TRANSFER, alice.account_id, RESOURCE_PAGES,
                 limit - alice.account->limit[RESOURCE_PAGES]),
        0);
}

TEST(reclaim, what_was_taken_shows_nowhere, "mapped in two spaces, registered, held twice")
{
    begin();
    uint64_t limit = alice.account->limit[RESOURCE_PAGES];
    uint64_t frame = make_frame(&alice, 600), pa = WORD(t, 1), lent = grant(&alice, frame, &bob);
    struct address_space_map_in *list = at(&alice, MEMORY);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, AT, 0, 600, READ_WRITE), 0);
    CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, lent, AT, 100, 500, READ_WRITE), 0);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, make_frame(&alice, 2), 8, 8), 0);
    uint64_t ring = WORD(t, 0);
    CHECK_EQ(CALL(t, ring, RING_REGISTER_BUFFER, frame, 1), 0);
    CHECK_EQ(take(300), 0);
    CHECK_EQ(said->taken, 1);
    CHECK(said->vector[0].physical == pa && said->vector[0].pages == 600);
    for (unsigned i = 0; i < 600; i++)
        CHECK(!space_resolve(alice.process->space, AT + i * 4096, PHX_PROT_READ) &&
              !space_resolve(bob.process->space, AT + i * 4096, PHX_PROT_READ));
    CHECK_EQ(user_check(alice.process->space, PHX_FIXED(1, 0), 8, PHX_PROT_READ), PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, frame, FRAME_INFO), -PHX_REVOKED);
    CHECK_EQ(CALL(bob.thread, lent, FRAME_CARVE, 0, 1), -PHX_REVOKED);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, AT, 0, 1, PHX_PROT_READ), -PHX_REVOKED);
    list[0] = (struct address_space_map_in){frame, AT, 0, 1, PHX_PROT_READ};
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP_LIST, MEMORY, 1), -PHX_REVOKED);
    CHECK_EQ(CALL(t, ring, RING_REGISTER_BUFFER, frame, 2), -PHX_REVOKED);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_WATCH, frame, 1, frame), -PHX_REVOKED);
    CHECK_EQ(CALL(t, ring, RING_INFO), 0); /* the kernel's own */
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, frame), 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, lent), 0);
    give_again(limit);
    world_end();
}

/* One after the other, the last that came first, and no more than are needed. */
TEST(reclaim, the_last_are_taken_first, "and as few as will do; each once in the vector")
{
    uint64_t pas[3], frames[3];
    begin();
    uint64_t limit = alice.account->limit[RESOURCE_PAGES];
    for (unsigned i = 0; i < 3; i++) {
        frames[i] = make_frame(&alice, 10);
        pas[i] = WORD(t, 1);
    }
    CHECK_EQ(take(15), 0);
    CHECK_EQ(said->taken, 2);
    CHECK(said->vector[0].physical == pas[2] && said->vector[1].physical == pas[1]);
    CHECK_EQ(CALL(t, frames[0], FRAME_INFO), 0);
    CHECK_EQ(CALL(t, frames[1], FRAME_INFO), -PHX_REVOKED);
    CHECK_EQ(CALL(t, frames[2], FRAME_INFO), -PHX_REVOKED);
    give_again(limit);
    world_end();
}

/* Memory that only mappings own: populated, copied, cut in parts, cloned. */
TEST(reclaim, populated_memory_is_taken_too, "also what another space shows of it")
{
    begin();
    uint64_t limit = alice.account->limit[RESOURCE_PAGES], into = grant(&bob, SLOT(SPACE), &alice);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), AT, 40, READ_WRITE), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, AT + 10 * 4096, 1), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, into, AT, 40), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_COPY_REPLACE, SLOT(POOL), AT, READ_WRITE), 0);
    CHECK_EQ(take(39), 0);
    unsigned left = 0;
    for (unsigned i = 0; i < 40; i++) {
        left += space_resolve(alice.process->space, AT + i * 4096, PHX_PROT_READ) != 0;
        left += space_resolve(bob.process->space, AT + i * 4096, PHX_PROT_READ) != 0;
    }
    CHECK_EQ(left, 0);
    CHECK(said->taken == 3);
    give_again(limit);
    world_end();
}

/* --- in the middle of something --------------------------------------------------- */

static unsigned window_wanted, windows;

/* All that can be taken of alice's goes between two steps of hers. */
static void take_all(void)
{
    struct thread *taker = boss.thread;
    struct invocation inv = {
        .thread = taker, .waiter = &taker->waiter, .object = &alice.account->object};
    const struct account_reclaim_in in = {alice.account->limit[RESOURCE_PAGES] + 1, 0};

    if (windows++ != window_wanted)
        return;
    if (op_account_reclaim(&inv, &in) == BLOCKED)
        while (!taker->work.step(taker, &taker->work))
            ;
    taker->work.step = NULL;
}

#define HIS (AT + 0x20000000u)
static uint64_t his_space, large, single;

static int64_t long_alloc(void)
{
    return CALL(t, SLOT(POOL), FRAME_POOL_ALLOC, 20);
}

static int64_t long_populate(void)
{
    return CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), AT + 0x8000000, 20, READ_WRITE);
}

/* In a large page, so that there is a table to make first. */
static int64_t long_copy(void)
{
    return CALL(t, SLOT(SPACE), ADDRESS_SPACE_COPY_REPLACE, SLOT(POOL), AT + 0x5000, READ_WRITE);
}

static int64_t long_replace(void)
{
    return CALL(t, SLOT(SPACE), ADDRESS_SPACE_REPLACE, single, AT + 0x5000, 0, READ_WRITE);
}

/* In a page that stays, since another account has it. */
static int64_t replace_his(void)
{
    return CALL(t, SLOT(SPACE), ADDRESS_SPACE_REPLACE, single, HIS + 0x5000, 0, READ_WRITE);
}

static int64_t long_clone(void)
{
    return CALL(t, SLOT(SPACE), ADDRESS_SPACE_CLONE, his_space, AT + 0x1000, 600);
}

static int64_t long_map(void)
{
    return CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, large, AT + 0x8001000, 0, 600, READ_WRITE);
}

static int64_t long_seal(void)
{
    return CALL(t, large, FRAME_SEAL);
}

static void check_mappings(const struct program *p)
{
    for (struct tree_node *n = tree_ceil(&p->process->space->mappings, 0); n;
         n = tree_ceil(&p->process->space->mappings, n->key + 1)) {
        const struct mapping *m = CONTAINER(n, struct mapping, node);

        CHECK(!m->frame->object.dead && (m->frame->owned || m->frame == &device_memory));
    }
}

TEST(reclaim, nothing_that_goes_on_shows_what_was_taken, "between any two of its steps")
{
    int64_t (*const all[])(void) = {
        long_alloc, long_populate, long_copy, long_replace, replace_his, long_clone, long_map,
        long_seal};

    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        for (window_wanted = 0;; window_wanted++) {
            begin();
            large = make_frame(&alice, 700);
            single = make_frame(&alice, 1);
            his_space = grant(&bob, SLOT(SPACE), &alice);
            uint64_t his = grant(&bob, make_frame(&bob, 600), &alice);
            CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, his, HIS, 0, 600, READ_WRITE), 0);
            CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, large, AT, 0, 700, READ_WRITE), 0);
            windows = 0;
            arch_host.window = take_all;
            all[i]();
            arch_host.window = NULL;
            check_mappings(&alice);
            check_mappings(&bob);
            world_check();
            world_end();
            if (windows <= window_wanted)
                break;
        }
}

TEST(reclaim, nothing_more_is_nothing, "all that could be taken was, and no budget went")
{
    begin();
    uint64_t limit = alice.account->limit[RESOURCE_PAGES];
    CHECK_EQ(CALL(boss.thread, alice.account_id, ACCOUNT_RECLAIM, limit + 1, 0),
        -PHX_LIMIT_EXCEEDED);
    CHECK_EQ(alice.account->limit[RESOURCE_PAGES], limit);
    CHECK(list_is_empty(&alice.account->frames));
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_ALLOC, 1), 0); /* it goes on */
    world_end();
}

TEST(reclaim, a_pool_that_is_gone_is_not_told, "nor one whose hold of the page was revoked")
{
    begin();
    uint64_t limit = alice.account->limit[RESOURCE_PAGES], told = make_frame(&alice, 1);
    uint64_t signal = make_notification(&alice);
    CHECK_EQ(CALL(t, told, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
    uint64_t child = WORD(t, 0);
    CHECK_EQ(CALL(t, SLOT(POOL), FRAME_POOL_WATCH, signal, 2, child), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, told, AT, 0, 1, PHX_PROT_READ), 0);
    said = at(&alice, AT);
    CHECK_EQ(CALL(boss.thread, alice.account_id, ACCOUNT_RECLAIM, limit, PHX_FOREVER),
        -PHX_WOULD_BLOCK);
    CHECK_EQ(said->wanted, limit);
    CHECK_EQ(CALL(t, told, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(CALL(boss.thread, alice.account_id, ACCOUNT_RECLAIM, limit - 1, PHX_FOREVER),
        -PHX_WOULD_BLOCK);
    CHECK_EQ(said->wanted, limit);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, SLOT(POOL)), 0);
    CHECK(alice.account->pool == NULL);
    CHECK_EQ(CALL(boss.thread, alice.account_id, ACCOUNT_RECLAIM, limit, PHX_FOREVER),
        -PHX_WOULD_BLOCK);
    world_end();
}
