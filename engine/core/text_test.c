/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../tests/harness/test.h"

/* Both ours and the C library's, into buffers of that size; the texts must agree. */
static void __attribute__((format(printf, 3, 4)))
check_same(int line, size_t size, const char *format, ...)
{
    char ours[80], theirs[80];
    size_t length;
    va_list list;

    memset(ours, '~', sizeof(ours));
    memset(theirs, '~', sizeof(theirs));
    va_start(list, format);
    length = text_vfmt(ours, size, format, list);
    va_end(list);
    va_start(list, format);
    vsnprintf(theirs, size, format, list);
    va_end(list);
    if (length != strlen(theirs) || memcmp(ours, theirs, sizeof(ours)) != 0)
        test_fail(__FILE__, line, "%s: %.*s", format, (int)size, ours);
}
#define CHECK_SAME(size, ...) check_same(__LINE__, size, __VA_ARGS__)

TEST(text, numbers_are_those_of_the_c_library, "at the ends of every type")
{
    static const int64_t values[] = {0, 1, -1, 9, 10, INT_MAX, INT_MIN, INT64_MAX, INT64_MIN};

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        int64_t v = values[i];

        CHECK_SAME(80, "%d %u %x", (int)v, (unsigned)v, (unsigned)v);
        CHECK_SAME(80, "%ld %lu %lx", v, (uint64_t)v, (uint64_t)v);
    }
}

TEST(text, fields_are_those_of_the_c_library, "with blanks and with zeros")
{
    CHECK_SAME(80, "[%5lu.%06lu] ", 7ul, 42ul);
    CHECK_SAME(80, "%016lx|%4x|%3u|%2u|%1u", 0xfeedul, 0xbeefu, 7u, 42u, 123u);
    CHECK_SAME(80, "<%s> %s", "word", "");
}

TEST(text, what_does_not_fit_is_left_out, "and the text always ends")
{
    for (size_t size = 1; size <= 24; size++)
        CHECK_SAME(size, "%s-%04d-%lx", "abcdef", 42, 0x12345678ul);
}
