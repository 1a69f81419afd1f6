/* SPDX-License-Identifier: MIT */
/*
 * Moves in messages what carries them: the server's side of the endpoint that is called,
 * the Reply that is answered through, a thread that waits, its own process, space and
 * pool; to itself, and back. Rows are as many as before.
 *
 * With  account,clock
 * Gets  # moved, # rows as before
 */
#include "hostile.h"

static uint64_t server, client;
static unsigned moved;

/* A call that carries this; it waits until it is answered. */
static void sends(void *argument)
{
    struct phx_message m = {.deadline = now() + UINT64_C(5000000000),
        .send_caps = 1,
        .accept_caps = 1,
        .caps = {(uint64_t)argument},
        .cap_modes = {PHX_CAP_MOVE}};

    phx_send_message(PHX_OP_CALL(0, 0), client, &m);
    phx_release(m.caps[0] != (uint64_t)argument ? m.caps[0] : 0);
}

/* Where it is now; its call is answered, with it or without. */
static uint64_t comes(uint64_t cap, bool back)
{
    uint64_t id = thread(sends, (void *)cap), came;
    struct phx_message m = {.deadline = now() + UINT64_C(5000000000), .accept_caps = 1};
    int64_t result;

    for (unsigned i = 0; i < 3; i++)
        thread_control_yield(RT_THREAD);
    result = phx_send_message(PHX_OP_RECV, server, &m);
    MUST(result >= 0 && PHX_INFO_CAPS(m.info) == 1, "RECV: %s", text_of(result));
    came = m.caps[0];
    if (cap == server)
        server = came;
    m = (struct phx_message){
        .send_caps = back, .caps = {came}, .cap_modes = {PHX_CAP_MOVE}, .deadline = PHX_FOREVER};
    result = phx_send_message(PHX_OP_RETURN(0, 0), 0, &m);
    MUST(result >= 0, "RETURN: %s", text_of(result));
    MUST(joined(id), "the sender is lost");
    phx_release(id);
    moved++;
    return came;
}

/* The Reply itself goes back in the answer that it is for. */
static void reply_in_itself(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct phx_message m = {
        .deadline = now() + UINT64_C(5000000000), .accept_caps = 1, .flags = PHX_MESSAGE_REPLY};
    uint64_t id;
    int64_t result;

    frame_pool_alloc(RT_POOL, 1, &frame);
    id = thread(sends, (void *)frame.frame);
    MUST(phx_send_message(PHX_OP_RECV, server, &m) >= 0 && m.reply != 0, "RECV");
    phx_release(m.caps[0]);
    uint64_t reply = m.reply;
    m = (struct phx_message){.send_caps = 1, .caps = {reply}, .cap_modes = {PHX_CAP_MOVE}};
    result = phx_send_message(PHX_OP_RETURN(0, 0), reply, &m);
    MUST(result >= 0 || result == -PHX_PERMISSION_DENIED, "RETURN: %s", text_of(result));
    phx_release(reply);
    MUST(joined(id), "the sender is lost");
    phx_release(id);
    moved++;
}

static uint64_t rows_of(void)
{
    uint64_t count = 0;

    for (uint64_t index = 0; index < 64; index++)
        for (uint64_t generation = 1; generation < 1000; generation++)
            count += capability_identify(index | generation << 32, NULL) >= 0;
    return count;
}

int main(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out minted = {0};
    struct frame_pool_alloc_out frame = {0};
    struct capability_duplicate_out process = {0}, space = {0};
    uint64_t before;

    account_new_endpoint(rt_cap("account"), &endpoint);
    server = endpoint.endpoint;
    endpoint_mint(server, 64, ~UINT64_C(0), 1, 0, &minted);
    client = minted.capability;
    for (unsigned i = 0; i < 3; i++) {
        frame_pool_alloc(RT_POOL, 1, &frame);
        comes(frame.frame, true);
    }
    before = rows_of();
    for (unsigned i = 0; i < 20; i++) {
        comes(server, false); /* through itself */
        capability_duplicate(RT_PROCESS, &process);
        comes(process.capability, true);
        capability_duplicate(RT_SPACE, &space);
        phx_release(comes(space.capability, false));
        frame_pool_alloc(RT_POOL, 1, &frame);
        comes(frame.frame, true);
        reply_in_itself();
    }
    MUST(rows_of() == before, "%lu rows before, %lu after", before, rows_of());
    rt_print("%u moved, %lu rows as before\n", moved, before);
    return 0;
}
