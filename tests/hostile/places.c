/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel takes an address from a program: one function a place, each an
 * operation that would be good if there were memory.
 */
#include "hostile.h"

#include "rt/terminal.h"

#define LENGTH 64

static uint64_t endpoint, client, stopped;

/* --- whoever is at the other end ------------------------------------------------------- */

static void nothing(void *argument)
{
    (void)argument;
}

/* Takes whatever comes, and answers it. */
static void serve(void *argument)
{
    static uint8_t bytes[PHX_PAGE_SIZE];
    uint64_t served = (uint64_t)argument;

    for (;;) {
        struct phx_message m = {.recv_address = (uint64_t)bytes,
            .recv_capacity = sizeof bytes,
            .deadline = PHX_FOREVER};
        uint64_t words[PHX_WORDS] = {0}, none = 0;

        if (phx_send_message(PHX_OP_RECV, served, &m) < 0)
            return;
        phx_syscall(PHX_OP_RETURN(0, 0), &none, words);
    }
}

static uint64_t new_client(uint64_t *server)
{
    struct account_new_endpoint_out made = {0};
    struct endpoint_mint_out minted = {0};
    int64_t result = account_new_endpoint(rt_cap("account"), &made);

    if (result >= 0)
        result = endpoint_mint(made.endpoint, 64, ~UINT64_C(0), 1, 0, &minted);
    MUST(result >= 0, "no endpoint: %s", text_of(result));
    *server = made.endpoint;
    return minted.capability;
}

void places_begin(void)
{
    struct process_new_thread_out made = {0};
    uint64_t served;

    client = new_client(&served);
    thread(serve, (void *)served);
    new_client(&endpoint);
    process_new_thread(RT_PROCESS, (uint64_t)nothing, USER_END, 0, 0, 0, &made);
    stopped = made.thread;
}

/* --- the places ----------------------------------------------------------------------------- */

static int64_t console_write_at(uint64_t address)
{
    return call(rt_cap("stderr"), CONSOLE_WRITE, address, LENGTH, 0);
}

static int64_t terminal_read_at(uint64_t address)
{
    uint64_t got;
    int64_t result = terminal_read_until(rt_cap("stdin"), address, LENGTH, 0, &got);

    return result == -PHX_WOULD_BLOCK ? 0 : result;
}

static int64_t entropy_at(uint64_t address)
{
    return call(rt_cap("entropy"), ENTROPY_FILL, address, LENGTH, 0);
}

static int64_t log_write_at(uint64_t address)
{
    return call(rt_cap("log"), LOG_WRITE, address, LENGTH, 0);
}

static int64_t log_read_at(uint64_t address)
{
    return call(rt_cap("log"), LOG_READ, 0, address, LENGTH);
}

static int64_t registers_to(uint64_t address)
{
    return call(stopped, THREAD_REGISTERS, address, 0, 0);
}

static int64_t registers_from(uint64_t address)
{
    return call(stopped, THREAD_REGISTERS, address, 1, 0);
}

static int64_t entry_at(uint64_t address)
{
    static const uint64_t none[PHX_WORDS];
    int64_t result = operation(PHX_OP_ENTER1, address, none);

    return result == -PHX_INVALID_SYSCALL ? 0 : result; /* zeroes are no operation */
}

static int64_t message_at(uint64_t address)
{
    struct phx_entry entry = {.op = PHX_OP_CALL(0, 0), .cap = client, .words = {address}};
    static const uint64_t none[PHX_WORDS];
    int64_t result = operation(PHX_OP_ENTER1, (uint64_t)&entry, none);

    /* What lies there may say anything; zeroes, that it must not wait. */
    return result == -PHX_WOULD_BLOCK || result == -PHX_TIMEOUT ? 0 : result;
}

static int64_t call_bytes_from(uint64_t address)
{
    struct phx_message m = {
        .send_address = address, .send_length = LENGTH, .deadline = PHX_FOREVER};

    return phx_send_message(PHX_OP_CALL(0, 0), client, &m);
}

static int64_t call_bytes_to(uint64_t address)
{
    struct phx_message m = {
        .recv_address = address, .recv_capacity = LENGTH, .deadline = PHX_FOREVER};

    return phx_send_message(PHX_OP_CALL(0, 0), client, &m);
}

static int64_t receive_bytes_to(uint64_t address)
{
    struct phx_message m = {.recv_address = address, .recv_capacity = LENGTH};
    int64_t result = phx_send_message(PHX_OP_RECV, endpoint, &m);

    return result == -PHX_WOULD_BLOCK ? 0 : result;
}

const struct place places[] = {
    {"Console.write", console_write_at, false, false},
    {"Terminal.read", terminal_read_at, true, false},
    {"Entropy.fill", entropy_at, true, false},
    {"Log.write", log_write_at, false, false},
    {"Log.read", log_read_at, true, false},
    {"Thread.registers to", registers_to, true, false},
    {"Thread.registers from", registers_from, false, false},
    {"an entry", entry_at, false, true},
    {"a message", message_at, true, true},
    {"a call's bytes", call_bytes_from, false, false},
    {"an answer's bytes", call_bytes_to, true, false},
    {"a receiver's bytes", receive_bytes_to, true, false},
};
const unsigned place_count = COUNT(places);

unsigned each_place_refuses(uint64_t address, bool only_writes)
{
    unsigned refused = 0;

    for (const struct place *p = places; p < places + place_count; p++) {
        int64_t expected =
            p->aligned && address % 8 != 0 ? -PHX_INVALID_ARGUMENT : -PHX_BAD_ADDRESS;
        int64_t result;

        if (only_writes && !p->writes)
            continue;
        result = p->look(address);
        MUST(result == expected, "%s at 0x%lx: %s", p->name, address, text_of(result));
        refused++;
    }
    return refused;
}
