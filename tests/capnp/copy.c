/* SPDX-License-Identifier: MIT */
/*
 * All of all.capnp, read and built again: what copy_all() makes must be the same
 * message to whoever reads it. Nulls stay null.
 */
#include "walk.h"

#include "all.build.h"

#define COPY_TEXT(to, from, struct_, field)                     \
    do {                                                        \
        struct capnp_text text_ = struct_##_##field(from);      \
        if (struct_##_has_##field(from))                        \
            struct_##_set_##field(to, text_.data, text_.size);  \
    } while (0)
#define COPY_DATA(to, from, struct_, field)                     \
    do {                                                        \
        struct capnp_data data_ = struct_##_##field(from);      \
        if (struct_##_has_##field(from))                        \
            struct_##_set_##field(to, data_.data, data_.size);  \
    } while (0)
#define COPY_LIST(to, from, struct_, field, copy)               \
    do {                                                        \
        struct capnp_list list_ = struct_##_##field(from);      \
        if (struct_##_has_##field(from))                        \
            copy(struct_##_init_##field(to, list_.count), list_); \
    } while (0)

/* --- lists ---------------------------------------------------------------- */

#define EACH(from) for (uint32_t i = 0; i < (from).count; i++)

static void copy_bools(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) capnp_put_bool(to, i, capnp_list_bool(from, i));
}

static void copy_u8s(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) capnp_put(to, i, capnp_list_u8(from, i));
}

static void copy_u16s(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) capnp_put(to, i, capnp_list_u16(from, i));
}

static void copy_u32s(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) capnp_put(to, i, capnp_list_u32(from, i));
}

static void copy_u64s(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) capnp_put(to, i, capnp_list_u64(from, i));
}

static void copy_texts(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) {
        struct capnp_text text = capnp_list_text(from, i);

        capnp_put_text(to, i, text.data, text.size);
    }
}

static void copy_datas(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) {
        struct capnp_data data = capnp_list_data(from, i);

        capnp_put_data(to, i, data.data, data.size);
    }
}

static void copy_bool_lists(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) {
        struct capnp_list row = capnp_list_list(from, i, CAPNP_BIT);

        copy_bools(capnp_set_list(capnp_build_slot(to, i), CAPNP_BIT, row.count), row);
    }
}

/* --- structs -------------------------------------------------------------- */

static void copy_inner(struct inner_builder to, struct inner_reader from);

static void copy_inners(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) copy_inner(inner_build_at(to, i), inner_at(from, i));
}

static void copy_inner(struct inner_builder to, struct inner_reader from)
{
    inner_set_number(to, inner_number(from));
    COPY_TEXT(to, from, inner, text);
    if (inner_has_next(from))
        copy_inner(inner_init_next(to), inner_next(from));
    COPY_LIST(to, from, inner, children, copy_inners);
}

static void copy_numbers(struct numbers_builder to, struct numbers_reader from)
{
    numbers_set_flag(to, numbers_flag(from));
    numbers_set_i8(to, numbers_i8(from));
    numbers_set_i16(to, numbers_i16(from));
    numbers_set_i32(to, numbers_i32(from));
    numbers_set_i64(to, numbers_i64(from));
    numbers_set_u8(to, numbers_u8(from));
    numbers_set_u16(to, numbers_u16(from));
    numbers_set_u32(to, numbers_u32(from));
    numbers_set_u64(to, numbers_u64(from));
    numbers_set_f32_bits(to, numbers_f32_bits(from));
    numbers_set_f64_bits(to, numbers_f64_bits(from));
    numbers_set_color(to, numbers_color(from));
}

static void copy_default_numbers(struct defaults_builder to, struct defaults_reader from)
{
    defaults_set_flag(to, defaults_flag(from));
    defaults_set_i8(to, defaults_i8(from));
    defaults_set_i16(to, defaults_i16(from));
    defaults_set_i32(to, defaults_i32(from));
    defaults_set_i64(to, defaults_i64(from));
    defaults_set_u8(to, defaults_u8(from));
    defaults_set_u16(to, defaults_u16(from));
    defaults_set_u32(to, defaults_u32(from));
    defaults_set_u64(to, defaults_u64(from));
    defaults_set_f32_bits(to, defaults_f32_bits(from));
    defaults_set_f64_bits(to, defaults_f64_bits(from));
    defaults_set_color(to, defaults_color(from));
}

