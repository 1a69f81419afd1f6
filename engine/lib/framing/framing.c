/* SPDX-License-Identifier: MIT */
/* The serial protocol's decoder: what was promised is in the header. */
#include "framing/framing.h"

#include <stdbool.h>

/* By type: the least payload, and how many lengths it can have; 0: there is no such type. */
static const uint16_t rules[][2] = {
    [FRAMING_STDIN] = {0, FRAMING_HOST_MAX + 1},
    [FRAMING_STDIN_END] = {0, 1},
    [FRAMING_CONTROL] = {4, 1},
    [FRAMING_TERMINAL] = {5, 1},
    [FRAMING_STDOUT] = {0, FRAMING_GUEST_MAX + 1},
    [FRAMING_STDERR] = {0, FRAMING_GUEST_MAX + 1},
    [FRAMING_LOG] = {0, FRAMING_GUEST_MAX + 1},
    [FRAMING_EPITAPH] = {0, FRAMING_GUEST_MAX + 1},
    [FRAMING_EXIT] = {4, 1},
    [FRAMING_READY] = {4, 1},
    [FRAMING_ASK] = {0, FRAMING_GUEST_MAX + 1},
};

static bool can_be(uint8_t type, uint16_t length)
{
    return type < sizeof(rules) / sizeof(*rules) &&
           (uint16_t)(length - rules[type][0]) < rules[type][1];
}

/* The frame begins anew once it is complete. */
static unsigned end_of(struct framing *framing)
{
    if (framing->position < framing->length)
        return 0;
    framing->have = 0;
    return FRAMING_END;
}

unsigned framing_feed(struct framing *framing, uint8_t byte)
{
    if (framing->have == FRAMING_HEADER_SIZE) {
        if (framing->position < 8)
            framing->value |= (uint64_t)byte << framing->position * 8;
        framing->position++;
        return FRAMING_PAYLOAD | end_of(framing);
    }
    framing->header = framing->header >> 8 | (uint32_t)byte << 16;
    if (++framing->have < FRAMING_HEADER_SIZE)
        return 0;
    framing->type = (uint8_t)framing->header;
    framing->length = (uint16_t)(framing->header >> 8);
    framing->position = 0;
    framing->value = 0;
    if (can_be(framing->type, framing->length))
        return end_of(framing);
    framing->have--;
    return FRAMING_MALFORMED;
}

void framing_header(uint8_t out[FRAMING_HEADER_SIZE], uint8_t type, uint16_t length)
{
    out[0] = type;
    out[1] = (uint8_t)length;
    out[2] = (uint8_t)(length >> 8);
}
