/* SPDX-License-Identifier: MIT */
/*
 * Rings beside what tests/ring/cases.h says of order: registered buffers, large ones, and
 * ends while entries hang on others.
 */
#include "attempt.h"

#define OP_SLEEP PHX_OP_NYX(67)
#define FLAG(name) ((uint64_t)PHX_ENTRY_##name << PHX_OP_FLAGS_SHIFT)

static struct phx_ring *ring;
static uint64_t ring_id, submissions;

static void ring_begin(struct program *p, uint64_t pages, uint64_t most, uint64_t completions)
{
    uint64_t frame = make_frame(p, pages);

    ring = direct(WORD(p->thread, 1));
    submissions = most;
    CHECK_EQ(CALL(p->thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, most, completions), 0);
    ring_id = WORD(p->thread, 0);
}

static struct phx_entry *submit(uint64_t op, uint64_t word)
{
    struct phx_entry *e =
        (struct phx_entry *)(void *)(ring + 1) + ring->submit_tail % submissions;

    *e = (struct phx_entry){.op = op, .words = {word}, .user = ring->submit_tail};
    ring->submit_tail++;
    return e;
}

static struct phx_completion *completion(uint64_t i)
{
    struct phx_entry *entries = (struct phx_entry *)(void *)(ring + 1);

    return (struct phx_completion *)(void *)(entries + submissions) + i % ring->completions;
}

/* Everybody has had a turn. */
static void turns(void)
{
    for (unsigned i = 0; i < 6; i++)
        settle();
}

static void enter(struct program *p, uint64_t most)
{
    CHECK_EQ(CALL(p->thread, ring_id, RING_ENTER, most, 0, 0), 0);
}

/* --- registered buffers ---------------------------------------------------------------- */

/* A call in a ring whose bytes are in one registered buffer, and whose answer's in another. */
TEST(rings, a_message_in_registered_buffers, "needs no mapping of them")
{
    uint64_t endpoint, client;
    world_begin();
    make_service(&endpoint, &client, 5, 0);
    ring_begin(&alice, 1, 8, 8);
    uint64_t out = make_frame(&alice, 1);
    char *out_page = direct(WORD(alice.thread, 1));
    uint64_t in = make_frame(&alice, 2);
    char *in_page = direct(WORD(alice.thread, 1));
    CHECK_EQ(CALL(alice.thread, ring_id, RING_REGISTER_BUFFER, out, 1), 0);
    CHECK_EQ(CALL(alice.thread, ring_id, RING_REGISTER_BUFFER, in, 2), 0);
    memcpy(out_page + 96, "question", 8);

    struct phx_message *m = message_at(&alice, MEMORY);
    m->send_address = UINT64_C(1) << 48 | 96;
    m->send_length = 8;
    m->recv_address = UINT64_C(2) << 48 | 4092;
    m->recv_capacity = 16;
    submit(PHX_OP_CALL(3, 0) | FLAG(FIXED_BUFFER), MEMORY)->cap = client;
    enter(&alice, 1);
    struct phx_message *his = message_at(&bob, MEMORY);
    his->recv_address = MEMORY + 0x800;
    his->recv_capacity = 16;
    CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RECV, endpoint, MEMORY)),
        8L << 32 | 3 << 8);
    CHECK_EQ(memcmp(at(&bob, MEMORY + 0x800), "question", 8), 0);
    his = message_at(&bob, MEMORY);
    memcpy(at(&bob, MEMORY + 0x900), "answer", 6);
    his->send_address = MEMORY + 0x900;
    his->send_length = 6;
    CHECK_EQ(SYS(bob.thread, PHX_OP_ENTER1, entry_for(&bob, PHX_OP_RETURN(0, 0), 0, MEMORY)), 0);
    CHECK_EQ(ring->complete_tail, 1);
    CHECK(completion(0)->result >= 0);
    CHECK_EQ(memcmp(in_page + 4092, "answer", 6), 0);
    world_end();
}

