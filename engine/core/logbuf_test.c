/* SPDX-License-Identifier: MIT */
#include "logbuf.h"

#include <stdio.h>
#include <string.h>

#include "../../tests/harness/test.h"

#define SIZE LOGBUF_SIZE_MIN

static char text[1 << 20]; /* all that was ever logged, as a model */
static size_t text_length;
static char made[LOGBUF_LINE_MAX]; /* what the latest line became */

static void model_append(uint64_t nanoseconds, const char *line, size_t length)
{
    char prefix[40];

    text_length += (size_t)sprintf(prefix, "[%5llu.%06llu] ",
                                   (unsigned long long)(nanoseconds / 1000000000),
                                   (unsigned long long)(nanoseconds / 1000 % 1000000));
    memcpy(text + text_length - strlen(prefix), prefix, strlen(prefix));
    memcpy(text + text_length, line, length);
    text_length += length;
    text[text_length++] = '\n';
}

static bool log_ok(const struct logbuf *log)
{
    return log->tail <= log->head && log->head - log->tail <= log->size &&
           log->head == text_length && (log->tail == 0 || text[log->tail - 1] == '\n') &&
           (log->head == 0 || text[log->head - 1] == '\n');
}

static void start(struct logbuf *log, char *buffer)
{
    memset(buffer, 0x7e, SIZE);
    *log = (struct logbuf){.buffer = buffer, .size = SIZE};
    text_length = 0;
}

/* How many lines a piece of text has. */
static size_t lines_in(const char *from, size_t length)
{
    size_t lines = 0;

    while (length--)
        lines += *from++ == '\n';
    return lines;
}

TEST(logbuf, whole_lines_are_kept, "the latest that fit, whatever their lengths")
{
    char buffer[SIZE], line[LOGBUF_TEXT_MAX], out[SIZE];
    struct logbuf log;

    start(&log, buffer);
    for (int step = 0; step < 1500; step++) {
        size_t length = test_below(test_below(4) ? 40 : LOGBUF_TEXT_MAX + 1), kept;
        uint64_t time = test_rand() >> test_below(64), position = 0, old = log.tail;

        for (size_t i = 0; i < length; i++)
            line[i] = (char)(' ' + test_below(95));
        logbuf_append(&log, time, line, length, made);
        model_append(time, line, length);
        CHECK(log_ok(&log));
        /* No more was dropped than had to be. */
        if (log.tail != old) {
            size_t last = log.tail - 1;

            while (last > old && text[last - 1] != '\n')
                last--;
            CHECK(text_length - last > SIZE);
        }
        kept = logbuf_read(&log, &position, out, sizeof(out));
        CHECK_EQ(kept, log.head - log.tail);
        CHECK_EQ(position, log.head);
        CHECK(memcmp(out, text + log.tail, kept) == 0);
    }
}

TEST(logbuf, a_reader_gets_every_byte_once, "or, if it was too slow, goes on at a whole line")
{
    char buffer[SIZE], out[100];
    struct logbuf log;
    uint64_t position = 0;

    start(&log, buffer);
    for (int step = 0; step < 3000; step++) {
        uint64_t before = position;
        size_t size = test_below(sizeof(out) + 1), got;

        if (test_below(2)) {
            logbuf_append(&log, 0, "something happened", 18, made);
            model_append(0, "something happened", 18);
        }
        got = logbuf_read(&log, &position, out, size);
        CHECK(got <= size);
        CHECK_EQ(position - got, before < log.tail ? log.tail : before);
        CHECK(memcmp(out, text + position - got, got) == 0);
        CHECK(got == size || position == log.head);
    }
    position = UINT64_MAX;
    CHECK_EQ(logbuf_read(&log, &position, out, sizeof(out)), 0);
    CHECK_EQ(position, log.head);
}

TEST(logbuf, the_last_lines_are_found, "for any number, none and too many included")
{
    char buffer[SIZE], out[SIZE];
    struct logbuf log;

    start(&log, buffer);
    CHECK_EQ(logbuf_last(&log, 0), 0);
    CHECK_EQ(logbuf_last(&log, 20), 0);
    for (int step = 0; step < 200; step++) {
        size_t length = test_below(30);

        logbuf_append(&log, 0, "abcdefghijklmnopqrstuvwxyzabcd", length, made);
        model_append(0, "abcdefghijklmnopqrstuvwxyzabcd", length);
        for (size_t lines = 0; lines < 60; lines++) {
            uint64_t at = logbuf_last(&log, lines);
            size_t all = lines_in(text + log.tail, log.head - log.tail);
            size_t found = lines_in(text + at, log.head - at);

            CHECK_EQ(found, lines < all ? lines : all);
            CHECK(at == log.tail || text[at - 1] == '\n');
            CHECK_EQ(lines_in(out, logbuf_read(&log, &at, out, sizeof(out))), found);
        }
    }
}

TEST(logbuf, the_line_is_handed_back, "as it is in the log, newline included")
{
    char buffer[SIZE], out[SIZE];
    struct logbuf log;
    uint64_t position = 0;

    start(&log, buffer);
    CHECK_EQ(logbuf_append(&log, UINT64_C(1234567890), "one\n", 4, made), 19);
    CHECK(memcmp(made, "[    1.234567] one\n", 19) == 0);
    CHECK_EQ(logbuf_append(&log, UINT64_C(100000) * 1000000000, "two", 3, made), 20);
    CHECK(memcmp(made, "[100000.000000] two\n", 20) == 0);
    CHECK_EQ(logbuf_read(&log, &position, out, sizeof(out)), 39);
    CHECK(memcmp(out + 19, made, 20) == 0);
}

TEST(logbuf, text_can_forge_nothing, "neither a line nor a terminal's commands")
{
    char buffer[SIZE], out[SIZE + 1], longest[2 * LOGBUF_TEXT_MAX];
    struct logbuf log;
    uint64_t position = 0;

    start(&log, buffer);
    logbuf_append(&log, 0, "", 0, made);
    logbuf_append(&log, 0, "a\n[    9.000000] b\n", 19, made);
    logbuf_append(&log, 0, "\033[2J\r\t\177\0\303\244", 10, made);
    out[logbuf_read(&log, &position, out, SIZE)] = 0;
    CHECK_STR(out, "[    0.000000] \n"
                   "[    0.000000] a?[    9.000000] b\n"
                   "[    0.000000] ?[2J?\t??\303\244\n");
    logbuf_append(&log, 0, "\233\2332J\302\2332J\303\233", 10, made);
    out[logbuf_read(&log, &position, out, SIZE)] = 0;
    CHECK_STR(out, "[    0.000000] ??2J\302?2J\303\233\n");
    memset(longest, 'x', sizeof(longest));
    logbuf_append(&log, UINT64_MAX, longest, sizeof(longest), made);
    CHECK_EQ(logbuf_read(&log, &position, out, SIZE),
             strlen("[18446744073.709551] ") + LOGBUF_TEXT_MAX + 1);
}
