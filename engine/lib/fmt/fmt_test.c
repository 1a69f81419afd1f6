/* SPDX-License-Identifier: MIT */
#include "fmt.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../../tests/harness/test.h"

/* Both ours and the C library's, into buffers of that size; they must agree. */
static void __attribute__((format(printf, 3, 4)))
check_same(int line, size_t size, const char *format, ...)
{
    char ours[80], theirs[80];
    size_t our_length, their_length;
    va_list list;

    memset(ours, '~', sizeof(ours));
    memset(theirs, '~', sizeof(theirs));
    va_start(list, format);
    our_length = vfmt(ours, size, format, list);
    va_end(list);
    va_start(list, format);
    their_length = (size_t)vsnprintf(theirs, size, format, list);
    va_end(list);
    if (our_length != their_length || memcmp(ours, theirs, sizeof(ours)) != 0)
        test_fail(__FILE__, line, "%s: %.*s", format, (int)size, ours);
}
#define CHECK_SAME(size, ...) check_same(__LINE__, size, __VA_ARGS__)

TEST(fmt, numbers_are_those_of_the_c_library, "at the ends of every type")
{
    static const int64_t values[] = {0, 1, -1, 9, 10, INT_MAX, INT_MIN, INT64_MAX, INT64_MIN};

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        int64_t v = values[i];

        CHECK_SAME(80, "%d %u %x", (int)v, (unsigned)v, (unsigned)v);
        CHECK_SAME(80, "%ld %lu %lx", v, (uint64_t)v, (uint64_t)v);
        CHECK_SAME(80, "%lld %llu %llx", (long long)v, (unsigned long long)v,
                   (unsigned long long)v);
        CHECK_SAME(80, "%zd %zu %zx", (ssize_t)v, (size_t)v, (size_t)v);
    }
}

TEST(fmt, fields_are_those_of_the_c_library, "for every width, flag and precision")
{
    /* A warning says that - makes 0 useless, which is what is tested here. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
    for (int width = 0; width <= 12; width++) {
        CHECK_SAME(80, "<%*d> <%0*d> <%-*d>", width, -42, width, -42, width, -42);
        CHECK_SAME(80, "<%*x> <%0*lx> <%-0*u>", width, 0xbeefu, width, 0xfeedul, width, 7u);
        CHECK_SAME(80, "<%*s> <%-*s>", width, "word", width, "");
        CHECK_SAME(80, "<%.*s> <%8.*s>", width - 6, "words", width - 6, "words");
    }
#pragma GCC diagnostic pop
    CHECK_SAME(80, "%9d|%10d|%019d|%-20d|", 1, 2, 3, 4);
    CHECK_SAME(80, "%5d|%-5d|%05d|%08x|%-8s|%3s|%.2s|%6.3s|%%", 42, 42, -42, 0xabcu, "ab", "abcd",
               "xyz", "xyz");
}

TEST(fmt, what_does_not_fit_is_cut_but_counted, "and the text always ends")
{
    for (size_t size = 0; size <= 20; size++)
        CHECK_SAME(size, "%s-%04d-%lx", "abcdef", 42, 0x12345678ul);
    CHECK_EQ(fmt(NULL, 0, "%d", 12345), 5);
}

TEST(fmt, precision_bounds_what_is_read, "of text that has no end")
{
    const char text[3] = {'a', 'b', 'c'};
    char out[8];

    CHECK_EQ(fmt(out, sizeof(out), "%.*s", 3, text), 3);
    CHECK_STR(out, "abc");
}

TEST(fmt, another_conversion_stands_for_itself, "and uses up no argument")
{
    const char *volatile formats[] = {"%q %d", "%c%d", "%", "%5", "%l"};
    const char *const texts[] = {"%q 7", "%c7", "%", "%", "%"};
    char out[32];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        fmt(out, sizeof(out), formats[i], 7);
        CHECK_STR(out, texts[i]);
    }
#pragma GCC diagnostic pop
    fmt(out, sizeof(out), "%*d|", -9, 7);
    CHECK_STR(out, "7|");
}
