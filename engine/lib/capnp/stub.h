/* SPDX-License-Identifier: MIT */
/*
 * What generated stubs have in common: an answer is checked here before its
 * caller sees any of it, because a server is nobody that one has to trust.
 *
 * An answer with fewer words than its method has results is InvalidFormat, a
 * buffer that was too small TooBig, a capability that was dead at arrival
 * Revoked. Whatever capabilities came with an answer that is refused are let
 * go of, so that a server cannot fill its client's table.
 *
 * Spec   phoenix/abi.h, "struct phx_message"
 */
#ifndef CAPNP_STUB_H
#define CAPNP_STUB_H

#include <stddef.h>
#include <stdint.h>

#include "kernel.capnp.h"
#include "phoenix/abi.h"
#include "rt/sys.h"

/* More bytes than a message carries: stub_call() will say so. */
static inline void stub_send_bytes(struct phx_message *message, const void *bytes, size_t length)
{
    message->send_address = (uintptr_t)bytes;
    message->send_length = length <= PHX_MESSAGE_MAX ? (uint32_t)length : PHX_MESSAGE_MAX + 1;
}

static inline void stub_take_bytes(struct phx_message *message, void *bytes, size_t capacity)
{
    message->recv_address = (uintptr_t)bytes;
    message->recv_capacity = capacity < PHX_MESSAGE_MAX ? (uint32_t)capacity : PHX_MESSAGE_MAX;
}

/* 0, or why an answer that arrived is none. */
static inline int64_t stub_judge(const struct phx_message *message, unsigned results)
{
    uint64_t info = message->info;

    if (PHX_INFO_WORDS(info) < results)
        return -PHX_INVALID_FORMAT;
    if (PHX_INFO_LOST(info))
        return -PHX_REVOKED;
    if (PHX_INFO_CAPS(info) != message->accept_caps)
        return -PHX_INVALID_FORMAT;
    if (info & PHX_INFO_CUT)
        return -PHX_TOO_BIG;
    return 0;
}

/* CALL with `words` words; `results` words must come back. */
static inline int64_t stub_call(uint64_t self, unsigned method, struct phx_message *message,
    unsigned words, unsigned results)
{
    int64_t result = -PHX_TOO_BIG;

    if (message->send_length <= PHX_MESSAGE_MAX)
        result = phx_send_message(PHX_OP_CALL(method, words), self, message);
    unsigned came = PHX_INFO_CAPS(message->info);
    if (result >= 0)
        result = stub_judge(message, results);
    for (unsigned i = 0; i < PHX_MESSAGE_CAPS; i++) {
        if (i < came && result < 0)
            phx_release(message->caps[i]);
        if (i >= came || result < 0)
            message->caps[i] = 0;
    }
    return result;
}

/* The same for a method of a service that has words only, in registers. */
static inline int64_t stub_call_words(uint64_t self, unsigned method, uint64_t *words,
    unsigned count, unsigned results)
{
    int64_t result = phx_invoke(self, method, words, count);

    if (result >= 0)
        return PHX_INFO_WORDS(result) < results ? -PHX_INVALID_FORMAT : 0;
    return result;
}

/* Word 0 of a failed answer; 0 where the call succeeded or never arrived. */
static inline void stub_detail(const struct phx_message *message, int64_t result,
    uint64_t *detail)
{
    if (detail)
        *detail = result < 0 && PHX_INFO_WORDS(message->info) ? message->words[0] : 0;
}

#endif
