/* SPDX-License-Identifier: MIT */
/*
 * Reading, on messages made by hand: the limits exactly, each way in which a
 * pointer can be wrong, and memory that changes while it is read.
 */
#include "all.capnp.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

#define STRUCT(offset, data, pointers) \
    ((uint64_t)(uint32_t)((offset) * 4) | (uint64_t)(data) << 32 | (uint64_t)(pointers) << 48)
#define LIST(offset, size, count) \
    (1 | (uint64_t)(uint32_t)((offset) * 4) | (uint64_t)(size) << 32 | (uint64_t)(count) << 35)
#define FAR(segment, offset) (2 | (uint64_t)(offset) << 3 | (uint64_t)(segment) << 32)
#define FAR_TWICE(segment, offset) (FAR(segment, offset) | 4)
#define TABLE(segments, size) ((uint64_t)((segments) - 1) | (uint64_t)(size) << 32)

/* A message in memory of its own, so that the sanitizer sees its end. */
static struct capnp_message given;
static uint64_t *held;

static bool open_words(const uint64_t *words, size_t count, uint64_t limit)
{
    free(held);
    held = malloc(count ? count * 8 : 1);
    CHECK(held != NULL);
    if (count)
        memcpy(held, words, count * 8);
    return capnp_open(&given, held, count * 8, limit);
}

#define OPEN(...)                                                                   \
    do {                                                                            \
        const uint64_t words_[] = { __VA_ARGS__ };                                  \
        CHECK(open_words(words_, sizeof(words_) / sizeof(words_[0]), CAPNP_LIMIT)); \
    } while (0)

TEST(capnp_read, framing_must_be_whole, "or nothing is read")
{
    uint64_t words[300] = { TABLE(1, 1) };

    CHECK(!open_words(words, 0, CAPNP_LIMIT));
    CHECK(!open_words(words, 1, CAPNP_LIMIT));
    CHECK(open_words(words, 2, CAPNP_LIMIT));
    CHECK(open_words(words, 3, CAPNP_LIMIT));
    CHECK_EQ(given.length, 2);
    CHECK(!capnp_open(&given, held, 15, CAPNP_LIMIT));
    CHECK_EQ(given.error, CAPNP_FRAMING);
    CHECK(!capnp_open(&given, (uint8_t *)held + 4, 16, CAPNP_LIMIT));
    words[0] = TABLE(3, 1);
    words[1] = UINT64_C(1) << 32 | 1;
    CHECK(!open_words(words, 4, CAPNP_LIMIT));
    CHECK(open_words(words, 5, CAPNP_LIMIT));
    words[0] = UINT32_MAX;
    CHECK(!open_words(words, 300, CAPNP_LIMIT));
    words[0] = TABLE(513, 0);
    words[1] = 0;
    CHECK(!open_words(words, 300, CAPNP_LIMIT));
    words[0] = TABLE(512, 0);
    CHECK(!open_words(words, 256, CAPNP_LIMIT));
    CHECK(open_words(words, 257, CAPNP_LIMIT));
    CHECK(!capnp_root(&given).at);
    CHECK_EQ(given.error, CAPNP_FRAMING);
}

TEST(capnp_read, null_is_the_default, "all the way down")
{
    OPEN(TABLE(1, 1), 0);
    struct defaults_reader r = all_defaults(all_self(all_root(&given)));

    CHECK_EQ(defaults_i16(r), -1600);
    CHECK_EQ(defaults_text(r).size, 15);
    CHECK_EQ(defaults_data(r).data[1], 0xff);
    CHECK_STR(inner_text(defaults_inner(r)).data, "deep");
    CHECK_EQ(defaults_numbers(r).count, 3);
    CHECK(!inner_has_next(defaults_inner(r)));
    CHECK_STR(inner_text(defaults_inner(defaults_at(defaults_numbers(r), 3))).data, "deep");
    CHECK_STR(capnp_list_text(defaults_texts(r), 2).data, "three");
    CHECK(!capnp_list_bool(defaults_flags(r), 1));
    CHECK_EQ(given.error, CAPNP_OK);
}

