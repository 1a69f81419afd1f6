/* SPDX-License-Identifier: MIT */
/*
 * The serial protocol between a machine and the program that started it.
 *
 * A frame is { type: 1 byte, length: 2 bytes, little endian, payload }. The
 * decoder is fed a byte at a time, keeps no payload, and says what each byte was.
 * It is the same for both directions, whose types are different ones: either side
 * passes over frames that are not for it.
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
#define FRAMING_TERMINAL 0x06  /* 5 bytes, sent first: in bits 0 to 2 which of stdin, stdout,
                                  stderr is a terminal; its columns and rows, 2 bytes each */
#define FRAMING_HOST_MAX 1024  /* bytes of payload */

#define FRAMING_CONTROL_HANGUP 1
#define FRAMING_CONTROL_INTERRUPT 2
#define FRAMING_CONTROL_TERMINATE 4
#define FRAMING_CONTROL_WINDOW 8

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
