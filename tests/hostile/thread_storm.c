/* SPDX-License-Identifier: MIT */
/*
 * Eight threads that stop, start, interrupt, join and rewrite the registers of each
 * other and of themselves, in an order that is drawn, while they wait for each other.
 * Whoever is stopped at the end can be started, and all of them end.
 *
 * With  account,clock
 * Gets  # acts, 8 threads ended
 */
#include "hostile.h"

#define THREADS 8
#define ACTS 400

static uint64_t threads[THREADS], notification, server, client;
static uint32_t acts, ended;
static bool over;

static void wait_somehow(void)
{
    struct phx_message m = {.deadline = now() + draw(300000), .flags = (uint8_t)draw(4)};

    switch (draw(5)) {
    case 0:
        notification_wait(notification, 1 + draw(3), m.deadline, NULL);
        break;
    case 1:
        call(RT_THREAD, THREAD_CONTROL_SLEEP, m.deadline, 0, 0);
        break;
    case 2:
        phx_send_message(PHX_OP_CALL(0, 0), client, &m);
        break;
    case 3:
        phx_send_message(PHX_OP_RECV, server, &m);
        break;
    default:
        thread_join(threads[draw(THREADS)], m.deadline, NULL);
    }
}

static void act(void)
{
    static struct phx_registers registers[THREADS];
    uint64_t i = draw(THREADS), other = threads[i];

    switch (draw(8)) {
    case 0:
        thread_stop(other);
        break;
    case 1:
    case 2:
        thread_start(other);
        break;
    case 3:
        thread_interrupt(other, strange_word());
        break;
    case 4:
        notification_signal(notification, 1 + draw(3));
        break;
    case 5: /* as they were */
        if (thread_registers(other, (uint64_t)&registers[i], 0) >= 0)
            thread_registers(other, (uint64_t)&registers[i], 1);
        break;
    case 6:
        thread_control_yield(RT_THREAD);
        break;
    default:
        wait_somehow();
    }
    __atomic_fetch_add(&acts, 1, __ATOMIC_RELAXED);
}

static void storm(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        act();
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELAXED);
}

int main(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct account_new_notification_out made = {0};
    struct endpoint_mint_out minted = {0};
    uint64_t self, end;
    struct thread_control_self_out out = {0};

    account_new_endpoint(rt_cap("account"), &endpoint);
    account_new_notification(rt_cap("account"), &made);
    endpoint_mint(endpoint.endpoint, 64, ~UINT64_C(0), 1, 0, &minted);
    notification = made.notification;
    server = endpoint.endpoint;
    client = minted.capability;
    thread_control_self(RT_THREAD, &out);
    self = out.thread;
    MUST(thread_join(self, PHX_FOREVER, NULL) == -PHX_DEADLOCK, "it waits for itself");
    MUST(thread_start(self) == -PHX_INVALID_STATE, "it is started while it runs");
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = thread(storm, NULL);
    end = now() + UINT64_C(300000000);
    while (now() < end && acts < THREADS * ACTS) {
        for (unsigned i = 0; i < THREADS; i++)
            thread_start(threads[i]);
        call(RT_THREAD, THREAD_CONTROL_SLEEP, now() + 500000, 0, 0);
    }
    over = true;
    end = now() + UINT64_C(10000000000);
    while (__atomic_load_n(&ended, __ATOMIC_RELAXED) < THREADS && now() < end)
        for (unsigned i = 0; i < THREADS; i++) {
            thread_start(threads[i]);
            thread_control_yield(RT_THREAD);
        }
    rt_print("%u acts, %u threads ended\n", acts, ended);
    return 0;
}
