/* SPDX-License-Identifier: MIT */
/*
 * What a machine says on COM1, frame by frame (engine/lib/framing has the
 * protocol itself).
 *
 * The machine may print anything before its ready frame (firmware does), so that
 * one is found by its bytes. From there on every byte belongs to a frame; one that
 * cannot means that the line is out of step. The decoder in core finds back, but a
 * launcher that guesses which bytes were a program's output would be worse than one
 * that says that it lost them: `broken` stays set.
 *
 * Pure: bytes in, frames out. Nothing here reads or writes a file.
 *
 * Tests    tests/launcher/frames_test.c, on the host
 */
#ifndef PHOENIX_FRAMES_H
#define PHOENIX_FRAMES_H

#include "framing/framing.h"

#include <stdbool.h>
#include <stddef.h>

#define FRAME_NOISE_MAX 2048

struct frame {
    uint8_t type;
    uint16_t length;
    uint64_t value;         /* the payload's first 8 bytes, little endian */
    const uint8_t *payload; /* in the reader, until its next frame_take() */
};

struct frame_reader {
    bool ready;           /* the ready frame was seen */
    bool broken;          /* the line was out of step: only an epitaph is to be believed */
    size_t ready_matched; /* bytes of the ready frame seen so far */
    struct framing framing;
    uint8_t payload[FRAMING_GUEST_MAX];
    size_t noise_length; /* the last of what came before the ready frame */
    char noise[FRAME_NOISE_MAX];
};

void frame_reader_init(struct frame_reader *r);

/*
 * Take bytes up to the end of the next frame after the ready one. Says how many were
 * taken, which is all of them unless a frame is complete; out->payload is NULL when
 * none is.
 */
size_t frame_take(struct frame_reader *r, const uint8_t *data, size_t length, struct frame *out);

#endif
