/* SPDX-License-Identifier: MIT */
/*
 * What an attacker would try: to get at registers, memory or messages that are not his,
 * or to keep what was taken back.
 */
#include "attempt.h"

#define FAR 0x401ff000u

static uint64_t endpoint, client;

TEST(review, a_queued_call_brings_its_words, "to a server that comes later")
{
    world_begin();
    struct thread *second = another_thread(&alice);
    make_service(&endpoint, &client, 3, 0);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(5, 4), client, 7, 8, 9, 10, 11), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint, 1, 2, 3, 4, 5), 4 | 5 << 8);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(WORD(bob.thread, i), i < 4 ? 7 + i : 5);

    CHECK_EQ(SYS(second, PHX_OP_CALL(6, 2), client, 17, 18), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0, 0), endpoint, 1, 2, 3, 4, 5), 2 | 6 << 8);
    CHECK_EQ(WORD(bob.thread, 0), 17);
    CHECK_EQ(WORD(bob.thread, 1), 18);
    CHECK_EQ(WORD(bob.thread, 2), 3);
    world_end();
}

/* Both ways, where the other waits: the direct path. */
TEST(review, a_message_has_no_more_words_than_it_says, "other registers stay their owner's")
{
    world_begin();
    make_service(&endpoint, &client, 3, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint, 1, 2, 3, 4, 5), WAITS);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(5, 1), client, 7, 8, 9, 10, 11), WAITS);
    CHECK_EQ(WORD(bob.thread, 0), 7);
    for (unsigned i = 1; i < 5; i++)
        CHECK_EQ(WORD(bob.thread, i), i + 1);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN_RECV(0, 2), endpoint, 21, 22, 23, 24, 25), WAITS);
    CHECK_EQ(answer_of(alice.thread), 2);
    CHECK_EQ(WORD(alice.thread, 1), 22);
    for (unsigned i = 2; i < 5; i++)
        CHECK_EQ(WORD(alice.thread, i), 7 + i);
    world_end();
}

/* --- between two steps --------------------------------------------------------- */

static unsigned slices;

static void end_slice(void)
{
    if (slices++ == 0)
        kernel_timer(false);
}

TEST(review, protect_gives_no_more_than_a_mapping_may_have, "also one that came meanwhile")
{
    uint64_t frame, read_only;

    world_begin();
    struct thread *second = another_thread(&alice);
    CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR, 1100,
                  PHX_PROT_READ),
             0);
    frame = make_frame(&alice, 1);
    CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_DERIVE, FRAME_M_MAP_READ), 0);
    read_only = WORD(alice.thread, 0);

    slices = 0;
    arch_host.window = end_slice;
    CHECK_EQ(CALL(alice.thread, SLOT(SPACE), ADDRESS_SPACE_PROTECT, FAR, 1100, READ_WRITE), WAITS);
    arch_host.window = NULL;
    CHECK_EQ(alice.thread->state, THREAD_READY);
    uint64_t last = FAR + 1099 * 4096UL;
    CHECK_EQ(CALL(second, SLOT(SPACE), ADDRESS_SPACE_UNMAP, last, 1), 0);
    CHECK_EQ(CALL(second, SLOT(SPACE), ADDRESS_SPACE_MAP, read_only, last, 0, 1, PHX_PROT_READ),
             0);
    settle();
    CHECK_EQ(answer_of(alice.thread), 0);
    CHECK_EQ(CALL(second, SLOT(SPACE), ADDRESS_SPACE_QUERY, last), 0);
    CHECK_EQ(WORD(second, 1), PHX_PROT_READ);
    CHECK_EQ(space_resolve(alice.process->space, last, PHX_PROT_WRITE), 0);
    CHECK(space_resolve(alice.process->space, FAR + 4096 * 500, PHX_PROT_WRITE) != 0);
    world_end();
}

/* --- what was taken back ------------------------------------------------------- */