TEST(rings, a_buffer_that_may_be_read_only, "is not written to")
{
    world_begin();
    ring_begin(&alice, 1, 8, 8);
    uint64_t frame = make_frame(&alice, 1);
    CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_DERIVE, FRAME_M_MAP_READ), 0);
    uint64_t only_read = WORD(alice.thread, 0);
    CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_DERIVE, FRAME_M_INFO), 0);
    CHECK_EQ(CALL(alice.thread, ring_id, RING_REGISTER_BUFFER, WORD(alice.thread, 0), 0),
        -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(alice.thread, ring_id, RING_REGISTER_BUFFER, only_read, 0), 0);
    CHECK_EQ(
        CALL(alice.thread, SLOT(ENTROPY), ENTROPY_FILL, PHX_FIXED(0, 0), 8), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(alice.thread, SLOT(LOG), LOG_WRITE, PHX_FIXED(0, 0), 8), 0);
    world_end();
}

/* What shows of a frame is taken down by a revoke, its user's pages with it. */
TEST(rings, a_buffer_goes_with_the_hold_it_was_registered_by, "and its frame is free then")
{
    world_begin();
    ring_begin(&bob, 1, 8, 8);
    uint64_t frame = make_frame(&alice, 3);
    uint64_t his = grant(&alice, frame, &bob);
    CHECK_EQ(CALL(bob.thread, SLOT(SPACE), ADDRESS_SPACE_MAP, his, 0x700000, 0, 3, READ_WRITE), 0);
    CHECK_EQ(CALL(bob.thread, ring_id, RING_REGISTER_BUFFER, his, 9), 0);
    CHECK_EQ(CALL(bob.thread, SLOT(ENTROPY), ENTROPY_FILL, PHX_FIXED(9, 0), 8), 0);
    uint64_t taken = memory_taken();
    CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_REVOKE, 1), 0);
    CHECK_EQ(CALL(bob.thread, SLOT(ENTROPY), ENTROPY_FILL, PHX_FIXED(9, 0), 8), -PHX_BAD_ADDRESS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, his), 0);
    CHECK(memory_taken() <= taken - 3);
    CHECK_EQ(CALL(bob.thread, ring_id, RING_UNREGISTER_BUFFER, 9), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(bob.thread, SLOT(ENTROPY), ENTROPY_FILL, MEMORY, 8), 0);
    world_end();
}

/* Its address without bit 63 and 48 to 62 is one that bob has mapped. */
TEST(rings, taking_a_buffer_down_touches_no_page, "of the same low address")
{
    world_begin();
    ring_begin(&bob, 1, 8, 8);
    uint64_t frame = make_frame(&bob, 700), part;
    CHECK_EQ(CALL(bob.thread, frame, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
    part = WORD(bob.thread, 0);
    CHECK_EQ(CALL(bob.thread, ring_id, RING_REGISTER_BUFFER, part, 0), 0);
    for (uint64_t i = 0; i < MEMORY_PAGES; i++)
        *(uint64_t *)at(&bob, MEMORY + i * PHX_PAGE_SIZE) = i + 1;
    CHECK_EQ(CALL(bob.thread, frame, CAPABILITY_REVOKE, 0), 0);
    for (uint64_t i = 0; i < MEMORY_PAGES; i++)
        CHECK_EQ(*(uint64_t *)at(&bob, MEMORY + i * PHX_PAGE_SIZE), i + 1);
    world_end();
}

/* --- large rings ------------------------------------------------------------------------- */

TEST(rings, as_many_are_in_flight_as_completions_fit, "each in a record of its own, and come back")
{
    world_begin();
    ring_begin(&alice, 128, 1024, 2048);
    for (unsigned round = 0; round < 3; round++) {
        uint32_t first = ring->complete_tail;

        for (unsigned i = 0; i < 2048; i++) {
            submit(OP_SLEEP, PHX_FOREVER);
            if (i % 1024 == 1023)
                enter(&alice, 1024);
        }
        CHECK_EQ(CALL(alice.thread, ring_id, RING_INFO), 0);
        CHECK_EQ(WORD(alice.thread, 2), 2048);
        submit(PHX_OP_NOP, 0);
        enter(&alice, 1); /* no room */
        CHECK_EQ(WORD(alice.thread, 0), 0);
        CHECK_EQ(CALL(alice.thread, ring_id, RING_CANCEL, 0, 1), 0);
        CHECK_EQ(WORD(alice.thread, 0), 2048);
        CHECK_EQ(ring->complete_tail, first + 2048);
        enter(&alice, 1);
        CHECK_EQ(WORD(alice.thread, 0), 0);
        ring->complete_head = ring->complete_tail;
        enter(&alice, 1);
        CHECK_EQ(WORD(alice.thread, 0), 1);
        ring->complete_head = ring->complete_tail;
    }
    world_end();
}

/* Calls from records far apart; each is answered through its own Reply. */
TEST(rings, each_reply_answers_its_record, "whichever of a thousand it is")
{
    uint64_t endpoint, client, replies[8];
    world_begin();
    make_service(&endpoint, &client, 5, 0);
    ring_begin(&alice, 64, 1024, 1024);
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned k = 0; k < 120; k++)
            submit(OP_SLEEP, PHX_FOREVER);
        struct phx_message *m = message_at(&alice, MEMORY + i * 512);
        m->words[0] = i;
        submit(PHX_OP_CALL(1, 1), MEMORY + i * 512)->cap = client;
    }
    enter(&alice, 1024);
    for (unsigned i = 0; i < 8; i++) {
        CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), 1 << 8 | 1);
        CHECK_EQ(WORD(bob.thread, 0), i);
        CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
        replies[i] = WORD(bob.thread, 0);
    }
    for (unsigned i = 8; i-- > 0;)
        CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 1), replies[i], 70 + i), 0);
    CHECK_EQ(ring->complete_tail, 8);
    for (unsigned i = 0; i < 8; i++) {
        CHECK_EQ(completion(i)->user, (7 - i) * 121 + 120);
        CHECK_EQ(((struct phx_message *)at(&alice, MEMORY + (7 - i) * 512))->words[0], 77 - i);
    }
    world_end();
}

