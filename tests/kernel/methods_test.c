/* SPDX-License-Identifier: MIT */
/*
 * The methods of capabilities, accounts, processes, threads and their channels: each works, and
 * under any scarcity it is refused cleanly. A method without a scenario fails the test.
 */
#include "attempt.h"

#include <string.h>

#define FAR 0x40000000u /* no table of its 1 GiB is there yet */

static struct thread *t; /* alice's, in every scenario */

/* --- Capability ------------------------------------------------------------- */

static void identify(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CONSOLE), CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(t, 0), IFACE_CONSOLE);
    CHECK_EQ(WORD(t, 1), CONSOLE_M_ALL);
    CHECK_EQ(WORD(t, 3), ~UINT64_C(0));
}

static void derive(void)
{
    CHECK_EQ(ATTEMPT_CALL(
                 t, SLOT(CONSOLE), CAPABILITY_DERIVE, CONSOLE_M_WRITE | CAPABILITY_M_IDENTIFY, 5),
        0);
    uint64_t id = WORD(t, 0);
    CHECK_EQ(CALL(t, id, CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(t, 1), CONSOLE_M_WRITE | CAPABILITY_M_IDENTIFY);
    CHECK_EQ(WORD(t, 3), 5);
    CHECK_EQ(CALL(t, id, CONSOLE_TAKE, MEMORY, 1), -PHX_PERMISSION_DENIED);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(CALL(t, id, CONSOLE_WRITE, MEMORY, 1), 0);
    CHECK_EQ(CALL(t, id, CONSOLE_WRITE, MEMORY, 1), -PHX_CONSUMED);
}

static void duplicate(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CONSOLE), CAPABILITY_DUPLICATE), 0);
    CHECK(object_of(&alice, WORD(t, 0)) == &machine);
}

static void grant_it(void)
{
    uint64_t process = grant(&boss, bob.process_id, &alice);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(CONSOLE), CAPABILITY_GRANT, process,
                 CONSOLE_M_WRITE | CAPABILITY_M_IDENTIFY),
        0);
    uint64_t id = WORD(t, 0);
    CHECK_EQ(CALL(bob.thread, id, CONSOLE_WRITE, MEMORY, 1), 0);
    CHECK_EQ(CALL(t, SLOT(CONSOLE), CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(CALL(bob.thread, id, CONSOLE_WRITE, MEMORY, 1), -PHX_REVOKED);
}

static void revoke(void)
{
    uint64_t frame = make_frame(&alice, 600);
    CHECK_EQ(CALL(t, frame, CAPABILITY_DERIVE, FRAME_M_ALL), 0);
    uint64_t child = WORD(t, 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, child, FAR, 0, 600, READ_WRITE), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_QUERY, FAR), 0);
    CHECK_EQ(ATTEMPT_CALL(t, frame, CAPABILITY_REVOKE, 1), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_QUERY, FAR), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, child, FRAME_INFO), -PHX_REVOKED);
    CHECK_EQ(CALL(t, frame, FRAME_INFO), -PHX_INVALID_CAPABILITY);
    CHECK_EQ(space_resolve(alice.process->space, FAR, PHX_PROT_READ), 0);
}

/* --- Account ----------------------------------------------------------------- */

static void balance(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_BALANCE, RESOURCE_HOLDS), 0);
    CHECK_EQ(WORD(t, 1), alice.account->used[RESOURCE_HOLDS]);
}

static void create(void)
{
    uint64_t used = alice.account->used[RESOURCE_HOLDS];

    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_CREATE, 20, 10, 1, 5), 0);
    CHECK_EQ(alice.account->used[RESOURCE_HOLDS], used + 1 + 10);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, WORD(t, 0)), 0);
    CHECK_EQ(alice.account->used[RESOURCE_HOLDS], used);
}

static void transfer(void)
{
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_CREATE, 0, 0, 0, 5), 0);
    uint64_t to = WORD(t, 0);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_TRANSFER, to, RESOURCE_PAGES, 3), 0);
    CHECK_EQ(CALL(t, to, ACCOUNT_BALANCE, RESOURCE_PAGES), 0);
    CHECK_EQ(WORD(t, 0), 3);
}

