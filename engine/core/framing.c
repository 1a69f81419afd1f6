/* SPDX-License-Identifier: MIT */
/* The serial protocol's decoder: what was promised is in the header. */
#include "framing.h"

/* What may be said in each direction. */
struct rule {
    uint8_t type;
    uint16_t least, most; /* bytes of payload */
};

static const struct rule from_host[] = {
    {FRAMING_STDIN, 0, FRAMING_HOST_MAX},
    {FRAMING_STDIN_END, 0, 0},
    {FRAMING_CONTROL, 4, 4},
    {FRAMING_TERMINAL, 5, 5},
};

static const struct rule from_guest[] = {
    {FRAMING_STDOUT, 0, FRAMING_GUEST_MAX},
    {FRAMING_STDERR, 0, FRAMING_GUEST_MAX},
    {FRAMING_LOG, 0, FRAMING_GUEST_MAX},
    {FRAMING_EPITAPH, 0, FRAMING_GUEST_MAX},
    {FRAMING_EXIT, 4, 4},
    {FRAMING_READY, 4, 4},
};

static bool can_be(enum framing_direction direction, uint8_t type, uint16_t length)
{
    bool host = direction == FRAMING_FROM_HOST;
    const struct rule *rules = host ? from_host : from_guest;
    size_t count = host ? sizeof(from_host) / sizeof(*rules) : sizeof(from_guest) / sizeof(*rules);

    for (size_t i = 0; i < count; i++)
        if (rules[i].type == type)
            return length >= rules[i].least && length <= rules[i].most;
    return false;
}

void framing_init(struct framing *framing, enum framing_direction direction)
{
    *framing = (struct framing){.direction = (uint8_t)direction};
}

static unsigned feed_header(struct framing *framing, uint8_t byte)
{
    uint8_t *header = framing->header;
    uint16_t length;

    header[framing->have++] = byte;
    if (framing->have < FRAMING_HEADER_SIZE)
        return 0;
    length = (uint16_t)(header[1] | header[2] << 8);
    if (!can_be(framing->direction, header[0], length)) {
        bool first = !framing->lost;

        header[0] = header[1];
        header[1] = header[2];
        framing->have = FRAMING_HEADER_SIZE - 1;
        framing->lost = true;
        return first ? FRAMING_MALFORMED : 0;
    }
    framing->type = header[0];
    framing->length = length;
    framing->position = 0;
    framing->value = 0;
    framing->lost = false;
    if (length)
        return FRAMING_HEADER;
    framing->have = 0;
    return FRAMING_HEADER | FRAMING_END;
}

unsigned framing_feed(struct framing *framing, uint8_t byte)
{
    if (framing->have < FRAMING_HEADER_SIZE)
        return feed_header(framing, byte);
    if (framing->position < 8)
        framing->value |= (uint64_t)byte << framing->position * 8;
    framing->position++;
    if (framing->position < framing->length)
        return FRAMING_PAYLOAD;
    framing->have = 0;
    return FRAMING_PAYLOAD | FRAMING_END;
}

void framing_header(uint8_t out[FRAMING_HEADER_SIZE], uint8_t type, uint16_t length)
{
    out[0] = type;
    out[1] = (uint8_t)length;
    out[2] = (uint8_t)(length >> 8);
}