/* --- ends ------------------------------------------------------------------------------- */

/* Chained, kept, bounded, put off, served: everything that an entry can be. */
static void tangle(uint64_t client)
{
    message_at(&alice, MEMORY);
    submit(PHX_OP_CALL(1, 0) | FLAG(CHAIN), MEMORY)->cap = client;
    submit(PHX_OP_NOP | FLAG(LINK_TIMEOUT) | FLAG(CHAIN), now_ns() + 1000000000);
    submit(OP_SLEEP | FLAG(CHAIN), PHX_FOREVER);
    submit(PHX_OP_NOP | FLAG(NO_CQE), 0);
    submit(PHX_OP_NOP | FLAG(ASYNC), 0);
    submit(PHX_OP_NOP | FLAG(DRAIN) | FLAG(CHAIN), 0);
    submit(PHX_OP_NOP | FLAG(LINK_TIMEOUT), now_ns() + 1000000000);
    submit(PHX_OP_NOP | FLAG(ASYNC), 0);
    enter(&alice, 8);
    CHECK_EQ(ring->complete_tail, 0);
}

TEST(rings, destroy_cancels_what_hangs_on_others, "in whatever order its record comes")
{
    for (unsigned served = 0; served < 2; served++) {
        uint64_t endpoint, client;
        world_begin();
        make_service(&endpoint, &client, 5, 0);
        ring_begin(&alice, 1, 16, 16);
        tangle(client);
        if (served)
            CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint), 1 << 8);
        CHECK_EQ(CALL(alice.thread, ring_id, RING_DESTROY), 0);
        CHECK_EQ(ring->complete_tail, 8);
        for (unsigned i = 0; i < 8; i++) /* an ASYNC one had its time while bob came */
            CHECK_EQ(completion(i)->result, served && i == 0 ? 0 : -PHX_CANCELLED);
        CHECK_EQ(CALL(alice.thread, ring_id, RING_CANCEL, 0, 1), -PHX_INVALID_ARGUMENT);
        ring_begin(&alice, 1, 16, 16);
        tangle(client);
        world_end();
    }
}

TEST(rings, a_thread_ends_with_what_hangs_in_its_ring, "and its memory comes back")
{
    uint64_t endpoint, client;
    world_begin();
    make_service(&endpoint, &client, 5, 0);
    ring_begin(&alice, 1, 16, 16);
    tangle(client);
    CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_EXIT, 0), ENDED);
    world_end();
}

