/* SPDX-License-Identifier: MIT */
/*
 * What is asked of a Terminal, as a libos and the shell do it: a read waits until its
 * deadline (0: not at all) and ends when its thread is interrupted; and where the
 * console's driver died meanwhile, the next one is asked.
 */
#ifndef RT_TERMINAL_H
#define RT_TERMINAL_H

#include "capnp/stub.h"
#include "services.capnp.h"

#define TERMINAL_DRIVERS_MAX 8 /* that die one after the other, before that is an error */

/* Bytes at an address of the caller's; *got 0: the end of input. Else WouldBlock, Timeout,
 * Interrupted, or what the call answers. */
static inline int64_t terminal_read_until(
    uint64_t terminal, uint64_t address, uint64_t length, uint64_t deadline, uint64_t *got)
{
    int64_t result = -PHX_DISCONNECTED;

    for (unsigned i = 0; result == -PHX_DISCONNECTED && i < TERMINAL_DRIVERS_MAX; i++) {
        struct phx_message message = {.words = {length, deadline == 0},
            .deadline = deadline == 0 ? PHX_FOREVER : deadline,
            .flags = PHX_MESSAGE_INTERRUPTIBLE,
            .recv_address = address,
            .recv_capacity = (uint32_t)length};

        result = stub_call(terminal, TERMINAL_READ, &message, 2, 0);
        *got = result >= 0 ? PHX_INFO_LENGTH(message.info) : 0;
    }
    return result;
}

/* As Terminal.info says it; 0, of what is none, where nobody answers. */
static inline uint64_t terminal_look(uint64_t terminal)
{
    int64_t result = -PHX_DISCONNECTED;
    uint64_t words[PHX_WORDS];

    for (unsigned i = 0; result == -PHX_DISCONNECTED && i < TERMINAL_DRIVERS_MAX; i++)
        result = stub_call_words(terminal, TERMINAL_INFO, words, 0, 1);
    return result >= 0 ? words[0] : 0;
}

#endif