/* Unused pages go at once; others only by force. */
static void reclaim(void)
{
    uint64_t account = alice.account_id, before = alice.account->limit[RESOURCE_PAGES];
    CHECK_EQ(ATTEMPT_CALL(boss.thread, account, ACCOUNT_RECLAIM, 0, PHX_FOREVER), 0);
    CHECK_EQ(CALL(boss.thread, account, ACCOUNT_RECLAIM, 3, PHX_FOREVER), 0);
    CHECK_EQ(alice.account->limit[RESOURCE_PAGES], before - 3);
    CHECK_EQ(CALL(boss.thread, account, ACCOUNT_RECLAIM, before, PHX_FOREVER), -PHX_WOULD_BLOCK);
    CHECK_EQ(CALL(boss.thread, SLOT(ACCOUNT), ACCOUNT_RECLAIM, 1, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(boss.thread, SLOT(ACCOUNT), ACCOUNT_TRANSFER, account, RESOURCE_PAGES, 3), 0);
}

static void destroy(void)
{
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_CREATE, 50, 40, 2, 5), 0);
    struct program child = {.account_id = WORD(t, 0)};
    CHECK_EQ(CALL(t, child.account_id, ACCOUNT_NEW_PROCESS, 0x1000, 0x9000), 0);
    uint64_t process = WORD(t, 0);
    /* Its turn goes on, whatever there is to be taken down. */
    CHECK_EQ(ATTEMPT_CALL(t, child.account_id, ACCOUNT_DESTROY), 0);
    pass_time(1000000);
    CHECK_EQ(CALL(t, process, PROCESS_STATUS), 0);
    CHECK_EQ(WORD(t, 0), PROCESS_DEAD);
    CHECK_EQ(CALL(t, child.account_id, ACCOUNT_BALANCE, 0), -PHX_REVOKED);
}

/* Spent is spent: what comes back is what is left. */
static void charge(void)
{
    uint64_t before = alice.account->used[RESOURCE_ENERGY];

    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_CREATE, 0, 0, 0, 20), 0);
    uint64_t metered = WORD(t, 0);
    CHECK_EQ(ATTEMPT_CALL(t, metered, ACCOUNT_CHARGE, RESOURCE_ENERGY, 15), 0);
    CHECK_EQ(CALL(t, metered, ACCOUNT_CHARGE, RESOURCE_ENERGY, 6), -PHX_LIMIT_EXCEEDED);
    CHECK_EQ(CALL(t, metered, ACCOUNT_CHARGE, RESOURCE_GAS, 1), -PHX_LIMIT_EXCEEDED);
    CHECK_EQ(CALL(t, metered, ACCOUNT_CHARGE, RESOURCE_PAGES, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, metered, ACCOUNT_CHARGE, RESOURCE_TIME, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, metered, ACCOUNT_TRANSFER, SLOT(ACCOUNT), RESOURCE_ENERGY, 6),
        -PHX_LIMIT_EXCEEDED);
    CHECK_EQ(CALL(t, metered, ACCOUNT_DESTROY), 0);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, metered), 0);
    CHECK_EQ(alice.account->used[RESOURCE_ENERGY], before + 15);
}

static void new_process(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_PROCESS, 0x1000, 0x9000), 0);
    CHECK_EQ(object_of(&alice, WORD(t, 0))->type, IFACE_PROCESS);
    CHECK_EQ(object_of(&alice, WORD(t, 1))->type, IFACE_ADDRESS_SPACE);
}

static void new_pool(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_POOL), 0);
    CHECK_EQ(object_of(&alice, WORD(t, 0))->type, IFACE_FRAME_POOL);
}

static void new_endpoint(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_ENDPOINT), 0);
    CHECK_EQ(object_of(&alice, WORD(t, 0))->type, IFACE_ENDPOINT);
}

static void new_dma_domain(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_DMA_DOMAIN, 1), 0);
}

static void new_notification(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_NOTIFICATION), 0);
    CHECK_EQ(object_of(&alice, WORD(t, 0))->type, IFACE_NOTIFICATION);
}

static void new_schedule(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_SCHEDULE), 0);
    CHECK_EQ(object_of(&alice, WORD(t, 0))->type, IFACE_SCHEDULE);
}

