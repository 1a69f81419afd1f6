/* SPDX-License-Identifier: MIT */
/*
 * One-way messages: what is kept, for how long, at whose cost, and in which order it is
 * received.
 */
#include "attempt.h"
#include "ipc.h"

#include <stdio.h>

#define BUFFER (MEMORY + 0x1000)
#define SLOTS 12

static uint64_t endpoint, client;

static void begin(uint64_t uses, uint64_t caps)
{
    world_begin();
    make_service(&endpoint, &client, 3, uses);
    CHECK_EQ(CALL(bob.thread, endpoint, ENDPOINT_MAILBOX, SLOTS, 3000, caps), 0);
}

static struct endpoint *service(void)
{
    return (struct endpoint *)object_of(&bob, endpoint);
}

static int64_t sends(struct thread *from, uint64_t cap, uint64_t word)
{
    return SYS(from, PHX_OP_SEND(1, 1), cap, word);
}

/* A message of alice's with this capability. */
static int64_t sends_cap(uint64_t cap, unsigned mode)
{
    struct phx_message *m = message_at(&alice, MEMORY);

    m->send_caps = 1;
    m->caps[0] = cap;
    m->cap_modes[0] = (uint8_t)mode;
    return SYS(alice.thread, PHX_OP_SEND(1, 0) | PHX_OP_MESSAGE, client, MEMORY);
}

static int64_t sends_bytes(uint64_t cap, uint32_t length)
{
    struct phx_message *m = message_at(&alice, MEMORY);

    m->send_address = BUFFER;
    m->send_length = length;
    return SYS(alice.thread, PHX_OP_SEND(1, 0) | PHX_OP_MESSAGE, cap, MEMORY);
}

/* bob looks, with room for `caps` capabilities of an interface. */
static int64_t looks(unsigned caps, unsigned interface)
{
    struct phx_message *m = message_at(&bob, MEMORY);

    m->deadline = 0;
    m->recv_address = BUFFER;
    m->recv_capacity = PHX_SEND_MAX;
    m->accept_caps = (uint8_t)caps;
    m->accept[0] = (uint16_t)interface;
    return SYS(bob.thread, PHX_OP_RECV | PHX_OP_MESSAGE, endpoint, MEMORY);
}

static struct phx_message *got(void)
{
    return at(&bob, MEMORY);
}

static uint64_t uses_left(uint64_t cap)
{
    CHECK_EQ(CALL(alice.thread, cap, CAPABILITY_IDENTIFY), 0);
    return WORD(alice.thread, 3);
}

/* --- order ------------------------------------------------------------------------ */

TEST(mail, comes_in_turn, "with the calls that wait beside it")
{
    begin(0, 0);
    struct thread *other = another_thread(&alice), *third = another_thread(&alice);
    CHECK_EQ(sends(alice.thread, client, 1), 0);
    CHECK_EQ(SYS(other, PHX_OP_CALL(1, 1), client, 2), WAITS);
    CHECK_EQ(sends(alice.thread, client, 3), 0);
    CHECK_EQ(sends(alice.thread, client, 4), 0);
    CHECK_EQ(SYS(third, PHX_OP_CALL(1, 1), client, 5), WAITS);
    CHECK_EQ(sends(alice.thread, client, 6), 0);
    world_check();
    for (uint64_t i = 1; i <= 6; i++) {
        uint64_t op = i == 1 ? PHX_OP_RECV : PHX_OP_RETURN_RECV(0, 0);
        bool call = i == 2 || i == 5;
        int64_t info = 1 | 1 << 8 | (call ? 0 : PHX_INFO_ONE_WAY);

        CHECK_EQ(SYS(bob.thread, op, endpoint), info);
        CHECK_EQ(WORD(bob.thread, 0), i);
        CHECK_EQ(bob.thread->regs.rdi, 3);
        CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), call ? 0 : -PHX_DISCONNECTED);
    }
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0, 0), endpoint), WAITS);
    CHECK_EQ(answer_of(other), 0);
    CHECK_EQ(answer_of(third), 0);
    CHECK_EQ(sends(alice.thread, client, 7), 0);
    CHECK_EQ(WORD(bob.thread, 0), 7);
    world_end();
}

TEST(mail, a_server_that_answers_looks_first, "and is not switched away from what waits")
{
    begin(0, 0);
    struct thread *other = another_thread(&alice);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    CHECK_EQ(SYS(other, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(sends(alice.thread, client, 8), 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0, 0), endpoint),
        (int64_t)(1 | 1 << 8 | PHX_INFO_ONE_WAY));
    CHECK_EQ(WORD(bob.thread, 0), 8);
    CHECK_EQ(answer_of(other), 0);
    world_end();
}

/* --- how much ----------------------------------------------------------------------- */