/* A chain of `levels` Inners, each in the field `next` of the one before. */
static struct inner_reader chain(unsigned levels)
{
    static uint64_t words[2 + 3 * 80];
    struct inner_reader r;

    words[0] = TABLE(1, 1 + 3 * levels);
    words[1] = STRUCT(0, 0, 3);
    for (unsigned i = 0; i < levels; i++) {
        words[2 + 3 * i] = words[4 + 3 * i] = 0;
        words[3 + 3 * i] = i + 1 < levels ? STRUCT(1, 0, 3) : 0;
    }
    CHECK(open_words(words, 2 + 3 * levels, CAPNP_LIMIT));
    r = inner_root(&given);
    while (inner_has_next(r))
        r = inner_next(r);
    return r;
}

TEST(capnp_read, depth_ends_at_64, "so that recursion over a message ends")
{
    chain(64);
    CHECK_EQ(given.error, CAPNP_OK);
    chain(65);
    CHECK_EQ(given.error, CAPNP_TOO_DEEP);
}

TEST(capnp_read, a_cycle_ends, "by depth, whether through structs or lists")
{
    OPEN(TABLE(1, 4), STRUCT(0, 0, 3), 0, STRUCT(-2, 0, 3), 0);
    for (struct inner_reader r = inner_root(&given); inner_has_next(r);)
        r = inner_next(r);
    CHECK_EQ(given.error, CAPNP_TOO_DEEP);

    OPEN(TABLE(1, 5), STRUCT(0, 0, 3), 0, 0, LIST(-3, CAPNP_POINTER, 3), 0);
    struct capnp_list list = inner_children(inner_root(&given));
    for (unsigned i = 0; i < 100 && list.count > 2; i++)
        list = capnp_list_list(list, 2, CAPNP_POINTER);
    CHECK_EQ(given.error, CAPNP_TOO_DEEP);

    OPEN(TABLE(1, 5), STRUCT(0, 0, 3), 0, 0, LIST(-3, CAPNP_POINTER, 3), 0);
    struct capnp_list deep = inner_children(inner_root(&given));
    deep.in.depth = 0;
    CHECK_EQ(inner_at(deep, 0).s.data_size, 0);
    CHECK_EQ(given.error, CAPNP_TOO_DEEP);
}

TEST(capnp_read, structure_is_counted_to_the_word, "and blobs are not")
{
    const uint64_t words[] = { TABLE(1, 6), STRUCT(0, 0, 3), LIST(2, CAPNP_BYTE, 9),
        STRUCT(-1, 0, 0), 0, 0x6161616161616161, 0 };

    CHECK(open_words(words, 7, 3));
    CHECK_EQ(inner_text(inner_root(&given)).size, 8);
    CHECK_EQ(given.error, CAPNP_OK);
    CHECK_EQ(inner_number(inner_next(inner_root(&given))), 7);
    CHECK_EQ(given.error, CAPNP_EXHAUSTED);
    CHECK(open_words(words, 7, 2));
    CHECK_EQ(inner_text(inner_root(&given)).size, 0);
    CHECK_EQ(given.error, CAPNP_EXHAUSTED);
}

/* The list that the root struct's first pointer leads to. */
static struct capnp_list first_list(enum capnp_size size)
{
    struct capnp_struct root = capnp_read_struct(capnp_root(&given));

    return capnp_read_list(capnp_field(&root, 0), size);
}

