/* SPDX-License-Identifier: MIT */
/*
 * What an operation answers inside the kernel: OK, or the positive number of an
 * error of schema/kernel.capnp. BLOCKED is neither: whoever asked is now a record
 * in some queue (or a continuation), and will be answered later.
 */
#pragma once

#include "kernel.capnp.h"

typedef int err_t;

#define OK PHX_SUCCESS
#define BLOCKED (-1)
#define MORE (-2) /* nothing happened yet: ask again once the lock was free for a moment */

#define MUST_USE __attribute__((warn_unused_result))

/* Hand an error on; only where nothing was changed yet. */
#define TRY(expression)            \
    do {                           \
        err_t try_ = (expression); \
        if (try_ != OK)            \
            return try_;           \
    } while (0)