static void new_tap(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_TAP), 0);
    uint64_t log = WORD(t, 0);
    CHECK_EQ(CALL(t, log, LOG_READ, 0, MEMORY, 512), 0);
    CHECK_EQ(CALL(t, log, LOG_WRITE, MEMORY, 1), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_TAP), -PHX_EXISTS);
}

/* --- Process ------------------------------------------------------------------- */

static void exit_process(void)
{
    uint64_t process = grant(&boss, bob.process_id, &alice);
    CHECK_EQ(ATTEMPT_CALL(t, process, PROCESS_EXIT, 7), 0);
    settle();
    CHECK_EQ(CALL(t, process, PROCESS_STATUS), 0);
    CHECK_EQ(WORD(t, 0), PROCESS_DEAD);
    CHECK_EQ(WORD(t, 1), 7);
}

static void status(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(PROCESS), PROCESS_STATUS), 0);
    CHECK_EQ(WORD(t, 0), PROCESS_RUNNING);
    CHECK_EQ(WORD(t, 2), 1);
}

static void watch_process(void)
{
    uint64_t n = make_notification(&alice), process = grant(&boss, bob.process_id, &alice);
    CHECK_EQ(ATTEMPT_CALL(t, process, PROCESS_WATCH, n, 4), 0);
    CHECK_EQ(CALL(t, process, PROCESS_EXIT, 7), 0);
    settle();
    CHECK_EQ(CALL(t, n, NOTIFICATION_POLL, ~UINT64_C(0)), 0);
    CHECK_EQ(WORD(t, 0), 4);
}

static void new_thread(void)
{
    uint64_t page = make_frame(&alice, 1);
    CHECK_EQ(
        ATTEMPT_CALL(t, SLOT(PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000, 5, page, 0x7000), 0);
    struct thread *made = CONTAINER(object_of(&alice, WORD(t, 0)), struct thread, object);
    CHECK_EQ(made->regs.rdi, 5);
    CHECK_EQ(made->page->self, 0x7000);
}

static void keeper(void)
{
    uint64_t n = make_notification(&alice);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(PROCESS), PROCESS_KEEPER, n, 4), 0);
    CHECK(alice.process->keeper.notification.object != NULL);
}

static void getpid(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(PROCESS), PROCESS_GETPID), 0);
    CHECK_EQ(WORD(t, 0), alice.process->pid);
}

/* The row of a process with that id, as `process` shows it; gone through as `caps` does. */
static struct phx_hold shown(uint64_t process, uint64_t id)
{
    const struct phx_hold *rows = at(&alice, MEMORY);
    struct phx_hold found = {0};
    uint64_t cursor = 0;

    do {
        CHECK_EQ(CALL(t, process, PROCESS_HOLDS, cursor, MEMORY), 0);
        cursor = WORD(t, 0);
        for (unsigned i = 0; i < WORD(t, 1); i++)
            if (rows[i].id == id)
                found = rows[i];
    } while (cursor != 0);
    return found;
}