TEST(capnp_read, elements_of_no_size_are_counted, "a word each")
{
    const uint64_t words[] = { TABLE(1, 2), STRUCT(0, 0, 1), LIST(0, CAPNP_VOID, 100) };
    const uint64_t structs[] = { TABLE(1, 3), STRUCT(0, 0, 1), LIST(0, CAPNP_COMPOSITE, 0),
        STRUCT(100, 0, 0) };

    CHECK(open_words(words, 3, 101));
    CHECK_EQ(first_list(CAPNP_VOID).count, 100);
    CHECK(open_words(words, 3, 100));
    CHECK_EQ(first_list(CAPNP_VOID).count, 0);
    CHECK_EQ(given.error, CAPNP_EXHAUSTED);
    CHECK(open_words(structs, 4, 102));
    CHECK_EQ(first_list(CAPNP_COMPOSITE).count, 100);
    CHECK(open_words(structs, 4, 101));
    CHECK_EQ(first_list(CAPNP_COMPOSITE).count, 0);
    CHECK_EQ(given.error, CAPNP_EXHAUSTED);
}

/* The error of reading `pointer` as text, where segment 1 has `pad` words. */
static enum capnp_error text_error(uint64_t pointer, uint64_t pad0, uint64_t pad1, uint64_t left)
{
    const uint64_t words[] = { TABLE(2, 1), 3, pointer, pad0, pad1, 0x0041414141414141 };

    CHECK(open_words(words, 6, left));
    struct capnp_text text = capnp_read_text(capnp_root(&given));
    CHECK(given.error || (text.size == 7 && strcmp(text.data, "AAAAAAA") == 0));
    return given.error;
}

TEST(capnp_read, far_pointers_stay_in_their_segment, "single and double")
{
    uint64_t text = LIST(1, CAPNP_BYTE, 8), tag = LIST(0, CAPNP_BYTE, 8), far = FAR(1, 2);

    CHECK_EQ(text_error(FAR(1, 0), text, 0, 9), CAPNP_OK);
    CHECK_EQ(text_error(FAR(1, 1), 0, LIST(0, CAPNP_BYTE, 8), 9), CAPNP_OK);
    CHECK_EQ(text_error(FAR(1, 0), text, 0, 0), CAPNP_EXHAUSTED);
    CHECK_EQ(text_error(FAR(2, 0), text, 0, 9), CAPNP_BOUNDS);
    CHECK_EQ(text_error(FAR(1, 3), text, 0, 9), CAPNP_BOUNDS);
    CHECK_EQ(text_error(FAR(1, 0), LIST(2, CAPNP_BYTE, 8), 0, 9), CAPNP_BOUNDS);
    CHECK_EQ(text_error(FAR(1, 0), LIST(-2, CAPNP_BYTE, 8), 0, 9), CAPNP_BOUNDS);
    CHECK_EQ(text_error(FAR(1, 0), FAR(1, 1), text, 9), CAPNP_KIND);
    CHECK_EQ(text_error(FAR_TWICE(1, 0), far, tag, 9), CAPNP_OK);
    CHECK_EQ(text_error(FAR_TWICE(1, 2), far, tag, 9), CAPNP_BOUNDS);
    CHECK_EQ(text_error(FAR_TWICE(1, 0), FAR(2, 0), tag, 9), CAPNP_BOUNDS);
    CHECK_EQ(text_error(FAR_TWICE(1, 0), FAR(1, 3), tag, 9), CAPNP_BOUNDS);
    CHECK_EQ(text_error(FAR_TWICE(1, 0), text, tag, 9), CAPNP_KIND);
    CHECK_EQ(text_error(FAR_TWICE(1, 0), far, STRUCT(0, 1, 0), 9), CAPNP_KIND);
    CHECK_EQ(text_error(FAR(1, 0), LIST(1, CAPNP_TWO, 4), 0, 9), CAPNP_KIND);
    CHECK_EQ(text_error(FAR(1, 0), LIST(1, CAPNP_BYTE, 7), 0, 9), CAPNP_NO_NUL);
    CHECK_EQ(text_error(FAR(1, 0), LIST(1, CAPNP_BYTE, 0), 0, 9), CAPNP_NO_NUL);
}

/* The error of reading a list of one struct { data, pointers } words as `size`. */
static enum capnp_error as_list(unsigned data, unsigned pointers, enum capnp_size size)
{
    const uint64_t words[] = { TABLE(1, 4), LIST(0, CAPNP_COMPOSITE, 2),
        STRUCT(1, data, pointers), 0x1234, 0 };