static void copy_defaults(struct defaults_builder to, struct defaults_reader from)
{
    copy_default_numbers(to, from);
    COPY_TEXT(to, from, defaults, text);
    COPY_DATA(to, from, defaults, data);
    if (defaults_has_inner(from))
        copy_inner(defaults_init_inner(to), defaults_inner(from));
    COPY_LIST(to, from, defaults, numbers, copy_u16s);
    COPY_LIST(to, from, defaults, texts, copy_texts);
    COPY_LIST(to, from, defaults, flags, copy_bools);
}

/* Elements of no size have no values; their number is all there is. */
static void copy_count(struct capnp_build_list to, struct capnp_list from)
{
    (void)to;
    (void)from;
}

static void copy_number_lists(struct lists_builder to, struct lists_reader from)
{
    COPY_LIST(to, from, lists, nothings, copy_count);
    COPY_LIST(to, from, lists, flags, copy_bools);
    COPY_LIST(to, from, lists, i8s, copy_u8s);
    COPY_LIST(to, from, lists, i16s, copy_u16s);
    COPY_LIST(to, from, lists, i32s, copy_u32s);
    COPY_LIST(to, from, lists, i64s, copy_u64s);
    COPY_LIST(to, from, lists, u8s, copy_u8s);
    COPY_LIST(to, from, lists, u16s, copy_u16s);
    COPY_LIST(to, from, lists, u32s, copy_u32s);
    COPY_LIST(to, from, lists, u64s, copy_u64s);
    COPY_LIST(to, from, lists, f32s, copy_u32s);
    COPY_LIST(to, from, lists, f64s, copy_u64s);
    COPY_LIST(to, from, lists, colors, copy_u16s);
}

static void copy_narrows(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) narrow_set_value(narrow_build_at(to, i), narrow_value(narrow_at(from, i)));
}

static void copy_linkeds(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) COPY_TEXT(linked_build_at(to, i), linked_at(from, i), linked, text);
}

static void copy_rows(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) {
        struct capnp_list row = capnp_list_list(from, i, CAPNP_TWO);

        copy_u16s(capnp_set_list(capnp_build_slot(to, i), CAPNP_TWO, row.count), row);
    }
}

static void copy_deep(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) {
        struct capnp_list row = capnp_list_list(from, i, CAPNP_POINTER);

        copy_bool_lists(capnp_set_list(capnp_build_slot(to, i), CAPNP_POINTER, row.count), row);
    }
}

static void copy_families(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) {
        struct capnp_list row = capnp_list_list(from, i, CAPNP_COMPOSITE);

        copy_inners(
            capnp_set_structs(capnp_build_slot(to, i), row.count, CAPNP_SIZE_INNER), row);
    }
}

static void copy_chapters(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) {
        struct capnp_list row = capnp_list_list(from, i, CAPNP_POINTER);

        copy_texts(capnp_set_list(capnp_build_slot(to, i), CAPNP_POINTER, row.count), row);
    }
}

static void copy_lists(struct lists_builder to, struct lists_reader from)
{
    copy_number_lists(to, from);
    COPY_LIST(to, from, lists, texts, copy_texts);
    COPY_LIST(to, from, lists, datas, copy_datas);
    COPY_LIST(to, from, lists, inners, copy_inners);
    COPY_LIST(to, from, lists, narrows, copy_narrows);
    COPY_LIST(to, from, lists, linkeds, copy_linkeds);
    COPY_LIST(to, from, lists, voids, copy_count);
    COPY_LIST(to, from, lists, rows, copy_rows);
    COPY_LIST(to, from, lists, deep, copy_deep);
    COPY_LIST(to, from, lists, families, copy_families);
    COPY_LIST(to, from, lists, chapters, copy_chapters);
}

static void copy_both(struct choice_both_builder to, struct choice_both_reader from)
{
    choice_both_set_left(to, choice_both_left(from));
    COPY_TEXT(to, from, choice_both, right);
}

