/* SPDX-License-Identifier: MIT */
/*
 * Messages that take more than one hold of the lock: to the byte, whichever side has to
 * wait; and whatever happens between two pieces, a receiver that is told of a message has
 * all of it.
 */
#include "attempt.h"
#include "ipc.h"

#include <stdio.h>
#include <string.h>

#define BYTES 0x40000000u /* where each program has more memory, and somewhat into it */
#define PAGES 20
#define AT (BYTES + 100)
#define LONG 20000 /* five pieces */

static uint64_t endpoint, client;
static struct thread *second; /* alice's */

static void more_memory(const struct program *p)
{
    CHECK_EQ(CALL(p->thread, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), BYTES, PAGES,
                 READ_WRITE),
        0);
    CHECK_EQ(WORD(p->thread, 0), PAGES);
}

static void begin(void)
{
    world_begin();
    make_service(&endpoint, &client, 3, 0);
    more_memory(&alice);
    more_memory(&bob);
    second = another_thread(&alice);
}

static void fill(const struct program *p, uint32_t length, uint8_t seed)
{
    for (uint32_t i = 0; i < length; i++)
        *(uint8_t *)at(p, AT + i) = (uint8_t)(seed + i * 11 + i / 4096);
}

/* Exactly so many bytes, and not one more. */
static bool is_filled(const struct program *p, uint32_t length, uint8_t seed)
{
    for (uint32_t i = 0; i < length; i++)
        if (*(uint8_t *)at(p, AT + i) != (uint8_t)(seed + i * 11 + i / 4096))
            return false;
    return *(uint8_t *)at(p, AT + length) == 0;
}

static uint64_t message_of(const struct program *p, uint64_t address, uint32_t send, uint32_t room)
{
    struct phx_message *m = message_at(p, address);

    m->send_address = AT;
    m->send_length = send;
    m->recv_address = AT;
    m->recv_capacity = room;
    return address;
}

#define RECEIVE (PHX_OP_RECV | PHX_OP_MESSAGE)
#define ASK (PHX_OP_CALL(1, 0) | PHX_OP_MESSAGE)
#define ANSWER (PHX_OP_RETURN(0, 0) | PHX_OP_MESSAGE)

static void clear(const struct program *p)
{
    for (unsigned i = 0; i < PAGES; i++)
        memset(at(p, BYTES + i * PHX_PAGE_SIZE), 0, PHX_PAGE_SIZE);
}

/* --- all of it --------------------------------------------------------------------- */

TEST(long_message, arrives_to_the_byte, "at once, from the queue, as an answer; or is cut")
{
    static const uint32_t lengths[] = {4096, 4097, 8192, 20000, 65535, 65536};

    begin();
    for (unsigned l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (unsigned way = 0; way < 4; way++) {
            uint32_t n = lengths[l], room = way & 2 ? n - 1 : n;
            const int64_t info = (int64_t)room << 32 | (room < n ? PHX_INFO_CUT : 0);
            const uint64_t ask = message_of(&alice, MEMORY, n, room);
            const uint64_t receive = message_of(&bob, MEMORY, n, room);

            clear(&bob);
            fill(&alice, n, 3);
            if (way & 1)
                CHECK_EQ(SYS(alice.thread, ASK, client, ask), WAITS);
            else
                CHECK_EQ(SYS(bob.thread, RECEIVE, endpoint, receive), WAITS);
            if (way & 1)
                CHECK_EQ(SYS(bob.thread, RECEIVE, endpoint, receive), info | 1 << 8);
            else
                CHECK_EQ(SYS(alice.thread, ASK, client, ask), WAITS);
            CHECK_EQ(answer_of(bob.thread), info | 1 << 8);
            CHECK(is_filled(&bob, room, 3));
            clear(&alice);
            fill(&bob, n, 7);
            CHECK_EQ(SYS(bob.thread, ANSWER, 0, message_of(&bob, MEMORY, n, 0)), 0);
            CHECK_EQ(answer_of(alice.thread), info);
            CHECK(is_filled(&alice, room, 7));
        }
    world_end();
}

TEST(long_message, answers_and_receives, "both long, in one operation and in rings")
{
    begin();
    fill(&alice, LONG, 3);
    CHECK_EQ(SYS(alice.thread, ASK, client, message_of(&alice, MEMORY, LONG, LONG)), WAITS);
    CHECK_EQ(SYS(second, ASK, client, message_of(&alice, MEMORY + 0x800, LONG, 8)), WAITS);
    CHECK_EQ(SYS(bob.thread, RECEIVE, endpoint, message_of(&bob, MEMORY, 0, LONG)) > 0, true);
    CHECK(is_filled(&bob, LONG, 3));
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0, 0) | PHX_OP_MESSAGE, endpoint,
                 message_of(&bob, MEMORY, LONG, LONG)),
        (int64_t)LONG << 32 | 1 << 8);
    CHECK_EQ(answer_of(alice.thread), (int64_t)LONG << 32);
    CHECK_EQ(answer_of(second), WAITS);
    CHECK_EQ(SYS(bob.thread, ANSWER, 0, message_of(&bob, MEMORY, LONG, 0)), 0);
    CHECK_EQ(answer_of(second), (int64_t)(8UL << 32 | PHX_INFO_CUT));

    uint64_t frame = make_frame(&alice, 2), pa = WORD(alice.thread, 1);
    struct phx_ring *r = direct(pa);
    CHECK_EQ(CALL(alice.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 4), 0);
    uint64_t ring = WORD(alice.thread, 0);
    struct phx_entry *e = (struct phx_entry *)(void *)(r + 1);
    e[0] = (struct phx_entry){
        .op = PHX_OP_CALL(1, 0), .cap = client, .words = {message_of(&alice, MEMORY, LONG, 0)}};
    e[1] = (struct phx_entry){.op = PHX_OP_NYX(83)};
    r->submit_tail = 2;
    CHECK_EQ(SYS(bob.thread, RECEIVE, endpoint, message_of(&bob, MEMORY, 0, LONG)), WAITS);
    CHECK_EQ(CALL(alice.thread, ring, RING_ENTER, 2, 1, 0), 0);
    CHECK_EQ(answer_of(bob.thread), (int64_t)LONG << 32 | 1 << 8);
    CHECK_EQ(r->complete_tail, 1);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 0), 0), 0);
    CHECK_EQ(r->complete_tail, 2);
    world_end();
}