static void holds(void)
{
    uint64_t process = grant(&boss, bob.process_id, &alice), n = make_notification(&alice);
    CHECK_EQ(CALL(t, n, CAPABILITY_GRANT, process, NOTIFICATION_M_SIGNAL), 0);
    uint64_t given = WORD(t, 0);
    CHECK_EQ(ATTEMPT_CALL(t, process, PROCESS_HOLDS, 0, MEMORY), 0);
    CHECK(WORD(t, 1) > 0);
    struct phx_hold mine = shown(SLOT(PROCESS), n), his = shown(process, given);
    CHECK_EQ(mine.interface, IFACE_NOTIFICATION);
    CHECK_EQ(mine.methods, NOTIFICATION_M_ALL);
    CHECK_EQ(mine.uses, ~UINT64_C(0));
    CHECK_EQ(mine.above, 0);
    CHECK_EQ(his.methods, NOTIFICATION_M_SIGNAL);
    CHECK_EQ(his.object, mine.object);
    CHECK_EQ(his.up, mine.down);
    CHECK_EQ(his.above, mine.up);
    CHECK_EQ(his.depth, 1);
    CHECK_EQ(his.dead, 0);
    CHECK_EQ(CALL(t, n, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(shown(process, given).dead, 1);
}

static void revoke_hold(void)
{
    uint64_t process = grant(&boss, bob.process_id, &alice), n = make_notification(&bob);
    CHECK_EQ(CALL(bob.thread, n, CAPABILITY_DERIVE, NOTIFICATION_M_SIGNAL), 0);
    uint64_t child = WORD(bob.thread, 0);
    CHECK_EQ(ATTEMPT_CALL(t, process, PROCESS_REVOKE, n, 1), 0);
    CHECK_EQ(CALL(bob.thread, child, NOTIFICATION_SIGNAL, 1), -PHX_REVOKED);
    CHECK_EQ(CALL(bob.thread, n, NOTIFICATION_SIGNAL, 1), -PHX_INVALID_CAPABILITY);
}

static void divide(struct thread *thread)
{
    kernel_fault(thread, 0, 0, 0);
}

static void stopped(void)
{
    uint64_t n = make_notification(&alice), process = grant(&boss, bob.process_id, &alice);
    CHECK_EQ(CALL(t, process, PROCESS_KEEPER, n, 4), 0);
    CHECK_EQ(CALL(t, process, PROCESS_STOPPED), -PHX_NOT_FOUND);
    bob.thread->regs.rip = 0x2345;
    run_entry(divide, bob.thread);
    CHECK_EQ(bob.thread->state, THREAD_STOPPED);
    CHECK_EQ(ATTEMPT_CALL(t, process, PROCESS_STOPPED), 0);
    uint64_t thread = WORD(t, 0);
    CHECK_EQ(WORD(t, 1), PHX_UPCALL_EXCEPTION);
    CHECK_EQ(CALL(t, process, PROCESS_STOPPED), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, thread, THREAD_REGISTERS, MEMORY, 0), 0);
    CHECK_EQ(((const struct phx_registers *)at(&alice, MEMORY))->rip, 0x2345);
    CHECK_EQ(CALL(t, thread, THREAD_START), 0);
}

/* --- Thread --------------------------------------------------------------------- */

static void start(void)
{
    CHECK_EQ(CALL(t, SLOT(PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000), 0);
    uint64_t id = WORD(t, 0);
    struct thread *made = CONTAINER(object_of(&alice, id), struct thread, object);
    CHECK_EQ(ATTEMPT_CALL(t, id, THREAD_START), 0);
    CHECK_EQ(made->state, THREAD_READY);
    CHECK_EQ(CALL(t, id, THREAD_START), -PHX_INVALID_STATE);
}

static uint64_t other_thread_id(struct thread **out)
{
    *out = another_thread(&alice);
    CHECK_EQ(CALL(*out, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
    return WORD(*out, 0);
}

static void stop(void)
{
    struct thread *other;
    uint64_t id = other_thread_id(&other);
    CHECK_EQ(CALL(other, SLOT(THREAD), THREAD_CONTROL_SLEEP, PHX_FOREVER), WAITS);
    CHECK_EQ(ATTEMPT_CALL(t, id, THREAD_STOP), 0);
    CHECK_EQ(other->state, THREAD_STOPPED);
    CHECK_EQ(other->regs.rax, -PHX_INTERRUPTED);
}

static void interrupt(void)
{
    struct thread *other;
    uint64_t id = other_thread_id(&other);
    CHECK_EQ(CALL(other, SLOT(THREAD), THREAD_CONTROL_SLEEP, PHX_FOREVER), WAITS);
    CHECK_EQ(ATTEMPT_CALL(t, id, THREAD_INTERRUPT, 2), 0);
    CHECK_EQ(answer_of(other), -PHX_INTERRUPTED);
}

static void registers(void)
{
    struct thread *other;
    uint64_t id = other_thread_id(&other);
    CHECK_EQ(CALL(t, id, THREAD_STOP), 0);
    other->regs.rbx = 77;
    CHECK_EQ(ATTEMPT_CALL(t, id, THREAD_REGISTERS, MEMORY, 0), 0);
    struct phx_registers *r = at(&alice, MEMORY);
    CHECK_EQ(r->rbx, 77);
    r->rbx = 78;
    r->rflags = ~UINT64_C(0);
    CHECK_EQ(CALL(t, id, THREAD_REGISTERS, MEMORY, 1), 0);
    CHECK_EQ(other->regs.rbx, 78);
    CHECK_EQ(other->regs.rflags, arch_user_flags(~UINT64_C(0)));
}

static void join(void)
{
    struct thread *other;
    uint64_t id = other_thread_id(&other);
    CHECK_EQ(ATTEMPT_CALL(t, id, THREAD_JOIN, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(other, SLOT(THREAD), THREAD_CONTROL_EXIT, 9), ENDED);
    CHECK_EQ(answer_of(t), 0);
    CHECK_EQ(WORD(t, 0), 9);
}

/* --- ThreadControl ---------------------------------------------------------------- */

static void yield_to(void)
{
    uint64_t id = grant(&boss, bob.thread_id, &alice);

    CHECK_EQ(ATTEMPT_CALL(t, id, THREAD_YIELD_TO), 0);
    CHECK(arch_host.cpu->current == bob.thread);
    CHECK_EQ(t->state, THREAD_READY);
}

static void exit_thread(void)
{
    struct thread *other;
    (void)other_thread_id(&other);
    CHECK_EQ(ATTEMPT_CALL(other, SLOT(THREAD), THREAD_CONTROL_EXIT, 9), ENDED);
    CHECK_EQ(alice.process->thread_count, 1);
}

static void yield(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(THREAD), THREAD_CONTROL_YIELD), 0);
}

static void sleep_until(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(THREAD), THREAD_CONTROL_SLEEP, now_ns() + 1000000), WAITS);
    pass_time(2000000);
    CHECK_EQ(answer_of(t), 0);
}

static void take_reply(void)
{
    uint64_t endpoint, client;
    make_service(&endpoint, &client, 3, 0);
    CHECK_EQ(CALL(t, client, 1), WAITS);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RECV, endpoint) >= 0, true);
    CHECK_EQ(ATTEMPT_CALL(bob.thread, SLOT(THREAD), THREAD_CONTROL_TAKE_REPLY), 0);
    uint64_t reply = WORD(bob.thread, 0);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 1), reply, 55), 0);
    CHECK_EQ(answer_of(t), 1);
    CHECK_EQ(WORD(t, 0), 55);
    CHECK_EQ(SYS(bob.thread, PHX_OP_RETURN(0, 1), reply, 55), -PHX_INVALID_CAPABILITY);
}

