/* SPDX-License-Identifier: MIT */
/*
 * The serial protocol between a machine and the program that started it.
 *
 * A frame is { type: 1 byte, length: 2 bytes, little endian, payload }. The
 * decoder is fed a byte at a time, keeps no payload, and says what each byte was.
 *
 * A serial line of an emulator loses nothing, so a header that cannot be (a type
 * that this direction has not, a length that this type cannot have) means that
 * the other side speaks something else. Then the header's first byte is dropped
 * and the next three are tried, and so on until three bytes can be a header: the
 * decoder always finds back to a peer that goes on sending frames, but may take
 * up to one frame's length of garbage for a frame before it does. How the host
 * skips a firmware's output before FRAMING_READY is the same rule.
 *
 * Tests  framing_test.c, on the host
 */
#ifndef CORE_FRAMING_H
#define CORE_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMING_HEADER_SIZE 3

/* What the machine sends. */
#define FRAMING_STDOUT 0x01
#define FRAMING_STDERR 0x02
#define FRAMING_LOG 0x10     /* a line of text, without newline */
#define FRAMING_EPITAPH 0x11 /* text: what was true when the kernel died */
#define FRAMING_EXIT 0x12    /* 4 bytes: status */
#define FRAMING_READY 0x13   /* first of all; payload FRAMING_MAGIC */
#define FRAMING_MAGIC "PHX1"
#define FRAMING_GUEST_MAX 4096 /* bytes of payload */

/* What its host sends, once it saw FRAMING_READY. */
#define FRAMING_STDIN 0x00
#define FRAMING_STDIN_END 0x04 /* no payload */
#define FRAMING_CONTROL 0x05   /* 4 bytes: FRAMING_CONTROL_* */
#define FRAMING_TERMINAL 0x06  /* 5 bytes: below; sent first */
#define FRAMING_HOST_MAX 1024  /* bytes of payload */

#define FRAMING_CONTROL_INTERRUPT 2
#define FRAMING_CONTROL_TERMINATE 4
#define FRAMING_CONTROL_WINDOW 8

/* A FRAMING_TERMINAL payload as the decoder's `value`. */
#define FRAMING_IS_TERMINAL(value, stream) ((value) >> (stream) & 1)
#define FRAMING_COLUMNS(value) ((value) >> 8 & 0xffff)
#define FRAMING_ROWS(value) ((value) >> 24 & 0xffff)

enum framing_direction { FRAMING_FROM_HOST, FRAMING_FROM_GUEST };

/* What a byte was; several may be true at once. */
#define FRAMING_HEADER 1    /* last of a header: type and length are set */
#define FRAMING_PAYLOAD 2   /* payload: its place was `position` - 1 */
#define FRAMING_END 4       /* last of a frame; `value` is complete */
#define FRAMING_MALFORMED 8 /* the first byte with which something cannot be a header;
                               said once until the next header */

struct framing {
    uint8_t direction;
    uint8_t header[FRAMING_HEADER_SIZE];
    uint8_t have;      /* bytes of `header` */
    bool lost;         /* since FRAMING_MALFORMED */
    uint8_t type;
    uint16_t length;
    uint16_t position; /* bytes of payload so far */
    uint64_t value;    /* the payload's first 8 bytes, as a little-endian number */
};

void framing_init(struct framing *framing, enum framing_direction direction);

/* FRAMING_HEADER ... of this byte, 0 for a byte inside a header. */
unsigned framing_feed(struct framing *framing, uint8_t byte);

/* The header that goes out before `length` bytes of payload. */
void framing_header(uint8_t out[FRAMING_HEADER_SIZE], uint8_t type, uint16_t length);

#endif