static void copy_choice(struct choice_builder to, struct choice_reader from)
{
    struct capnp_list numbers = choice_numbers(from);
    struct capnp_text text = choice_text(from);

    choice_set_before(to, choice_before(from));
    COPY_TEXT(to, from, choice, after);
    switch (choice_which(from)) {
    case CHOICE_IS_FLAG:
        return choice_set_flag(to, choice_flag(from));
    case CHOICE_IS_NUMBER:
        return choice_set_number(to, choice_number(from));
    case CHOICE_IS_RATIO:
        return choice_set_ratio_bits(to, choice_ratio_bits(from));
    case CHOICE_IS_TEXT:
        return choice_set_text(to, text.data, text.size);
    case CHOICE_IS_INNER:
        return copy_inner(choice_init_inner(to), choice_inner(from));
    case CHOICE_IS_NUMBERS:
        return copy_u8s(choice_init_numbers(to, numbers.count), numbers);
    case CHOICE_IS_BOTH:
        return copy_both(choice_init_both(to), choice_both(from));
    default:
        choice_set_nothing(to);
    }
}

static void copy_choices(struct capnp_build_list to, struct capnp_list from)
{
    EACH(from) copy_choice(choice_build_at(to, i), choice_at(from, i));
}

static void copy_shape(struct all_shape_builder to, struct all_shape_reader from)
{
    struct all_shape_square_reader square = all_shape_square(from);
    struct all_shape_square_builder to_square;

    switch (all_shape_which(from)) {
    case ALL_SHAPE_IS_RADIUS:
        return all_shape_set_radius_bits(to, all_shape_radius_bits(from));
    case ALL_SHAPE_IS_CHOICE:
        return copy_choice(all_shape_init_choice(to), all_shape_choice(from));
    case ALL_SHAPE_IS_SQUARE:
        to_square = all_shape_init_square(to);
        all_shape_square_set_side(to_square, all_shape_square_side(square));
        COPY_TEXT(to_square, square, all_shape_square, name);
        return;
    default:
        all_shape_set_none(to);
    }
}

static void copy_any(struct all_builder to, struct all_reader from)
{
    struct capnp_list list = capnp_read_list(all_any_list(from), CAPNP_FOUR);
    struct capnp_text text = capnp_read_text(all_any_text(from));

    if (all_has_any_struct(from))
        copy_inner((struct inner_builder){ capnp_set_struct(
                       all_slot_any_struct(to), CAPNP_SIZE_INNER) },
            inner_read(all_any_struct(from)));
    if (all_has_any_list(from))
        copy_u32s(capnp_set_list(all_slot_any_list(to), CAPNP_FOUR, list.count), list);
    if (all_has_any_text(from))
        capnp_set_text(all_slot_any_text(to), text.data, text.size);
    if (all_has_thing(from))
        capnp_set_capability(all_slot_thing(to), 0);
}

static void copy_point(struct all_point_builder to, struct all_point_reader from)
{
    all_point_set_x(to, all_point_x(from));
    all_point_set_y(to, all_point_y(from));
    COPY_TEXT(to, from, all_point, label);
}

static void copy_root(struct all_builder to, struct all_reader from)
{
    if (all_has_numbers(from))
        copy_numbers(all_init_numbers(to), all_numbers(from));
    if (all_has_defaults(from))
        copy_defaults(all_init_defaults(to), all_defaults(from));
    if (all_has_lists(from))
        copy_lists(all_init_lists(to), all_lists(from));
    COPY_TEXT(to, from, all, text);
    COPY_DATA(to, from, all, data);
    if (all_has_inner(from))
        copy_inner(all_init_inner(to), all_inner(from));
    copy_point(all_init_point(to), all_point(from));
    copy_shape(all_init_shape(to), all_shape(from));
    COPY_LIST(to, from, all, choices, copy_choices);
    copy_any(to, from);
    if (all_has_self(from))
        copy_root(all_init_self(to), all_self(from));
}

size_t copy_all(const void *bytes, size_t size, uint64_t limit, void *to, size_t capacity)
{
    struct capnp_message message;
    struct capnp_build build;

    if (!capnp_open(&message, bytes, size, limit))
        return 0;
    capnp_build_open(&build, to, capacity, 0);
    copy_root(all_build(&build), all_root(&message));
    return message.error ? 0 : capnp_build_close(&build, NULL, 8);
}
