/* SPDX-License-Identifier: MIT */
/*
 * Programs that mean harm, or make no sense: whatever they pass, they get an error
 * or harm themselves, and when they are gone nothing of them is left.
 */
#include "attempt.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t values[] = {
    0,
    1,
    2,
    7,
    8,
    16,
    4095,
    4096,
    0x8000,
    0x10000,
    MEMORY,
    MEMORY + 1,
    MEMORY + 4 * 4096 - 8,
    MEMORY + 4 * 4096,
    PHX_USER_END - 4096,
    PHX_USER_END - 1,
    PHX_USER_END,
    PHX_USER_END + 4096,
    0x0000800000000000,
    0xffff7fffffffffff,
    0xffff800000000000,
    0xffffffff80000000,
    UINT64_C(1) << 18,
    (UINT64_C(1) << 18) + 1,
    UINT64_C(1) << 32,
    UINT64_C(1) << 52,
    INT64_MAX,
    UINT64_C(1) << 63,
    UINT64_MAX - 4095,
    UINT64_MAX - 1,
    UINT64_MAX,
};
#define VALUES (sizeof values / sizeof values[0])

/* One capability of each kind; [0] is none. */
#define KINDS 19
static uint64_t kinds[KINDS];

static void get_kinds(struct program *p)
{
    uint64_t endpoint = make_endpoint(p), frame = make_frame(p, 2);
    unsigned n = 0;

    kinds[n++] = 0;
    for (unsigned slot = SLOT_PROCESS; slot <= SLOT_ENTROPY; slot++)
        kinds[n++] = PHX_SLOT_ID(slot);
    kinds[n++] = SLOT(BOOT_PACKAGE);
    kinds[n++] = endpoint;
    kinds[n++] = make_client(p, endpoint, 5, 0);
    kinds[n++] = make_notification(p);
    kinds[n++] = make_frame(p, 1);
    CHECK_EQ(CALL(p->thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 4), 0);
    kinds[n++] = WORD(p->thread, 0);
    CHECK_EQ(CALL(p->thread, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
    kinds[n++] = WORD(p->thread, 0);
    kinds[n++] = frame;
    CHECK_EQ(n, KINDS);
}

/* What would end the test's own machine, program or thread, or wait for ever. */
static bool is_spared(const struct kernel_op *op)
{
    switch (op->interface) {
    case IFACE_POWER:
        return true;
    case IFACE_PROCESS:
        return op->method == PROCESS_EXIT;
    case IFACE_THREAD:
        return op->method == THREAD_STOP || op->method == THREAD_JOIN;
    case IFACE_ACCOUNT:
        return op->method == ACCOUNT_DESTROY;
    case IFACE_THREAD_CONTROL:
        return op->method == THREAD_CONTROL_EXIT;
    default:
        return false;
    }
}

/* A method of the interface that its face names; what it waits for is cancelled. */
static void ask(struct program *p, uint64_t op, uint64_t cap, const uint64_t words[5])
{
    (void)sys(p->thread, op, cap, words);
    if (p->thread->waiter.state != WAIT_NONE)
        wait_cancel(&p->thread->waiter, PHX_CANCELLED);
    if (p->thread->work.step)
        settle();
}

TEST(hostile, a_method_is_its_interface_s, "whatever capability it is asked of")
{
    world_begin();
    get_kinds(&alice);
    for (unsigned k = 0; k < KINDS; k++) {
        struct hold *row = cap_row(&alice.process->table, kinds[k]);
        unsigned interface = row ? row->interface : 0;

        for (unsigned method = 0; method < 56; method++) {
            unsigned index = interface < KERNEL_INTERFACES ? kernel_op_index[interface][method] : 0;
            if (row && (interface >= KERNEL_INTERFACES || (row->methods >> method & 1)) && index)
                continue;
            if (interface >= KERNEL_INTERFACES)
                continue;
            int64_t answer = CALL(alice.thread, kinds[k], method, 1, 2, 3, 4, 5);
            CHECK_EQ(answer, row ? -PHX_PERMISSION_DENIED : -PHX_INVALID_CAPABILITY);
        }
    }
    world_end();
}

TEST(hostile, a_number_wants_its_interface, "in the capability that it is given")
{
    world_begin();
    get_kinds(&alice);
    for (unsigned n = 0; n < 256; n++) {
        const struct kernel_op *op = nyx_ops[n].op ? &kernel_ops[nyx_ops[n].op - 1] : NULL;

        if (op && (op->interface == IFACE_CAPABILITY || is_spared(op)))
            continue;
        for (unsigned k = 1; k < KINDS; k++) {
            if (op && cap_row(&alice.process->table, kinds[k])->interface == op->interface)
                continue;
            int64_t answer = SYS(alice.thread, PHX_OP_NYX((uint64_t)n), kinds[k], 1, 2, 3, 4, 5);
            CHECK(op ? answer == -PHX_INVALID_ARGUMENT || answer == -PHX_PERMISSION_DENIED
                     : answer == -PHX_INVALID_SYSCALL);
        }
    }
    world_end();
}

TEST(hostile, words_of_any_value_harm_nobody, "in every method, one and two at a time")
{
    for (unsigned i = 0; i < KERNEL_OPS; i++) {
        const struct kernel_op *op = &kernel_ops[i];

        if (is_spared(op))
            continue;
        world_begin();
        get_kinds(&alice);
        for (unsigned k = 1; k < KINDS; k++) {
            const struct hold *row = cap_row(&alice.process->table, kinds[k]);
            if (!row || (row->interface != op->interface && op->interface != IFACE_CAPABILITY))
                continue;
            if (op->interface == IFACE_CAPABILITY && op->method == CAPABILITY_REVOKE)
                continue; /* with `own` it takes the capability away; random operations do it */
            for (unsigned n = 0; n < 60 * (1u + op->words_in); n++) {
                uint64_t words[5];
                for (unsigned w = 0; w < 5; w++)
                    words[w] =
                        test_below(2) ? kinds[test_below(KINDS)] : values[test_below(VALUES)];
                ask(&alice, PHX_OP_CALL((uint64_t)op->method, 0), kinds[k], words);
                if (!alice.thread || alice.thread->state == THREAD_DEAD)
                    break;
            }
            world_check();
        }
        world_end();
    }
}

TEST(hostile, operation_words_are_checked, "bit by bit")
{
    world_begin();
    for (unsigned bit = 32; bit < 64; bit++)
        CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(0, 0) | UINT64_C(1) << bit, SLOT(CLOCK)),
            -PHX_INVALID_ARGUMENT);
    for (uint64_t kind = 0; kind < 256; kind++)
        if (kind != PHX_KIND_NYX && kind != PHX_KIND_TRANSPORT)
            CHECK_EQ(SYS(alice.thread, kind, SLOT(CLOCK)), -PHX_INVALID_SYSCALL);
    for (uint64_t number = 0; number < 256; number++)
        if (number == 0 || number > PHX_T_ENTER1)
            CHECK_EQ(SYS(alice.thread, PHX_KIND_TRANSPORT | number << 8, SLOT(CLOCK)),
                -PHX_INVALID_SYSCALL);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(64, 0), SLOT(CLOCK)), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(0, 11), SLOT(CLOCK)), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(SYS(alice.thread, PHX_OP_RETURN(0, 11), 0), -PHX_INVALID_ARGUMENT);
    for (unsigned v = 0; v < VALUES; v++) {
        int64_t answer = SYS(alice.thread, PHX_OP_ENTER1, values[v]);
        CHECK(answer == -PHX_BAD_ADDRESS || answer == -PHX_INVALID_ARGUMENT ||
              answer == -PHX_INVALID_SYSCALL);
    }
    world_end();
}

