/* SPDX-License-Identifier: MIT */
/* The terminal that the launcher was started on. */
#ifndef PHOENIX_TERMINAL_H
#define PHOENIX_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* Hand every key on as it is; undone when the process exits, whichever way. */
void terminal_raw(void);

/* Stdin is a terminal that another job has at the moment: who read it now would be
 * stopped, whether the program wants input or not. */
bool terminal_is_taken(void);

/* The payload of a terminal frame, as framing.h has it: which of stdin, stdout,
 * stderr are terminals, and the size of the first that is (80 x 24 of none). */
void terminal_describe(uint8_t payload[5]);

#endif
