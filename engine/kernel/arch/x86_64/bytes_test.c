/* SPDX-License-Identifier: MIT */
/* The build gives ours these names, because the C library's are here as well. */
#define memcpy core_memcpy
#define memmove core_memmove
#define memset core_memset
#define memcmp core_memcmp
#define strlen core_strlen
#include "bytes.h"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

#include "../../../../tests/harness/test.h"

#define SIZE 160

static void fill(unsigned char *bytes)
{
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)test_rand();
}

TEST(bytes, memcpy_copies_that_and_nothing_else, "for every length and alignment")
{
    unsigned char from[SIZE], to[SIZE], before[SIZE];

    for (size_t size = 0; size <= 100; size++) {
        for (size_t align = 0; align < 64; align++) {
            size_t f = align % 8, t = align / 8;

            fill(from);
            fill(to);
            for (size_t i = 0; i < SIZE; i++)
                before[i] = to[i];
            CHECK(core_memcpy(to + t, from + f, size) == to + t);
            for (size_t i = 0; i < SIZE; i++)
                CHECK_EQ(to[i], i >= t && i < t + size ? from[f + i - t] : before[i]);
        }
    }
}

TEST(bytes, memmove_copies_as_if_through_a_third_place, "for every overlap in both directions")
{
    unsigned char bytes[SIZE], before[SIZE];

    for (size_t size = 0; size <= 40; size++) {
        for (size_t from = 0; from < 48; from++) {
            for (size_t to = 0; to < 48; to++) {
                fill(bytes);
                for (size_t i = 0; i < SIZE; i++)
                    before[i] = bytes[i];
                CHECK(core_memmove(bytes + to, bytes + from, size) == bytes + to);
                for (size_t i = 0; i < 100; i++) {
                    bool moved = i >= to && i < to + size;

                    CHECK_EQ(bytes[i], before[moved ? from + i - to : i]);
                }
            }
        }
    }
}

TEST(bytes, memset_fills_that_and_nothing_else, "with the value's low byte")
{
    unsigned char bytes[SIZE], before[SIZE];

    for (size_t size = 0; size <= 100; size++) {
        for (size_t at = 0; at < 9; at++) {
            int value = (int)test_below(4096) - 2048;

            fill(bytes);
            for (size_t i = 0; i < SIZE; i++)
                before[i] = bytes[i];
            CHECK(core_memset(bytes + at, value, size) == bytes + at);
            for (size_t i = 0; i < SIZE; i++)
                CHECK_EQ(bytes[i], i >= at && i < at + size ? (unsigned char)value : before[i]);
        }
    }
}

TEST(bytes, memcmp_orders_by_the_first_difference, "as unsigned bytes")
{
    unsigned char a[64], b[64];

    for (size_t size = 0; size < 64; size++) {
        for (size_t i = 0; i < 64; i++)
            a[i] = b[i] = (unsigned char)test_rand();
        CHECK_EQ(core_memcmp(a, b, size), 0);
        for (size_t at = 0; at < 64; at++) {
            a[at] = 0x7f;
            b[at] = 0x80;
            CHECK(at < size ? core_memcmp(a, b, size) < 0 : core_memcmp(a, b, size) == 0);
            CHECK(at < size ? core_memcmp(b, a, size) > 0 : core_memcmp(b, a, size) == 0);
            a[at] = b[at];
        }
    }
}

TEST(bytes, strlen_counts_up_to_the_zero, "for any length")
{
    char text[20] = "";

    for (size_t length = 0; length < sizeof(text) - 1; length++) {
        CHECK_EQ(core_strlen(text), length);
        text[length] = (char)0x80;
    }
}
