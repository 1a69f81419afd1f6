/* SPDX-License-Identifier: MIT */
/*
 * What calls must not let pass, whether they take the short ways (in registers, or with a plain
 * message, to a server that waits) or the general one: a right that the capability has not,
 * a use too many, a revoke that is over, words and bytes that were not sent.
 */
#include "attempt.h"

#include <string.h>

#define BUFFER (MEMORY + 0x1000)
#define METHOD_ASKED 5

static uint64_t endpoint, client;
static enum { REGISTERS, ENTRY, MESSAGE, WAYS } way;

/* bob waits to be called: in registers, or with a message of `capacity` bytes. */
static void bob_waits(uint32_t capacity)
{
    struct phx_message *m;

    if (way == REGISTERS) {
        CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
        return;
    }
    m = message_at(&bob, MEMORY);
    m->recv_address = BUFFER;
    m->recv_capacity = capacity;
    if (way == MESSAGE)
        CHECK_EQ(SYS(bob.thread, PHX_OP_RECV | PHX_OP_MESSAGE, endpoint, MEMORY), WAITS);
    else
        CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY)), WAITS);
}

static int64_t alice_calls(uint64_t cap, unsigned method)
{
    uint64_t op = PHX_OP_CALL((uint64_t)method, 1);

    if (way == REGISTERS)
        return SYS(alice.thread, op, cap, 7);
    message_at(&alice, MEMORY)->words[0] = 7;
    if (way == MESSAGE)
        return SYS(alice.thread, op | PHX_OP_MESSAGE, cap, MEMORY);
    return SYS(alice.thread, PHX_OP_ENTER1, entry_for(&alice, op, cap, MEMORY));
}

/* The call arrived, and is answered. */
static void bob_answers(void)
{
    CHECK_EQ(PHX_INFO_METHOD(answer_of(bob.thread)), METHOD_ASKED);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), 0);
    CHECK_EQ(answer_of(alice.thread), 0);
}

static void in_each_way(void (*test)(void))
{
    for (way = 0; way < WAYS; way++) {
        world_begin();
        make_service(&endpoint, &client, 3, 0);
        test();
        world_end();
    }
}

/* --- who may call what --------------------------------------------------------------- */

static void only_its_methods(void)
{
    CHECK_EQ(CALL(alice.thread, client, CAPABILITY_DERIVE, 1 << METHOD_ASKED), 0);
    uint64_t narrow = WORD(alice.thread, 0);
    bob_waits(0);
    CHECK_EQ(alice_calls(narrow, METHOD_ASKED + 1), -PHX_PERMISSION_DENIED);
    CHECK_EQ(alice_calls(narrow, CAPABILITY_IDENTIFY), -PHX_PERMISSION_DENIED);
    CHECK_EQ(answer_of(bob.thread), WAITS);
    CHECK_EQ(alice_calls(narrow, METHOD_ASKED), WAITS);
    bob_answers();
}

TEST(calls, a_method_that_is_not_granted_is_not_called, "in any way")
{
    in_each_way(only_its_methods);
}

static void two_uses(void)
{
    CHECK_EQ(CALL(alice.thread, client, CAPABILITY_DERIVE, 0xff, 2), 0);
    uint64_t counted = WORD(alice.thread, 0);
    for (unsigned i = 0; i < 2; i++) {
        bob_waits(0);
        CHECK_EQ(alice_calls(counted, METHOD_ASKED), WAITS);
        bob_answers();
    }
    bob_waits(0);
    CHECK_EQ(alice_calls(counted, METHOD_ASKED), -PHX_CONSUMED);
    CHECK_EQ(answer_of(bob.thread), WAITS);
}

TEST(calls, each_costs_a_use, "and the last was the last")
{
    in_each_way(two_uses);
}

