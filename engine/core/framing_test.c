/* SPDX-License-Identifier: MIT */
#include "framing.h"

#include <string.h>

#include "../../tests/harness/test.h"

struct kind {
    uint8_t type;
    uint16_t least, most;
};

static const struct kind from_host[] = {
    {FRAMING_STDIN, 0, 1024},
    {FRAMING_STDIN_END, 0, 0},
    {FRAMING_CONTROL, 4, 4},
    {FRAMING_TERMINAL, 5, 5},
};
static const struct kind from_guest[] = {
    {FRAMING_STDOUT, 0, 4096}, {FRAMING_STDERR, 0, 4096}, {FRAMING_LOG, 0, 4096},
    {FRAMING_EPITAPH, 0, 4096}, {FRAMING_EXIT, 4, 4},     {FRAMING_READY, 4, 4},
};

/* Sends one frame of random payload and checks what is said about every byte. */
static void check_frame(struct framing *framing, uint8_t type, uint16_t length)
{
    uint8_t header[FRAMING_HEADER_SIZE];
    uint64_t value = 0;

    framing_header(header, type, length);
    CHECK_EQ(framing_feed(framing, header[0]), 0);
    CHECK_EQ(framing_feed(framing, header[1]), 0);
    CHECK_EQ(framing_feed(framing, header[2]), FRAMING_HEADER | (length ? 0 : FRAMING_END));
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

static void check_kinds(enum framing_direction direction, const struct kind *kinds, size_t count)
{
    struct framing framing;

    framing_init(&framing, direction);
    for (int step = 0; step < 300; step++) {
        const struct kind *kind = &kinds[test_below(count)];
        unsigned room = kind->most - kind->least + 1u;
        unsigned length = kind->least + (unsigned)test_below(test_below(2) ? room : 1);

        check_frame(&framing, kind->type, (uint16_t)length);
    }
    for (size_t i = 0; i < count; i++) {
        check_frame(&framing, kinds[i].type, kinds[i].least);
        check_frame(&framing, kinds[i].type, kinds[i].most);
    }
}

TEST(framing, every_frame_comes_through, "of any type and length, in both directions")
{
    check_kinds(FRAMING_FROM_HOST, from_host, sizeof(from_host) / sizeof(*from_host));
    check_kinds(FRAMING_FROM_GUEST, from_guest, sizeof(from_guest) / sizeof(*from_guest));
}

/* Is that header one that this direction has? */
static bool is_header(const struct kind *kinds, size_t count, unsigned type, unsigned length)
{
    for (size_t i = 0; i < count; i++)
        if (kinds[i].type == type)
            return length >= kinds[i].least && length <= kinds[i].most;
    return false;
}

TEST(framing, exactly_the_listed_headers_are_accepted, "of all 2^24")
{
    for (int direction = 0; direction < 2; direction++) {
        const struct kind *kinds = direction ? from_guest : from_host;
        size_t count = direction ? 6 : 4;

        for (unsigned type = 0; type < 256; type++) {
            /* All lengths near a limit, and one in 61 of the others. */
            for (unsigned length = 0; length < 65536;
                 length += length < 8 || (length >= 1020 && length < 1028) ||
                                   (length >= 4092 && length < 4100)
                               ? 1
                               : 61) {
                struct framing framing;
                bool right = is_header(kinds, count, type, length);

                framing_init(&framing, direction ? FRAMING_FROM_GUEST : FRAMING_FROM_HOST);
                CHECK_EQ(framing_feed(&framing, (uint8_t)type), 0);
                CHECK_EQ(framing_feed(&framing, (uint8_t)length), 0);
                CHECK_EQ(framing_feed(&framing, (uint8_t)(length >> 8)),
                         !right   ? FRAMING_MALFORMED
                         : length ? FRAMING_HEADER
                                  : FRAMING_HEADER | FRAMING_END);
            }
        }
    }
}

TEST(framing, garbage_before_ready_is_skipped, "and said to be malformed once")
{
    const char *firmware = "SeaBIOS (version 1.16.2)\r\nBooting from ROM..\r\n";
    struct framing framing;
    unsigned malformed = 0;

    framing_init(&framing, FRAMING_FROM_GUEST);
    for (const char *at = firmware; *at; at++) {
        unsigned said = framing_feed(&framing, (uint8_t)*at);

        CHECK(said == 0 || said == FRAMING_MALFORMED);
        malformed += said == FRAMING_MALFORMED;
    }
    CHECK_EQ(malformed, 1);
    /* The last two bytes of it wait as a beginning, until the header pushes them out. */
    CHECK_EQ(framing_feed(&framing, FRAMING_READY), 0);
    CHECK_EQ(framing_feed(&framing, 4), 0);
    CHECK_EQ(framing_feed(&framing, 0), FRAMING_HEADER);
    CHECK_EQ(framing.type, FRAMING_READY);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(framing_feed(&framing, (uint8_t)FRAMING_MAGIC[i]),
                 FRAMING_PAYLOAD | (i == 3 ? FRAMING_END : 0));
    check_frame(&framing, FRAMING_STDOUT, 3);
    /* The next loss is said again. */
    framing_feed(&framing, 0xff);
    framing_feed(&framing, 0xff);
    CHECK_EQ(framing_feed(&framing, 0xff), FRAMING_MALFORMED);
    CHECK_EQ(framing_feed(&framing, 0xff), 0);
}

TEST(framing, the_decoder_finds_back, "to a peer that goes on sending, after any garbage")
{
    for (int round = 0; round < 300; round++) {
        struct framing framing;
        unsigned ends = 0;
        uint8_t frame[8];

        framing_init(&framing, FRAMING_FROM_HOST);
        for (uint64_t n = test_below(50); n; n--)
            framing_feed(&framing, (uint8_t)test_rand());
        /* Longest misunderstanding: one whole frame; then frames of 8 bytes again. */
        framing_header(frame, FRAMING_TERMINAL, 5);
        memset(frame + 3, 0xff, 5);
        for (int i = 0; i < 200; i++)
            for (int j = 0; j < 8; j++)
                ends += framing_feed(&framing, frame[j]) & FRAMING_END &&
                        framing.type == FRAMING_TERMINAL && framing.value == 0xffffffffff;
        CHECK(ends >= 200 - (FRAMING_HOST_MAX + 3) / 8 - 2);
        check_frame(&framing, FRAMING_CONTROL, 4);
    }
}

TEST(framing, a_terminals_fields_are_in_its_value, "as the protocol has them")
{
    const uint8_t frame[] = {FRAMING_TERMINAL, 5, 0, 5, 132, 0, 1, 2};
    struct framing framing;

    framing_init(&framing, FRAMING_FROM_HOST);
    for (size_t i = 0; i < sizeof(frame); i++)
        framing_feed(&framing, frame[i]);
    CHECK(FRAMING_IS_TERMINAL(framing.value, 0) && !FRAMING_IS_TERMINAL(framing.value, 1) &&
          FRAMING_IS_TERMINAL(framing.value, 2));
    CHECK_EQ(FRAMING_COLUMNS(framing.value), 132);
    CHECK_EQ(FRAMING_ROWS(framing.value), 513);
}
