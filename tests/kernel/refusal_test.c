/* SPDX-License-Identifier: MIT */
/*
 * Messages that cannot pass: whose fault it was hears it, the other side is as it
 * was, and nothing moved.
 */
#include "attempt.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE 0x5000000

static uint64_t endpoint, client;

static struct phx_message *message(const struct program *p)
{
    struct phx_message *m = message_at(p, MEMORY);

    m->recv_address = MEMORY + 0x1000;
    m->recv_capacity = 100;
    return m;
}

static int64_t send(struct program *p, uint64_t op, uint64_t cap)
{
    return SYS(p->thread, PHX_OP_ENTER1, entry_for(p, op, cap, MEMORY));
}

static int64_t alice_calls(void)
{
    return send(&alice, PHX_OP_CALL(1, 0), client);
}

static int64_t bob_receives(void)
{
    return send(&bob, PHX_OP_RECV, endpoint);
}

static struct thread *others[2]; /* second threads of alice and bob */

static void begin(uint64_t uses)
{
    world_begin();
    others[0] = another_thread(&alice);
    others[1] = another_thread(&bob);
    make_service(&endpoint, &client, 3, uses);
}

static void unmap_buffer(const struct program *p)
{
    CHECK_EQ(CALL(others[p == &bob], SLOT(SPACE), ADDRESS_SPACE_UNMAP, MEMORY + 0x1000, 1), 0);
}

TEST(refusal, a_bad_buffer_is_its_owners_fault, "of the sender, at once or when it is taken")
{
    for (unsigned queued = 0; queued < 2; queued++) {
        begin(5);
        message(&alice)->send_length = 10;
        ((struct phx_message *)at(&alice, MEMORY))->send_address = NOWHERE;
        (void)message(&bob);
        CHECK_EQ(queued ? alice_calls() : bob_receives(), WAITS);
        CHECK_EQ(queued ? bob_receives() : alice_calls(), queued ? WAITS : -PHX_BAD_ADDRESS);
        CHECK_EQ(answer_of(alice.thread), -PHX_BAD_ADDRESS);
        CHECK_EQ(answer_of(bob.thread), WAITS);
        CHECK_EQ(CALL(alice.thread, client, CAPABILITY_IDENTIFY), 0);
        CHECK_EQ(WORD(alice.thread, 3), 5);
        world_end();
    }
}

TEST(refusal, a_receiver_without_its_buffer_hears_it, "and the call goes to the next")
{
    begin(0);
    (void)message(&bob);
    CHECK_EQ(bob_receives(), WAITS);
    unmap_buffer(&bob);
    message(&alice)->send_length = 10;
    ((struct phx_message *)at(&alice, MEMORY))->send_address = MEMORY;
    CHECK_EQ(alice_calls(), WAITS);
    CHECK_EQ(answer_of(bob.thread), -PHX_BAD_ADDRESS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint) & 0xffff, 1 << 8);
    world_end();
}

TEST(refusal, an_answer_to_no_buffer_is_the_callers_fault, "and the server goes on")
{
    begin(0);
    (void)message(&alice);
    CHECK_EQ(alice_calls(), WAITS);
    (void)message(&bob);
    CHECK(bob_receives() > 0);
    unmap_buffer(&alice);
    message(&bob)->send_length = 10;
    ((struct phx_message *)at(&bob, MEMORY))->send_address = MEMORY;
    CHECK_EQ(send(&bob, PHX_OP_RETURN(0, 0), 0), 0);
    CHECK_EQ(answer_of(alice.thread), -PHX_BAD_ADDRESS);
    world_end();
}

TEST(refusal, a_server_that_receives_again_drops_its_caller, "who hears that it is gone")
{
    begin(0);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), 1 << 8);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    CHECK_EQ(answer_of(alice.thread), -PHX_DISCONNECTED);
    world_end();
}

/* --- capabilities ---------------------------------------------------------------- */

/* alice sends `cap`; bob takes `room` of interface `wanted`. */
static void try_capability(
    uint64_t cap, unsigned mode, unsigned copies, unsigned room, uint16_t wanted, int64_t expected)
{
    struct phx_message *m = message(&bob);
    struct phx_message *sent = message(&alice);

    m->accept_caps = (uint8_t)room;
    m->accept[0] = wanted;
    CHECK_EQ(bob_receives(), WAITS);
    sent->send_caps = (uint8_t)copies;
    for (unsigned i = 0; i < copies && i < PHX_MESSAGE_CAPS; i++) {
        sent->caps[i] = cap;
        sent->cap_modes[i] = (uint8_t)mode;
    }
    uint64_t entry = entry_for(&alice, PHX_OP_CALL(1, 0), client, MEMORY);
    char *before = world_dump();
    CHECK_EQ(SYS(alice.thread, PHX_OP_ENTER1, entry), expected);
    char *after = world_dump();
    CHECK_STR(before, after);
    free(before);
    free(after);
    wait_cancel(&bob.thread->waiter, PHX_CANCELLED);
}

