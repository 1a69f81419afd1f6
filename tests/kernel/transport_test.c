/* SPDX-License-Identifier: MIT */
/*
 * Messages under any scarcity: with words, bytes and capabilities, taken at once or
 * from the queue, answered, and in rings.
 */
#include "attempt.h"

#include <string.h>

#define SENT (MEMORY + 0x1000)  /* bytes that go out, or where they come in */
#define SECOND (MEMORY + 0x800) /* a second message */

static struct thread *t;
static uint64_t endpoint, client;

/* alice's message: three words, 5000 bytes cut to a buffer's, one capability copied
 * and one moved; room for two that come back. */
static uint64_t full_message(const struct program *p, uint64_t copied, uint64_t moved)
{
    struct phx_message *m = message_at(p, MEMORY);

    for (unsigned i = 0; i < PHX_WORDS; i++)
        m->words[i] = 10 + i;
    strcpy(at(p, SENT), "some bytes");
    m->send_address = SENT;
    m->send_length = 100;
    m->send_caps = 2;
    m->caps[0] = copied;
    m->cap_modes[0] = PHX_CAP_COPY;
    m->caps[1] = moved;
    m->cap_modes[1] = PHX_CAP_MOVE;
    m->accept_caps = 2;
    m->recv_address = SENT;
    m->recv_capacity = 64;
    return MEMORY;
}

static struct phx_message *receive_message(const struct program *p, unsigned flags)
{
    struct phx_message *m = message_at(p, MEMORY);

    m->accept_caps = 3;
    m->recv_address = SENT;
    m->recv_capacity = 200;
    m->flags = (uint8_t)flags;
    return m;
}

static void check_full(const struct program *p, const struct phx_message *m)
{
    CHECK_EQ(PHX_INFO_WORDS(m->info), 10);
    CHECK_EQ(PHX_INFO_CAPS(m->info), 2);
    for (unsigned i = 0; i < PHX_WORDS; i++)
        CHECK_EQ(m->words[i], 10 + i);
    CHECK(object_of(p, m->caps[0]) == &machine);
    CHECK_EQ(object_of(p, m->caps[1])->type, IFACE_NOTIFICATION);
    CHECK_STR(at(p, SENT), "some bytes");
}

static uint64_t alice_full_call(void)
{
    uint64_t moved = make_notification(&alice);

    return entry_for(&alice, PHX_OP_CALL(5, 10), client, full_message(&alice, SLOT(CLOCK), moved));
}

/* bob's answer with what he got from a full call, or things alike. */
static uint64_t bob_full_return(uint64_t op, uint64_t cap)
{
    uint64_t moved = make_notification(&bob);

    return entry_for(&bob, op, cap, full_message(&bob, SLOT(CLOCK), moved));
}

/* --- calls --------------------------------------------------------------------- */

static void words_at_once(void)
{
    make_service(&endpoint, &client, 3, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    CHECK_EQ(ATTEMPT(t, PHX_OP_CALL(5, 2), client, 7, 8), WAITS);
    CHECK_EQ(PHX_INFO_METHOD(bob.thread->regs.rax), 5);
    CHECK_EQ(bob.thread->regs.rdi, 3);
    CHECK_EQ(WORD(bob.thread, 1), 8);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0, 1), endpoint, 9), WAITS);
    CHECK_EQ(answer_of(t), 1);
    CHECK_EQ(WORD(t, 0), 9);
}

static void words_later(void)
{
    make_service(&endpoint, &client, 3, 2);
    t->regs.rbx = 12;
    t->regs.r15 = 16;
    bob.thread->regs.r15 = 1;
    CHECK_EQ(ATTEMPT(t, PHX_OP_CALL(5, 10), client, 7, 8), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV | PHX_OP_WIDE, endpoint), 10 | 5 << 8);
    CHECK_EQ(bob.thread->regs.rbx, 12);
    CHECK_EQ(bob.thread->regs.r15, 16);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(PHX_IO_ERROR, 0), 0), 0);
    CHECK_EQ(answer_of(t), -PHX_IO_ERROR);
    CHECK_EQ(CALL(t, client, CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(t, 3), 1);
}