static void called_and_revoked(void)
{
    uint64_t minted = make_client(&bob, endpoint, 4, 0), mine = grant(&bob, minted, &alice);
    bob_waits(0);
    CHECK_EQ(alice_calls(mine, METHOD_ASKED), WAITS); /* so that its chain was looked at */
    bob_answers();
    CHECK_EQ(CALL(bob.thread, minted, CAPABILITY_REVOKE, 0), 0);
    bob_waits(0);
    CHECK_EQ(alice_calls(mine, METHOD_ASKED), -PHX_REVOKED);
    CHECK_EQ(answer_of(bob.thread), WAITS);
}

TEST(calls, what_was_revoked_calls_nobody, "however often it did before")
{
    in_each_way(called_and_revoked);
}

/* --- who may receive ------------------------------------------------------------------- */

static int64_t bob_returns_and_receives(uint64_t cap, uint64_t status)
{
    uint64_t op = PHX_OP_RETURN_RECV(status, 0);

    if (way == REGISTERS)
        return SYS(bob.thread, op, cap);
    (void)message_at(&bob, MEMORY);
    if (way == MESSAGE)
        return SYS(bob.thread, op | PHX_OP_MESSAGE, cap, MEMORY);
    return SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, op, cap, MEMORY));
}

static void without_receive(void)
{
    const uint64_t methods = ENDPOINT_M_ALL & ~ENDPOINT_M_RECEIVE;
    CHECK_EQ(CALL(bob.thread, endpoint, CAPABILITY_DERIVE, methods), 0);
    uint64_t deaf = WORD(bob.thread, 0), own = make_client(&bob, endpoint, 9, 0);
    bob_waits(0);
    CHECK_EQ(alice_calls(client, METHOD_ASKED), WAITS);
    CHECK_EQ(bob_returns_and_receives(deaf, 0), -PHX_PERMISSION_DENIED);
    CHECK_EQ(bob_returns_and_receives(own, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), 0);
    CHECK_EQ(answer_of(alice.thread), 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, deaf), -PHX_PERMISSION_DENIED);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, own), -PHX_INVALID_ARGUMENT);
}

TEST(calls, only_a_server_receives, "and no client, whatever its methods are")
{
    in_each_way(without_receive);
}

static void interrupted_server(void)
{
    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
    uint64_t id = grant(&bob, WORD(bob.thread, 0), &alice);
    bob_waits(0);
    CHECK_EQ(CALL(alice.thread, id, THREAD_INTERRUPT, 2), 0);
    CHECK_EQ(alice_calls(client, METHOD_ASKED), WAITS);
    CHECK(arch_host.cpu->current != bob.thread || !bob.thread->attention);
    bob_answers();
}

TEST(calls, a_server_looks_up_first, "when something else concerns it")
{
    in_each_way(interrupted_server);
}

/* --- Replies ---------------------------------------------------------------------------- */

static uint64_t take_reply(void)
{
    bob_waits(0);
    CHECK_EQ(alice_calls(client, METHOD_ASKED), WAITS);
    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
    return WORD(bob.thread, 0);
}

static void two_calls(void)
{
    uint64_t first = take_reply();
    CHECK_EQ(CALL(bob.thread, first, CAPABILITY_DUPLICATE), 0);
    uint64_t stale = WORD(bob.thread, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), first), 0);
    CHECK_EQ(answer_of(alice.thread), 0);
    uint64_t second = take_reply();
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), stale), -PHX_DISCONNECTED);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(PHX_IO_ERROR, 0), second), 0);
    CHECK_EQ(answer_of(alice.thread), -PHX_IO_ERROR);
}

TEST(calls, a_reply_is_to_one_call, "and not to the next")
{
    in_each_way(two_calls);
}

/* --- what arrives ------------------------------------------------------------------------ */

/* A caller's message of that many bytes, for an answer of at most `capacity`. */
static uint64_t entry_of(struct program *p, uint64_t op, uint64_t cap, uint32_t length,
    uint32_t capacity)
{
    struct phx_message *m = message_at(p, MEMORY);

    memset(at(p, BUFFER), 0x11, 4096);
    memset(at(p, BUFFER + 0x1000), 0x22, 4096);
    m->send_address = BUFFER;
    m->send_length = length;
    m->recv_address = BUFFER + 0x1000;
    m->recv_capacity = capacity;
    return entry_for(p, op, cap, MEMORY);
}

