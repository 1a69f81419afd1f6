/* SPDX-License-Identifier: MIT */
/*
 * Everything that waits, with deadlines at the extremes: 0 does not wait, what is past
 * is over at once, and those that never come are ended by an interrupt or a stop.
 *
 * With  account,clock
 * Gets  6 waits, each with # deadlines
 */
#include "hostile.h"

#include "rt/terminal.h"

static uint64_t notification, server, client, sleeper;

static int64_t by_wait(uint64_t deadline)
{
    return notification_wait(notification, 1, deadline, NULL);
}

static int64_t by_join(uint64_t deadline)
{
    return thread_join(sleeper, deadline, NULL);
}

static int64_t by_receive(uint64_t deadline)
{
    struct phx_message m = {.deadline = deadline, .flags = PHX_MESSAGE_INTERRUPTIBLE};

    return phx_send_message(PHX_OP_RECV, server, &m);
}

static int64_t by_call(uint64_t deadline)
{
    struct phx_message m = {.deadline = deadline, .flags = PHX_MESSAGE_INTERRUPTIBLE};

    return phx_send_message(PHX_OP_CALL(0, 0), client, &m);
}

static int64_t by_terminal(uint64_t deadline)
{
    static uint8_t bytes[16];
    uint64_t got;

    return terminal_read_until(rt_cap("stdin"), (uint64_t)bytes, sizeof bytes, deadline, &got);
}

static int64_t by_sleep(uint64_t deadline)
{
    int64_t result = call(RT_THREAD, THREAD_CONTROL_SLEEP, deadline, 0, 0);

    if (deadline == 0)
        return result == 0 ? -PHX_WOULD_BLOCK : result;
    return result == 0 ? -PHX_TIMEOUT : result;
}

static int64_t (*const waits[])(uint64_t) = {
    by_wait, by_join, by_receive, by_call, by_terminal, by_sleep};

static int64_t result;
static uint32_t begun, done;

static void waits_long(void *argument)
{
    uint64_t *what = argument;

    __atomic_store_n(&begun, 1, __ATOMIC_SEQ_CST);
    result = waits[what[0]](what[1]);
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
}

static void sleeps(void *argument)
{
    (void)argument;
    thread_control_sleep(RT_THREAD, PHX_FOREVER);
}

static void one_long(unsigned i, uint64_t deadline)
{
    uint64_t what[] = {i, deadline};
    uint64_t id, end;

    begun = done = 0;
    id = thread(waits_long, what);
    while (!__atomic_load_n(&begun, __ATOMIC_SEQ_CST))
        thread_control_yield(RT_THREAD);
    end = now() + 3000000;
    while (now() < end)
        thread_control_yield(RT_THREAD);
    MUST(!__atomic_load_n(&done, __ATOMIC_SEQ_CST), "wait %u until 0x%lx ended: %s", i, deadline,
        text_of(result));
    /* Again, should it only now begin to wait. */
    for (end = now() + UINT64_C(10000000000); now() < end;) {
        thread_interrupt(id, 1);
        if (thread_join(id, now() + 20000000, NULL) >= 0)
            break;
    }
    MUST(__atomic_load_n(&done, __ATOMIC_SEQ_CST), "wait %u until 0x%lx cannot be interrupted", i,
        deadline);
    MUST(result == -PHX_INTERRUPTED, "wait %u until 0x%lx: %s", i, deadline, text_of(result));
}

int main(void)
{
    static const uint64_t past[] = {1, 2, 1000, 1000000};
    static const uint64_t never[] = {UINT64_MAX, UINT64_MAX - 1, INT64_MAX, UINT64_C(1) << 63};
    struct account_new_endpoint_out endpoint = {0}, other = {0};
    struct account_new_notification_out made = {0};
    struct endpoint_mint_out minted = {0};

    account_new_endpoint(rt_cap("account"), &endpoint);
    account_new_endpoint(rt_cap("account"), &other);
    account_new_notification(rt_cap("account"), &made);
    endpoint_mint(other.endpoint, 64, ~UINT64_C(0), 1, 0, &minted);
    notification = made.notification;
    server = endpoint.endpoint;
    client = minted.capability;
    sleeper = thread(sleeps, NULL);
    for (unsigned i = 0; i < COUNT(waits); i++) {
        MUST(waits[i](0) == -PHX_WOULD_BLOCK, "wait %u waits", i);
        for (unsigned k = 0; k < COUNT(past); k++) {
            int64_t at_once = waits[i](past[k]);

            MUST(at_once == -PHX_TIMEOUT, "wait %u until %lu: %s", i, past[k], text_of(at_once));
        }
        for (unsigned k = 0; k < COUNT(never); k++)
            one_long(i, never[k]);
    }
    rt_print("%u waits, each with %u deadlines\n", (unsigned)COUNT(waits),
        (unsigned)(1 + COUNT(past) + COUNT(never)));
    return 0;
}