/* Who has room for five words keeps the registers of the others. */
static void words_cut(void)
{
    make_service(&endpoint, &client, 3, 0);
    bob.thread->regs.rbx = 1;
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    t->regs.rbx = 12;
    CHECK_EQ(ATTEMPT(t, PHX_OP_CALL(5, 10), client, 7, 8), WAITS);
    CHECK_EQ(answer_of(bob.thread), (int64_t)(5 | 5 << 8 | PHX_INFO_CUT));
    CHECK_EQ(WORD(bob.thread, 1), 8);
    CHECK_EQ(bob.thread->regs.rbx, 1);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 6), 0), 0);
    CHECK_EQ(answer_of(t), (int64_t)(5 | PHX_INFO_CUT));
    CHECK_EQ(t->regs.rbx, 12);
}

static void message_at_once(void)
{
    make_service(&endpoint, &client, 3, 0);
    struct phx_message *m = receive_message(&bob, PHX_MESSAGE_REPLY);
    uint64_t receive = entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY);
    CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, receive), WAITS);
    CHECK_EQ(ATTEMPT(t, PHX_OP_ENTER1, alice_full_call()), WAITS);
    CHECK_EQ(answer_of(bob.thread), m->info);
    check_full(&bob, m);
    CHECK_EQ(m->badge, 3);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), m->reply), 0);
    CHECK_EQ(answer_of(t) >= 0, true);
}

/* The same message, without an entry: its address is in rsi. */
static void message_by_address(void)
{
    make_service(&endpoint, &client, 3, 0);
    struct phx_message *m = receive_message(&bob, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV | PHX_OP_MESSAGE, endpoint, MEMORY), WAITS);
    uint64_t moved = make_notification(&alice);
    uint64_t full = full_message(&alice, SLOT(CLOCK), moved);
    CHECK_EQ(ATTEMPT(t, PHX_OP_CALL(5, 10) | PHX_OP_MESSAGE, client, full), WAITS);
    CHECK_EQ(answer_of(bob.thread), m->info);
    check_full(&bob, m);
    CHECK_EQ(m->badge, 3);
    CHECK_EQ(m->reply, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), 0);
    CHECK_EQ(SYS(t, PHX_OP_NOP | PHX_OP_MESSAGE, 0, full), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(SYS(t, PHX_OP_CALL(5, 10) | PHX_OP_MESSAGE, client, full + 4), -PHX_INVALID_ARGUMENT);
}

static void message_later(void)
{
    make_service(&endpoint, &client, 3, 1);
    CHECK_EQ(ATTEMPT(t, PHX_OP_ENTER1, alice_full_call()), WAITS);
    struct phx_message *m = receive_message(&bob, 0);
    CHECK(SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY)) > 0);
    check_full(&bob, m);
}

/* What the caller lacks at this moment is the caller's to hear; the server waits on. */
static bool caller_lacked(int64_t answer)
{
    if (answer != WAITS)
        return false;
    CHECK(answer_of(t) == -PHX_OUT_OF_MEMORY || answer_of(t) == -PHX_LIMIT_EXCEEDED);
    return true;
}

static void receive_queued(void)
{
    make_service(&endpoint, &client, 3, 1);
    CHECK_EQ(SYS(t, PHX_OP_ENTER1, alice_full_call()), WAITS);
    struct phx_message *m = receive_message(&bob, PHX_MESSAGE_REPLY);
    int64_t answer =
        ATTEMPT(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY));
    if (caller_lacked(answer))
        return;
    check_full(&bob, m);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), m->reply), 0);
    CHECK_EQ(answer_of(t) >= 0, true);
}

static void receive_waits(void)
{
    make_service(&endpoint, &client, 3, 1);
    (void)receive_message(&bob, PHX_MESSAGE_REPLY);
    CHECK_EQ(
        ATTEMPT(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY)), WAITS);
    CHECK_EQ(CALL(t, client, 1), WAITS);
    CHECK_EQ(answer_of(bob.thread), 1 << 8);
}

/* --- answers ------------------------------------------------------------------- */

/* alice's full call is with bob. */
static void serve(unsigned flags)
{
    make_service(&endpoint, &client, 3, 0);
    CHECK_EQ(SYS(t, PHX_OP_ENTER1, alice_full_call()), WAITS);
    (void)receive_message(&bob, flags);
    CHECK(SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY)) > 0);
}

