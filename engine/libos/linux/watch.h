/* SPDX-License-Identifier: MIT */
/*
 * Watching a program: every system call as a line of text (trace), and what it used
 * in the end (stats). Both go to its stderr.
 *
 * A program that is not watched pays nothing: its threads enter the libos at another
 * address, where nobody asks whether somebody watches.
 */
#ifndef LINUX_WATCH_H
#define LINUX_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "phoenix/abi.h"
#include "start.h"

struct fault;

/* The program is loaded: it starts now. */
void watch_begin(const struct phx_registers *registers);
/* The calling thread enters a handler, or ends by the signal. */
void trace_signal(int signal, int code, const struct fault *fault);
static inline void watch_signal(int signal, int code, const struct fault *fault)
{
    if (start_program.trace)
        trace_signal(signal, code, fault);
}
/* The calling thread ends, others go on. */
void watch_thread_end(unsigned status);

#endif