static void new_ring(void)
{
    uint64_t frame = make_frame(&alice, 4);
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 16, 64), 0);
    CHECK_EQ(CALL(t, WORD(t, 0), RING_INFO), 0);
    CHECK_EQ(WORD(t, 0), 16);
    CHECK_EQ(WORD(t, 1), 64);
}

static void self(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
    CHECK(object_of(&alice, WORD(t, 0)) == &t->object);
}

/* --- Endpoint, Notification --------------------------------------------------------- */

static void mint(void)
{
    uint64_t endpoint = make_endpoint(&alice);
    CHECK_EQ(ATTEMPT_CALL(t, endpoint, ENDPOINT_MINT, SERVED, 0xff | CAPABILITY_M_ALL, 9, 4), 0);
    uint64_t client = WORD(t, 0);
    CHECK_EQ(CALL(t, client, CAPABILITY_IDENTIFY), 0);
    CHECK_EQ(WORD(t, 0), SERVED);
    CHECK_EQ(WORD(t, 2), 9);
    CHECK_EQ(WORD(t, 3), 4);
}

static void watch_badge(void)
{
    uint64_t endpoint = make_endpoint(&alice), n = make_notification(&alice);
    uint64_t client = make_client(&alice, endpoint, 9, 0);
    CHECK_EQ(ATTEMPT_CALL(t, endpoint, ENDPOINT_WATCH, 9, n, 2), 0);
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, client), 0);
    CHECK_EQ(CALL(t, n, NOTIFICATION_POLL, ~UINT64_C(0)), 0);
    CHECK_EQ(WORD(t, 0), 2);
    CHECK_EQ(CALL(t, endpoint, ENDPOINT_WATCH, 9, n, 2), -PHX_NOT_FOUND);
}

