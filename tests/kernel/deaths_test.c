/* SPDX-License-Identifier: MIT */
/*
 * Ends in the middle of things: who waits is answered, and nothing stays behind
 * (world_end() counts).
 */
#include "attempt.h"

#include <string.h>

static uint64_t endpoint, client;

static void kill_program(const struct program *p)
{
    CHECK_EQ(CALL(boss.thread, p->process_id, PROCESS_EXIT, 9), 0);
    settle();
    CHECK_EQ(p->process->state, PROCESS_DEAD);
}

static void begin_service(uint64_t uses)
{
    world_begin();
    make_service(&endpoint, &client, 3, uses);
}

/* --- calls ------------------------------------------------------------------------ */

TEST(deaths, a_queued_caller_vanishes, "when it dies")
{
    begin_service(2);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    kill_program(&alice);
    struct endpoint *e = (struct endpoint *)object_of(&bob, endpoint);
    CHECK(list_is_empty(&e->callers));
    CHECK_EQ(e->object.refs, 1);
    world_end();
}

TEST(deaths, a_served_caller_vanishes, "and its answer goes nowhere")
{
    begin_service(0);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), 1 << 8);
    kill_program(&alice);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), -PHX_DISCONNECTED);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0, 0), endpoint), WAITS);
    world_end();
}

TEST(deaths, callers_of_a_dead_server_hear_it, "queued or served")
{
    for (unsigned taken = 0; taken < 3; taken++) {
        begin_service(0);
        CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
        if (taken > 0)
            CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), 1 << 8);
        if (taken > 1)
            CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
        kill_program(&bob);
        CHECK_EQ(answer_of(alice.thread), -PHX_DISCONNECTED);
        CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), -PHX_DISCONNECTED);
        world_end();
    }
}

TEST(deaths, the_last_server_hold_takes_the_queue_along, "callers and receivers")
{
    begin_service(3);
    struct thread *other = another_thread(&alice), *receiver = another_thread(&bob);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(SYS(other, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(CALL(bob.thread, endpoint, CAPABILITY_DUPLICATE), 0);
    uint64_t second = WORD(bob.thread, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, endpoint), 0);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, second), 0);
    CHECK_EQ(answer_of(alice.thread), -PHX_DISCONNECTED);
    CHECK_EQ(answer_of(other), -PHX_DISCONNECTED);
    CHECK_EQ(CALL(alice.thread, client, CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(alice.thread, 3), 3);
    endpoint = make_endpoint(&bob);
    CHECK_EQ(SYS(receiver, PHX_OP_RECV, endpoint), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, endpoint), 0);
    CHECK_EQ(answer_of(receiver), -PHX_DISCONNECTED);
    world_end();
}

TEST(deaths, a_revoked_caller_is_taken_out, "of the queue, at once")
{
    world_begin();
    endpoint = make_endpoint(&bob);
    uint64_t minted = make_client(&bob, endpoint, 3, 4);
    client = grant(&bob, minted, &alice);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(CALL(bob.thread, minted, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(answer_of(alice.thread), -PHX_REVOKED);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), -PHX_REVOKED);
    CHECK_EQ(CALL(bob.thread, minted, CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(bob.thread, 3), 4);
    world_end();
}

/* --- Replies ----------------------------------------------------------------------- */

/* alice's next call is with bob, as a Reply. */
static uint64_t take_call(void)
{
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), 1 << 8);
    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
    return WORD(bob.thread, 0);
}

TEST(deaths, a_reply_that_is_dropped_answers, "Disconnected, and only the last of its holds does")
{
    begin_service(0);
    uint64_t reply = take_call();
    CHECK_EQ(CALL(bob.thread, reply, CAPABILITY_DUPLICATE), 0);
    uint64_t second = WORD(bob.thread, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, reply), 0);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, second), 0);
    CHECK_EQ(answer_of(alice.thread), -PHX_DISCONNECTED);
    world_end();
}

TEST(deaths, a_stale_reply_answers_nobody, "used or dropped, when another call is served")
{
    begin_service(0);
    uint64_t reply = take_call();
    CHECK_EQ(CALL(bob.thread, reply, CAPABILITY_DUPLICATE), 0);
    uint64_t second = WORD(bob.thread, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), reply), 0);
    CHECK_EQ(answer_of(alice.thread), 0);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), 1 << 8);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), second), -PHX_DISCONNECTED);
    (void)SYS(bob.thread, PHX_OP_RELEASE, second);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0, 0), endpoint), WAITS);
    CHECK_EQ(answer_of(alice.thread), 0);

    /* Nor do its holds count for the call that came at once. */
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(1, 0), client), WAITS);
    CHECK_EQ(answer_of(bob.thread), 1 << 8);
    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, WORD(bob.thread, 0)), 0);
    CHECK_EQ(answer_of(alice.thread), -PHX_DISCONNECTED);
    world_end();
}

