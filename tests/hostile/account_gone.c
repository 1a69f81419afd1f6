/* SPDX-License-Identifier: MIT */
/*
 * Destroys an account while it uses everything that it pays for: frames that are mapped,
 * are a ring and a thread page; an endpoint that a thread waits at and one that is
 * called; a notification that is waited for; a pool. What it holds works on or is dead;
 * when it has let go of it, the account has nothing.
 *
 * With  account,clock
 * Gets  5 kinds of objects outlived their account; 0 pages used after
 */
#include "hostile.h"

#define AT 0x600000000000

static uint64_t account, pool, server, client, notification;
static int64_t results[3];

static void receives(void *argument)
{
    struct phx_message m = {.deadline = now() + UINT64_C(5000000000)};

    (void)argument;
    results[0] = phx_send_message(PHX_OP_RECV, server, &m);
}

static void calls(void *argument)
{
    struct phx_message m = {.deadline = now() + 50000000};

    (void)argument;
    results[1] = phx_send_message(PHX_OP_CALL(0, 0), client, &m);
}

static void waits(void *argument)
{
    (void)argument;
    results[2] = notification_wait(notification, 1, now() + UINT64_C(5000000000), NULL);
}

static uint64_t make_objects(void)
{
    struct account_new_pool_out new_pool = {0};
    struct account_new_endpoint_out endpoint = {0}, other = {0};
    struct account_new_notification_out made = {0};
    struct endpoint_mint_out minted = {0};
    struct frame_pool_alloc_out frame = {0};

    account_new_pool(account, &new_pool);
    account_new_endpoint(account, &endpoint);
    account_new_endpoint(account, &other);
    account_new_notification(account, &made);
    endpoint_mint(other.endpoint, 64, ~UINT64_C(0), 3, 0, &minted);
    frame_pool_alloc(new_pool.pool, 2, &frame);
    pool = new_pool.pool;
    server = endpoint.endpoint;
    client = minted.capability;
    notification = made.notification;
    MUST(frame.frame != 0 && notification != 0 && client != 0, "no objects");
    return other.endpoint;
}

static void use_frame(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_new_ring_out ring = {0};
    struct ring_enter_out entered = {0};
    volatile uint64_t *memory = (volatile uint64_t *)AT;
    int64_t result = frame_pool_alloc(pool, 2, &frame);

    MUST(result >= 0, "alloc: %s", text_of(result));
    MUST(address_space_map(RT_SPACE, frame.frame, AT, 0, 2, READ_WRITE) >= 0, "map");
    MUST(thread_control_new_ring(RT_THREAD, frame.frame, 4, 4, 0, &ring) >= 0, "ring");
    MUST(account_destroy(account) >= 0, "destroy");
    memory[600] = 7;
    result = ring_enter(ring.ring, 1, 0, 0, &entered);
    MUST(result >= 0 && memory[600] == 7, "its memory: %s", text_of(result));
    result = frame_pool_alloc(pool, 1, &frame);
    MUST(result < 0, "a pool of the dead gives memory");
    ring_destroy(ring.ring);
    phx_release(ring.ring);
    address_space_unmap(RT_SPACE, AT, 2);
}

static void let_go(void)
{
    struct rt_capability held;

    /* All but what it was handed: rows are few, so every index is tried. */
    for (uint64_t index = PHX_SLOT_COUNT; index < 256; index++)
        for (uint64_t generation = 1; generation < 40; generation++) {
            uint64_t id = index | generation << 32;
            bool keep = id == account;

            for (unsigned i = 0; !keep && rt_cap_at(i, &held); i++)
                keep = held.id == id;
            if (!keep)
                phx_release(id);
        }
}

int main(void)
{
    uint64_t threads[3], end = now() + UINT64_C(5000000000);
    struct account_create_out own = {0};
    uint64_t parent = budget(300, 0, 0);

    MUST(account_create(parent, 200, 0, 0, 0, &own) >= 0, "an account");
    account = own.account;
    make_objects();
    threads[0] = thread(receives, NULL);
    threads[1] = thread(calls, NULL);
    threads[2] = thread(waits, NULL);
    for (unsigned i = 0; i < 20; i++)
        thread_control_yield(RT_THREAD);
    use_frame();
    notification_signal(notification, 1);
    MUST(joined(threads[1]) && joined(threads[2]), "a thread is lost");
    MUST(results[1] < 0 && results[2] >= 0, "call %s, wait %s", text_of(results[1]),
        text_of(results[2]));
    phx_release(server);
    MUST(joined(threads[0]), "the receiver is lost");
    MUST(results[0] < 0, "it received something");
    account = parent;
    let_go();
    while (used(parent, RESOURCE_PAGES) > 0 && now() < end)
        thread_control_yield(RT_THREAD);
    rt_print("5 kinds of objects outlived their account; %lu pages used after\n",
        used(parent, RESOURCE_PAGES));
    return 0;
}