TEST(mail, half_is_for_one_badge, "and the rest for others; who has no badge is one of them")
{
    begin(0, 0);
    uint64_t second = grant(&bob, make_client(&bob, endpoint, 4, 0), &alice);
    uint64_t none = grant(&bob, make_client(&bob, endpoint, 0, 0), &alice);
    const uint64_t caps[] = {client, second, none};
    unsigned count[3] = {0};

    for (unsigned i = 0; i < 3; i++) {
        while (sends(alice.thread, caps[i], i) == 0)
            count[i]++;
        CHECK_EQ(sends(alice.thread, caps[i], i), -PHX_WOULD_BLOCK);
        world_check();
    }
    CHECK_EQ(count[0], SLOTS / 2);
    CHECK_EQ(count[1], SLOTS / 2);
    CHECK_EQ(count[2], 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint) < 0, false);
    CHECK_EQ(sends(alice.thread, second, 0), -PHX_WOULD_BLOCK);
    CHECK_EQ(sends(alice.thread, client, 0), 0);
    world_end();
}

TEST(mail, what_is_too_big_is_told, "at once, and never waits")
{
    begin(0, 0);
    CHECK_EQ(sends_bytes(client, 3000), 0);
    CHECK_EQ(sends_bytes(client, 3001), -PHX_TOO_BIG); /* for this mailbox */
    uint64_t wide = make_endpoint(&bob);
    CHECK_EQ(CALL(bob.thread, wide, ENDPOINT_MAILBOX, 256, PHX_SEND_MAX, 0), 0);
    uint64_t to_wide = grant(&bob, make_client(&bob, wide, 1, 0), &alice);
    CHECK_EQ(sends_bytes(to_wide, PHX_SEND_MAX), 0);
    CHECK_EQ(sends_bytes(to_wide, PHX_SEND_MAX + 1), -PHX_TOO_BIG);
    const uint64_t wrong[][3] = {{0, 8, 0}, {257, 8, 0}, {1, PHX_SEND_MAX + 1, 0}, {1, 8, 5}};
    uint64_t other = make_endpoint(&bob);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(CALL(bob.thread, other, ENDPOINT_MAILBOX, wrong[i][0], wrong[i][1], wrong[i][2]),
            -PHX_INVALID_ARGUMENT);
    CHECK_EQ(sends(alice.thread, SLOT(CLOCK), 0), -PHX_NOT_SUPPORTED);
    CHECK_EQ(SYS(alice.thread, PHX_OP_SEND(CAPABILITY_IDENTIFY, 0), client), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(SYS(alice.thread, PHX_OP_SEND(1, 11), client), -PHX_INVALID_ARGUMENT);
    world_end();
}

/* Whatever was sent and not received yet: badge, and a word that tells the bytes. */
static struct sent {
    uint64_t badge, seed;
    uint32_t length;
} queue[4096];
static unsigned first, last;

static void check_next(void)
{
    const struct sent *s = &queue[first++ % 4096];

    CHECK_EQ(looks(0, 0) < 0, false);
    CHECK_EQ(got()->badge, s->badge);
    CHECK_EQ(PHX_INFO_LENGTH(got()->info), s->length);
    for (uint32_t i = 0; i < s->length; i++)
        CHECK_EQ(*((uint8_t *)at(&bob, BUFFER) + i), (uint8_t)(s->seed + i * 7));
}

TEST(mail, goes_round, "messages of any length and sender, in order and to the byte")
{
    begin(0, 0);
    const uint64_t second = grant(&bob, make_client(&bob, endpoint, 4, 0), &alice);
    unsigned full = 0;

    first = last = 0;
    for (unsigned step = 0; step < 30000; step++) {
        uint32_t length = test_rand() % 3 ? test_rand() % 64 : test_rand() % 3000;
        uint64_t seed = test_rand();

        if (test_rand() % 2 && first != last) {
            check_next();
            continue;
        }
        for (uint32_t i = 0; i < length; i++)
            *((uint8_t *)at(&alice, BUFFER) + i) = (uint8_t)(seed + i * 7);
        int64_t answer = sends_bytes(seed & 1 ? second : client, length);
        CHECK(answer == 0 || answer == -PHX_WOULD_BLOCK);
        full += answer != 0;
        if (answer == 0)
            queue[last++ % 4096] = (struct sent){seed & 1 ? 4 : 3, seed, length};
        if (step % 64 == 0)
            world_check();
    }
    while (first != last)
        check_next();
    CHECK_EQ(looks(0, 0), -PHX_WOULD_BLOCK);
    printf("# %u messages went round, %u found no room\n", last, full);
    CHECK(last > 10000 && full > 1000);
    world_end();
}

/* --- capabilities --------------------------------------------------------------------- */

TEST(mail, a_capability_waits_in_the_mailbox, "counted, and its last holder is not gone")
{
    begin(0, 1);
    uint64_t n = make_notification(&alice), other = make_endpoint(&alice);
    uint64_t watched = make_client(&alice, other, 9, 0);
    CHECK_EQ(CALL(alice.thread, other, ENDPOINT_WATCH, 9, n, 2), 0);
    uint64_t holds = bob.account->used[RESOURCE_HOLDS];
    CHECK_EQ(sends_cap(watched, PHX_CAP_MOVE), 0);
    CHECK_EQ(bob.account->used[RESOURCE_HOLDS], holds + 1);
    CHECK_EQ(SYS(alice.thread, PHX_OP_RELEASE, watched), -PHX_INVALID_CAPABILITY);
    CHECK_EQ(CALL(alice.thread, n, NOTIFICATION_POLL, 2), 0);
    CHECK_EQ(WORD(alice.thread, 0), 0);
    world_check();
    CHECK_EQ(looks(1, SERVED), (int64_t)(1 << 8 | 1 << 16 | PHX_INFO_ONE_WAY));
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, got()->caps[0]), 0);
    CHECK_EQ(CALL(alice.thread, n, NOTIFICATION_POLL, 2), 0);
    CHECK_EQ(WORD(alice.thread, 0), 2);
    world_end();
}