/* --- everything at random --------------------------------------------------------- */

#define IDS 48
static uint64_t ids[2][IDS]; /* what alice and bob may hold, and more */
static uint64_t known[2];    /* alice's client and bob's endpoint, as long as they have them */

static uint64_t random_cap(unsigned who)
{
    return test_below(3) ? known[who] : test_below(8) ? ids[who][test_below(IDS)] : 0;
}

static uint64_t random_word(unsigned who)
{
    switch (test_below(4)) {
    case 0:
        return values[test_below(VALUES)];
    case 1:
        return test_below(5);
    case 2:
        return MEMORY + test_below(5 * 4096) / 8 * 8;
    default:
        return ids[who][test_below(IDS)];
    }
}

/* What ends somebody is rare, so that lives are not short; nobody turns it all off. */
static bool is_too_much(const struct hold *row, unsigned method)
{
    if (!row)
        return false;
    switch (row->interface) {
    case IFACE_POWER:
        return method < CAPABILITY_IDENTIFY;
    case IFACE_PROCESS:
        return method == PROCESS_EXIT && test_below(50);
    case IFACE_ACCOUNT:
        return method == ACCOUNT_DESTROY && test_below(50);
    case IFACE_THREAD_CONTROL:
        return method == THREAD_CONTROL_EXIT && test_below(20);
    default:
        return false;
    }
}