/* bob gets what alice derived for him, so that she can take it back. */
static uint64_t lend(uint64_t cap)
{
    CHECK_EQ(CALL(alice.thread, cap, CAPABILITY_IDENTIFY), 0);
    uint64_t methods = WORD(alice.thread, 1);
    CHECK_EQ(CALL(alice.thread, cap, CAPABILITY_DERIVE, methods), 0);
    return grant(&alice, WORD(alice.thread, 0), &bob);
}

TEST(review, a_wait_ends_when_its_capability_is_revoked, "and takes nothing any more")
{
    world_begin();
    uint64_t notification = make_notification(&alice), his = lend(notification);
    CHECK_EQ(CALL(bob.thread, his, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(alice.thread, notification, CAPABILITY_REVOKE), 0);
    CHECK_EQ(answer_of(bob.thread), -PHX_REVOKED);
    CHECK_EQ(CALL(alice.thread, notification, NOTIFICATION_SIGNAL, 1), 0);
    CHECK_EQ(CALL(alice.thread, notification, NOTIFICATION_POLL, 1), 0);
    CHECK_EQ(WORD(alice.thread, 0), 1);

    endpoint = make_endpoint(&alice);
    his = lend(endpoint);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, his), WAITS);
    CHECK_EQ(CALL(alice.thread, endpoint, CAPABILITY_REVOKE), 0);
    CHECK_EQ(answer_of(bob.thread), -PHX_REVOKED);
    world_end();
}

TEST(review, a_revoke_leaves_others_waiting, "on the same object")
{
    world_begin();
    uint64_t notification = make_notification(&alice), his = grant(&alice, notification, &bob);
    CHECK_EQ(CALL(alice.thread, notification, CAPABILITY_DERIVE, NOTIFICATION_M_ALL), 0);
    uint64_t derived = WORD(alice.thread, 0);
    CHECK_EQ(CALL(alice.thread, derived, CAPABILITY_DERIVE, NOTIFICATION_M_ALL), 0);
    CHECK_EQ(CALL(bob.thread, his, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(alice.thread, derived, CAPABILITY_REVOKE, 1), 0);
    CHECK_EQ(CALL(alice.thread, notification, NOTIFICATION_SIGNAL, 3), 0);
    CHECK_EQ(answer_of(bob.thread), 0);
    world_end();
}

TEST(review, a_ring_writes_nothing_into_a_revoked_frame, "whose owner has it for himself")
{
    world_begin();
    uint64_t frame = make_frame(&alice, 1), his = lend(frame);
    struct frame *f = (struct frame *)object_of(&alice, frame);
    char *page = direct(f->pfn << PHX_PAGE_SHIFT);
    struct phx_ring *ring = (struct phx_ring *)(void *)page;
    struct phx_entry *entry = (struct phx_entry *)(void *)(page + sizeof *ring);
    uint64_t notification = make_notification(&bob);

    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_NEW_RING, his, 4, 4), 0);
    uint64_t id = WORD(bob.thread, 0);
    struct phx_message *m = message_at(&bob, MEMORY);
    m->words[0] = 1;
    m->words[1] = PHX_FOREVER;
    entry[0] = (struct phx_entry){ .op = PHX_OP_CALL(NOTIFICATION_WAIT, 2), .cap = notification,
                                   .user = 77, .words = { MEMORY } };
    entry[1] = entry[2] = (struct phx_entry){ .op = PHX_OP_NOP, .user = 78 };
    ring->submit_tail = 2;
    CHECK_EQ(CALL(bob.thread, id, RING_ENTER, 2, 0, 0), 0);
    CHECK_EQ(WORD(bob.thread, 0), 2);
    CHECK_EQ(ring->complete_tail, 1);

    CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_REVOKE), 0);
    ring->submit_tail = 3;
    CHECK_EQ(CALL(bob.thread, notification, NOTIFICATION_SIGNAL, 1), 0);
    CHECK_EQ(CALL(bob.thread, id, RING_ENTER, 2, 0, 0), 0);
    CHECK_EQ(WORD(bob.thread, 0), 0);
    CHECK_EQ(ring->complete_tail, 1);
    CHECK_EQ(ring->submit_head, 2);
    world_end();
}