/* `got` bytes came behind the buffer's beginning, and not one more. */
static void check_received(struct program *p, uint64_t info, unsigned got, bool cut)
{
    const char *bytes = at(p, BUFFER + 0x1000);

    CHECK_EQ(PHX_INFO_LENGTH(info), got);
    CHECK_EQ((info & PHX_INFO_CUT) != 0, cut);
    for (unsigned i = 0; i < 4096; i++)
        CHECK_EQ(bytes[i], i < got ? 0x11 : 0x22);
}

TEST(calls, bytes_end_with_the_buffer, "and who is sent more is told")
{
    static const struct {
        uint32_t length, capacity;
    } cases[] = {{60, 60}, {60, 59}, {4096, 4096}, {4096, 0}, {1, 0}, {0, 0}};

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t length = cases[i].length, capacity = cases[i].capacity;
        unsigned got = length < capacity ? length : capacity;

        world_begin();
        make_service(&endpoint, &client, 3, 0);
        uint64_t entry = entry_of(&bob, PHX_OP_RECV, endpoint, 0, capacity);
        CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, entry), WAITS);
        entry = entry_of(&alice, PHX_OP_CALL(1, 0), client, length, capacity);
        CHECK_EQ(SYS(alice.thread, PHX_OP_ENTER1, entry), WAITS);
        check_received(&bob, (uint64_t)answer_of(bob.thread), got, length > capacity);
        entry = entry_of(&bob, PHX_OP_RETURN(0, 0), 0, length, 0);
        CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, entry), 0);
        check_received(&alice, (uint64_t)answer_of(alice.thread), got, length > capacity);
        world_end();
    }
}

/* alice's call with three capabilities is queued; then one of them is no more. */
TEST(calls, a_capability_may_die_on_the_way, "and comes as null, with its bit")
{
    for (unsigned dies = 0; dies < 4; dies++) {
        world_begin();
        make_service(&endpoint, &client, 3, 0);
        struct thread *other = another_thread(&alice);
        struct phx_message *m = message_at(&alice, MEMORY);
        const uint64_t caps[] = {make_notification(&alice), make_notification(&alice),
            SLOT(CLOCK)};
        const uint8_t modes[] = {PHX_CAP_COPY, PHX_CAP_MOVE, PHX_CAP_COPY};
        CHECK_EQ(CALL(other, caps[0], CAPABILITY_DUPLICATE), 0);
        CHECK_EQ(CALL(other, WORD(other, 0), CAPABILITY_DERIVE, CAPABILITY_M_ALL), 0);
        const uint64_t parent = WORD(other, 0);
        CHECK_EQ(CALL(other, parent, CAPABILITY_DERIVE, CAPABILITY_M_ALL), 0);
        memcpy(m->caps, caps, sizeof caps);
        memcpy(m->cap_modes, modes, sizeof modes);
        if (dies == 3)
            m->caps[0] = WORD(other, 0);
        m->send_caps = 3;
        const uint64_t op = PHX_OP_CALL(1, 0) | PHX_OP_MESSAGE;
        m->caps[2] = 0;
        CHECK_EQ(SYS(alice.thread, op, client, MEMORY), -PHX_INVALID_CAPABILITY); /* was never */
        m->caps[2] = SLOT(CLOCK);
        CHECK_EQ(SYS(alice.thread, op, client, MEMORY), WAITS);
        if (dies == 1 || dies == 2)
            CHECK_EQ(SYS(other, PHX_OP_RELEASE, caps[dies - 1]), 0);
        if (dies == 3)
            CHECK_EQ(CALL(other, parent, CAPABILITY_REVOKE, 0), 0);
        const unsigned lost = dies == 0 ? 0 : dies == 2 ? 2 : 1;
        const uint64_t live = bob.account->used[RESOURCE_HOLDS];
        struct phx_message *r = message_at(&bob, MEMORY);
        r->accept_caps = 4;
        r->accept[0] = r->accept[1] = IFACE_NOTIFICATION;
        CHECK_EQ(SYS(bob.thread, PHX_OP_RECV | PHX_OP_MESSAGE, endpoint, MEMORY),
            1 << 8 | 3 << 16 | (int64_t)lost << 24);
        CHECK_EQ(bob.account->used[RESOURCE_HOLDS], live + (lost ? 2 : 3));
        for (unsigned i = 0; i < 3; i++) {
            CHECK_EQ(r->caps[i] == 0, lost >> i & 1);
            CHECK_EQ(r->caps[i] ? SYS(bob.thread, PHX_OP_RELEASE, r->caps[i]) : 0, 0);
        }
        world_end();
    }
}

