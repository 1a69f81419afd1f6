/* SPDX-License-Identifier: MIT */
#include "framing/framing.h"

#include <string.h>

#include "../../tests/harness/test.h"

struct kind {
    uint8_t type;
    uint16_t least, most;
};

static const struct kind kinds[] = {
    {FRAMING_STDIN, 0, 1024}, {FRAMING_STDIN_END, 0, 0}, {FRAMING_CONTROL, 4, 4},
    {FRAMING_TERMINAL, 5, 5}, {FRAMING_STDOUT, 0, 4096}, {FRAMING_STDERR, 0, 4096},
    {FRAMING_LOG, 0, 4096},   {FRAMING_EPITAPH, 0, 4096}, {FRAMING_EXIT, 4, 4},
    {FRAMING_READY, 4, 4},     {FRAMING_ASK, 0, 4096},
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* Sends one frame of random payload and checks what is said about every byte. */
static void check_frame(struct framing *framing, uint8_t type, uint16_t length)
{
    uint8_t header[FRAMING_HEADER_SIZE];
    uint64_t value = 0;

    framing_header(header, type, length);
    CHECK_EQ(framing_feed(framing, header[0]), 0);
    CHECK_EQ(framing_feed(framing, header[1]), 0);
    CHECK_EQ(framing_feed(framing, header[2]), length ? 0 : FRAMING_END);
    CHECK_EQ(framing->type, type);
    CHECK_EQ(framing->length, length);
    for (unsigned i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)test_rand();

        if (i < 8)
            value |= (uint64_t)byte << 8 * i;
        CHECK_EQ(framing_feed(framing, byte),
                 FRAMING_PAYLOAD | (i + 1u == length ? FRAMING_END : 0));
        CHECK_EQ(framing->position, i + 1);
    }
    CHECK_EQ(framing->value, value);
}

TEST(framing, every_frame_comes_through, "of any type and length")
{
    struct framing framing = {0};

    for (int step = 0; step < 300; step++) {
        const struct kind *kind = &kinds[test_below(KINDS)];
        unsigned room = kind->most - kind->least + 1u;
        unsigned length = kind->least + (unsigned)test_below(test_below(2) ? room : 1);

        check_frame(&framing, kind->type, (uint16_t)length);
    }
    for (size_t i = 0; i < KINDS; i++) {
        check_frame(&framing, kinds[i].type, kinds[i].least);
        check_frame(&framing, kinds[i].type, kinds[i].most);
    }
}

static bool is_header(unsigned type, unsigned length)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].type == type)
            return length >= kinds[i].least && length <= kinds[i].most;
    return false;
}

TEST(framing, exactly_the_listed_headers_are_accepted, "of all 2^24")
{
    for (unsigned type = 0; type < 256; type++) {
        /* All lengths near a limit, and one in 61 of the others. */
        for (unsigned length = 0; length < 65536;
             length += length < 8 || (length >= 1020 && length < 1028) ||
                               (length >= 4092 && length < 4100)
                           ? 1
                           : 61) {
            struct framing framing = {0};
            bool right = is_header(type, length);

            CHECK_EQ(framing_feed(&framing, (uint8_t)type), 0);
            CHECK_EQ(framing_feed(&framing, (uint8_t)length), 0);
            CHECK_EQ(framing_feed(&framing, (uint8_t)(length >> 8)),
                     !right ? FRAMING_MALFORMED : length ? 0 : FRAMING_END);
        }
    }
}

TEST(framing, garbage_before_ready_is_skipped, "and said to be malformed")
{
    const char *firmware = "SeaBIOS (version 1.16.2)\r\nBooting from ROM..\r\n";
    struct framing framing = {0};

    for (const char *at = firmware; *at; at++)
        CHECK_EQ(framing_feed(&framing, (uint8_t)*at), at < firmware + 2 ? 0 : FRAMING_MALFORMED);
    /* The last two bytes of it wait as a beginning, until the header pushes them out. */
    CHECK_EQ(framing_feed(&framing, FRAMING_READY), FRAMING_MALFORMED);
    CHECK_EQ(framing_feed(&framing, 4), FRAMING_MALFORMED);
    CHECK_EQ(framing_feed(&framing, 0), 0);
    CHECK_EQ(framing.type, FRAMING_READY);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(framing_feed(&framing, (uint8_t)FRAMING_MAGIC[i]),
                 FRAMING_PAYLOAD | (i == 3 ? FRAMING_END : 0));
    check_frame(&framing, FRAMING_STDOUT, 3);
}

TEST(framing, the_decoder_finds_back, "to a peer that goes on sending, after any garbage")
{
    for (int round = 0; round < 300; round++) {
        struct framing framing = {0};
        unsigned ends = 0;
        uint8_t frame[8];

        for (uint64_t n = test_below(50); n; n--)
            framing_feed(&framing, (uint8_t)test_rand());
        /* Longest misunderstanding: one whole frame; then frames of 8 bytes again. */
        framing_header(frame, FRAMING_TERMINAL, 5);
        memset(frame + 3, 0xff, 5);
        for (int i = 0; i < 800; i++)
            for (int j = 0; j < 8; j++)
                ends += framing_feed(&framing, frame[j]) & FRAMING_END &&
                        framing.type == FRAMING_TERMINAL && framing.value == 0xffffffffff;
        CHECK(ends >= 800 - (FRAMING_GUEST_MAX + 3) / 8 - 2);
        check_frame(&framing, FRAMING_CONTROL, 4);
    }
}