static void everybody_runs(void)
{
    for (unsigned i = 0; i < 8; i++)
        settle();
}

TEST(review, an_upcall_writes_nothing_into_a_revoked_page, "whose owner has it for himself")
{
    world_begin();
    uint64_t frame = make_frame(&alice, 1), his = lend(frame);
    struct frame *f = (struct frame *)object_of(&alice, frame);
    struct phx_thread_page *page = direct(f->pfn << PHX_PAGE_SHIFT);

    CHECK_EQ(CALL(bob.thread, SLOT(PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000, 0, his, FAR), 0);
    uint64_t id = WORD(bob.thread, 0);
    page->disabled = 1;
    CHECK_EQ(CALL(bob.thread, id, THREAD_START), 0);
    CHECK_EQ(CALL(bob.thread, id, THREAD_INTERRUPT, 1), 0);
    everybody_runs();
    CHECK_EQ(page->pending, 1);
    CHECK_EQ(CALL(alice.thread, frame, CAPABILITY_REVOKE), 0);
    CHECK_EQ(CALL(bob.thread, id, THREAD_INTERRUPT, 2), 0);
    everybody_runs();
    CHECK_EQ(page->pending, 1);
    world_end();
}

TEST(review, revoked_rows_do_not_fill_a_budget, "when it is at its limit")
{
    world_begin();
    uint64_t notification = make_notification(&alice);
    uint64_t left = bob.account->limit[RESOURCE_HOLDS] - bob.account->used[RESOURCE_HOLDS];
    while (left-- > 0)
        (void)grant(&alice, notification, &bob);
    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_SELF), -PHX_LIMIT_EXCEEDED);
    CHECK_EQ(CALL(alice.thread, notification, CAPABILITY_REVOKE), 0);
    CHECK_EQ(CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
    world_end();
}

/* A closed child stays with its parent while somebody holds it. */
TEST(review, an_account_s_end_looks_at_each_child_once, "those that are closed already too")
{
    world_begin();
    CHECK_EQ(CALL(alice.thread, SLOT(ACCOUNT), ACCOUNT_CREATE, 100, 900, 0, 0), 0);
    uint64_t parent = WORD(alice.thread, 0);
    struct account *a = (struct account *)object_of(&alice, parent);
    for (unsigned i = 0; i < 20; i++) {
        CHECK_EQ(CALL(alice.thread, parent, ACCOUNT_CREATE, 0, 0, 0, 0), 0);
        if (i % 2)
            CHECK_EQ(CALL(alice.thread, WORD(alice.thread, 0), ACCOUNT_DESTROY), 0);
        bool dead = false;
        LIST_FOR_EACH(l, &a->children)
        {
            CHECK(!dead || CONTAINER(l, struct account, sibling)->object.dead);
            dead = CONTAINER(l, struct account, sibling)->object.dead;
        }
    }
    CHECK_EQ(CALL(alice.thread, parent, ACCOUNT_DESTROY), 0);
    struct list *first = list_first(&a->children);
    CHECK(!first || CONTAINER(first, struct account, sibling)->object.dead);
    world_end();
}

TEST(review, accounts_are_not_deep, "so that no walk to the root is long")
{
    world_begin();
    uint64_t at = SLOT(ACCOUNT);
    unsigned depth = 1; /* alice's is below the root */
    int64_t answer;

    while ((answer = CALL(alice.thread, at, ACCOUNT_CREATE, 100 - depth, 0, 0, 0)) == 0) {
        at = WORD(alice.thread, 0);
        CHECK(++depth < 50);
    }
    CHECK_EQ(answer, -PHX_DEPTH_EXCEEDED);
    CHECK_EQ(depth, ACCOUNT_DEPTH_MAX);
    world_end();
}