static void refused(void)
{
    bob_waits(0);
    CHECK_EQ(alice_calls(client, METHOD_ASKED), WAITS);
    CHECK_EQ(bob_returns_and_receives(endpoint, PHX_IO_ERROR), WAITS);
    CHECK_EQ(answer_of(alice.thread), -PHX_IO_ERROR);
}

TEST(calls, an_error_is_an_error, "when its server goes on to the next call")
{
    in_each_way(refused);
}

TEST(calls, an_error_brings_its_words, "which say what was wrong")
{
    world_begin();
    make_service(&endpoint, &client, 3, 0);
    way = ENTRY;
    bob_waits(0);
    CHECK_EQ(alice_calls(client, METHOD_ASKED), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(PHX_IO_ERROR, 2), 0, 13, 14), 0);
    CHECK_EQ(answer_of(alice.thread), -PHX_IO_ERROR);
    struct phx_message *m = at(&alice, MEMORY);
    CHECK_EQ(PHX_INFO_WORDS(m->info), 2);
    CHECK_EQ(m->words[0], 13);
    CHECK_EQ(m->words[1], 14);
    world_end();
}

/* --- messages that are none ----------------------------------------------------------------- */

static int64_t call_with(void (*change)(struct phx_message *))
{
    struct phx_message *m = message_at(&alice, MEMORY);

    m->send_address = m->recv_address = BUFFER;
    change(m);
    return SYS(alice.thread, PHX_OP_ENTER1, entry_for(&alice, PHX_OP_CALL(1, 0), client, MEMORY));
}

static void long_sent(struct phx_message *m)
{
    m->send_length = PHX_MESSAGE_MAX + 1;
}

static void long_room(struct phx_message *m)
{
    m->recv_capacity = PHX_MESSAGE_MAX + 1;
}

static void many_sent(struct phx_message *m)
{
    m->send_caps = PHX_MESSAGE_CAPS + 1;
}

static void many_taken(struct phx_message *m)
{
    m->accept_caps = PHX_MESSAGE_CAPS + 1;
}

TEST(calls, a_message_has_its_limits, "of bytes and of capabilities, each way")
{
    void (*const changes[])(struct phx_message *) = {long_sent, long_room, many_sent, many_taken};

    world_begin();
    make_service(&endpoint, &client, 3, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
    for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++)
        CHECK_EQ(call_with(changes[i]), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(answer_of(bob.thread), WAITS);
    world_end();
}

/* The last page that alice has is followed by nothing. */
TEST(calls, a_message_lies_where_its_owner_has_memory, "all of it")
{
    const uint64_t end = MEMORY + MEMORY_PAGES * PHX_PAGE_SIZE;
    const uint64_t last = end - sizeof(struct phx_message);

    world_begin();
    make_service(&endpoint, &client, 3, 0);
    struct phx_entry *e = at(&alice, MEMORY);
    *e = (struct phx_entry){.op = PHX_OP_CALL(1, 0), .cap = client};
    memset(at(&alice, end - PHX_PAGE_SIZE), 0, PHX_PAGE_SIZE);
    for (uint64_t beyond = 8; beyond < sizeof(struct phx_message); beyond += 8) {
        e->words[0] = last + beyond;
        CHECK_EQ(SYS(alice.thread, PHX_OP_ENTER1, MEMORY), -PHX_BAD_ADDRESS);
    }
    e->words[0] = last;
    CHECK_EQ(SYS(alice.thread, PHX_OP_ENTER1, MEMORY), -PHX_WOULD_BLOCK); /* deadline 0 */
    world_end();
}

/* --- capabilities that ride along --------------------------------------------------------- */

static int64_t send_cap(uint64_t without, unsigned mode)
{
    uint64_t n = make_notification(&alice);
    struct phx_message *m;

    CHECK_EQ(CALL(alice.thread, n, CAPABILITY_DERIVE,
                 (NOTIFICATION_M_ALL | CAPABILITY_M_ALL) & ~without),
        0);
    m = message_at(&bob, MEMORY);
    m->accept_caps = 1;
    CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY)), WAITS);
    m = message_at(&alice, MEMORY);
    m->send_caps = 1;
    m->caps[0] = WORD(alice.thread, 0);
    m->cap_modes[0] = (uint8_t)mode;
    int64_t answer =
        SYS(alice.thread, PHX_OP_ENTER1, entry_for(&alice, PHX_OP_CALL(1, 0), client, MEMORY));
    wait_cancel(&bob.thread->waiter, PHX_CANCELLED);
    wait_cancel(&alice.thread->waiter, PHX_CANCELLED);
    return answer;
}