/* Its thread is blocked in another operation all the while. */
TEST(rings, a_chain_goes_on_while_its_thread_is_blocked, "and the thread is none the wiser")
{
    world_begin();
    uint64_t first = make_notification(&alice), second = make_notification(&alice);
    uint64_t lent = grant(&alice, first, &bob);
    ring_begin(&alice, 1, 16, 16);
    submit(PHX_OP_NYX(7) | FLAG(CHAIN), 1)->cap = first;
    ((struct phx_entry *)(void *)(ring + 1))->words[1] = PHX_FOREVER;
    submit(PHX_OP_NYX(6), 4)->cap = second;
    enter(&alice, 2);
    CHECK_EQ(CALL(alice.thread, second, NOTIFICATION_WAIT, 2, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(bob.thread, lent, NOTIFICATION_SIGNAL, 1), 0);
    turns();
    CHECK_EQ(ring->complete_tail, 2);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    CHECK_EQ(alice.thread->state, THREAD_BLOCKED);
    struct thread *other = another_thread(&bob);
    uint64_t again = grant(&alice, second, &bob);
    CHECK_EQ(CALL(other, again, NOTIFICATION_SIGNAL, 2), 0);
    CHECK_EQ(answer_of(alice.thread), 0);
    CHECK_EQ(WORD(alice.thread, 0), 2);
    world_end();
}

/* The same, but it is stopped in between: the wait ends, and the ring rests. */
TEST(rings, a_stopped_thread_starts_nothing, "until it goes on")
{
    world_begin();
    uint64_t first = make_notification(&alice), lent = grant(&alice, first, &bob);
    ring_begin(&alice, 1, 16, 16);
    submit(PHX_OP_NYX(7) | FLAG(CHAIN), 1)->cap = first;
    ((struct phx_entry *)(void *)(ring + 1))->words[1] = PHX_FOREVER;
    submit(PHX_OP_NOP, 0);
    enter(&alice, 2);
    CHECK_EQ(CALL(boss.thread, alice.thread_id, THREAD_STOP), 0);
    turns();
    CHECK_EQ(CALL(bob.thread, lent, NOTIFICATION_SIGNAL, 1), 0);
    turns();
    CHECK_EQ(ring->complete_tail, 1);
    CHECK_EQ(CALL(boss.thread, alice.thread_id, THREAD_START), 0);
    turns();
    CHECK_EQ(ring->complete_tail, 2);
    world_end();
}

/* --- polling ------------------------------------------------------------------------------- */

static uint64_t lent_ring, bell, windows;
static void (*in_window)(uint64_t n);

/* Ten microseconds go by in each, so that twenty without news end a poll. */
static void on_window(void)
{
    arch_host.tsc += 10000;
    in_window(++windows);
}

static void nothing(uint64_t n) { (void)n; }

/* alice has a ring, and bob a hold of it. */
static void poll_begin(uint64_t flags)
{
    world_begin();
    uint64_t frame = make_frame(&alice, 1);
    ring = direct(WORD(alice.thread, 1));
    submissions = 8;
    CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 8, 8, flags), 0);
    ring_id = WORD(alice.thread, 0);
    lent_ring = grant(&alice, ring_id, &bob);
    bell = make_notification(&bob);
    windows = 0;
    in_window = nothing;
}

static int64_t poll(void)
{
    arch_host.window = on_window;
    int64_t answer = CALL(bob.thread, lent_ring, RING_POLL, bell, 4);
    arch_host.window = NULL;
    return answer;
}

static void two_at_a_time(uint64_t n)
{
    if (n % 5 != 0 || n > 50)
        return;
    CHECK_EQ(ring->flags, 0);
    submit(PHX_OP_NYX(83), 0);
    submit(PHX_OP_NOP, 0);
    ring->complete_head = ring->complete_tail;
}

TEST(rings, who_polls_takes_what_comes, "and says when it stops")
{
    poll_begin(PHX_RING_SQPOLL);
    CHECK_EQ(ring->flags, PHX_RING_NEED_WAKEUP);
    CHECK_EQ(CALL(alice.thread, ring_id, RING_WAKE), -PHX_NOT_FOUND);
    in_window = two_at_a_time;
    CHECK_EQ(poll(), 0);
    CHECK_EQ(WORD(bob.thread, 0), 20);
    CHECK_EQ(ring->complete_tail, 20);
    CHECK(windows >= 70 && windows <= 75);
    CHECK_EQ(ring->flags, PHX_RING_NEED_WAKEUP);
    CHECK_EQ(completion(18)->words[0], alice.process->pid); /* alice asked */
    CHECK_EQ(CALL(bob.thread, bell, NOTIFICATION_POLL, ~UINT64_C(0)), 0);
    CHECK_EQ(WORD(bob.thread, 0), 0);
    CHECK_EQ(CALL(alice.thread, ring_id, RING_WAKE), 0);
    CHECK_EQ(CALL(bob.thread, bell, NOTIFICATION_POLL, ~UINT64_C(0)), 0);
    CHECK_EQ(WORD(bob.thread, 0), 4);
    world_end();
}

