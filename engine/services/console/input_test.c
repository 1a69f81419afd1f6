/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <string.h>

#include "../../../tests/harness/test.h"

/* --- askers that are pretended ----------------------------------------------- */

#define REPLIES (1 << 16)

static struct input in;
static bool gone[REPLIES];   /* what it was used for is over */
static unsigned used[REPLIES]; /* how often it was answered */
static uint8_t read_back[1 << 20];
static size_t read_count;
static unsigned ends;
static uint64_t said; /* the terminal, to who asked last */

bool asker_answer(uint64_t reply, const uint8_t *bytes, uint32_t count, uint64_t terminal)
{
    CHECK_EQ(used[reply], 0); /* a Reply answers once */
    used[reply]++;
    if (gone[reply])
        return false;
    if (bytes == NULL) {
        said = terminal;
        return true;
    }
    CHECK(count <= INPUT_READ_MOST && read_count + count <= sizeof read_back);
    memcpy(read_back + read_count, bytes, count);
    read_count += count;
    ends += count == 0;
    return true;
}

bool asker_waits(uint64_t reply)
{
    CHECK_EQ(used[reply], 0);
    used[reply] += gone[reply];
    return !gone[reply];
}

static void begin(bool framed)
{
    input_init(&in, framed);
    memset(gone, 0, sizeof gone);
    memset(used, 0, sizeof used);
    read_count = 0;
    ends = 0;
    said = 99;
}

/* As the driver puts them in: never more than there is room for. How many it could. */
static size_t put(const void *bytes, size_t count)
{
    uint32_t room = input_room(&in);

    count = count < room ? count : room;
    input_put(&in, bytes, (uint32_t)count);
    input_serve(&in);
    CHECK(input_ok(&in));
    return count;
}

static size_t frame(uint8_t *at, uint8_t type, const void *payload, uint16_t length)
{
    framing_header(at, type, length);
    if (length > 0)
        memcpy(at + FRAMING_HEADER_SIZE, payload, length);
    return FRAMING_HEADER_SIZE + length;
}

/* What a driver does with a read: answered now, or waiting, or refused. */
static bool ask(uint64_t reply, uint64_t most)
{
    bool taken = input_read(&in, reply, most) || input_wait(&in, reply, most);

    CHECK(input_ok(&in));
    return taken;
}

/* --- one by one --------------------------------------------------------------- */

TEST(input, a_frame_is_read_when_it_is_whole, "so that nobody wakes for its pieces")
{
    begin(true);
    CHECK(ask(1, 100));
    put("\0\5\0inp", 6);
    CHECK_EQ(used[1], 0);
    put("ut", 2);
    CHECK_EQ(used[1], 1);
    CHECK(read_count == 5 && memcmp(read_back, "input", 5) == 0);
}

TEST(input, who_is_gone_takes_nothing, "and the next one gets it")
{
    begin(true);
    CHECK(ask(1, 100) && ask(2, 100) && ask(3, 2));
    gone[1] = gone[2] = true;
    put("\0\5\0input", 8);
    CHECK_EQ(used[1] + used[2] + used[3], 3);
    CHECK(read_count == 2 && memcmp(read_back, "in", 2) == 0);
    CHECK(ask(4, 100));
    CHECK(read_count == 5 && memcmp(read_back, "input", 5) == 0);
    put("\0\1\0x", 4);
    gone[5] = true; /* while it is served */
    CHECK(ask(5, 100));
    CHECK_EQ(read_count, 5);
    CHECK(ask(6, 100));
    CHECK_EQ(read_count, 6);
}

TEST(input, only_so_many_wait, "of those that live")
{
    begin(true);
    for (unsigned i = 1; i <= ASKERS_MAX; i++)
        CHECK(ask(i, 1));
    CHECK(!ask(100, 1));
    gone[7] = true;
    CHECK(ask(101, 1));
    CHECK_EQ(used[7], 1); /* let go of */
    CHECK(!ask(102, 1));
    for (unsigned i = 0; i < ASKERS_MAX; i++)
        put("\0\1\0x", 4);
    CHECK_EQ(read_count, ASKERS_MAX);
    CHECK_EQ(used[101], 1);
}

TEST(input, the_end_is_for_everybody, "behind the last byte, and stays")
{
    begin(true);
    put("\0\2\0ab\4\0\0", 8);
    CHECK(ask(1, 1) && ask(2, 9) && ask(3, 9) && ask(4, 9));
    CHECK_EQ(read_count, 2);
    CHECK_EQ(ends, 2);
}

