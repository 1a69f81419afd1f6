/* SPDX-License-Identifier: MIT */
/*
 * What others may see of a process and take from it: all of its rows, once each, and no more
 * authority over a row than the process itself has.
 */
#include "attempt.h"

#include <stdio.h>
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
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, hold, 0), 0);
    CHECK_EQ(CALL(t, process, PROCESS_REVOKE, child, 1), 0); /* dead, and not swept yet */
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

/* --- the tap -------------------------------------------------------------------------- */

static char told[20000];

/* What a tap tells from its beginning on. */
static const char *tell(uint64_t log)
{
    uint64_t position = 0, length = 0;

    do {
        CHECK_EQ(CALL(t, log, LOG_READ, position, MEMORY, 512), 0);
        memcpy(told + length, at(&alice, MEMORY), WORD(t, 0));
        length += WORD(t, 0);
        position = WORD(t, 1);
    } while (WORD(t, 0) > 0 && length + 512 < sizeof told);
    told[length] = 0;
    return told;
}

static bool tells(uint64_t log, uint64_t op, uint64_t cap)
{
    char text[64];

    snprintf(text, sizeof text, ": %lx %lx\n", op, cap);
    return strstr(tell(log), text) != NULL;
}

/* alice taps bob's account. */
static uint64_t tap_bob(void)
{
    uint64_t account = grant(&boss, bob.account_id, &alice);

    CHECK_EQ(CALL(t, account, ACCOUNT_NEW_TAP), 0);
    return WORD(t, 0);
}

TEST(observe, a_tap_tells_of_one_account, "each operation and its result, and nobody else's")
{
    begin();
    uint64_t log = tap_bob(), n = make_notification(&alice);
    CHECK_EQ(CALL(bob.thread, SLOT(CLOCK), CLOCK_NOW), 0);
    CHECK_EQ(CALL(bob.thread, 0x12345, CLOCK_NOW), -PHX_INVALID_CAPABILITY);
    CHECK(tells(log, PHX_OP_CALL((uint64_t)CLOCK_NOW, 0UL), SLOT(CLOCK)));
    CHECK(tells(log, PHX_OP_CALL((uint64_t)CLOCK_NOW, 0UL), 0x12345));
    CHECK(strstr(told, " = 0\n") != NULL);
    CHECK(strstr(told, " = -2\n") != NULL);
    CHECK(!tells(log, PHX_OP_CALL((uint64_t)ACCOUNT_NEW_NOTIFICATION, 0UL), SLOT(ACCOUNT)));
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 1), 0);
    CHECK(!tells(log, PHX_OP_CALL((uint64_t)NOTIFICATION_SIGNAL, 0UL), n));
    world_end();
}

TEST(observe, a_tap_sees_the_short_ways, "which its threads then do not go")
{
    uint64_t endpoint, client;

    begin();
    make_service(&endpoint, &client, 7, 0); /* bob serves, alice calls */
    uint64_t log = tap_bob();
    CHECK_EQ(CALL(bob.thread, SLOT(CLOCK), CLOCK_NOW), 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint, 0), WAITS);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(CALL(t, client, 3, 5), WAITS);
        CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0UL, 1UL), endpoint, 9), WAITS);
        CHECK_EQ(answer_of(t), 1);
    }
    tell(log);
    unsigned answers = 0;
    for (const char *p = told; (p = strstr(p, ": 1000502 ")); p++)
        answers++;
    CHECK_EQ(answers, 3);
    world_end();
}

TEST(observe, a_tap_ends_with_its_last_hold, "and the next one sees nothing of it")
{
    begin();
    uint64_t log = tap_bob();
    CHECK_EQ(CALL(bob.thread, SLOT(CLOCK), CLOCK_NOW), 0);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_TAP), -PHX_EXISTS);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, log, 0), 0);
    CHECK(tapped == NULL); /* at once: it kept an account */
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_TAP), 0);
    CHECK(tapped == alice.account);
    log = WORD(t, 0);
    CHECK(!tells(log, PHX_OP_CALL((uint64_t)CLOCK_NOW, 0UL), SLOT(CLOCK)));
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, log, 0), 0);
    CHECK(tapped == NULL);
    world_end();
}
