/* SPDX-License-Identifier: MIT */
#include "rt/sys.h"

static void store(uint64_t *words, const uint64_t from[PHX_WORDS])
{
    for (unsigned i = 0; i < PHX_WORDS; i++)
        words[i] = from[i];
}

int64_t phx_receive(uint64_t endpoint, uint64_t *words, uint64_t *badge)
{
    uint64_t registers[PHX_WORDS] = {0};
    int64_t result = phx_syscall(PHX_OP_RECV, &endpoint, registers);

    store(words, registers);
    *badge = endpoint;
    return result;
}

int64_t phx_release(uint64_t cap)
{
    uint64_t registers[PHX_WORDS] = {0};

    return cap == 0 ? 0 : phx_syscall(PHX_OP_RELEASE, &cap, registers);
}