    CHECK(open_words(words, 5, CAPNP_LIMIT));
    struct capnp_list list = capnp_read_list(capnp_root(&given), size);
    CHECK(given.error || list.count == 1);
    if (size == CAPNP_TWO && !given.error)
        CHECK_EQ(capnp_list_u16(list, 0), 0x1234);
    return given.error;
}

TEST(capnp_read, structs_read_as_their_first_field, "if they have one")
{
    CHECK_EQ(as_list(1, 1, CAPNP_TWO), CAPNP_OK);
    CHECK_EQ(as_list(1, 1, CAPNP_VOID), CAPNP_OK);
    CHECK_EQ(as_list(1, 1, CAPNP_BIT), CAPNP_KIND);
    CHECK_EQ(as_list(0, 2, CAPNP_TWO), CAPNP_KIND);
    CHECK_EQ(as_list(0, 2, CAPNP_POINTER), CAPNP_OK);
    CHECK_EQ(as_list(2, 0, CAPNP_POINTER), CAPNP_KIND);
    CHECK_EQ(as_list(2, 1, CAPNP_COMPOSITE), CAPNP_BOUNDS);
}

TEST(capnp_read, a_list_of_structs_has_room_for_all, "that its tag promises")
{
    OPEN(TABLE(1, 4), LIST(0, CAPNP_COMPOSITE, 2), STRUCT(2, 1, 0), 1, 2);
    CHECK_EQ(capnp_read_list(capnp_root(&given), CAPNP_COMPOSITE).count, 2);
    OPEN(TABLE(1, 4), LIST(0, CAPNP_COMPOSITE, 2), STRUCT(3, 1, 0), 1, 2);
    CHECK_EQ(capnp_read_list(capnp_root(&given), CAPNP_COMPOSITE).count, 0);
    CHECK_EQ(given.error, CAPNP_BOUNDS);
    OPEN(TABLE(1, 4), LIST(0, CAPNP_COMPOSITE, 2), STRUCT(0x1fffffff, 1, 0), 1, 2);
    CHECK_EQ(capnp_read_list(capnp_root(&given), CAPNP_COMPOSITE).count, 0);
    CHECK_EQ(given.error, CAPNP_BOUNDS);
}

/* The error of reading a list of `count` elements of one size as another. */
static enum capnp_error list_error(unsigned is, uint32_t count, enum capnp_size expected)
{
    const uint64_t words[] = { TABLE(1, 2), LIST(0, is, count), 0xff };

    CHECK(open_words(words, 3, CAPNP_LIMIT));
    capnp_read_list(capnp_root(&given), expected);
    return given.error;
}

TEST(capnp_read, lists_read_as_smaller_elements, "never as larger ones")
{
    CHECK_EQ(list_error(CAPNP_EIGHT, 1, CAPNP_BYTE), CAPNP_OK);
    CHECK_EQ(list_error(CAPNP_BYTE, 8, CAPNP_TWO), CAPNP_KIND);
    CHECK_EQ(list_error(CAPNP_BYTE, 9, CAPNP_BYTE), CAPNP_BOUNDS);
    CHECK_EQ(list_error(CAPNP_BYTE, 8, CAPNP_POINTER), CAPNP_KIND);
    CHECK_EQ(list_error(CAPNP_POINTER, 1, CAPNP_EIGHT), CAPNP_KIND);
    CHECK_EQ(list_error(CAPNP_BIT, 64, CAPNP_BIT), CAPNP_OK);
    CHECK_EQ(list_error(CAPNP_BIT, 65, CAPNP_BIT), CAPNP_BOUNDS);
    CHECK_EQ(list_error(CAPNP_BIT, 1, CAPNP_COMPOSITE), CAPNP_KIND);
    CHECK_EQ(list_error(CAPNP_VOID, 1, CAPNP_BIT), CAPNP_KIND);
    CHECK_EQ(list_error(CAPNP_COMPOSITE, 1, CAPNP_COMPOSITE), CAPNP_BOUNDS);
    CHECK_EQ(list_error(CAPNP_EIGHT, 0x1fffffff, CAPNP_EIGHT), CAPNP_BOUNDS);
    OPEN(TABLE(1, 2), STRUCT(0, 1, 0), 0);
    capnp_read_list(capnp_root(&given), CAPNP_BYTE);
    CHECK_EQ(given.error, CAPNP_KIND);
    OPEN(TABLE(1, 3), LIST(0, CAPNP_COMPOSITE, 1), LIST(0, 0, 0), 0);
    capnp_read_list(capnp_root(&given), CAPNP_COMPOSITE);
    CHECK_EQ(given.error, CAPNP_KIND);
    OPEN(TABLE(1, 2), LIST(0, CAPNP_BYTE, 8), 0);
    capnp_read_struct(capnp_root(&given));
    CHECK_EQ(given.error, CAPNP_KIND);
    OPEN(TABLE(1, 2), STRUCT(0, 1, 1), 0);
    capnp_read_struct(capnp_root(&given));
    CHECK_EQ(given.error, CAPNP_BOUNDS);
}

