/* SPDX-License-Identifier: MIT */
/*
 * What others may see of a process and take from it: all of its rows, once each, and no more
 * authority over a row than the process itself has.
 */
#include "attempt.h"

#include <string.h>

#define FAR 0x40000000u

static struct thread *t; /* alice's, who holds bob's Process */
static uint64_t process;

static void begin(void)
{
    world_begin();
    t = alice.thread;
    process = grant(&boss, bob.process_id, &alice);
}

/* --- holds ------------------------------------------------------------------------ */

TEST(observe, every_row_is_shown_once, "however many there are")
{
    begin();
    for (unsigned have = 0; have < 300; have += 37) {
        const struct phx_hold *rows = at(&alice, MEMORY);
        uint64_t cursor = 0, seen = 0, last = 0;

        for (unsigned i = 0; i < 37; i++)
            (void)make_notification(&bob);
        do {
            CHECK_EQ(CALL(t, process, PROCESS_HOLDS, cursor, MEMORY), 0);
            cursor = WORD(t, 0);
            CHECK(WORD(t, 1) <= PHX_HOLDS);
            for (unsigned i = 0; i < WORD(t, 1); i++) {
                CHECK((uint32_t)rows[i].id > last);
                last = (uint32_t)rows[i].id;
                CHECK(cap_row(&bob.process->table, rows[i].id) != NULL);
            }
            seen += WORD(t, 1);
        } while (cursor != 0);
        CHECK_EQ(seen, bob.account->used[RESOURCE_HOLDS]);
    }
    world_end();
}

TEST(observe, a_cursor_is_any_number, "and shows what is behind it")
{
    begin();
    CHECK_EQ(CALL(t, process, PROCESS_HOLDS, UINT64_MAX, MEMORY), 0);
    CHECK_EQ(WORD(t, 0), 0);
    CHECK_EQ(WORD(t, 1), 0);
    CHECK_EQ(CALL(t, process, PROCESS_HOLDS, UINT64_C(1) << 32, MEMORY), 0);
    CHECK_EQ(WORD(t, 1), 0);
    CHECK_EQ(CALL(t, process, PROCESS_HOLDS, 60, MEMORY), 0);
    CHECK_EQ(CALL(t, process, PROCESS_HOLDS, 0, FAR), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, process, PROCESS_HOLDS, 0, PHX_USER_END), -PHX_BAD_ADDRESS);
    world_end();
}

TEST(observe, holds_need_their_own_method, "which status is not")
{
    begin();
    CHECK_EQ(CALL(t, process, CAPABILITY_DERIVE, PROCESS_M_ALL & ~PROCESS_M_HOLDS), 0);
    uint64_t less = WORD(t, 0);
    CHECK_EQ(CALL(t, less, PROCESS_STATUS), 0);
    CHECK_EQ(CALL(t, less, PROCESS_HOLDS, 0, MEMORY), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, process, CAPABILITY_DERIVE, PROCESS_M_ALL & ~PROCESS_M_REVOKE), 0);
    CHECK_EQ(CALL(t, WORD(t, 0), PROCESS_REVOKE, SLOT(CLOCK), 1), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(bob.thread, SLOT(CLOCK), CLOCK_NOW), 0);
    world_end();
}

/* --- revoke ------------------------------------------------------------------------ */

/* bob has a notification without these methods, and a child of it. */
static void bob_derives(uint64_t without, uint64_t *hold, uint64_t *child)
{
    uint64_t n = make_notification(&bob);

    CHECK_EQ(CALL(bob.thread, n, CAPABILITY_DERIVE,
                 (NOTIFICATION_M_ALL | CAPABILITY_M_ALL) & ~without),
        0);
    *hold = WORD(bob.thread, 0);
    CHECK_EQ(CALL(bob.thread, *hold, CAPABILITY_DERIVE, NOTIFICATION_M_SIGNAL), 0);
    *child = WORD(bob.thread, 0);
}

TEST(observe, a_parent_revokes_what_its_child_could, "and what it could not only lets go")
{
    uint64_t hold, child;

    begin();
    bob_derives(0, &hold, &child);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, hold, 0), 0);
    CHECK_EQ(CALL(bob.thread, child, NOTIFICATION_SIGNAL, 1), -PHX_REVOKED);
    CHECK_EQ(CALL(bob.thread, hold, NOTIFICATION_SIGNAL, 1), 0);
    bob_derives(CAPABILITY_M_REVOKE, &hold, &child);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, hold, 0), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(bob.thread, hold, NOTIFICATION_SIGNAL, 1), 0);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, hold, 1), 0);
    CHECK_EQ(CALL(bob.thread, hold, NOTIFICATION_SIGNAL, 1), -PHX_INVALID_CAPABILITY);
    CHECK_EQ(CALL(bob.thread, child, NOTIFICATION_SIGNAL, 1), 0);
    world_end();
}

TEST(observe, only_rows_of_that_process_are_taken, "by their whole id")
{
    uint64_t hold, child;

    begin();
    bob_derives(0, &hold, &child);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, hold + (UINT64_C(1) << 32), 1), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, UINT64_MAX, 1), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, 0, 1), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, hold, 2), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(bob.thread, hold, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, child, 1), 0); /* dead already */
    CHECK_EQ(CALL(t, process, PROCESS_EXIT, 7), 0);
    settle();
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, hold, 1), -PHX_NOT_FOUND);
    world_end();
}

TEST(observe, a_revoke_from_outside_takes_mappings_down, "step by step, as any other")
{
    begin();
    uint64_t frame = make_frame(&bob, 600);
    CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR, 0, 600, READ_WRITE), 0);
    CHECK_EQ(CALL(bob.thread, frame, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
    CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, WORD(bob.thread, 0), 2 * FAR, 0, 600,
                 READ_WRITE),
        0);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, frame, 1), 0);
    CHECK_EQ(space_resolve(bob.process->space, 2 * FAR, PHX_PROT_READ), 0);
    CHECK(space_resolve(bob.process->space, FAR, PHX_PROT_READ) != 0);
    world_end();
}
