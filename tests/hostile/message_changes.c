/* SPDX-License-Identifier: MIT */
/*
 * Calls whose entry, message and buffers another thread overwrites while the kernel
 * reads them: an answer, or an error of those that nonsense may get. The server gets
 * nothing that is longer than it asked for, and serves on.
 *
 * With  account,clock
 * Gets  3000 calls, # answered; the server serves
 */
#include "hostile.h"

#define CALLS 3000
#define ROOM 512

static uint64_t server, client, other;
static struct phx_entry *entry;
static struct phx_message *message;
static bool over;
static uint32_t served;

static void serve(void *argument)
{
    uint8_t *bytes = pages(2);
    uint64_t none[PHX_WORDS] = {0}, zero = 0;

    (void)argument;
    for (;;) {
        struct phx_message m = {.recv_address = (uint64_t)bytes + PHX_PAGE_SIZE - ROOM / 2,
            .recv_capacity = ROOM,
            .accept_caps = 2,
            .deadline = PHX_FOREVER};

        if (phx_send_message(PHX_OP_RECV, server, &m) < 0)
            return;
        MUST(PHX_INFO_LENGTH(m.info) <= ROOM && PHX_INFO_WORDS(m.info) <= PHX_WORDS &&
                 PHX_INFO_CAPS(m.info) <= 2 && m.badge == 7,
            "info 0x%lx badge %lu", m.info, m.badge);
        MUST(bytes[PHX_PAGE_SIZE + ROOM / 2] == 0, "a byte behind the buffer was written");
        for (unsigned i = 0; i < PHX_INFO_CAPS(m.info); i++)
            phx_release(m.caps[i]);
        served++;
        phx_syscall(PHX_OP_RETURN(0, 0), &zero, none);
    }
}

static void good(void)
{
    *message = (struct phx_message){
        .send_address = (uint64_t)message, .send_length = 100, .deadline = now() + 20000000};
    *entry =
        (struct phx_entry){.op = PHX_OP_CALL(3, 4), .cap = client, .words = {(uint64_t)message}};
}

static void forge(void *argument)
{
    uint64_t *words = (uint64_t *)(void *)message;

    (void)argument;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        static const uint32_t lengths[] = {0, 1, ROOM, ROOM + 1, 4096, 4097, 0xffffffff};
        uint64_t place = draw(sizeof *message / 8);
        uint64_t word = draw(2) ? strange_word() : (uint64_t)message + draw(8192);

        /* Not the deadline: it is to end. */
        if (place * 8 == offsetof(struct phx_message, deadline))
            word = draw(2) ? 0 : now() + 5000000;
        __atomic_store_n(&words[place], word, __ATOMIC_RELAXED);
        message->send_length = lengths[draw(COUNT(lengths))];
        uint64_t cap = strange_word();
        if (cap >> 32 == 1 && cap % (UINT64_C(1) << 32) < PHX_SLOT_COUNT)
            cap = 0; /* a well-known row, moved away: this process could not even end */
        message->caps[draw(4)] = draw(2) ? other : cap;
        message->cap_modes[draw(4)] = (uint8_t)draw(4);
        message->send_caps = (uint8_t)draw(6);
        if (draw(8) == 0)
            entry->words[0] = draw(2) ? strange_word() : (uint64_t)message;
        if (draw(32) == 0)
            thread_control_yield(RT_THREAD);
    }
}

static bool is_expected(int64_t result)
{
    static const uint8_t errors[] = {PHX_INVALID_CAPABILITY, PHX_PERMISSION_DENIED,
        PHX_INVALID_ARGUMENT, PHX_BAD_ADDRESS, PHX_WOULD_BLOCK, PHX_TIMEOUT, PHX_NOT_ACCEPTED,
        PHX_LIMIT_EXCEEDED};

    for (unsigned i = 0; i < COUNT(errors); i++)
        if (result == -errors[i])
            return true;
    return result >= 0;
}

int main(void)
{
    static const uint64_t none[PHX_WORDS];
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out minted = {0};
    struct capability_derive_out pool = {0};
    uint64_t forger, answered = 0;
    uint8_t *memory = pages(3);

    message = (struct phx_message *)(void *)memory;
    entry = (struct phx_entry *)(void *)(memory + 2 * PHX_PAGE_SIZE - 64);
    account_new_endpoint(rt_cap("account"), &endpoint);
    server = endpoint.endpoint;
    endpoint_mint(server, 64, ~UINT64_C(0), 7, 0, &minted);
    client = minted.capability;
    capability_derive(RT_POOL, FRAME_POOL_M_INFO | CAPABILITY_M_ALL, 0, &pool);
    other = pool.capability;
    thread(serve, NULL);
    forger = thread(forge, NULL);
    for (unsigned i = 0; i < CALLS; i++) {
        int64_t result;

        if (i % 4 == 0)
            good();
        result = operation(PHX_OP_ENTER1, (uint64_t)entry, none);
        MUST(is_expected(result), "call %u: %s", i, text_of(result));
        answered += result >= 0;
    }
    over = true;
    MUST(joined(forger), "the forger is lost");
    good();
    MUST(operation(PHX_OP_ENTER1, (uint64_t)entry, none) >= 0, "the server does not answer");
    rt_print("%u calls, %lu answered; the server serves\n", CALLS, answered);
    return served > 0 ? 0 : 1;
}