TEST(refusal, capabilities_that_may_not_pass_stay, "all of them, where they are")
{
    begin(0);
    struct thread *a = alice.thread;
    uint64_t n = make_notification(&alice);
    CHECK_EQ(CALL(a, n, CAPABILITY_DERIVE, NOTIFICATION_M_SIGNAL), 0);
    uint64_t bare = WORD(a, 0);

    try_capability(n, PHX_CAP_MOVE, 1, 0, 0, -PHX_NOT_ACCEPTED);
    try_capability(n, PHX_CAP_COPY, 2, 1, 0, -PHX_NOT_ACCEPTED);
    try_capability(n, PHX_CAP_MOVE, 1, 1, IFACE_FRAME, -PHX_NOT_ACCEPTED);
    try_capability(n, PHX_CAP_MOVE, 2, 2, 0, -PHX_INVALID_ARGUMENT);
    try_capability(bare, PHX_CAP_MOVE, 1, 1, 0, -PHX_PERMISSION_DENIED);
    try_capability(bare, PHX_CAP_COPY, 1, 1, 0, -PHX_PERMISSION_DENIED);
    try_capability(n, 0, 1, 1, 0, -PHX_INVALID_ARGUMENT);
    try_capability(n, 3, 1, 1, 0, -PHX_INVALID_ARGUMENT);
    try_capability(~UINT64_C(0), PHX_CAP_COPY, 1, 1, 0, -PHX_INVALID_CAPABILITY);
    try_capability(n, PHX_CAP_COPY, 5, 4, 0, -PHX_INVALID_ARGUMENT);
    world_end();
}

/* --- deadlines --------------------------------------------------------------------- */

TEST(refusal, a_deadline_gives_everything_back, "that was reserved until then")
{
    begin(4);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t deadline = i == 0 ? 0 : now_ns() + 1000000;
        struct phx_message *m = message(&alice);
        uint64_t live = alice.account->used[RESOURCE_HOLDS];

        m->deadline = deadline;
        m->accept_caps = 3;
        CHECK_EQ(alice_calls(), i == 0 ? -PHX_WOULD_BLOCK : WAITS);
        CHECK_EQ(alice.account->used[RESOURCE_HOLDS], live + (i ? 3 : 0));
        if (i == 2) /* it covers the answer, too */
            CHECK(SYS(bob.thread, PHX_OP_RECV, endpoint) > 0);
        pass_time(2000000);
        CHECK_EQ(answer_of(alice.thread), i == 0 ? -PHX_WOULD_BLOCK : -PHX_TIMEOUT);
        CHECK_EQ(alice.account->used[RESOURCE_HOLDS], live);
        CHECK_EQ(CALL(alice.thread, client, CAPABILITY_IDENTIFY), 0);
        CHECK_EQ(WORD(alice.thread, 3), i == 2 ? 3 : 4);
        CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), -PHX_DISCONNECTED);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct phx_message *m = message(&bob);
        uint64_t live = bob.account->used[RESOURCE_HOLDS];

        m->deadline = i == 0 ? 0 : now_ns() + 1000000;
        m->accept_caps = 4;
        m->flags = PHX_MESSAGE_REPLY;
        CHECK_EQ(bob_receives(), i == 0 ? -PHX_WOULD_BLOCK : WAITS);
        CHECK_EQ(bob.account->used[RESOURCE_HOLDS], live + (i ? 5 : 0));
        pass_time(2000000);
        CHECK_EQ(answer_of(bob.thread), i == 0 ? -PHX_WOULD_BLOCK : -PHX_TIMEOUT);
        CHECK_EQ(bob.account->used[RESOURCE_HOLDS], live);
    }
    world_end();
}

TEST(refusal, idle_cores_sweep_what_was_revoked, "out of every table")
{
    begin(0);
    uint64_t live = bob.account->used[RESOURCE_HOLDS];
    for (unsigned i = 0; i < 300; i++)
        (void)grant(&alice, SLOT(CLOCK), &bob);
    CHECK_EQ(CALL(alice.thread, SLOT(CLOCK), CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(bob.account->used[RESOURCE_HOLDS], live + 300);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_SLEEP, now_ns() + 50000000), WAITS);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(CALL(others[i], SLOT(THREAD), THREAD_CONTROL_SLEEP, now_ns() + 50000000), WAITS);
    CHECK_EQ(CALL(boss.thread, SLOT(THREAD), THREAD_CONTROL_SLEEP, now_ns() + 50000000), WAITS);
    CHECK_EQ(bob.account->used[RESOURCE_HOLDS], live);
    pass_time(100000000);
    CHECK_EQ(answer_of(boss.thread), 0);
    world_end();
}

/* --- completions -------------------------------------------------------------------- */

TEST(refusal, a_completion_says_nothing_of_another, "that its record once stood for")
{
    begin(0);
    uint64_t frame = make_frame(&bob, 1);
    struct phx_ring *r = direct(WORD(bob.thread, 1));
    struct phx_entry *e = (struct phx_entry *)(void *)(r + 1);
    struct phx_completion *c = (struct phx_completion *)(void *)(e + 2);

    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 2, 1), 0);
    uint64_t ring = WORD(bob.thread, 0);
    (void)message(&bob);
    e[0] = (struct phx_entry){.op = PHX_OP_RECV, .cap = endpoint, .words = {MEMORY}};
    e[1] = (struct phx_entry){.op = PHX_OP_NYX(67), .words = {now_ns() + 1000000}};
    r->submit_tail = 2;
    CHECK_EQ(CALL(bob.thread, ring, RING_ENTER, 2, 0, 0), 0);
    CHECK_EQ(WORD(bob.thread, 0), 1); /* there is one record only */
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(c->words[0], 3);
    r->complete_head = 1;
    CHECK_EQ(CALL(bob.thread, ring, RING_ENTER, 1, 0, 0), 0);
    pass_time(2000000);
    CHECK_EQ(r->complete_tail, 2);
    CHECK_EQ(c->result, 0);
    CHECK_EQ(c->words[0], 0);
    world_end();
}
