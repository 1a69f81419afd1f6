/* SPDX-License-Identifier: MIT */
/* A machine's frames, put together again; see frames.h. */
#include "frames.h"

#include <string.h>

#define READY_SIZE 7

static const uint8_t ready_frame[READY_SIZE] = {FRAMING_READY, 4, 0, 'P', 'H', 'X', '1'};

static void noise_add(struct frame_reader *r, uint8_t byte)
{
    if (r->noise_length == sizeof r->noise) {
        /* The end is what tells: keep the later half. */
        memmove(r->noise, r->noise + sizeof r->noise / 2, sizeof r->noise / 2);
        r->noise_length = sizeof r->noise / 2;
    }
    r->noise[r->noise_length++] = (char)byte;
}

/*
 * One byte of what comes before the ready frame's end. Its first byte occurs in it
 * only once, so a mismatch can start a new match with the byte at hand and no other.
 */
static void seek_ready(struct frame_reader *r, uint8_t byte)
{
    if (byte != ready_frame[r->ready_matched]) {
        for (size_t i = 0; i < r->ready_matched; i++)
            noise_add(r, ready_frame[i]);
        r->ready_matched = 0;
    }
    if (byte == ready_frame[r->ready_matched])
        r->ready_matched++;
    else
        noise_add(r, byte);
    r->ready = r->ready_matched == READY_SIZE;
}

void frame_reader_init(struct frame_reader *r)
{
    r->ready = r->broken = false;
    r->ready_matched = r->noise_length = 0;
    r->framing = (struct framing){0};
}

size_t frame_take(struct frame_reader *r, const uint8_t *data, size_t length, struct frame *out)
{
    size_t taken = 0;

    out->payload = NULL;
    while (!r->ready && taken < length)
        seek_ready(r, data[taken++]);
    while (taken < length) {
        uint8_t byte = data[taken++];
        unsigned what = framing_feed(&r->framing, byte);

        if (what & FRAMING_PAYLOAD)
            r->payload[r->framing.position - 1] = byte;
        r->broken |= (what & FRAMING_MALFORMED) != 0;
        if (what & FRAMING_END) {
            *out = (struct frame){r->framing.type, r->framing.length, r->framing.value, r->payload};
            break;
        }
    }
    return taken;
}