static void mailbox(void)
{
    uint64_t endpoint = make_endpoint(&alice), client = make_client(&alice, endpoint, 9, 0);
    CHECK_EQ(SYS(t, PHX_OP_SEND(1, 1), client, 7), -PHX_NOT_SUPPORTED);
    CHECK_EQ(ATTEMPT_CALL(t, endpoint, ENDPOINT_MAILBOX, 20, 0, 4), 0);
    CHECK_EQ(CALL(t, endpoint, ENDPOINT_MAILBOX, 1, 0, 0), -PHX_EXISTS);
    CHECK_EQ(SYS(t, PHX_OP_SEND(1, 1), client, 7), 0);
    CHECK_EQ(SYS(t, PHX_OP_RECV, endpoint), (int64_t)(1 | 1 << 8 | PHX_INFO_ONE_WAY));
    CHECK_EQ(WORD(t, 0), 7);
}

static void signal(void)
{
    uint64_t n = make_notification(&alice);
    CHECK_EQ(ATTEMPT_CALL(t, n, NOTIFICATION_SIGNAL, 6), 0);
    CHECK_EQ(CALL(t, n, NOTIFICATION_WAIT, 2, 0), 0);
    CHECK_EQ(WORD(t, 0), 2);
}

static void wait_for_bits(void)
{
    uint64_t n = make_notification(&alice);
    struct thread *other = another_thread(&alice);
    CHECK_EQ(ATTEMPT_CALL(t, n, NOTIFICATION_WAIT, 2, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(other, n, NOTIFICATION_SIGNAL, 6), 0);
    CHECK_EQ(answer_of(t), 0);
    CHECK_EQ(WORD(t, 0), 2);
}

static void poll(void)
{
    uint64_t n = make_notification(&alice);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 6), 0);
    CHECK_EQ(ATTEMPT_CALL(t, n, NOTIFICATION_POLL, 3), 0);
    CHECK_EQ(WORD(t, 0), 2);
}

/* --- Ring ----------------------------------------------------------------------------- */

static struct phx_ring *ring_begin(uint64_t *ring)
{
    uint64_t frame = make_frame(&alice, 2), pa = WORD(t, 1);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 16, 32), 0);
    *ring = WORD(t, 0);
    return direct(pa);
}

static struct phx_entry *submit(struct phx_ring *r, uint64_t op, uint64_t cap, uint64_t user)
{
    struct phx_entry *e = (struct phx_entry *)(void *)(r + 1) + r->submit_tail % 16;
    *e = (struct phx_entry){.op = op, .cap = cap, .user = user};
    r->submit_tail++;
    return e;
}

static struct phx_completion *completion(struct phx_ring *r, unsigned i)
{
    return (struct phx_completion *)(void *)((struct phx_entry *)(void *)(r + 1) + 16) + i;
}

static void enter(void)
{
    uint64_t ring;
    struct phx_ring *r = ring_begin(&ring);
    submit(r, PHX_OP_NYX(83), 0, 1);
    submit(r, PHX_OP_NYX(35), 0, 2)->words[0] = 30; /* FramePool.alloc, in steps */
    submit(r, PHX_OP_NYX(67), 0, 3)->words[0] = PHX_FOREVER;
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_ENTER, 3, 2, PHX_FOREVER), 0);
    CHECK_EQ(WORD(t, 0), 3);
    CHECK_EQ(r->complete_tail, 2);
    CHECK_EQ(completion(r, 0)->user, 1);
    CHECK_EQ(completion(r, 0)->words[0], alice.process->pid);
    CHECK_EQ(completion(r, 1)->user, 2);
}

static void ring_info(void)
{
    uint64_t ring;
    struct phx_ring *r = ring_begin(&ring);
    submit(r, PHX_OP_NYX(67), 0, 3)->words[0] = PHX_FOREVER;
    CHECK_EQ(CALL(t, ring, RING_ENTER, 1, 0, 0), 0);
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_INFO), 0);
    CHECK_EQ(WORD(t, 2), 1);
}

static void ring_destroy(void)
{
    uint64_t ring;
    struct phx_ring *r = ring_begin(&ring);
    submit(r, PHX_OP_NYX(67), 0, 3)->words[0] = PHX_FOREVER;
    CHECK_EQ(CALL(t, ring, RING_ENTER, 1, 0, 0), 0);
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_DESTROY), 0);
    CHECK_EQ(completion(r, 0)->user, 3);
    CHECK_EQ(completion(r, 0)->result, -PHX_CANCELLED);
    CHECK_EQ(CALL(t, ring, RING_ENTER, 1, 0, 0), -PHX_INVALID_ARGUMENT);
}

