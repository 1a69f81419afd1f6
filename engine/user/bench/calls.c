/* SPDX-License-Identifier: MIT */
/*
 * Calls between processes: the server is this program in a process of its own; and
 * what one more process costs, of a program that does nothing (idle.c).
 */
#include "bench.h"

#include "bytes.h"
#include "proc/package.h"

#define ECHO_INTERFACE 100
#define IDLE_PROCESSES 32 /* so that what they share of object pages evens out */

/* --- the servers ----------------------------------------------------------- */

static _Noreturn void echo_words(uint64_t endpoint)
{
    uint64_t words[PHX_WORDS] = {0}, badge;

    phx_receive(endpoint, words, &badge);
    for (;;)
        phx_return_receive(endpoint, 0, words, 1, &badge);
}

static _Noreturn void echo_message(uint64_t endpoint)
{
    static uint8_t bytes[PHX_PAGE_SIZE] __attribute__((aligned(PHX_PAGE_SIZE)));
    static struct phx_message m;

    for (uint64_t op = PHX_OP_RECV;; op = PHX_OP_RETURN_RECV(0, 1)) {
        m.recv_address = (uint64_t)bytes;
        m.recv_capacity = sizeof bytes;
        m.send_address = (uint64_t)bytes;
        m.send_length = op == PHX_OP_RECV ? 0 : 8;
        m.deadline = PHX_FOREVER;
        phx_send_message(op, endpoint, &m);
    }
}

/* Gives back the n capabilities that it is given. */
static _Noreturn void echo_caps(uint64_t endpoint, uint8_t n)
{
    static struct phx_message m = {.deadline = PHX_FOREVER};

    m.accept_caps = n;
    memset(m.cap_modes, PHX_CAP_MOVE, sizeof m.cap_modes);
    for (uint64_t op = PHX_OP_RECV;; op = PHX_OP_RETURN_RECV(0, 0)) {
        phx_send_message(op, endpoint, &m);
        m.send_caps = n;
    }
}

_Noreturn void bench_serve(const char *role)
{
    if (rt_equal(role, "one"))
        echo_caps(rt_cap("endpoint"), 1);
    if (rt_equal(role, "four"))
        echo_caps(rt_cap("endpoint"), PHX_MESSAGE_CAPS);
    if (rt_equal(role, "words"))
        echo_words(rt_cap("endpoint"));
    echo_message(rt_cap("endpoint"));
}

/* --- processes ------------------------------------------------------------- */

static uint64_t pages_used(void)
{
    struct account_balance_out pages;

    must(account_balance(rt_cap("account"), RESOURCE_PAGES, &pages), "account");
    return pages.used;
}

static struct proc start(const struct proc_image *image, const char *role,
    const struct proc_grant *grants, size_t grant_count)
{
    struct proc_text arguments[] = {{"bench", 5}, {role, strlen(role)}};
    struct proc_plan plan = {
        .account = rt_cap("account"),
        .pool = RT_POOL,
        .image = *image,
        .grants = grants,
        .grant_count = grant_count,
        .startup = {.arguments = arguments, .argument_count = 2, .program = {"bench", 5}},
    };
    struct proc peer;
    const char *reason = "";
    int64_t err = proc_build(&plan, &peer, &reason);

    if (err < 0)
        rt_panic("%s: %s: %s", role, reason, rt_error_text(err));
    must(proc_start(&peer), role);
    return peer;
}

/* A server in that role; a client capability to it. */
static uint64_t start_server(const struct proc_image *image, const char *role)
{
    struct account_new_endpoint_out made;
    struct endpoint_mint_out client;

    must(account_new_endpoint(rt_cap("account"), &made), "endpoint");
    struct proc_grant grants[] = {
        {"endpoint", made.endpoint, ENDPOINT_M_ALL, 0},
        {"log", rt_cap("log"), LOG_M_WRITE, SLOT_LOG},
    };
    start(image, role, grants, 2);
    must(endpoint_mint(made.endpoint, ECHO_INTERFACE, 1, 7, 0, &client), "mint");
    return client.capability;
}

/* --- figures --------------------------------------------------------------- */

PART calls_in_registers(const struct proc_image *image)
{
    uint64_t client = start_server(image, "words");
    uint64_t words[PHX_WORDS] = {0};

    must(phx_invoke(client, 0, words, 1), "call");
    bench_report("call_reply", MEASURE(200, phx_invoke(client, 0, words, 1)));
}

PART calls_with_bytes(const struct proc_image *image)
{
    static uint8_t bytes[PHX_PAGE_SIZE] __attribute__((aligned(PHX_PAGE_SIZE))), answer[64];
    uint64_t client = start_server(image, "message");
    struct phx_message m = {
        .send_address = (uint64_t)bytes,
        .recv_address = (uint64_t)answer,
        .recv_capacity = sizeof answer,
        .deadline = PHX_FOREVER,
        .send_length = 64,
    };

    must(phx_send_message(PHX_OP_CALL(0, 1), client, &m), "call");
    bench_report("call_reply_64", MEASURE(200, phx_send_message(PHX_OP_CALL(0, 1), client, &m)));
    m.send_length = PHX_PAGE_SIZE;
    bench_report("call_reply_4k", MEASURE(200, phx_send_message(PHX_OP_CALL(0, 1), client, &m)));
}

/* One more capability that is moved along, there and back: of calls with 1 and with 4. */
PART calls_with_capabilities(const struct proc_image *image)
{
    uint64_t took[2];

    for (unsigned i = 0; i < 2; i++) {
        uint64_t client = start_server(image, i == 0 ? "one" : "four");
        struct phx_message m = {.deadline = PHX_FOREVER,
            .send_caps = i == 0 ? 1 : PHX_MESSAGE_CAPS,
            .accept_caps = i == 0 ? 1 : PHX_MESSAGE_CAPS};

        for (unsigned k = 0; k < PHX_MESSAGE_CAPS; k++) {
            struct account_new_notification_out made = {0};

            must(account_new_notification(rt_cap("account"), &made), "notification");
            m.caps[k] = made.notification;
            m.cap_modes[k] = PHX_CAP_MOVE;
        }
        must(phx_send_message(PHX_OP_CALL(0, 0), client, &m), "call");
        took[i] = MEASURE(200, phx_send_message(PHX_OP_CALL(0, 0), client, &m));
    }
    bench_report("call_cap", (took[1] - took[0]) / (2 * (PHX_MESSAGE_CAPS - 1)));
}

/* All of them have run and wait by the time that they are counted: one that had died
 * would have given its pages back. */
PART process_pages(const struct proc_image *image)
{
    uint64_t before = pages_used(), used;
    static struct proc idle[IDLE_PROCESSES];

    for (unsigned i = 0; i < IDLE_PROCESSES; i++)
        idle[i] = start(image, "idle", NULL, 0);
    for (unsigned i = 0; i < 4; i++)
        must(thread_control_yield(RT_THREAD), "yield");
    used = pages_used() - before;
    for (unsigned i = 0; i < IDLE_PROCESSES; i++) {
        struct process_status_out out;

        must(process_status(idle[i].process, &out), "idle");
        if (out.threads != 1)
            rt_panic("idle: status 0x%lx", out.status);
    }
    rt_print("process_pages\t%lu\tpages\n", (used + IDLE_PROCESSES - 1) / IDLE_PROCESSES);
}

void bench_calls(void)
{
    struct proc_image own = bench_image("bench"), idle = bench_image("idle");

    process_pages(&idle);
    calls_in_registers(&own);
    calls_with_bytes(&own);
    calls_with_capabilities(&own);
}