TEST(input, the_terminal_is_waited_for, "until the host says it, or nobody can be at one")
{
    uint8_t bytes[INPUT_BYTES] = {0};
    uint8_t frames[2 * INPUT_BYTES];
    size_t length = 0, done = 0;

    begin(true);
    CHECK(ask(1, 0));
    CHECK_EQ(said, 99);
    put("\6\5\0\3\x50\0\x18\0", 8);
    CHECK_EQ(said, 3 | 80 << 8 | 24 << 24);
    said = 99;
    CHECK(ask(2, 0));
    CHECK_EQ(said, 3 | 80 << 8 | 24 << 24);

    begin(true);
    CHECK(ask(1, 0));
    while (length < INPUT_BYTES + 100)
        length += frame(frames + length, FRAMING_STDIN, bytes, FRAMING_HOST_MAX);
    while (input_room(&in) > 0)
        done += put(frames + done, length - done);
    CHECK_EQ(used[1], 1);
    CHECK_EQ(said, 0);

    begin(false);
    CHECK(ask(1, 0));
    CHECK_EQ(said, 7 | 80 << 8 | 24 << 24);
}

TEST(input, control_c_of_a_raw_line, "is a key until somebody watches")
{
    begin(false);
    put("a\3", 2);
    CHECK(ask(1, 9));
    CHECK_EQ(read_count, 2);
    CHECK_EQ(in.events, 0);
    in.watched = true;
    put("b\3c", 3);
    CHECK_EQ(in.events, FRAMING_CONTROL_INTERRUPT);
    CHECK(ask(2, 9));
    CHECK(read_count == 4 && memcmp(read_back, "a\3bc", 4) == 0);
}

TEST(input, events_are_those_that_exist, "whatever the host says")
{
    begin(true);
    put("\5\4\0\377\377\377\377", 7);
    CHECK_EQ(in.events, 15);
}

/* --- any order ------------------------------------------------------------------- */

/* Frames with `total` bytes of input in them, of a known pattern, and others between. */
static size_t make_line(uint8_t *line, size_t total)
{
    uint8_t payload[FRAMING_HOST_MAX];
    size_t length = 0;

    for (size_t sent = 0; sent < total;) {
        uint16_t n = (uint16_t)test_below(FRAMING_HOST_MAX + 1);

        n = n < total - sent ? n : (uint16_t)(total - sent);
        for (unsigned i = 0; i < n; i++)
            payload[i] = (uint8_t)((sent + i) * 31 >> 3);
        length += frame(line + length, FRAMING_STDIN, payload, n);
        if (test_below(4) == 0)
            length += frame(line + length, FRAMING_CONTROL, "\2\0\0\0", 4);
        if (test_below(8) == 0)
            length += frame(line + length, FRAMING_TERMINAL, "\7\120\0\30\0", 5);
        sent += n;
    }
    return length + frame(line + length, FRAMING_STDIN_END, NULL, 0);
}

TEST(input, every_byte_is_read_once, "in order, however it comes and whoever asks")
{
    enum { TOTAL = 100000 };
    static uint8_t line[TOTAL * 2 + 4096];

    for (unsigned round = 0; round < 20; round++) {
        size_t length = make_line(line, TOTAL), done = 0;
        uint64_t reply = 1;

        begin(true);
        while (ends == 0) {
            size_t n = 1 + test_below(test_below(2) ? 14 : 3000);

            if (test_below(2) && done < length)
                done += put(line + done, n < length - done ? n : length - done);
            else if (ask(reply, 1 + test_below(test_below(2) ? 20 : 5000)))
                reply++;
            if (reply > 1 && test_below(8) == 0)
                gone[reply - 1 - test_below(reply - 1 < 40 ? reply - 1 : 40)] = true;
            CHECK(reply < REPLIES);
        }
        CHECK_EQ(read_count, TOTAL);
        for (size_t i = 0; i < TOTAL; i++)
            CHECK_EQ(read_back[i], (uint8_t)(i * 31 >> 3));
    }
}

TEST(input, any_bytes_may_come, "and find room, or wait")
{
    uint8_t bytes[96];

    for (unsigned round = 0; round < 200; round++) {
        begin(round % 4 != 0);
        for (unsigned step = 0; step < 1000; step++) {
            for (unsigned i = 0; i < sizeof bytes; i++)
                bytes[i] = (uint8_t)(test_below(3) ? test_below(8) : test_rand());
            put(bytes, 1 + test_below(sizeof bytes));
            in.watched = test_below(2);
            if (test_below(20) == 0)
                CHECK(input_read(&in, step, 1 + test_below(9000)) || in.whole == in.head);
            read_count = 0;
        }
    }
}
