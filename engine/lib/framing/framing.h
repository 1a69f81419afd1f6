/* SPDX-License-Identifier: MIT */
/*
 * The serial protocol between a machine and the program that started it.
 *
 * What frames there are is in phoenix/framing.h. The decoder is fed a byte at a time,
 * keeps no payload, and says what each byte was. It is the same for both directions,
 * whose types are different ones: either side passes over frames that are not for it.
 *
 * A serial line of an emulator loses nothing, so a header that cannot be (a type
 * that is none, a length that this type cannot have) means that the other side
 * speaks something else. Then the header's first byte is dropped
 * and the next three are tried, and so on until three bytes can be a header: the
 * decoder always finds back to a peer that goes on sending frames, but may take
 * up to one frame's length of garbage for a frame before it does. How the host
 * skips a firmware's output before FRAMING_READY is the same rule.
 *
 * Tests  framing_test.c, on the host
 */
#pragma once

#include <stdint.h>

#include "phoenix/framing.h"

/* What a byte was; several may be true at once. */
#define FRAMING_PAYLOAD 1   /* payload: its place was `position` - 1 */
#define FRAMING_END 2       /* last of a frame; `value` is complete */
#define FRAMING_MALFORMED 4 /* with it, three bytes cannot be a header */

/* A zeroed one is at the beginning of a frame. */
struct framing {
    uint32_t header;   /* its bytes so far, the latest in the highest place of three */
    uint8_t have;      /* how many */
    uint8_t type;      /* of the frame at hand, like what follows */
    uint16_t length;
    uint16_t position; /* bytes of payload so far */
    uint64_t value;    /* the payload's first 8 bytes, as a little-endian number */
};

/* FRAMING_PAYLOAD ... of this byte, 0 for a byte of a header. */
unsigned framing_feed(struct framing *framing, uint8_t byte);

/* The header that goes out before `length` bytes of payload. */
void framing_header(uint8_t out[FRAMING_HEADER_SIZE], uint8_t type, uint16_t length);
