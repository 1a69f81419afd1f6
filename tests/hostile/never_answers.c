/* SPDX-License-Identifier: MIT */
/*
 * Servers that answer, forget, keep, answer another, drop or die, as it is drawn; clients
 * that wait, give up, are stopped or let go of what they call. Every call ends with an
 * answer or with what it may end with, and the endpoint still serves afterwards. Its
 * second argument says for how many milliseconds.
 *
 * With  account,clock
 * Soak  20000
 * Gets  # calls ended: # answered, # not; the endpoint serves
 */
#include "hostile.h"

#define SERVERS 4
#define CLIENTS 6

static uint64_t server, client, end;
static uint32_t answered, unanswered;
static uint64_t kept[16];

static void keep_reply(void)
{
    struct thread_control_take_reply_out out = {0};
    uint64_t *place = &kept[draw(COUNT(kept))];

    if (thread_control_take_reply(RT_THREAD, &out) >= 0)
        phx_release(__atomic_exchange_n(place, out.reply, __ATOMIC_RELAXED));
}

/* What a server does with the call that it has. */
static bool serve_somehow(void)
{
    uint64_t words[PHX_WORDS] = {draw(100)}, none = 0, badge;
    uint64_t reply = kept[draw(COUNT(kept))];

    switch (draw(8)) {
    case 0:
        return false; /* dies with it */
    case 1:
        return true; /* receives the next: its caller is disconnected */
    case 2:
        keep_reply();
        return true;
    case 3:
        phx_syscall(PHX_OP_RETURN(draw(2) ? PHX_NOT_FOUND : 0, draw(11)), &reply, words);
        return true;
    case 4:
        call(RT_THREAD, THREAD_CONTROL_SLEEP, now() + draw(2000000), 0, 0);
        break;
    case 5:
        phx_return_receive(server, 0, words, 1, &badge);
        return true;
    default:
        break;
    }
    phx_syscall(PHX_OP_RETURN(0, 1), &none, words);
    return true;
}

static void serve(void)
{
    while (now() < end) {
        struct phx_message m = {.deadline = now() + 3000000, .flags = (uint8_t)draw(4)};
        int64_t result = phx_send_message(PHX_OP_RECV, server, &m);

        if (result >= 0 && !serve_somehow())
            return;
        if (m.reply != 0 && draw(2))
            phx_release(m.reply);
    }
}

/* Servers die so often that each place has one stack for all that it ever has. */
static _Noreturn void server_begins(void)
{
    serve();
    thread_control_exit(RT_THREAD, 0);
    for (;;)
        __builtin_trap();
}

static uint64_t new_server(uint64_t stack)
{
    struct process_new_thread_out out = {0};
    int64_t result =
        process_new_thread(RT_PROCESS, (uint64_t)server_begins, stack - 8, 0, 0, 0, &out);

    MUST(result >= 0, "no server: %s", text_of(result));
    thread_start(out.thread);
    return out.thread;
}

static void ask(void *argument)
{
    (void)argument;
    while (now() < end) {
        struct phx_message m = {.deadline = draw(8) ? now() + draw(4000000) : 0};
        int64_t result = phx_send_message(PHX_OP_CALL(draw(56), draw(11)), client, &m);

        MUST(result != -PHX_BAD_ADDRESS && result != -PHX_INVALID_SYSCALL &&
                 result != -PHX_INVALID_CAPABILITY,
            "a call: %s", text_of(result));
        __atomic_fetch_add(result >= 0 ? &answered : &unanswered, 1, __ATOMIC_RELAXED);
    }
}

/* One that waits for ever, because nobody calls any more, is taken out of it. */
static bool ends(uint64_t id)
{
    for (uint64_t limit = now() + UINT64_C(10000000000); now() < limit;) {
        if (thread_join(id, now() + 20000000, NULL) >= 0)
            return true;
        thread_stop(id);
        thread_start(id);
    }
    return false;
}

static void keep_them_running(void)
{
    uint64_t servers[SERVERS] = {0}, clients[CLIENTS] = {0}, stacks[SERVERS];

    for (unsigned i = 0; i < SERVERS; i++)
        stacks[i] = (uint64_t)pages(4) + 4 * PHX_PAGE_SIZE;
    while (now() < end) {
        for (unsigned i = 0; i < SERVERS; i++)
            if (servers[i] == 0 || thread_join(servers[i], 0, NULL) >= 0) {
                phx_release(servers[i]);
                servers[i] = new_server(stacks[i]);
            }
        for (unsigned i = 0; i < CLIENTS; i++)
            if (clients[i] == 0)
                clients[i] = thread(ask, NULL);
        thread_interrupt(draw(2) ? servers[draw(SERVERS)] : clients[draw(CLIENTS)], 1);
        phx_release(kept[draw(COUNT(kept))]);
        call(RT_THREAD, THREAD_CONTROL_SLEEP, now() + 2000000, 0, 0);
    }
    for (unsigned i = 0; i < SERVERS; i++)
        MUST(ends(servers[i]), "a server is lost");
    for (unsigned i = 0; i < CLIENTS; i++)
        MUST(joined(clients[i]), "a client is lost");
}

static void answer_one(void *argument)
{
    uint64_t words[PHX_WORDS] = {0}, badge, none = 0;

    (void)argument;
    phx_receive(server, words, &badge);
    phx_syscall(PHX_OP_RETURN(0, 0), &none, words);
}

int main(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out minted = {0};
    uint64_t milliseconds = 400;

    if (rt_argc > 2)
        rt_number(rt_argv[2], &milliseconds);
    account_new_endpoint(rt_cap("account"), &endpoint);
    server = endpoint.endpoint;
    endpoint_mint(server, 64, ~UINT64_C(0), 1, 0, &minted);
    client = minted.capability;
    end = now() + milliseconds * 1000000;
    keep_them_running();
    thread(answer_one, NULL);
    MUST(call(client, 0, 0, 0, 0) >= 0, "nobody answers");
    rt_print("%u calls ended: %u answered, %u not; the endpoint serves\n", answered + unanswered,
        answered, unanswered);
    return 0;
}
