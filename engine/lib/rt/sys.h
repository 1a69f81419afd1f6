/* SPDX-License-Identifier: MIT */
/*
 * System calls as C functions: the operation word, the capability, the words.
 *
 * Everything above this file asks the kernel or a service through one of these;
 * the stubs that capnpc-phoenix makes (kernel.stubs.h, services.stubs.h) are
 * typed faces of phx_invoke and phx_send_message. Words that are not given are
 * sent as zero, so that nothing of the caller's registers leaks to a server.
 *
 * Results   negative: -enum phx_error. Else 0, or the info word of a message.
 * Spec      phoenix/abi.h
 */
#ifndef RT_SYS_H
#define RT_SYS_H

#include <stdint.h>

#include "phoenix/abi.h"

/* As it is: op in rax, *cap in rdi, ten words; those that PHX_OP_WIDE asks for and those of
 * a kernel method come back, the others stay as they were. */
int64_t phx_syscall(uint64_t op, uint64_t *cap, uint64_t words[PHX_WORDS]);

/* CALL a method with the first nwords of words, at most five; the answer's first five
 * replace them. */
int64_t phx_invoke(uint64_t cap, unsigned method, uint64_t *words, unsigned nwords);

/* A transport operation that carries a struct phx_message: CALL, RECV, RETURN, RETURN_RECV. */
int64_t phx_send_message(uint64_t op, uint64_t cap, struct phx_message *message);

/* Wait to be called, words only: at most five. words and badge are those of the call. */
int64_t phx_receive(uint64_t endpoint, uint64_t *words, uint64_t *badge);
/* Answer the call being served with nwords words, at most five, then wait for the next. */
int64_t phx_return_receive(
    uint64_t endpoint, unsigned status, uint64_t *words, unsigned nwords, uint64_t *badge);

/* Let go of a capability; 0 is let go of already. */
int64_t phx_release(uint64_t cap);

#endif
