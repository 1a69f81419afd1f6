/* SPDX-License-Identifier: MIT */
#include "rt/sys.h"

/* The words that count, then zeroes. */
static void load(uint64_t to[PHX_WORDS], const uint64_t *words, unsigned nwords)
{
    for (unsigned i = 0; i < PHX_WORDS; i++)
        to[i] = i < nwords ? words[i] : 0;
}

static void store(uint64_t *words, const uint64_t from[PHX_WORDS])
{
    for (unsigned i = 0; i < PHX_WORDS; i++)
        words[i] = from[i];
}

int64_t phx_invoke(uint64_t cap, unsigned method, uint64_t *words, unsigned nwords)
{
    uint64_t registers[PHX_WORDS];
    int64_t result;

    load(registers, words, nwords);
    result = phx_syscall(PHX_OP_CALL((uint64_t)method, (uint64_t)nwords), &cap, registers);
    store(words, registers);
    return result;
}

int64_t phx_send_message(uint64_t op, uint64_t cap, struct phx_message *message)
{
    struct phx_entry entry = {.op = op, .cap = cap, .words = {(uint64_t)message}};
    uint64_t address = (uint64_t)&entry;
    uint64_t registers[PHX_WORDS] = {0};

    return phx_syscall(PHX_OP_ENTER1, &address, registers);
}

int64_t phx_receive(uint64_t endpoint, uint64_t *words, uint64_t *badge)
{
    uint64_t registers[PHX_WORDS] = {0};
    int64_t result = phx_syscall(PHX_OP_RECV, &endpoint, registers);

    store(words, registers);
    *badge = endpoint;
    return result;
}

int64_t phx_return_receive(uint64_t endpoint, unsigned status, uint64_t *words, unsigned nwords,
    uint64_t *badge)
{
    uint64_t registers[PHX_WORDS];
    int64_t result;

    load(registers, words, nwords);
    result = phx_syscall(PHX_OP_RETURN_RECV((uint64_t)status, (uint64_t)nwords), &endpoint,
        registers);
    store(words, registers);
    *badge = endpoint;
    return result;
}

int64_t phx_release(uint64_t cap)
{
    uint64_t registers[PHX_WORDS] = {0};

    return cap == 0 ? 0 : phx_syscall(PHX_OP_RELEASE, &cap, registers);
}