static void check_answered(void)
{
    struct phx_message *m = at(&alice, MEMORY);

    CHECK_EQ(answer_of(t), m->info);
    check_full(&alice, m);
}

static void return_message(void)
{
    serve(0);
    CHECK_EQ(ATTEMPT(bob.thread, PHX_OP_ENTER1, bob_full_return(PHX_OP_RETURN(0, 10), 0)), 0);
    check_answered();
}

static void return_by_reply(void)
{
    serve(PHX_MESSAGE_REPLY);
    uint64_t reply = ((struct phx_message *)at(&bob, MEMORY))->reply;
    CHECK_EQ(ATTEMPT(bob.thread, PHX_OP_ENTER1, bob_full_return(PHX_OP_RETURN(0, 10), reply)), 0);
    check_answered();
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), reply), -PHX_INVALID_CAPABILITY);
}

static void return_and_receive(void)
{
    serve(0);
    CHECK_EQ(
        ATTEMPT(bob.thread, PHX_OP_ENTER1, bob_full_return(PHX_OP_RETURN_RECV(0, 10), endpoint)),
        WAITS);
    check_answered();
}

static void return_and_receive_next(void)
{
    struct thread *other = another_thread(&alice);
    serve(0);
    CHECK_EQ(SYS(other, PHX_OP_CALL(6, 0), client), WAITS);
    int64_t answer =
        ATTEMPT(bob.thread, PHX_OP_ENTER1, bob_full_return(PHX_OP_RETURN_RECV(0, 10), endpoint));
    CHECK_EQ(answer, 6 << 8);
    check_answered();
}

/* --- one way ---------------------------------------------------------------------- */

static uint64_t alice_full_send(void)
{
    uint64_t moved = make_notification(&alice);

    return entry_for(&alice, PHX_OP_SEND(5, 10), client, full_message(&alice, SLOT(CLOCK), moved));
}

static void begin_mailbox(uint64_t uses)
{
    make_service(&endpoint, &client, 3, uses);
    CHECK_EQ(CALL(bob.thread, endpoint, ENDPOINT_MAILBOX, 3, 100, 4), 0);
}

static void send_words(void)
{
    begin_mailbox(2);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    CHECK_EQ(ATTEMPT(t, PHX_OP_SEND(5, 6), client, 7, 8), 0);
    CHECK_EQ(answer_of(bob.thread), (int64_t)(5 | 5 << 8 | PHX_INFO_CUT | PHX_INFO_ONE_WAY));
    CHECK_EQ(bob.thread->regs.rdi, 3);
    CHECK_EQ(WORD(bob.thread, 1), 8);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), -PHX_DISCONNECTED);
}

static void check_sent(void)
{
    struct phx_message *m = receive_message(&bob, PHX_MESSAGE_REPLY);
    int64_t info =
        ATTEMPT(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY));

    check_full(&bob, m);
    CHECK_EQ(info, m->info);
    CHECK_EQ(info & (PHX_INFO_ONE_WAY | PHX_INFO_CUT), PHX_INFO_ONE_WAY);
    CHECK_EQ(m->badge, 3);
    CHECK_EQ(m->reply, 0);
}

static void send_message(void)
{
    begin_mailbox(1);
    struct phx_message *m = receive_message(&bob, PHX_MESSAGE_REPLY);
    uint64_t receive = entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY);
    CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, receive), WAITS);
    CHECK_EQ(ATTEMPT(t, PHX_OP_ENTER1, alice_full_send()), 0);
    CHECK_EQ(answer_of(bob.thread), m->info);
    check_full(&bob, m);
    CHECK_EQ(CALL(t, client, CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(t, 3), 0);
}

static void send_later(void)
{
    begin_mailbox(1);
    CHECK_EQ(ATTEMPT(t, PHX_OP_ENTER1, alice_full_send()), 0);
    struct phx_message *m = receive_message(&bob, 0);
    CHECK(SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY)) > 0);
    check_full(&bob, m);
}

static void receive_sent(void)
{
    begin_mailbox(1);
    CHECK_EQ(SYS(t, PHX_OP_ENTER1, alice_full_send()), 0);
    check_sent();
}

