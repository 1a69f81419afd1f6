/* SPDX-License-Identifier: MIT */
/*
 * The loop of a server: one call after another, answered by one function.
 *
 * A handler looks at what came, sets what goes back, and returns a status: 0 or a
 * positive error. What it does not keep (a capability, by setting its place to 0)
 * is let go of. A call that is to be answered later is turned into a Reply with
 * rt_defer() and answered with rt_answer().
 */
#ifndef RT_SERVE_H
#define RT_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phoenix/abi.h"

#define RT_INBOX 4096 /* bytes that a call may bring; of more its beginning comes */

struct rt_call {
    /* what came: claims of whoever calls, except badge and method */
    uint64_t badge;
    unsigned method;
    uint64_t words[PHX_WORDS]; /* those that did not come are 0 */
    unsigned word_count;
    const uint8_t *bytes;
    size_t length;
    uint64_t caps[PHX_MESSAGE_CAPS]; /* 0: none */
    unsigned cap_count;

    /* what goes back: words again, and these */
    unsigned out_words;
    const void *out_bytes; /* at most PHX_MESSAGE_MAX; valid until the next call */
    size_t out_length;
    uint64_t out_cap; /* moved to the caller; 0: none */
    bool deferred;
};

typedef unsigned (*rt_handler)(struct rt_call *call);

/* Serves until the endpoint is gone, then ends the process. */
_Noreturn void rt_serve(uint64_t endpoint, unsigned accept_caps, rt_handler handler);

/* Answer this call later: a Reply capability, or 0 (then answer it now). */
uint64_t rt_defer(struct rt_call *call);
/* Through a Reply, with words; the Reply is used up. */
void rt_answer(uint64_t reply, unsigned status, const uint64_t *words, unsigned count);

#endif
