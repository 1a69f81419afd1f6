/* SPDX-License-Identifier: MIT */
/*
 * Building: what does not fit is dropped and said, bytes outside of the buffer are
 * never touched, and blobs in other segments are where they were said to be.
 */
#include "all.build.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* Something of everything. */
static void fill(struct capnp_build *build)
{
    struct all_builder b = all_build(build);
    struct lists_builder lists = all_init_lists(b);
    struct capnp_build_list list = lists_init_inners(lists, 2);

    inner_set_text(inner_build_at(list, 1), "leaf", 4);
    list = lists_init_flags(lists, 70);
    capnp_put_bool(list, 69, true);
    list = lists_init_datas(lists, 2);
    capnp_put_data(list, 0, "\1\2\3", 3);
    list = lists_init_u32s(lists, 3);
    capnp_put(list, 2, 0x12345678);
    all_set_text(b, "text", 4);
    all_shape_square_set_side(all_shape_init_square(all_init_shape(b)), 5);
    uint8_t *space = all_init_data(b, 5);
    if (space)
        memset(space, 'x', 5);
    list = all_init_choices(b, 1);
    choice_set_flag(choice_build_at(list, 0), false);
}

static void check_filled(const void *bytes, size_t size)
{
    struct capnp_message message;

    CHECK(capnp_open(&message, bytes, size, CAPNP_LIMIT));
    struct all_reader r = all_root(&message);
    struct lists_reader lists = all_lists(r);
    CHECK_STR(inner_text(inner_at(lists_inners(lists), 1)).data, "leaf");
    CHECK(capnp_list_bool(lists_flags(lists), 69) && !capnp_list_bool(lists_flags(lists), 68));
    CHECK_EQ(capnp_list_data(lists_datas(lists), 0).data[2], 3);
    CHECK_EQ(capnp_list_u32(lists_u32s(lists), 2), 0x12345678);
    CHECK_EQ(all_shape_square_side(all_shape_square(all_shape(r))), 5);
    CHECK_EQ(all_data(r).data[4], 'x');
    CHECK(choice_which(choice_at(all_choices(r), 0)) == CHOICE_IS_FLAG);
    CHECK(!choice_flag(choice_at(all_choices(r), 0)));
    CHECK_EQ(message.error, CAPNP_OK);
}

TEST(capnp_build, what_does_not_fit_is_said, "at every size of the buffer")
{
    size_t need = 0;

    for (size_t words = 0; words < 200; words++) {
        uint64_t *buffer = malloc(words * 8 + 1);
        struct capnp_build build;

        CHECK(buffer != NULL);
        memset(buffer, 0xa5, words * 8 + 1);
        capnp_build_open(&build, buffer, words * 8 + 1, 0);
        fill(&build);
        size_t size = capnp_build_close(&build, NULL, 8);
        CHECK_EQ(((uint8_t *)buffer)[words * 8], 0xa5);
        CHECK(size == 0 || need == 0 || size == need);
        CHECK((size > 0) == (need > 0 || size > 0));
        if (size) {
            CHECK(size <= words * 8);
            CHECK(need || size == words * 8);
            need = size;
            check_filled(buffer, size);
        }
        free(buffer);
    }
    CHECK(need > 0);
}

#define PAGE 4096

TEST(capnp_build, blobs_may_lie_in_other_segments, "at page boundaries of the file")
{
    static uint64_t file[PAGE];
    uint64_t sizes[2] = { 2 * PAGE, PAGE };
    struct capnp_build build;
    struct capnp_message message;

    memset(file, 0xa5, sizeof(file));
    capnp_build_open(&build, file, sizeof(file), 2);
    struct all_builder b = all_build(&build);
    struct capnp_build_list datas = lists_init_datas(all_init_lists(b), 2);
    capnp_set_external(capnp_build_slot(datas, 0), 1, 0, 10);
    capnp_set_external(capnp_build_slot(datas, 1), 1, PAGE, 1);
    all_external_data(b, 2, 0, PAGE);
    size_t head = capnp_build_close(&build, sizes, PAGE);
    CHECK_EQ(head, PAGE);
    memset((uint8_t *)file + head, 'b', 3 * PAGE);

    CHECK(capnp_open(&message, file, head + 3 * PAGE, 1000));
    struct all_reader r = all_root(&message);
    struct capnp_list read = lists_datas(all_lists(r));
    CHECK(capnp_list_data(read, 0).data == (uint8_t *)file + PAGE);
    CHECK_EQ(capnp_list_data(read, 0).size, 10);
    CHECK(capnp_list_data(read, 1).data == (uint8_t *)file + 2 * PAGE);
    CHECK(all_data(r).data == (uint8_t *)file + 3 * PAGE);
    CHECK_EQ(all_data(r).size, PAGE);
    CHECK_EQ(message.error, CAPNP_OK);
}