TEST(deaths, a_reply_can_be_handed_on, "and answers from where it arrives")
{
    begin_service(0);
    struct program carol = world_program(&bob);
    uint64_t at_carol = make_endpoint(&carol), minted = make_client(&carol, at_carol, 1, 0);
    uint64_t to_carol = grant(&carol, minted, &bob);

    struct phx_message *m = message_at(&bob, MEMORY);
    m->caps[0] = take_call();
    m->send_caps = 1;
    m->cap_modes[0] = PHX_CAP_MOVE;
    CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_CALL(1, 0), to_carol, MEMORY)),
        WAITS);
    m = message_at(&carol, MEMORY);
    m->accept_caps = 1;
    m->accept[0] = IFACE_REPLY;
    CHECK(SYS(carol.thread, PHX_OP_ENTER1, entry_for(&carol, PHX_OP_RECV, at_carol, MEMORY)) > 0);
    CHECK_EQ(SYS(carol.thread, PHX_OP_RETURN(0, 1), m->caps[0], 44), 0);
    CHECK_EQ(answer_of(alice.thread), 1);
    CHECK_EQ(WORD(alice.thread, 0), 44);
    world_end();
}

/* --- waits ---------------------------------------------------------------------- */

TEST(deaths, waits_end_with_their_thread, "whatever for")
{
    world_begin();
    uint64_t n = make_notification(&alice);
    struct thread *a = another_thread(&alice), *b = another_thread(&alice);
    struct thread *d = another_thread(&alice);
    CHECK_EQ(CALL(a, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(b, SLOT(THREAD), THREAD_CONTROL_SLEEP, now_ns() + 1000000000), WAITS);
    CHECK_EQ(CALL(d, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
    uint64_t id = grant(&alice, WORD(d, 0), &bob);
    CHECK_EQ(CALL(bob.thread, id, THREAD_JOIN, PHX_FOREVER), WAITS);
    kill_program(&alice);
    CHECK_EQ(answer_of(bob.thread), 0);
    pass_time(2000000000);
    world_end();
}

TEST(deaths, the_last_holder_of_a_badge_is_told, "when it dies with the hold")
{
    begin_service(0);
    uint64_t n = make_notification(&bob);
    CHECK_EQ(CALL(bob.thread, endpoint, ENDPOINT_WATCH, 3, n, 8), 0);
    CHECK_EQ(CALL(bob.thread, n, NOTIFICATION_WAIT, 8, PHX_FOREVER), WAITS);
    kill_program(&alice);
    CHECK_EQ(answer_of(bob.thread), 0);
    CHECK_EQ(WORD(bob.thread, 0), 8);
    world_end();
}

TEST(deaths, a_thousand_holds_go, "of every kind, with all that they hold")
{
    world_begin();
    uint64_t ids[] = {make_endpoint(&alice), make_notification(&alice), make_frame(&alice, 2),
        SLOT(CONSOLE), SLOT(ACCOUNT), SLOT(SPACE), SLOT(PROCESS), SLOT(POOL)};
    for (unsigned i = 0; i < 1100; i++) {
        CHECK_EQ(CALL(alice.thread, ids[i % 8], i % 3 ? CAPABILITY_DUPLICATE : CAPABILITY_DERIVE,
                     CONSOLE_M_WRITE | CAPABILITY_M_ALL),
            0);
        if (i % 10 < 5)
            ids[i % 8] = WORD(alice.thread, 0);
        if (i % 100 == 99) /* chains that are too deep begin anew */
            memcpy(ids,
                (uint64_t[]){SLOT(CLOCK), SLOT(LOG), SLOT(POWER), SLOT(CONSOLE), SLOT(ACCOUNT),
                    SLOT(SPACE), SLOT(PROCESS), SLOT(POOL)},
                sizeof ids);
    }
    CHECK(alice.account->used[RESOURCE_HOLDS] > 1000);
    kill_program(&alice);
    CHECK_EQ(alice.account->used[RESOURCE_HOLDS], 0);
    world_end();
}

/* --- rings ---------------------------------------------------------------------- */

static struct phx_ring *ring;
static uint64_t ring_id;

static void submit(uint64_t op, uint64_t cap, uint64_t word, uint64_t user)
{
    struct phx_entry *e = (struct phx_entry *)(void *)(ring + 1) + ring->submit_tail++ % 16;

    *e = (struct phx_entry){.op = op, .cap = cap, .words = {word, PHX_FOREVER}, .user = user};
}

static int64_t result_of(unsigned i)
{
    return ((struct phx_completion *)(void *)((struct phx_entry *)(void *)(ring + 1) + 16) + i)
        ->result;
}

/* Two calls, one of them served with a Reply, a sleep and a wait. */
static uint64_t ring_in_flight(void)
{
    begin_service(0);
    uint64_t frame = make_frame(&alice, 2), pa = WORD(alice.thread, 1);
    uint64_t n = make_notification(&alice);
    ring = direct(pa);
    CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 16, 16), 0);
    ring_id = WORD(alice.thread, 0);
    message_at(&alice, MEMORY)->accept_caps = 2;
    message_at(&alice, MEMORY + 0x800)->accept_caps = 1;
    submit(PHX_OP_CALL(1, 0), client, MEMORY, 1);
    submit(PHX_OP_CALL(2, 0), client, MEMORY + 0x800, 2);
    submit(PHX_OP_NYX(67), 0, now_ns() + 1000000000, 3);
    submit(PHX_OP_NYX(7), n, 1, 4);
    CHECK_EQ(CALL(alice.thread, ring_id, RING_ENTER, 4, 0, 0), 0);
    CHECK_EQ(WORD(alice.thread, 0), 4);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), 1 << 8);
    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
    return WORD(bob.thread, 0);
}