TEST(mail, a_capability_may_be_dead_at_arrival, "or of a kind, or one more than is taken: null")
{
    for (unsigned why = 0; why < 4; why++) {
        begin(0, 1);
        uint64_t n = make_notification(&alice), holds = bob.account->used[RESOURCE_HOLDS];
        CHECK_EQ(sends_cap(n, why == 3 ? PHX_CAP_MOVE : PHX_CAP_COPY), 0);
        if (why == 0)
            CHECK_EQ(CALL(alice.thread, n, CAPABILITY_REVOKE, 1), 0);
        const int64_t lost = 1 << 8 | 1 << 16 | (why < 3 ? 1 << 24 : 0) | PHX_INFO_ONE_WAY;
        CHECK_EQ(looks(why != 2, why == 1 ? IFACE_CLOCK : IFACE_NOTIFICATION), lost);
        CHECK_EQ(got()->caps[0] == 0, why < 3);
        CHECK_EQ(bob.account->used[RESOURCE_HOLDS], holds + (why == 3));
        world_end();
    }
}

TEST(mail, a_hold_that_receives_is_not_taken_in, "nor more capabilities than were said")
{
    begin(0, 1);
    uint64_t own = make_endpoint(&alice);
    CHECK_EQ(sends_cap(own, PHX_CAP_MOVE), -PHX_NOT_ACCEPTED);
    CHECK_EQ(sends_cap(own, PHX_CAP_COPY), -PHX_NOT_ACCEPTED);
    CHECK_EQ(sends_cap(own, 3), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(sends_cap(own + 1, PHX_CAP_COPY), -PHX_INVALID_CAPABILITY);
    struct phx_message *m = message_at(&alice, MEMORY);
    m->send_caps = 2;
    CHECK_EQ(SYS(alice.thread, PHX_OP_SEND(1, 0) | PHX_OP_MESSAGE, client, MEMORY),
        -PHX_NOT_ACCEPTED);
    CHECK_EQ(sends_cap(make_notification(&alice), PHX_CAP_MOVE), 0);
    world_end();
}

/* --- what becomes of it ---------------------------------------------------------------- */

TEST(mail, what_was_revoked_is_not_received, "and costs no use")
{
    world_begin();
    endpoint = make_endpoint(&bob);
    CHECK_EQ(CALL(bob.thread, endpoint, ENDPOINT_MAILBOX, 9, 0, 1), 0);
    uint64_t minted = make_client(&bob, endpoint, 3, 4), n = make_notification(&alice);
    client = grant(&bob, minted, &alice);
    CHECK_EQ(sends_cap(n, PHX_CAP_MOVE), 0);
    CHECK_EQ(sends(alice.thread, client, 1), 0);
    CHECK_EQ(CALL(bob.thread, minted, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(sends(alice.thread, client, 1), -PHX_REVOKED);
    uint64_t again = grant(&bob, minted, &alice);
    CHECK_EQ(sends(alice.thread, again, 2), 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), (int64_t)(1 | 1 << 8 | PHX_INFO_ONE_WAY));
    CHECK_EQ(WORD(bob.thread, 0), 2);
    CHECK_EQ(uses_left(again), 3);
    CHECK_EQ(rows_in_use(&service()->mailbox->table), 0);
    world_end();
}

TEST(mail, uses_are_spent_when_it_is_taken, "reserved until then")
{
    begin(2, 0);
    const struct uses *u = cap_row(&alice.process->table, client)->uses;
    CHECK_EQ(sends(alice.thread, client, 1), 0);
    CHECK_EQ(sends(alice.thread, client, 2), 0);
    CHECK_EQ(sends(alice.thread, client, 3), -PHX_CONSUMED);
    CHECK(u->left == 0 && u->reserved == 2 && u->spent == 0);
    CHECK_EQ(looks(0, 0) < 0, false);
    CHECK(u->left == 0 && u->reserved == 1 && u->spent == 1);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, endpoint), 0);
    settle();
    CHECK(u->left == 1 && u->reserved == 0 && u->spent == 1);
    CHECK_EQ(sends(alice.thread, client, 4), -PHX_DISCONNECTED);
    world_end();
}