/* Whether closing a message after `misuse` says that it is no good. */
static bool fails(void (*misuse)(struct all_builder b, struct capnp_build_list list))
{
    static uint64_t buffer[256];
    static const uint64_t sizes[2] = { 8, 8 };
    struct capnp_build build;

    capnp_build_open(&build, buffer, sizeof(buffer), 2);
    struct all_builder b = all_build(&build);
    struct capnp_build_list list = lists_init_u16s(all_init_lists(b), 3);
    CHECK(!build.failed);
    misuse(b, list);
    return capnp_build_close(&build, sizes, 8) == 0;
}

static void no_misuse(struct all_builder b, struct capnp_build_list list)
{
    capnp_put(list, 2, 1);
    all_external_data(b, 2, UINT64_C(0xfffffff8), CAPNP_BLOB_MAX);
    capnp_set_capability(all_slot_thing(b), 3);
}

static void put_behind(struct all_builder b, struct capnp_build_list list)
{
    (void)b;
    capnp_put(list, 3, 1);
}

static void put_bit_in_words(struct all_builder b, struct capnp_build_list list)
{
    (void)b;
    capnp_put_bool(list, 0, true);
}

static void put_text_in_words(struct all_builder b, struct capnp_build_list list)
{
    (void)b;
    capnp_put_text(list, 0, "x", 1);
}

static void struct_in_words(struct all_builder b, struct capnp_build_list list)
{
    (void)b;
    inner_set_number(inner_build_at(list, 0), 3);
}

static void word_in_texts(struct all_builder b, struct capnp_build_list list)
{
    list = lists_init_texts(all_init_lists(b), 1);
    capnp_put(list, 0, 1);
}

static void wrong_segment(struct all_builder b, struct capnp_build_list list)
{
    (void)list;
    all_external_data(b, 3, 0, 1);
}

static void wrong_offset(struct all_builder b, struct capnp_build_list list)
{
    (void)list;
    all_external_data(b, 1, 4, 1);
}

static void far_offset(struct all_builder b, struct capnp_build_list list)
{
    (void)list;
    all_external_data(b, 1, UINT64_C(1) << 32, 1);
}

static void too_large_blob(struct all_builder b, struct capnp_build_list list)
{
    (void)list;
    all_external_data(b, 1, 0, (size_t)CAPNP_BLOB_MAX + 1);
}

static void too_large_text(struct all_builder b, struct capnp_build_list list)
{
    (void)list;
    all_set_text(b, "", SIZE_MAX);
}

static void too_long_list(struct all_builder b, struct capnp_build_list list)
{
    (void)list;
    lists_init_nothings(all_init_lists(b), 1u << 29);
}

static void too_long_struct_list(struct all_builder b, struct capnp_build_list list)
{
    (void)list;
    lists_init_inners(all_init_lists(b), 1u << 28);
}

TEST(capnp_build, misuse_is_said, "instead of a message that means something else")
{
    CHECK(!fails(no_misuse));
    CHECK(fails(put_behind));
    CHECK(fails(put_bit_in_words));
    CHECK(fails(put_text_in_words));
    CHECK(fails(struct_in_words));
    CHECK(fails(word_in_texts));
    CHECK(fails(wrong_segment));
    CHECK(fails(wrong_offset));
    CHECK(fails(far_offset));
    CHECK(fails(too_large_blob));
    CHECK(fails(too_large_text));
    CHECK(fails(too_long_list));
    CHECK(fails(too_long_struct_list));
}

TEST(capnp_build, tables_hold_any_number_of_segments, "up to the reader's limit")
{
    static uint64_t buffer[600], sizes[CAPNP_SEGMENTS];
    struct capnp_build build;
    struct capnp_message message;

    for (uint32_t externals = 0; externals < CAPNP_SEGMENTS; externals++) {
        memset(buffer, 0xa5, sizeof(buffer));
        capnp_build_open(&build, buffer, sizeof(buffer), externals);
        narrow_set_value(narrow_build(&build), 7);
        size_t size = capnp_build_close(&build, sizes, 8);
        CHECK(capnp_open(&message, buffer, size, CAPNP_LIMIT));
        CHECK_EQ(narrow_value(narrow_root(&message)), 7);
        CHECK_EQ(message.segments, externals + 1);
    }
    capnp_build_open(&build, buffer, sizeof(buffer), CAPNP_SEGMENTS);
    CHECK_EQ(capnp_build_close(&build, sizes, 8), 0);
    sizes[0] = 4;
    capnp_build_open(&build, buffer, sizeof(buffer), 1);
    nothing_build(&build);
    CHECK_EQ(capnp_build_close(&build, sizes, 8), 0);
}
