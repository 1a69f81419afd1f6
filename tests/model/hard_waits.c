/* SPDX-License-Identifier: MIT */
/* A thousand threads that wait for the same, and what ends all their waits at once. */
#include "hard.h"

#include "bytes.h"

#define CALL0(method) PHX_OP_CALL((uint64_t)(method), 0)

static uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

static void calls(void)
{
    uint64_t endpoint = new_endpoint(), client = client_of(endpoint, 1), child;
    struct order call = {PHX_OP_CALL(0, 1), client, {0}};

    phase("1,000 callers are disconnected");
    crew(&call, MANY, NULL);
    phx_release(endpoint);
    crew_gone();
    phx_release(client);

    endpoint = new_endpoint();
    client = client_of(endpoint, 1);
    child = derive(client);
    call.cap = child;
    phase("1,000 callers are revoked");
    crew(&call, MANY, NULL);
    must(capability_revoke(client, 0), "revoke");
    crew_gone();

    struct order receive = {PHX_OP_RECV, endpoint, {0}};
    phase("1,000 receivers are disconnected");
    crew(&receive, MANY, NULL);
    phx_release(endpoint);
    crew_gone();
    phx_release(client);
    phx_release(child);
}

static void signals(void)
{
    static struct order waits[64];
    uint64_t n = new_notification();
    struct order wait = {CALL0(NOTIFICATION_WAIT), n, {1, PHX_FOREVER}};

    phase("1,000 wait for one bit: others come, then it, again and again");
    crew(&wait, MANY, NULL);
    must(notification_signal(n, 2), "signal");
    for (unsigned i = 0; i < MANY; i++)
        must(notification_signal(n, 3), "signal");
    crew_gone();

    phase("1,000 wait for 64 bits, which come together");
    for (unsigned i = 0; i < 64; i++) {
        waits[i] = (struct order){CALL0(NOTIFICATION_WAIT), n, {1UL << i, PHX_FOREVER}};
        crew(&waits[i], 16, NULL);
    }
    for (unsigned i = 0; i < 32; i++) {
        must(notification_signal(n, ~0UL), "signal");
        thread_control_yield(RT_THREAD); /* a bit that is still there comes once only */
    }
    crew_gone();

    uint64_t child = derive(n);
    wait.cap = child;
    wait.words[0] = 4;
    phase("1,000 waits are revoked");
    crew(&wait, MANY, NULL);
    must(capability_revoke(n, 0), "revoke");
    crew_gone();
    phx_release(n);
    phx_release(child);
}

static void timers(void)
{
    struct order sleep = {CALL0(THREAD_CONTROL_SLEEP), RT_THREAD, {0}};

    phase("1,000 sleep until the same moment");
    sleep.words[0] = now() + 1500000000;
    crew(&sleep, MANY, NULL);
    crew_gone();
}

static void joins(void)
{
    uint64_t n = new_notification(), thread;
    struct order wait = {CALL0(NOTIFICATION_WAIT), n, {1, PHX_FOREVER}};

    phase("1,000 join a thread that ends");
    crew(&wait, 1, &thread);
    struct order join = {CALL0(THREAD_JOIN), thread, {PHX_FOREVER}};
    crew(&join, MANY, NULL);
    must(notification_signal(n, 1), "signal");
    crew_gone();
    phx_release(thread);
    phx_release(n);
}

int role_crowd(void)
{
    uint64_t n = new_notification();
    struct order wait = {CALL0(NOTIFICATION_WAIT), n, {1, PHX_FOREVER}};

    crew(&wait, MANY, NULL);
    notification_signal(rt_cap("ready"), 1);
    for (;;)
        sleep_ms(1000);
}

/* Takes every call as a Reply, and dies with all of them. */
int role_replies(void)
{
    static struct phx_message m;

    for (unsigned i = 0; i < MANY; i++) {
        m = (struct phx_message){.deadline = PHX_FOREVER, .flags = PHX_MESSAGE_REPLY};
        must(phx_send_message(PHX_OP_RECV, rt_cap("endpoint"), &m), "receive");
    }
    return 0;
}

static void deaths(void)
{
    struct account_create_out account;
    struct notification_wait_out out;
    uint64_t ready = new_notification(), endpoint = new_endpoint();
    struct order call = {PHX_OP_CALL(0, 1), client_of(endpoint, 1), {0}};

    must(account_create(rt_cap("account"), 5000, 5000, 1100, 0, &account), "account");
    struct proc_grant grants[] = {{"account", account.account, ~0UL, SLOT_ACCOUNT},
        {"clock", rt_cap("clock"), ~0UL, SLOT_CLOCK}, {"ready", ready, ~0UL, 0},
        {"endpoint", endpoint, ~0UL, 0}};
    struct proc child = start_role("crowd", account.account, grants, 3);
    phase("a process with 1,000 threads ends");
    must(notification_wait(ready, 1, PHX_FOREVER, &out), "wait");
    must(process_exit(child.process, 0), "exit");
    wait_gone(&child);

    phase("a server ends that owes 1,000 answers");
    child = start_role("replies", account.account, grants, 4);
    crew(&call, MANY, NULL);
    wait_gone(&child);
    crew_gone();
    phx_release(call.cap);
    phx_release(endpoint);
    phx_release(ready);
    must(account_destroy(account.account), "destroy");
    phx_release(account.account);
}

void hard_waits(void)
{
    calls();
    signals();
    timers();
    joins();
    deaths();
}