TEST(calls, capabilities_ride_by_their_own_rights, "to be copied and to be moved")
{
    world_begin();
    make_service(&endpoint, &client, 3, 0);
    CHECK_EQ(send_cap(CAPABILITY_M_GRANT, PHX_CAP_COPY), -PHX_PERMISSION_DENIED);
    CHECK_EQ(send_cap(CAPABILITY_M_TRANSFER, PHX_CAP_MOVE), -PHX_PERMISSION_DENIED);
    CHECK_EQ(send_cap(CAPABILITY_M_TRANSFER, PHX_CAP_COPY), WAITS);
    CHECK_EQ(send_cap(CAPABILITY_M_GRANT, PHX_CAP_MOVE), WAITS);
    CHECK_EQ(send_cap(0, 7), -PHX_INVALID_ARGUMENT);
    world_end();
}

/* --- waits that end before the answer --------------------------------------------------- */

static void time_passes(uint64_t id)
{
    (void)id;
    pass_time(2000000);
}

static void is_interrupted(uint64_t id)
{
    CHECK_EQ(CALL(bob.thread, id, THREAD_INTERRUPT, 2), 0);
}

static void is_stopped(uint64_t id)
{
    CHECK_EQ(CALL(bob.thread, id, THREAD_STOP), 0);
}

TEST(calls, a_caller_may_stop_waiting, "before its call is taken, which costs no use, or behind it")
{
    static const struct {
        void (*happens)(uint64_t id);
        int64_t answer;
    } ends[] = {{time_passes, -PHX_TIMEOUT}, {is_interrupted, -PHX_INTERRUPTED},
        {is_stopped, -PHX_INTERRUPTED}};

    for (unsigned i = 0; i < 6; i++) {
        const unsigned end = i % 3, taken = i / 3;

        world_begin();
        make_service(&endpoint, &client, 3, 2);
        CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
        const uint64_t id = grant(&alice, WORD(alice.thread, 0), &bob);
        struct phx_message *m = message_at(&alice, MEMORY);
        m->flags = PHX_MESSAGE_INTERRUPTIBLE;
        m->deadline = now_ns() + 1000000;
        const uint64_t op = PHX_OP_CALL(METHOD_ASKED, 0) | PHX_OP_MESSAGE;
        CHECK_EQ(SYS(alice.thread, op, client, MEMORY), WAITS);
        if (taken)
            CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), METHOD_ASKED << 8);
        ends[end].happens(id);
        CHECK_EQ((int64_t)alice.thread->regs.rax, ends[end].answer);
        CHECK_EQ(cap_row(&alice.process->table, client)->uses->left, taken ? 1 : 2);
        if (taken)
            CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), -PHX_DISCONNECTED);
        else
            CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), WAITS);
        world_end();
    }
}
