/* SPDX-License-Identifier: MIT */
/*
 * Two threads that call and answer each other for ever: each switch goes past the
 * scheduler, and others must have their turn all the same.
 *
 * With  account
 * Keys  ^C
 * Gets  run: calls_for_ever: interrupted
 */
#include "hostile.h"

static uint64_t server;

static void serves(void *argument)
{
    uint64_t words[PHX_WORDS] = {0}, badge;

    (void)argument;
    phx_receive(server, words, &badge);
    for (;;)
        phx_return_receive(server, 0, words, 1, &badge);
}

int main(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out client = {0};

    account_new_endpoint(rt_cap("account"), &endpoint);
    server = endpoint.endpoint;
    endpoint_mint(server, 64, ~UINT64_C(0), 1, 0, &client);
    thread(serves, NULL);
    rt_print("begun\n");
    for (;;)
        call(client.capability, 1, 2, 3, 4);
}