/* --- between two pieces ---------------------------------------------------------------- */

static unsigned window_wanted, windows;
static void (*event)(void);

static void on_window(void)
{
    if (windows++ == window_wanted)
        event();
}

static pte_t *unmapped, was_mapped;

static void unmap(const struct program *p)
{
    unmapped = arch_pte(p->process->space->root, AT + 3 * PHX_PAGE_SIZE);
    was_mapped = *unmapped;
    *unmapped = 0;
}

static void nothing(void)
{
}

static void sender_dies(void)
{
    process_end(alice.process, 9, 0);
}

static void receiver_dies(void)
{
    process_end(bob.process, 9, 0);
}

static void sender_unmaps(void)
{
    unmap(&alice);
}

static void receiver_unmaps(void)
{
    unmap(&bob);
}

/* The other side, whoever it is, waits no longer. */
static void deadline_passes(void)
{
    wait_cancel(&alice.thread->waiter, PHX_TIMEOUT);
    wait_cancel(&bob.thread->waiter, PHX_TIMEOUT);
}

static void client_is_revoked(void)
{
    struct hold *row = cap_row(&alice.process->table, client);

    row->up->gen++;
    kernel.caps.revocations++;
}

static void last_server_goes(void)
{
    cap_release(&bob.process->table, cap_row(&bob.process->table, endpoint));
}

/* Another message gets there first. */
static void another_is_quicker(void)
{
    struct waiter *w = &second->waiter;

    if (bob.thread->waiter.state != WAIT_RECEIVE)
        return;
    thread_block(second, THREAD_RUNNING);
    w->form = FORM_REGISTERS;
    w->deadline = PHX_FOREVER;
    CHECK_EQ(ipc_call(w, cap_row(&alice.process->table, client), 2, 0), BLOCKED);
}

/* The same thread waits again, elsewhere: what was copied is not where it wants it. */
static void waits_anew(void)
{
    struct waiter *w = &bob.thread->waiter;

    if (w->state != WAIT_RECEIVE)
        return;
    another_is_quicker();
    thread_block(bob.thread, THREAD_RUNNING);
    w->message.recv_address = AT + 8;
    w->deadline = PHX_FOREVER;
    CHECK_EQ(ipc_receive(w, endpoint, false, 0, 0), BLOCKED);
}

static bool is_one_of(int64_t answer, const int64_t *allowed)
{
    for (unsigned i = 0; i < 4; i++)
        if (allowed[i] == answer)
            return true;
    return false;
}

/* What each side may be told, beside success; `anew`: the bytes may be 8 further on. */
static const struct {
    void (*happens)(void);
    int64_t sender[4], receiver[4];
} events[] = {
    {nothing, {WAITS, WAITS, WAITS, WAITS}, {1, 1, 1, 1}},
    {sender_dies, {ENDED, WAITS, WAITS, WAITS}, {WAITS, WAITS, WAITS, WAITS}},
    {receiver_dies, {-PHX_DISCONNECTED, -PHX_DISCONNECTED, WAITS, -PHX_DISCONNECTED},
        {ENDED, ENDED, ENDED, ENDED}},
    {sender_unmaps, {-PHX_BAD_ADDRESS, WAITS, WAITS, WAITS}, {WAITS, WAITS, WAITS, WAITS}},
    {receiver_unmaps, {WAITS, WAITS, WAITS, WAITS},
        {-PHX_BAD_ADDRESS, WAITS, WAITS, -PHX_BAD_ADDRESS}},
    {deadline_passes, {WAITS, -PHX_TIMEOUT, WAITS, WAITS}, {-PHX_TIMEOUT, WAITS, WAITS, WAITS}},
    {client_is_revoked, {-PHX_REVOKED, WAITS, WAITS, WAITS}, {WAITS, WAITS, WAITS, WAITS}},
    {last_server_goes, {-PHX_DISCONNECTED, WAITS, WAITS, WAITS},
        {-PHX_DISCONNECTED, -PHX_INVALID_CAPABILITY, WAITS, WAITS}},
    {another_is_quicker, {WAITS, WAITS, WAITS, WAITS}, {2 << 8, WAITS, WAITS, WAITS}},
    {waits_anew, {WAITS, WAITS, WAITS, WAITS}, {WAITS, WAITS, WAITS, WAITS}},
};