static void receive_sent_by_ring(void)
{
    begin_mailbox(0);
    uint64_t frame = make_frame(&alice, 2), pa = WORD(t, 1);
    struct phx_ring *r = direct(pa);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 4), 0);
    uint64_t ring = WORD(t, 0);
    *(struct phx_entry *)(void *)(r + 1) = *(struct phx_entry *)at(&alice, alice_full_send());
    r->submit_tail = 1;
    CHECK_EQ(CALL(t, ring, RING_ENTER, 1, 1, 0), 0);
    CHECK_EQ(r->complete_tail, 1);
    check_sent();
}

/* --- the rest -------------------------------------------------------------------- */

static void nothing(void)
{
    CHECK_EQ(ATTEMPT(t, PHX_OP_NOP, 0), 0);
}

static void release(void)
{
    uint64_t id = make_notification(&alice);
    CHECK_EQ(ATTEMPT(t, PHX_OP_RELEASE, id), 0);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, id), -PHX_INVALID_CAPABILITY);
}

static void signal_and_wait(void)
{
    uint64_t id = make_notification(&alice);
    CHECK_EQ(SYS(t, PHX_OP(2, PHX_T_SIGNAL, 0, 0), id, 6), 0);
    CHECK_EQ(ATTEMPT(t, PHX_OP(2, PHX_T_WAIT, 0, 0), id, 4, 0), 0);
    CHECK_EQ(WORD(t, 0), 4);
}

static void method_in_memory(void)
{
    (void)message_at(&alice, MEMORY);
    uint64_t e = entry_for(&alice, PHX_OP_CALL(ACCOUNT_NEW_ENDPOINT, 0), SLOT(ACCOUNT), MEMORY);
    CHECK_EQ(ATTEMPT(t, PHX_OP_ENTER1, e), 0);
    CHECK_EQ(object_of(&alice, ((struct phx_message *)at(&alice, MEMORY))->words[0])->type,
        IFACE_ENDPOINT);
}

/* An entry's own failure is its completion's; entering itself succeeds. */
static void ring_call(void)
{
    make_service(&endpoint, &client, 3, 0);
    uint64_t frame = make_frame(&alice, 2), pa = WORD(t, 1);
    struct phx_ring *r = direct(pa);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 4), 0);
    uint64_t ring = WORD(t, 0);
    *(struct phx_entry *)(void *)(r + 1) = *(struct phx_entry *)at(&alice, alice_full_call());
    r->submit_tail = 1;
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_ENTER, 1, 0, 0), 0);
    CHECK_EQ(WORD(t, 0), 1);
    if (r->complete_tail == 1) {
        struct phx_completion *c = (struct phx_completion *)(void *)((char *)(r + 1) + 4 * 64);
        CHECK(c->result == -PHX_OUT_OF_MEMORY || c->result == -PHX_LIMIT_EXCEEDED);
        return;
    }
    CHECK_EQ(r->complete_tail, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS); /* no room for capabilities */
    CHECK_EQ(r->complete_tail, 1);
}

#define TRANSPORT(run)                                                                             \
    {                                                                                              \
#run, 0, 0, true, run                                                                      \
    }
static const struct scenario scenarios[] = {
    TRANSPORT(words_at_once),
    TRANSPORT(words_later),
    TRANSPORT(words_cut),
    TRANSPORT(message_at_once),
    TRANSPORT(message_by_address),
    TRANSPORT(message_later),
    TRANSPORT(receive_queued),
    TRANSPORT(receive_waits),
    TRANSPORT(return_message),
    TRANSPORT(return_by_reply),
    TRANSPORT(return_and_receive),
    TRANSPORT(return_and_receive_next),
    TRANSPORT(send_words),
    TRANSPORT(send_message),
    TRANSPORT(send_later),
    TRANSPORT(receive_sent),
    TRANSPORT(receive_sent_by_ring),
    TRANSPORT(nothing),
    TRANSPORT(release),
    TRANSPORT(signal_and_wait),
    TRANSPORT(method_in_memory),
    TRANSPORT(ring_call),
};

TEST(transport, each_works_or_changes_nothing, "with any allocation refused and at any limit")
{
    for (unsigned s = 0; s < sizeof scenarios / sizeof scenarios[0]; s++)
        scenario_run(&scenarios[s], &t);
}
