/* SPDX-License-Identifier: MIT */
/*
 * Receives, mints and watches on a client's row, with all 64 method bits; and on the
 * server's row without the method. Then RETURN where nothing is served, twice through
 * one Reply, and while a thread serves itself.
 *
 * With  account,clock
 * Gets  # refused
 */
#include "hostile.h"

static unsigned refused;

static void refuse(const char *what, int64_t result, int64_t expected)
{
    MUST(result == expected, "%s: %s", what, text_of(result));
    refused++;
}

static const uint64_t none[PHX_WORDS];

static void clients_row(uint64_t server)
{
    struct endpoint_mint_out client = {0}, second = {0};
    struct capability_derive_out weak = {0};

    /* Where the number of a method is the endpoint's own, it is the service's here. */
    MUST(endpoint_mint(server, 64, ~UINT64_C(0), 3, 0, &client) >= 0, "mint");
    refuse("RECV", operation(PHX_OP_RECV, client.capability, none), -PHX_INVALID_ARGUMENT);
    refuse("RETURN_RECV", operation(PHX_OP_RETURN_RECV(0, 0), client.capability, none),
        -PHX_INVALID_ARGUMENT);
    refuse(
        "RETURN", operation(PHX_OP_RETURN(0, 0), client.capability, none), -PHX_INVALID_ARGUMENT);
    capability_derive(server, ENDPOINT_M_ALL & ~ENDPOINT_M_RECEIVE, 0, &weak);
    refuse("RECV without receive", operation(PHX_OP_RECV, weak.capability, none),
        -PHX_PERMISSION_DENIED);
    refuse("receive as a method", call(server, ENDPOINT_RECEIVE, 0, 0, 0), -PHX_INVALID_SYSCALL);
    for (uint64_t interface = 0; interface < 64; interface++)
        refuse("mint of the kernel's", endpoint_mint(server, interface, 1, 0, 0, &second),
            -PHX_INVALID_ARGUMENT);
    refuse("mint beyond 16 bits", endpoint_mint(server, 65536, 1, 0, 0, &second),
        -PHX_INVALID_ARGUMENT);
    refuse("watch of no badge", endpoint_watch(server, 99, RT_POOL, 1), -PHX_NOT_FOUND);
}

static void nothing_served(void)
{
    refuse("RETURN", operation(PHX_OP_RETURN(0, 0), 0, none), -PHX_DISCONNECTED);
    refuse("RETURN of 11 words", operation(PHX_OP_RETURN(0, 11), 0, none), -PHX_INVALID_ARGUMENT);
    refuse("takeReply", call(RT_THREAD, THREAD_CONTROL_TAKE_REPLY, 0, 0, 0), -PHX_INVALID_STATE);
}

static int64_t answers[2];

static void caller(void *argument)
{
    uint64_t client = (uint64_t)argument;

    answers[0] = call(client, 1, 0, 0, 0);
    answers[1] = call(client, 1, 0, 0, 0);
}

/* One Reply and its copy answer one call, once. */
static void replies(uint64_t server)
{
    struct endpoint_mint_out client = {0};
    struct thread_control_take_reply_out reply = {0}, again = {0};
    struct capability_duplicate_out copy = {0};
    uint64_t words[PHX_WORDS], badge, id;

    endpoint_mint(server, 64, ~UINT64_C(0), 4, 0, &client);
    id = thread(caller, (void *)client.capability);
    MUST(phx_receive(server, words, &badge) >= 0 && badge == 4, "RECV");
    MUST(thread_control_take_reply(RT_THREAD, &reply) >= 0, "takeReply");
    MUST(capability_duplicate(reply.reply, &copy) >= 0, "a copy of the Reply");
    refuse("takeReply twice", thread_control_take_reply(RT_THREAD, &again), -PHX_INVALID_STATE);
    refuse("RETURN of what was taken", operation(PHX_OP_RETURN(0, 0), 0, none), -PHX_DISCONNECTED);
    refuse("RETURN as a method", call(reply.reply, REPLY_RETURN, 0, 0, 0), -PHX_INVALID_SYSCALL);
    MUST(operation(PHX_OP_RETURN(PHX_NOT_FOUND, 0), reply.reply, none) == 0, "the answer");
    refuse("the Reply again", operation(PHX_OP_RETURN(0, 0), reply.reply, none),
        -PHX_INVALID_CAPABILITY);
    refuse("its copy", operation(PHX_OP_RETURN(0, 0), copy.capability, none), -PHX_DISCONNECTED);
    MUST(phx_receive(server, words, &badge) >= 0, "RECV");
    refuse("its copy, to the next call", operation(PHX_OP_RETURN(0, 0), copy.capability, none),
        -PHX_INVALID_CAPABILITY);
    MUST(operation(PHX_OP_RETURN(0, 0), 0, none) == 0, "the second answer");
    MUST(joined(id), "the caller is lost");
    MUST(answers[0] == -PHX_NOT_FOUND && answers[1] == 0, "answers %s, %s", text_of(answers[0]),
        text_of(answers[1]));
}

/* It calls what only it could answer: a wait for itself, which its deadline ends. */
static void serves_itself(uint64_t server)
{
    struct endpoint_mint_out client = {0};
    struct phx_message m = {.deadline = now() + 20000000};

    MUST(endpoint_mint(server, 64, ~UINT64_C(0), 5, 0, &client) >= 0, "mint");
    refuse("a call of itself", phx_send_message(PHX_OP_CALL(0, 0), client.capability, &m),
        -PHX_TIMEOUT);
    m.deadline = 0;
    refuse("the same without waiting", phx_send_message(PHX_OP_CALL(0, 0), client.capability, &m),
        -PHX_WOULD_BLOCK);
}

int main(void)
{
    struct account_new_endpoint_out endpoint = {0};

    account_new_endpoint(rt_cap("account"), &endpoint);
    clients_row(endpoint.endpoint);
    nothing_served();
    serves_itself(endpoint.endpoint);
    replies(endpoint.endpoint);
    rt_print("%u refused\n", refused);
    return 0;
}