static void fill_message(struct phx_message *m, unsigned who)
{
    m->send_address = test_below(6) ? MEMORY + 0x1000 : random_word(who);
    m->recv_address = MEMORY + 0x2000;
    m->send_length = (uint32_t)(test_below(3) ? test_below(5000) : 0);
    m->recv_capacity = (uint32_t)test_below(4200);
    m->deadline = test_below(3) ? now_ns() + test_below(100000) : PHX_FOREVER;
    m->send_caps = (uint8_t)(test_below(2) ? 0 : test_below(test_below(9) ? 3 : 6));
    m->accept_caps = (uint8_t)(test_below(4) ? 4 : test_below(6));
    m->flags = (uint8_t)test_below(4);
    for (unsigned i = 0; i < PHX_MESSAGE_CAPS; i++) {
        m->caps[i] = test_below(9) ? ids[who][test_below(IDS)] : known[who];
        m->cap_modes[i] = (uint8_t)(1 + test_below(2));
        m->accept[i] = (uint16_t)(test_below(9) ? 0 : test_below(20));
    }
}

static void random_message(struct program *p, unsigned who)
{
    uint64_t address = MEMORY + test_below(3) * 0x800;

    if (user_check(p->process->space, MEMORY, 2 * 4096, READ_WRITE) != OK)
        return;
    fill_message(message_at(p, address), who);
    uint64_t method = test_below(8), cap = random_cap(who);
    uint64_t op = PHX_OP(PHX_KIND_TRANSPORT, PHX_T_CALL + test_below(4), method, test_below(11));
    if (!is_too_much(cap_row(&p->process->table, cap), (unsigned)method))
        (void)SYS(p->thread, PHX_OP_ENTER1, entry_for(p, op, cap, address));
}

static void random_operation(struct program *p, unsigned who)
{
    uint64_t words[5], cap = ids[who][test_below(IDS)];
    const struct hold *row = cap_row(&p->process->table, cap);
    unsigned method =
        (unsigned)(test_below(3) ? test_below(9) : CAPABILITY_IDENTIFY + test_below(6));

    if (test_below(4) == 0) {
        random_message(p, who);
        return;
    }
    for (unsigned w = 0; w < 5; w++)
        words[w] = random_word(who);
    if (test_below(2))
        words[test_below(5)] = test_below(2) ? 0 : now_ns() + test_below(1000000);
    if (!is_too_much(row, method))
        (void)sys(p->thread, PHX_OP_CALL((uint64_t)method, test_below(6)), cap, words);
}

/* --- rings -------------------------------------------------------------------------- */

static void make_ring(struct program *p)
{
    uint64_t frame = make_frame(p, 1);

    CHECK_EQ(CALL(p->thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 8, 8), 0);
}

static struct phx_entry random_entry(const struct program *p, unsigned who)
{
    static const uint8_t numbers[] = {
        6, 7, 8, 15, 16, 17, 18, 19, 32, 33, 34, 35, 64, 67, 68, 83, 241};
    uint64_t address = MEMORY + 0x2000 + test_below(4) * 0x400;
    struct phx_entry e = {.cap = ids[who][test_below(IDS)], .user = test_rand()};

    if (test_below(3)) {
        e.op = PHX_OP_NYX((uint64_t)numbers[test_below(sizeof numbers)]);
        e.cap = test_below(2) ? e.cap : 0;
        for (unsigned w = 0; w < 5; w++)
            e.words[w] = random_word(who);
    } else if (user_check(p->process->space, address, 0x400, READ_WRITE) == OK) {
        fill_message(message_at(p, address), who);
        e.cap = random_cap(who);
        e.op = PHX_OP(PHX_KIND_TRANSPORT, PHX_T_NOP + test_below(9), test_below(6), test_below(11));
        e.words[0] = address;
    }
    return e;
}

