/* SPDX-License-Identifier: MIT */
/*
 * A ring whose entries, and the messages that they point to, another thread overwrites
 * while the kernel takes them: calls, receives, waits and answers of anything with
 * anything. At its end all of them are cancelled.
 *
 * With  account,clock
 * Gets  entered 2000 times; no entry left in flight
 */
#include "hostile.h"

#define SIZE 64
#define TIMES 2000

static struct view v;
static struct phx_message *messages;
static uint64_t held[12];
static bool over;

/* Whatever cannot end this process or its ring's owner. */
static uint64_t strange_operation(void)
{
    static const uint8_t numbers[] = {6, 7, 8, 9, 16, 17, 18, 34, 35, 66, 83, 241, 1, 15};

    switch (draw(8)) {
    case 0:
        return PHX_OP_NYX((uint64_t)numbers[draw(COUNT(numbers))]);
    case 1:
        return PHX_OP_RECV;
    case 2:
        return PHX_OP_RETURN(draw(256), draw(12));
    case 3:
        return PHX_OP_RETURN_RECV(draw(30), draw(12));
    case 4:
        return PHX_OP((uint64_t)PHX_KIND_TRANSPORT, PHX_T_SIGNAL + draw(2), 0, 0);
    case 5:
        return strange_word() << 32 | PHX_OP_CALL(1 + draw(8), draw(12));
    case 6:
        return PHX_OP_CALL(CAPABILITY_IDENTIFY + draw(2), 2);
    default:
        return PHX_OP_CALL(1 + draw(3), draw(12));
    }
}

static void strange_message(struct phx_message *m)
{
    uint64_t *words = (uint64_t *)(void *)m;

    words[draw(sizeof *m / 8)] =
        draw(2) ? (uint64_t)messages + draw(PHX_PAGE_SIZE) : strange_word();
    m->deadline = draw(3) ? 0 : now() + draw(3000000);
    m->caps[draw(PHX_MESSAGE_CAPS)] = held[draw(COUNT(held))];
}

static void forge(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        struct phx_entry *e = &v.entries[draw(SIZE)];
        uint64_t word = draw(3) ? (uint64_t)&messages[draw(4)] : strange_word();

        __atomic_store_n(&e->op, strange_operation(), __ATOMIC_RELAXED);
        __atomic_store_n(
            &e->cap, draw(8) ? held[draw(COUNT(held))] : strange_word(), __ATOMIC_RELAXED);
        __atomic_store_n(&e->words[draw(2) ? 0 : draw(5)], word, __ATOMIC_RELAXED);
        strange_message(&messages[draw(4)]);
        if (draw(64) == 0)
            thread_control_yield(RT_THREAD);
    }
}

static void gather(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct account_new_notification_out notification = {0};
    struct endpoint_mint_out client = {0}, other = {0};
    struct capability_derive_out pool = {0};

    account_new_endpoint(rt_cap("account"), &endpoint);
    account_new_notification(rt_cap("account"), &notification);
    endpoint_mint(endpoint.endpoint, 64, ~UINT64_C(0), 1, 0, &client);
    endpoint_mint(endpoint.endpoint, 65, ~UINT64_C(0), 2, 0, &other);
    capability_derive(RT_POOL, FRAME_POOL_M_ALL & ~FRAME_POOL_M_ALLOC, 0, &pool);
    held[0] = held[1] = endpoint.endpoint;
    held[2] = held[3] = client.capability;
    held[4] = other.capability;
    held[5] = held[6] = notification.notification;
    held[7] = pool.capability;
    held[8] = v.ring;
    held[9] = rt_cap("clock");
}

int main(void)
{
    uint64_t second;
    struct ring_info_out info = {0};

    v = ring_open(SIZE, SIZE);
    messages = (struct phx_message *)(void *)pages(1);
    gather();
    second = thread(forge, NULL);
    for (unsigned i = 0; i < TIMES; i++) {
        struct ring_enter_out out = {0};
        uint32_t done = __atomic_load_n(&v.shared->complete_tail, __ATOMIC_ACQUIRE);

        __atomic_store_n(&v.shared->complete_head, done, __ATOMIC_RELEASE);
        __atomic_store_n(&v.shared->submit_tail, v.shared->submit_head + 1 + (uint32_t)draw(SIZE),
            __ATOMIC_RELEASE);
        ring_enter(v.ring, SIZE, draw(2), i % 16 ? 0 : now() + 1000000, &out);
    }
    over = true;
    MUST(joined(second), "the other thread is lost");
    MUST(ring_destroy(v.ring) >= 0, "destroy");
    MUST(ring_info(v.ring, &info) >= 0, "info");
    rt_print(
        "entered %u times; %s entry left in flight\n", TIMES, info.in_flight == 0 ? "no" : "an");
    return 0;
}