TEST(mail, vanishes_with_its_server, "released or dead: bytes, rows and uses go back")
{
    for (unsigned way = 0; way < 2; way++) {
        begin(100, 4);
        uint64_t n = make_notification(&alice), other = make_endpoint(&alice);
        CHECK_EQ(sends_cap(make_client(&alice, other, 9, 0), PHX_CAP_MOVE), 0);
        CHECK_EQ(CALL(alice.thread, other, ENDPOINT_WATCH, 9, n, 2), 0);
        for (unsigned i = 1; i < SLOTS / 2; i++)
            CHECK_EQ(sends_cap(SLOT(CLOCK), PHX_CAP_COPY), 0);
        CHECK_EQ(way ? CALL(boss.thread, bob.process_id, PROCESS_EXIT, 9)
                     : SYS(bob.thread, PHX_OP_RELEASE, endpoint), 0);
        settle();
        CHECK_EQ(uses_left(client), 100);
        CHECK_EQ(CALL(alice.thread, n, NOTIFICATION_POLL, 2), 0);
        CHECK_EQ(WORD(alice.thread, 0), 2);
        CHECK_EQ(CALL(alice.thread, SLOT(CLOCK), CAPABILITY_REVOKE, 0), 0);
        CHECK_EQ(sends(alice.thread, client, 4), -PHX_DISCONNECTED);
        world_end();
    }
}

TEST(mail, outlives_its_sender, "and the record of its badge outlives the last hold")
{
    begin(0, 1);
    uint64_t n = make_notification(&bob);
    CHECK_EQ(CALL(bob.thread, endpoint, ENDPOINT_WATCH, 3, n, 1), 0);
    CHECK_EQ(sends_cap(SLOT(CLOCK), PHX_CAP_COPY), 0);
    CHECK_EQ(CALL(boss.thread, alice.process_id, PROCESS_EXIT, 9), 0);
    settle();
    CHECK_EQ(CALL(bob.thread, n, NOTIFICATION_POLL, 1), 0);
    CHECK_EQ(WORD(bob.thread, 0), 1);
    CHECK(badge_find(service(), 3) != NULL);
    CHECK_EQ(looks(1, 0), (int64_t)(1 << 8 | 1 << 16 | PHX_INFO_ONE_WAY));
    CHECK(object_of(&bob, got()->caps[0]) == &machine);
    CHECK(badge_find(service(), 3) == NULL);
    world_end();
}

TEST(mail, a_receiver_s_fault_is_its_own, "and what was sent stays for the next")
{
    begin(0, 0);
    struct thread *other = another_thread(&bob);
    struct phx_message *m = message_at(&bob, MEMORY);
    m->recv_address = BUFFER;
    m->recv_capacity = 8;
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV | PHX_OP_MESSAGE, endpoint, MEMORY), WAITS);
    CHECK_EQ(CALL(other, SLOT(SPACE), ADDRESS_SPACE_PROTECT, BUFFER, 1, PHX_PROT_READ), 0);
    CHECK_EQ(sends_bytes(client, 8), 0);
    CHECK_EQ(answer_of(bob.thread), -PHX_BAD_ADDRESS);
    CHECK_EQ(looks(0, 0), -PHX_BAD_ADDRESS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint),
        (int64_t)(1 << 8 | PHX_INFO_CUT | PHX_INFO_ONE_WAY));
    struct phx_message *bad = message_at(&alice, MEMORY);
    bad->send_address = 0x1000;
    bad->send_length = 8;
    CHECK_EQ(SYS(alice.thread, PHX_OP_SEND(1, 0) | PHX_OP_MESSAGE, client, MEMORY),
        -PHX_BAD_ADDRESS);
    CHECK_EQ(looks(0, 0), -PHX_BAD_ADDRESS);
    world_end();
}

TEST(mail, wants_a_server, "to be set up, and to be sent to")
{
    world_begin();
    endpoint = make_endpoint(&bob);
    CHECK_EQ(CALL(bob.thread, endpoint, CAPABILITY_DERIVE, ENDPOINT_M_MAILBOX), 0);
    uint64_t deaf = WORD(bob.thread, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, endpoint), 0);
    CHECK_EQ(CALL(bob.thread, deaf, ENDPOINT_MAILBOX, 1, 0, 0), -PHX_INVALID_STATE);
    world_end();
}