static void register_buffer(void)
{
    uint64_t ring, frame = make_frame(&alice, 2), pa = WORD(t, 1);
    ring_begin(&ring);
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_REGISTER_BUFFER, frame, 7), 0);
    CHECK_EQ(CALL(t, ring, RING_REGISTER_BUFFER, frame, 7), -PHX_EXISTS);
    CHECK_EQ(CALL(t, ring, RING_REGISTER_BUFFER, frame, PHX_FIXED_BUFFERS), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(ENTROPY), ENTROPY_FILL, PHX_FIXED(7, 4090), 12), 0);
    CHECK(memcmp((char *)direct(pa) + 4090, "\0\0\0\0\0\0\0\0\0\0\0", 12) != 0);
    CHECK_EQ(CALL(t, SLOT(ENTROPY), ENTROPY_FILL, PHX_FIXED(7, 8190), 3), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, SLOT(ENTROPY), ENTROPY_FILL, PHX_FIXED(6, 0), 3), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, SLOT(ENTROPY), ENTROPY_FILL, PHX_FIXED(8, 0), 3), -PHX_BAD_ADDRESS);
}

static void unregister_buffer(void)
{
    uint64_t ring, frame = make_frame(&alice, 2);
    ring_begin(&ring);
    CHECK_EQ(CALL(t, ring, RING_UNREGISTER_BUFFER, 7), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, ring, RING_REGISTER_BUFFER, frame, 7), 0);
    CHECK_EQ(CALL(t, ring, RING_UNREGISTER_BUFFER, 8), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, ring, RING_UNREGISTER_BUFFER, 7 | PHX_FIXED_BUFFERS), -PHX_NOT_FOUND);
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_UNREGISTER_BUFFER, 7), 0);
    CHECK_EQ(CALL(t, SLOT(ENTROPY), ENTROPY_FILL, PHX_FIXED(7, 0), 8), -PHX_BAD_ADDRESS);
    CHECK_EQ(CALL(t, ring, RING_REGISTER_BUFFER, frame, 7), 0);
}

static void time_goes_by(void) { arch_host.tsc += 100000; }

/* Another thread's. */
static void ring_poll_it(void)
{
    struct thread *other = another_thread(&alice);
    uint64_t frame = make_frame(&alice, 2), bell = make_notification(&alice);
    CHECK_EQ(CALL(t, frame, FRAME_INFO), 0);
    struct phx_ring *r = direct(WORD(t, 0));
    CHECK_EQ(CALL(other, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 16, 32, PHX_RING_SQPOLL), 0);
    uint64_t ring = WORD(other, 0);
    submit(r, PHX_OP_NYX(67), 0, 1); /* a sleep that is over; the timer would not take it */
    arch_host.window = time_goes_by;
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_POLL, bell, 2), 0);
    arch_host.window = NULL;
    CHECK_EQ(WORD(t, 0), 1);
    CHECK_EQ(r->complete_tail, 1);
}

static void ring_wake(void)
{
    uint64_t ring, n = make_notification(&alice);
    ring_begin(&ring);
    CHECK_EQ(CALL(t, ring, RING_WAKE), -PHX_NOT_FOUND);
    struct hold *row = cap_row(&alice.process->table, n);
    pin_set(&t->ring->waker.notification, row);
    t->ring->waker.bits = 6;
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_WAKE), 0);
    CHECK_EQ(CALL(t, n, NOTIFICATION_POLL, 3), 0);
    CHECK_EQ(WORD(t, 0), 2);
}