TEST(deaths, a_ring_that_is_destroyed_completes, "everything in flight, as cancelled")
{
    uint64_t reply = ring_in_flight();
    CHECK_EQ(CALL(alice.thread, ring_id, RING_DESTROY), 0);
    CHECK_EQ(ring->complete_tail, 4);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(result_of(i), -PHX_CANCELLED);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), reply), -PHX_DISCONNECTED);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    world_end();
}

TEST(deaths, a_ring_goes_with_its_thread, "and what it asked of others with it")
{
    uint64_t reply = ring_in_flight();
    CHECK_EQ(CALL(alice.thread, ring_id, RING_ENTER, 0, 4, PHX_FOREVER), WAITS);
    kill_program(&alice);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), reply), -PHX_DISCONNECTED);
    world_end();
}

TEST(deaths, calls_in_a_ring_hear_of_a_dead_server, "as completions")
{
    (void)ring_in_flight();
    CHECK_EQ(CALL(alice.thread, ring_id, RING_ENTER, 0, 2, PHX_FOREVER), WAITS);
    kill_program(&bob);
    CHECK_EQ(answer_of(alice.thread), 0);
    CHECK_EQ(ring->complete_tail, 2);
    CHECK_EQ(result_of(0), -PHX_DISCONNECTED);
    CHECK_EQ(result_of(1), -PHX_DISCONNECTED);
    world_end();
}

/* --- accounts ---------------------------------------------------------------------- */

/* Three children, each with three, and a process in every one of them. */
static unsigned grow(uint64_t parent, unsigned depth, uint64_t *accounts, uint64_t *processes)
{
    struct thread *t = alice.thread;
    unsigned n = 0;

    for (unsigned i = 0; depth > 0 && i < 3; i++, n++) {
        uint64_t size = depth * depth;

        CHECK_EQ(CALL(t, parent, ACCOUNT_CREATE, 60 * size, 40 * size, 0, size), 0);
        accounts[n] = WORD(t, 0);
        CHECK_EQ(CALL(t, accounts[n], ACCOUNT_NEW_PROCESS, 0x1000, 0x9000), 0);
        processes[n] = WORD(t, 0);
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, WORD(t, 1)), 0);
        n += grow(accounts[n], depth - 1, accounts + n + 1, processes + n + 1);
    }
    return n;
}

TEST(deaths, an_account_s_end_reaches_all_below, "and all that they had left comes back")
{
    uint64_t accounts[12], processes[12], before[RESOURCES];
    struct thread *t = alice.thread;

    world_begin();
    t = alice.thread;
    for (unsigned r = 0; r < RESOURCES; r++)
        before[r] = alice.account->limit[r] - alice.account->used[r];
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_CREATE, 900, 600, 0, 40), 0);
    uint64_t top = WORD(t, 0);
    CHECK_EQ(grow(top, 2, accounts, processes), 12);
    CHECK_EQ(CALL(t, accounts[5], ACCOUNT_CHARGE, RESOURCE_ENERGY, 1), 0);

    int64_t answer = CALL(t, top, ACCOUNT_DESTROY);
    for (unsigned i = 0; answer == WAITS && i < 100; i++) {
        settle();
        answer = answer_of(t);
    }
    CHECK_EQ(answer, 0);
    settle();
    for (unsigned i = 0; i < 12; i++) {
        CHECK_EQ(CALL(t, accounts[i], ACCOUNT_BALANCE, 0), -PHX_REVOKED);
        CHECK_EQ(CALL(t, processes[i], PROCESS_STATUS), 0);
        CHECK_EQ(WORD(t, 0), PROCESS_DEAD);
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, accounts[i]), 0);
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, processes[i]), 0);
    }
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, top), 0);
    for (unsigned r = RESOURCE_HOLDS; r < RESOURCES; r++)
        CHECK_EQ(alice.account->limit[r] - alice.account->used[r],
            before[r] - (r == RESOURCE_ENERGY ? 1 : 0));
    world_end();
}