TEST(capnp_read, what_is_not_there_is_zero, "beyond a list's end or an element's size")
{
    OPEN(TABLE(1, 2), LIST(0, CAPNP_TWO, 2), 0xdddddddd00070005);
    struct capnp_list list = capnp_read_list(capnp_root(&given), CAPNP_TWO);

    CHECK_EQ(capnp_list_u16(list, 1), 7);
    CHECK_EQ(capnp_list_u8(list, 1), 7);
    CHECK_EQ(capnp_list_u16(list, 2), 0);
    CHECK_EQ(capnp_list_u8(list, 2), 0);
    CHECK_EQ(capnp_list_u32(list, 0), 0);
    CHECK_EQ(capnp_list_u64(list, 0), 0);
    CHECK(!capnp_list_bool(list, 2));
    CHECK_EQ(capnp_list_text(list, 0).size, 0);
    CHECK_EQ(narrow_value(narrow_at(list, 1)), 7);
    CHECK_EQ(narrow_value(narrow_at(list, 2)), 0);
    CHECK_EQ(given.error, CAPNP_OK);
}

TEST(capnp_read, capabilities_are_numbers, "of what came with the message")
{
    uint32_t index = 9;

    OPEN(TABLE(1, 2), UINT64_C(5) << 32 | 3, 0);
    CHECK(capnp_read_capability(capnp_root(&given), &index));
    CHECK_EQ(index, 5);
    OPEN(TABLE(1, 1), 0);
    CHECK(!capnp_read_capability(capnp_root(&given), &index));
    CHECK(!capnp_read_capability((struct capnp_pointer){ .in.message = &given }, &index));
    CHECK_EQ(given.error, CAPNP_OK);
    OPEN(TABLE(1, 1), 7);
    CHECK(!capnp_read_capability(capnp_root(&given), &index));
    CHECK_EQ(given.error, CAPNP_KIND);
}

TEST(capnp_read, a_table_that_grows_is_not_believed, "when memory changes under the reader")
{
    OPEN(TABLE(2, 1), 1, FAR(1, 0), 0);
    held[1] = 1000;
    CHECK_EQ(capnp_read_struct(capnp_root(&given)).data_size, 0);
    CHECK_EQ(given.error, CAPNP_BOUNDS);
    OPEN(TABLE(2, 1), 1, FAR(1, 0), 0);
    held[0] = TABLE(2, 4000000000);
    CHECK(!capnp_root(&given).at);
    CHECK_EQ(given.error, CAPNP_FRAMING);
}

TEST(capnp_read, the_first_error_stays, "whatever follows")
{
    OPEN(TABLE(1, 1), LIST(5, CAPNP_BYTE, 8));
    capnp_read_data(capnp_root(&given));
    CHECK_EQ(given.error, CAPNP_BOUNDS);
    capnp_read_struct(capnp_root(&given));
    CHECK_EQ(given.error, CAPNP_BOUNDS);
}
