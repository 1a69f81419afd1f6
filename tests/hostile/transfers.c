/* SPDX-License-Identifier: MIT */
/*
 * Messages whose capabilities are nonsense: modes that are none, more than four, one row
 * moved twice, moved and copied, moved to a receiver that takes none or others, what may
 * not be moved, what is not there; with all that a receiver may ask for wrong as well.
 * Nothing moves then.
 *
 * With  account,clock
 * Gets  # refused, 1 moved
 */
#include "hostile.h"

static uint64_t server, client, frame;
static unsigned refused;

static void receiver(void *argument)
{
    uint64_t none[PHX_WORDS] = {0}, zero = 0;

    (void)argument;
    for (;;) {
        struct phx_message m = {.deadline = PHX_FOREVER, .accept_caps = 2, .accept = {IFACE_FRAME}};

        if (phx_send_message(PHX_OP_RECV, server, &m) < 0)
            return;
        phx_syscall(PHX_OP_RETURN(0, 0), &zero, none);
    }
}

static struct phx_message message(
    unsigned caps, uint64_t a, unsigned mode_a, uint64_t b, unsigned mode_b)
{
    return (struct phx_message){.deadline = now() + UINT64_C(2000000000),
        .send_caps = (uint8_t)caps,
        .caps = {a, b, a, b},
        .cap_modes = {(uint8_t)mode_a, (uint8_t)mode_b, (uint8_t)mode_a, (uint8_t)mode_b}};
}

static void refuse(const char *what, struct phx_message m, int64_t expected)
{
    struct frame_info_out out = {0};
    int64_t result = phx_send_message(PHX_OP_CALL(0, 0), client, &m);

    MUST(result == expected, "%s: %s", what, text_of(result));
    MUST(frame_info(frame, &out) >= 0 && out.pages == 1, "%s: the frame has moved", what);
    refused++;
}

static void senders(void)
{
    struct capability_derive_out weak = {0};

    capability_derive(frame, FRAME_M_INFO, 0, &weak);
    for (unsigned mode = 0; mode < 256; mode++)
        if (mode != PHX_CAP_COPY && mode != PHX_CAP_MOVE)
            refuse("a mode that is none", message(1, frame, mode, 0, 0), -PHX_INVALID_ARGUMENT);
    for (unsigned caps = 5; caps < 256; caps += 10)
        refuse("too many", message(caps, frame, PHX_CAP_MOVE, frame, PHX_CAP_COPY),
            -PHX_INVALID_ARGUMENT);
    refuse("three", message(3, frame, PHX_CAP_COPY, frame, PHX_CAP_COPY), -PHX_NOT_ACCEPTED);
    refuse(
        "moved twice", message(2, frame, PHX_CAP_MOVE, frame, PHX_CAP_MOVE), -PHX_INVALID_ARGUMENT);
    refuse("moved and copied", message(2, frame, PHX_CAP_MOVE, frame, PHX_CAP_COPY),
        -PHX_INVALID_ARGUMENT);
    refuse("copied and moved", message(2, frame, PHX_CAP_COPY, frame, PHX_CAP_MOVE),
        -PHX_INVALID_ARGUMENT);
    refuse(
        "not to be moved", message(1, weak.capability, PHX_CAP_MOVE, 0, 0), -PHX_PERMISSION_DENIED);
    refuse("not to be copied", message(1, weak.capability, PHX_CAP_COPY, 0, 0),
        -PHX_PERMISSION_DENIED);
    refuse("another interface", message(1, RT_POOL, PHX_CAP_COPY, 0, 0), -PHX_NOT_ACCEPTED);
    refuse(
        "none, second", message(2, frame, PHX_CAP_MOVE, 0, PHX_CAP_COPY), -PHX_INVALID_CAPABILITY);
    refuse("its own row, second", message(2, frame, PHX_CAP_MOVE, UINT64_MAX, PHX_CAP_MOVE),
        -PHX_INVALID_CAPABILITY);
}

static void receivers(void)
{
    struct account_new_endpoint_out own = {0};

    account_new_endpoint(rt_cap("account"), &own);
    for (unsigned accept = 5; accept < 256; accept += 10) {
        struct phx_message m = {.accept_caps = (uint8_t)accept};

        MUST(phx_send_message(PHX_OP_RECV, own.endpoint, &m) == -PHX_INVALID_ARGUMENT, "%u taken",
            accept);
        m = (struct phx_message){.accept_caps = (uint8_t)accept, .deadline = PHX_FOREVER};
        MUST(phx_send_message(PHX_OP_CALL(0, 0), client, &m) == -PHX_INVALID_ARGUMENT,
            "%u taken of an answer", accept);
        refused += 2;
    }
    for (unsigned flags = 0; flags < 256; flags++) {
        struct phx_message m = {.flags = (uint8_t)flags, .accept_caps = 4};
        int64_t result = phx_send_message(PHX_OP_RECV, own.endpoint, &m);

        MUST(result == -PHX_WOULD_BLOCK || result == -PHX_INVALID_ARGUMENT, "flags %u: %s", flags,
            text_of(result));
        refused++;
    }
}

int main(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out minted = {0};
    struct frame_pool_alloc_out allocated = {0};
    struct phx_message m;

    account_new_endpoint(rt_cap("account"), &endpoint);
    server = endpoint.endpoint;
    endpoint_mint(server, 64, ~UINT64_C(0), 9, 0, &minted);
    client = minted.capability;
    frame_pool_alloc(RT_POOL, 1, &allocated);
    frame = allocated.frame;
    thread(receiver, NULL);
    senders();
    receivers();
    m = message(1, frame, PHX_CAP_MOVE, 0, 0);
    MUST(phx_send_message(PHX_OP_CALL(0, 0), client, &m) >= 0, "what is right does not move");
    MUST(frame_info(frame, NULL) == -PHX_INVALID_CAPABILITY, "the frame is still here");
    rt_print("%u refused, 1 moved\n", refused);
    return 0;
}
