/* SPDX-License-Identifier: MIT */
/*
 * What came in on the line: bytes that nobody read yet, events that nobody took, the
 * terminal as the host describes it last, and who waits for any of that.
 *
 * It is pure: bytes and askers go in, answers go out through asker_answer(). The buffer
 * has room or it has not; who puts bytes in looks first (input_room), and so the line
 * is stopped instead of a byte dropped. Askers are answered in the order in which they
 * came. One that is gone by then (it died, its deadline passed) takes no bytes with it.
 *
 * Framed, input is what FRAMING_STDIN brings, readable as soon as its frame is whole,
 * so that nobody is woken for each few bytes that a device has room for. Raw, it is
 * every byte; Ctrl-C is an event as long as somebody watches.
 *
 * Holds between any two calls; input_ok() says the same in code:
 *   I1  head <= whole <= tail <= INPUT_BYTES
 *   I2  nobody waits for what is there: with bytes or the end there is no reader among the
 *       askers, and with a terminal nobody who asked for it
 *   I3  full and nothing to read cannot be: a frame that is not whole has room
 *
 * Tests  input_test.c, on the host, with random bytes and askers
 */
#ifndef CONSOLE_INPUT_H
#define CONSOLE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "framing/framing.h"

#define INPUT_BYTES 8192
#define INPUT_READ_MOST 4096 /* bytes of one answer */
#define ASKERS_MAX 32

/* Who waits: for bytes, at most `most`, or (0) for the terminal. */
struct asker {
    uint64_t reply;
    uint32_t most;
};

struct input {
    bool framed, end;
    bool watched;   /* somebody is told of events */
    bool described; /* `terminal` is known */
    uint64_t events, terminal; /* as Terminal.events and Terminal.info have them */
    struct framing decoder;
    struct asker askers[ASKERS_MAX];
    unsigned asking;
    uint32_t head, whole, tail; /* read up to, readable up to, filled up to */
    uint8_t bytes[INPUT_BYTES];
};

void input_init(struct input *in, bool framed);
/* How many bytes of the line may be put in. */
uint32_t input_room(struct input *in);
void input_put(struct input *in, const uint8_t *bytes, uint32_t count);

/* Answer whom there is something for. */
void input_serve(struct input *in);
/* Answer who asks now; false: there is nothing for it yet. */
bool input_read(struct input *in, uint64_t reply, uint64_t most);
/* It waits, if there is room for one more who does; those that are gone are let go of. */
bool input_wait(struct input *in, uint64_t reply, uint64_t most);

bool input_ok(const struct input *in);

/* --- what the driver does, and a test pretends to ----------------------------- */

/* To who waits with this Reply (0: whoever is being served): bytes, or without any the end;
 * or (NULL) the terminal. False: nobody does any more. The Reply is used up. */
bool asker_answer(uint64_t reply, const uint8_t *bytes, uint32_t count, uint64_t terminal);
/* Whether somebody still waits with it; if not, it is used up. */
bool asker_waits(uint64_t reply);

#endif