static void ring_cancel(void)
{
    uint64_t ring;
    struct phx_ring *r = ring_begin(&ring);
    for (unsigned i = 0; i < 3; i++)
        submit(r, PHX_OP_NYX(67), 0, i / 2)->words[0] = PHX_FOREVER;
    CHECK_EQ(CALL(t, ring, RING_ENTER, 3, 0, 0), 0);
    CHECK_EQ(CALL(t, ring, RING_CANCEL, 2, 0), -PHX_NOT_FOUND);
    CHECK_EQ(CALL(t, ring, RING_CANCEL, 0, 2), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(ATTEMPT_CALL(t, ring, RING_CANCEL, 0, 0), 0);
    CHECK_EQ(WORD(t, 0), 2);
    CHECK_EQ(r->complete_tail, 2);
    CHECK_EQ(completion(r, 1)->user, 0);
    CHECK_EQ(completion(r, 1)->result, -PHX_CANCELLED);
    CHECK_EQ(CALL(t, ring, RING_CANCEL, 9, 1), 0);
    CHECK_EQ(completion(r, 2)->user, 1);
    CHECK_EQ(CALL(t, ring, RING_CANCEL, 9, 1), -PHX_NOT_FOUND);
}

static const struct scenario scenarios[] = {
    METHOD(CAPABILITY, IDENTIFY, identify),
    METHOD(CAPABILITY, DERIVE, derive),
    METHOD(CAPABILITY, DUPLICATE, duplicate),
    METHOD(CAPABILITY, GRANT, grant_it),
    METHOD(CAPABILITY, REVOKE, revoke),
    METHOD(ACCOUNT, BALANCE, balance),
    METHOD(ACCOUNT, CREATE, create),
    METHOD(ACCOUNT, TRANSFER, transfer),
    METHOD(ACCOUNT, DESTROY, destroy),
    METHOD(ACCOUNT, RECLAIM, reclaim),
    METHOD(ACCOUNT, CHARGE, charge),
    METHOD(ACCOUNT, NEW_PROCESS, new_process),
    METHOD(ACCOUNT, NEW_POOL, new_pool),
    METHOD(ACCOUNT, NEW_ENDPOINT, new_endpoint),
    METHOD(ACCOUNT, NEW_NOTIFICATION, new_notification),
    METHOD(ACCOUNT, NEW_DMA_DOMAIN, new_dma_domain),
    METHOD(ACCOUNT, NEW_SCHEDULE, new_schedule),
    METHOD(ACCOUNT, NEW_TAP, new_tap),
    METHOD(PROCESS, EXIT, exit_process),
    METHOD(PROCESS, STATUS, status),
    METHOD(PROCESS, WATCH, watch_process),
    METHOD(PROCESS, NEW_THREAD, new_thread),
    METHOD(PROCESS, KEEPER, keeper),
    METHOD(PROCESS, GETPID, getpid),
    METHOD(PROCESS, HOLDS, holds),
    METHOD(PROCESS, REVOKE, revoke_hold),
    METHOD(PROCESS, STOPPED, stopped),
    METHOD(THREAD, START, start),
    METHOD(THREAD, STOP, stop),
    METHOD(THREAD, INTERRUPT, interrupt),
    METHOD(THREAD, REGISTERS, registers),
    METHOD(THREAD, JOIN, join),
    METHOD(THREAD, YIELD_TO, yield_to),
    METHOD(THREAD_CONTROL, EXIT, exit_thread),
    METHOD(THREAD_CONTROL, YIELD, yield),
    METHOD(THREAD_CONTROL, SLEEP, sleep_until),
    METHOD(THREAD_CONTROL, TAKE_REPLY, take_reply),
    METHOD(THREAD_CONTROL, NEW_RING, new_ring),
    METHOD(THREAD_CONTROL, SELF, self),
    METHOD(ENDPOINT, MINT, mint),
    METHOD(ENDPOINT, WATCH, watch_badge),
    METHOD(ENDPOINT, MAILBOX, mailbox),
    METHOD(NOTIFICATION, SIGNAL, signal),
    METHOD(NOTIFICATION, WAIT, wait_for_bits),
    METHOD(NOTIFICATION, POLL, poll),
    METHOD(RING, ENTER, enter),
    METHOD(RING, INFO, ring_info),
    METHOD(RING, DESTROY, ring_destroy),
    METHOD(RING, REGISTER_BUFFER, register_buffer),
    METHOD(RING, UNREGISTER_BUFFER, unregister_buffer),
    METHOD(RING, CANCEL, ring_cancel),
    METHOD(RING, WAKE, ring_wake),
    METHOD(RING, POLL, ring_poll_it),
};

TEST(methods, each_works_or_changes_nothing, "with any allocation refused and at any limit")
{
    scenarios_run(scenarios, sizeof scenarios / sizeof scenarios[0], IFACE_CAPABILITY,
        IFACE_THREAD_CONTROL, &t);
    scenarios_run(
        scenarios, sizeof scenarios / sizeof scenarios[0], IFACE_ENDPOINT, IFACE_RING, &t);
}