/* Entries, indices that may be lies, and a way in that takes them. */
static void random_ring(struct program *p, unsigned who)
{
    struct ring *r = p->thread->ring;
    unsigned n = (unsigned)test_below(4);

    if (!r)
        return;
    for (unsigned i = 0; i < n; i++) {
        struct phx_entry e = random_entry(p, who);
        if (!is_too_much(cap_row(&p->process->table, e.cap), e.op >> 16 & 0xff))
            r->entries[r->shared->submit_tail++ % 8] = e;
    }
    r->shared->complete_head = r->shared->complete_tail;
    if (test_below(30) == 0)
        r->shared->submit_tail = (uint32_t)test_rand();
    if (test_below(30) == 0)
        r->shared->complete_head = (uint32_t)test_rand();
    for (uint32_t i = 1; i < 60; i++) { /* the row, wherever it is */
        if (i % 64 >= HOLDS_PER_PAGE || i / 64 >= p->process->table.pages)
            continue;
        struct hold *row = cap_row_at(&p->process->table, i);
        if (row->state != HOLD_LIVE || row->object != &r->object || row->interface != IFACE_RING)
            continue;
        (void)CALL(p->thread, cap_id(row, i), RING_ENTER, test_below(5), test_below(3),
            test_below(3) ? now_ns() + test_below(200000) : 0);
        return;
    }
}

/* Ids that may be good: those of the table's first rows. */
static void refresh(struct program *p, unsigned who)
{
    for (unsigned i = 0; i < IDS; i++) {
        uint32_t index = 1 + (uint32_t)test_below(60);

        if (index % 64 >= HOLDS_PER_PAGE || index / 64 >= p->process->table.pages)
            continue;
        ids[who][i] = cap_id(cap_row_at(&p->process->table, index), index);
    }
}

static bool can_act(const struct program *p)
{
    return p->process->state == PROCESS_RUNNING && p->thread->state != THREAD_DEAD;
}

/* Whatever it waits for, it is made ready to go on. */
static void free_thread(struct program *p)
{
    struct thread *t = p->thread;

    for (unsigned i = 0; i < 1000 && (t->work.step || t->ring_entering) &&
                         (t->state == THREAD_READY || t->state == THREAD_RUNNING);
         i++)
        settle();
    if (t->waiter.state != WAIT_NONE && (test_below(4) == 0 || t->state != THREAD_BLOCKED))
        wait_cancel(&t->waiter, PHX_CANCELLED);
    if (t->state == THREAD_STOPPED && !t->work.step)
        thread_ready(t);
}

static void random_life(void)
{
    struct program *both[2] = {&alice, &bob};
    world_begin();
    alice.process->object.refs += 1; /* to be looked at after their end */
    bob.process->object.refs += 1;
    alice.thread->object.refs++;
    bob.thread->object.refs++;
    make_service(&known[1], &known[0], 3, test_below(2) ? 0 : 50);
    make_ring(&alice);
    make_ring(&bob);
    for (unsigned i = 0; i < 400 && (can_act(&alice) || can_act(&bob)); i++) {
        unsigned who = (unsigned)test_below(2);
        struct program *p = both[who];

        if (!can_act(p))
            continue;
        if (i % 16 < 2)
            refresh(p, who);
        free_thread(p);
        if (test_below(8) == 0)
            memory_fail((int64_t)test_below(5));
        if (p->thread->state == THREAD_READY || p->thread->state == THREAD_RUNNING) {
            if (test_below(4) == 0)
                random_ring(p, who);
            else
                random_operation(p, who);
        }
        memory_fail(-1);
        if (test_below(20) == 0)
            pass_time(100000);
        world_check();
    }
    object_unref(&alice.thread->object);
    object_unref(&bob.thread->object);
    object_unref(&alice.process->object);
    object_unref(&bob.process->object);
    world_end();
}

TEST(hostile, random_lives_leave_nothing, "whatever two programs do to each other")
{
    for (unsigned i = 0; i < 300; i++)
        random_life();
}