static const int64_t success = (int64_t)LONG << 32 | 1 << 8;

/* alice calls and bob receives, in either order, and it happens behind piece `step`. */
static bool crossed(unsigned what, bool queued, unsigned step)
{
    begin();
    fill(&alice, LONG, 3);
    const uint64_t ask = message_of(&alice, MEMORY, LONG, 0);
    const uint64_t receive = message_of(&bob, MEMORY, 0, LONG);

    if (queued)
        CHECK_EQ(SYS(alice.thread, ASK, client, ask), WAITS);
    else
        CHECK_EQ(SYS(bob.thread, RECEIVE, endpoint, receive), WAITS);
    event = events[what].happens;
    window_wanted = step;
    windows = 0;
    arch_host.window = on_window;
    if (queued)
        (void)SYS(bob.thread, RECEIVE, endpoint, receive);
    else
        (void)SYS(alice.thread, ASK, client, ask);
    arch_host.window = NULL;
    settle();
    bool reached = windows > step;
    if (unmapped)
        *unmapped = was_mapped;
    unmapped = NULL;
    int64_t sender = alice.process->state == PROCESS_DEAD ? ENDED : answer_of(alice.thread);
    int64_t receiver = bob.process->state == PROCESS_DEAD ? ENDED : answer_of(bob.thread);
    if (reached) {
        CHECK(sender == WAITS || is_one_of(sender, events[what].sender));
        CHECK(receiver == success || is_one_of(receiver, events[what].receiver));
    }
    if (receiver == success && events[what].happens == waits_anew && !queued && reached) {
        for (uint32_t i = 0; i < LONG; i++)
            CHECK_EQ(*(char *)at(&bob, AT + 8 + i), *(char *)at(&alice, AT + i));
    } else if (receiver == success && alice.process->state != PROCESS_DEAD)
        CHECK(is_filled(&bob, LONG, 3));
    arch_host.window = NULL;
    world_end();
    return reached;
}

TEST(long_message, crossed_at_each_piece, "by deaths, deadlines, revokes, unmaps and rivals")
{
    unsigned crossings = 0;

    for (unsigned what = 0; what < sizeof events / sizeof *events; what++)
        for (unsigned queued = 0; queued < 2; queued++)
            for (unsigned step = 0; crossed(what, queued, step); step++)
                crossings++;
    printf("# %u crossings\n", crossings);
    CHECK(crossings >= 10 * 2 * 4 - 10);
}

/* --- a retry has nothing of the first try ------------------------------------------------ */

TEST(long_message, a_retry_begins_anew, "with what it sends now")
{
    begin();
    fill(&alice, LONG, 3);
    CHECK_EQ(SYS(bob.thread, RECEIVE, endpoint, message_of(&bob, MEMORY, 0, LONG)), WAITS);
    pte_t *pte = arch_pte(alice.process->space->root, AT + 3 * PHX_PAGE_SIZE);
    pte_t there = *pte;
    *pte = 0;
    CHECK_EQ(SYS(alice.thread, ASK, client, message_of(&alice, MEMORY, LONG, 0)), -PHX_BAD_ADDRESS);
    CHECK_EQ(answer_of(bob.thread), WAITS);
    *pte = there;
    fill(&alice, LONG, 9);
    CHECK_EQ(SYS(alice.thread, ASK, client, message_of(&alice, MEMORY, LONG, 0)), WAITS);
    CHECK_EQ(answer_of(bob.thread), success);
    CHECK(is_filled(&bob, LONG, 9));
    world_end();
}

/* A server that took a long call answers with as much: the answer is copied, not the call
 * taken for it. */
TEST(long_message, the_answer_is_another, "of the same length, by the same thread")
{
    begin();
    fill(&alice, LONG, 3);
    CHECK_EQ(SYS(alice.thread, ASK, client, message_of(&alice, MEMORY, LONG, LONG)), WAITS);
    CHECK_EQ(SYS(bob.thread, RECEIVE, endpoint, message_of(&bob, MEMORY, 0, LONG)), success);
    fill(&bob, LONG, 5);
    CHECK_EQ(SYS(bob.thread, ANSWER, 0, message_of(&bob, MEMORY, LONG, 0)), 0);
    CHECK_EQ(answer_of(alice.thread), (int64_t)LONG << 32);
    CHECK(is_filled(&alice, LONG, 5));
    world_end();
}