/* What was submitted before the flag could be seen is taken. */
static void at_the_last_moment(uint64_t n)
{
    if (n == 20)
        submit(PHX_OP_NOP, 0);
}

TEST(rings, nothing_is_left_when_polling_ends, "that was there before it said so")
{
    poll_begin(PHX_RING_SQPOLL);
    in_window = at_the_last_moment;
    CHECK_EQ(poll(), 0);
    CHECK_EQ(ring->complete_tail, 1);
    world_end();
}

static int64_t second_poll;

static void another_polls(uint64_t n)
{
    if (n == 3)
        kernel_timer(false);
}

/* As Thread.interrupt from another core. */
static void is_interrupted(uint64_t n)
{
    if (n == 6)
        bob.thread->pending |= 1;
}

TEST(rings, one_polls_a_ring, "that is made for it, and is another's")
{
    poll_begin(PHX_RING_SINGLE_ISSUER);
    CHECK_EQ(poll(), -PHX_INVALID_STATE);
    world_end();
    poll_begin(PHX_RING_SQPOLL);
    CHECK_EQ(CALL(alice.thread, ring_id, RING_POLL, bell, 4), -PHX_INVALID_ARGUMENT);
    struct thread *other = another_thread(&bob);
    in_window = another_polls;
    CHECK_EQ(poll(), WAITS);
    uint64_t first = windows;
    second_poll = CALL(other, lent_ring, RING_POLL, bell, 4);
    CHECK_EQ(second_poll, -PHX_EXISTS);
    turns();
    in_window = is_interrupted;
    CHECK_EQ(poll(), -PHX_INTERRUPTED);
    CHECK_EQ(windows - first, 3);
    CHECK_EQ(ring->flags, PHX_RING_NEED_WAKEUP);
    world_end();
}

TEST(rings, polling_ends_with_its_ring, "or with who polls")
{
    poll_begin(PHX_RING_SQPOLL);
    in_window = another_polls;
    CHECK_EQ(poll(), WAITS);
    CHECK_EQ(CALL(alice.thread, ring_id, RING_DESTROY), 0);
    turns();
    CHECK_EQ(answer_of(bob.thread), -PHX_CANCELLED);
    CHECK_EQ(poll(), -PHX_INVALID_STATE);
    world_end();
    poll_begin(PHX_RING_SQPOLL);
    in_window = another_polls;
    CHECK_EQ(poll(), WAITS);
    CHECK_EQ(CALL(boss.thread, bob.process_id, PROCESS_EXIT, 9), 0);
    turns();
    CHECK_EQ(ring->flags, PHX_RING_NEED_WAKEUP);
    world_end();
}

static void chain_and_memory(uint64_t n)
{
    if (n != 1)
        return;
    submit(PHX_OP_NYX(35) | FLAG(CHAIN), 40); /* FramePool.alloc, in steps */
    submit(PHX_OP_NYX(83) | FLAG(ASYNC), 0);
    submit(PHX_OP_NOP | FLAG(DRAIN), 0);
}

/* The steps of its operations are its own, even if it is blocked meanwhile. */
TEST(rings, long_work_is_the_ring_s_thread_s, "whoever took the entry")
{
    poll_begin(PHX_RING_SQPOLL);
    uint64_t n = make_notification(&alice);
    CHECK_EQ(CALL(alice.thread, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    in_window = chain_and_memory;
    (void)poll();
    turns();
    arch_host.window = on_window;
    turns();
    arch_host.window = NULL;
    CHECK_EQ(ring->complete_tail, 3);
    for (unsigned i = 0; i < 3; i++)
        CHECK(completion(i)->result == 0 && completion(i)->user == i);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    world_end();
}