/* alice holds a server's face that was revoked, and her call's own row sweeps it. */
TEST(review, a_call_does_not_wait_for_nobody, "where the last server goes as it is made")
{
    world_begin();
    endpoint = make_endpoint(&bob);
    uint64_t his = make_client(&bob, endpoint, 3, 0);
    client = grant(&bob, his, &alice);
    (void)grant(&bob, endpoint, &alice);
    /* Only alice's derived face is left, and it is dead; the client's row is another's. */
    struct hold *face = cap_row(&bob.process->table, endpoint);
    struct hold *row = cap_row(&alice.process->table, client);
    struct node *old = row->up;
    row->up = &kernel.caps.root;
    node_ref(row->up);
    node_unref(old);
    row->up_gen = row->up->gen;
    cap_revoke_children(&kernel.caps, face);
    cap_release(&bob.process->table, face);
    alice.process->table.free = NULL;
    alice.process->table.sweep = cap_index(cap_row(&alice.process->table, client));

    (void)message_at(&alice, MEMORY);
    ((struct phx_message *)at(&alice, MEMORY))->accept_caps = 1;
    CHECK_EQ(SYS(alice.thread, PHX_OP_ENTER1,
                 entry_for(&alice, PHX_OP_CALL(1, 0), client, MEMORY)),
             -PHX_DISCONNECTED);
    world_end();
}

TEST(review, a_reply_outlives_who_took_the_call, "and another thread answers by it")
{
    world_begin();
    make_service(&endpoint, &client, 3, 0);
    struct thread *taker = another_thread(&bob);
    CHECK_EQ(SYS(taker, PHX_OP_RECV, endpoint), WAITS);
    CHECK_EQ(SYS(alice.thread, PHX_OP_CALL(5, 0), client), WAITS);
    CHECK_EQ(CALL(taker, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
    uint64_t reply = WORD(taker, 0);
    CHECK_EQ(CALL(taker, SLOT(THREAD), THREAD_CONTROL_EXIT), ENDED);
    CHECK_EQ(answer_of(alice.thread), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 1), reply, 9), 0);
    CHECK_EQ(answer_of(alice.thread), 1);
    CHECK_EQ(WORD(alice.thread, 0), 9);
    world_end();
}

static unsigned log_lines(void)
{
    struct thread *t = alice.thread;
    const char *piece = at(&alice, MEMORY);
    unsigned lines = 0;

    for (uint64_t position = 0;; position = WORD(t, 1)) {
        CHECK_EQ(CALL(t, SLOT(LOG), LOG_READ, position, MEMORY, 512), 0);
        if (WORD(t, 0) == 0)
            return lines;
        for (uint64_t i = 0; i < WORD(t, 0); i++)
            lines += piece[i] == '\n';
    }
}

TEST(review, a_write_to_the_log_is_one_line, "whatever it contains")
{
    world_begin();
    unsigned lines = log_lines();
    memcpy(at(&alice, MEMORY), "a\n\n\n[    0.000000] b\n", 21);
    CHECK_EQ(CALL(alice.thread, SLOT(LOG), LOG_WRITE, MEMORY, 21), 0);
    CHECK_EQ(log_lines(), lines + 1);
    memset(at(&alice, MEMORY), '\n', PHX_LOG_LINE);
    CHECK_EQ(CALL(alice.thread, SLOT(LOG), LOG_WRITE, MEMORY, PHX_LOG_LINE), 0);
    CHECK_EQ(log_lines(), lines + 2);
    CHECK_EQ(CALL(alice.thread, SLOT(LOG), LOG_WRITE, MEMORY, PHX_LOG_LINE + 1), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(review, nobody_tells_a_revoked_notification, "of an end that he chooses himself")
{
    world_begin();
    uint64_t notification = make_notification(&alice), his = lend(notification);
    endpoint = make_endpoint(&bob);
    client = make_client(&bob, endpoint, 3, 0);
    CHECK_EQ(CALL(bob.thread, endpoint, ENDPOINT_WATCH, 3, his, 1), 0);
    CHECK_EQ(CALL(alice.thread, notification, CAPABILITY_REVOKE), 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RELEASE, client), 0);
    CHECK_EQ(CALL(alice.thread, notification, NOTIFICATION_POLL, ~0UL), 0);
    CHECK_EQ(WORD(alice.thread, 0), 0);
    world_end();
}
