/* SPDX-License-Identifier: MIT */
/*
 * All of all.capnp as text, in the order of its declarations.
 */
#include "walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "all.capnp.h"

_Static_assert(WALK_SEGMENTS == CAPNP_SEGMENTS, "walk.h says what capnp_read.h has");

static bool has_room(struct walk_text *text, size_t more)
{
    size_t want = text->used + more + 1;

    if (want > WALK_MAX)
        text->cut = true;
    if (text->cut)
        return false;
    if (want > text->size) {
        text->size = want * 2;
        text->bytes = realloc(text->bytes, text->size);
        if (!text->bytes)
            abort();
    }
    return true;
}

void walk_put(struct walk_text *text, const char *format, ...)
{
    char piece[128];
    va_list list;

    va_start(list, format);
    int length = vsnprintf(piece, sizeof(piece), format, list);
    va_end(list);
    if (!has_room(text, (size_t)length))
        return;
    for (int i = 0; i <= length; i++)
        text->bytes[text->used + (size_t)i] = piece[i];
    text->used += (size_t)length;
}

void walk_put_hex(struct walk_text *text, const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;

    walk_put(text, "%zu:", size);
    if (!has_room(text, 2 * size))
        return;
    for (size_t i = 0; i < size; i++) {
        text->bytes[text->used++] = digits[from[i] >> 4];
        text->bytes[text->used++] = digits[from[i] & 15];
    }
    text->bytes[text->used] = 0;
}

void walk_free(struct walk_text *text)
{
    free(text->bytes);
    *text = (struct walk_text){ .bytes = NULL };
}

/* --- kinds of values ------------------------------------------------------ */

static void put_text(struct walk_text *t, const char *name, struct capnp_text value)
{
    walk_put(t, "%s=", name);
    walk_put_hex(t, value.data, value.size);
    walk_put(t, ";");
}

static void put_data(struct walk_text *t, const char *name, struct capnp_data value)
{
    walk_put(t, "%s=", name);
    walk_put_hex(t, value.data, value.size);
    walk_put(t, ";");
}

#define PUT_INT(t, name, value) walk_put(t, name "=%lld;", (long long)(value))
#define PUT_UINT(t, name, value) walk_put(t, name "=%llu;", (unsigned long long)(value))
/* name=[ ... ] with `statement` for each i of the list */
#define PUT_LIST(t, name, list, statement)                   \
    do {                                                     \
        struct capnp_list list_ = (list);                    \
        walk_put(t, "%s=[", name);                           \
        for (uint32_t i = 0; i < list_.count && !t->cut; i++) \
            statement;                                       \
        walk_put(t, "]");                                    \
    } while (0)

/* A float by its bits; which NaN it is may change in somebody's registers. */
static void put_f32(struct walk_text *t, const char *name, uint32_t bits)
{
    if ((bits & 0x7fffffff) > 0x7f800000)
        walk_put(t, "%s=nan;", name);
    else
        walk_put(t, "%s=x%x;", name, bits);
}

static void put_f64(struct walk_text *t, const char *name, uint64_t bits)
{
    if ((bits & INT64_MAX) > UINT64_C(0x7ff0000000000000))
        walk_put(t, "%s=nan;", name);
    else
        walk_put(t, "%s=x%llx;", name, (unsigned long long)bits);
}

static void put_u16s(struct walk_text *t, const char *name, struct capnp_list list)
{
    PUT_LIST(t, name, list, PUT_UINT(t, "", capnp_list_u16(list_, i)));
}

static void put_bools(struct walk_text *t, const char *name, struct capnp_list list)
{
    PUT_LIST(t, name, list, PUT_UINT(t, "", capnp_list_bool(list_, i)));
}

static void put_bool_lists(struct walk_text *t, const char *name, struct capnp_list list)
{
    PUT_LIST(t, name, list, put_bools(t, "", capnp_list_list(list_, i, CAPNP_BIT)));
}

static void put_texts(struct walk_text *t, const char *name, struct capnp_list list)
{
    PUT_LIST(t, name, list, put_text(t, "", capnp_list_text(list_, i)));
}

static void put_inner(struct walk_text *t, const char *name, struct inner_reader r);

static void put_inners(struct walk_text *t, const char *name, struct capnp_list list)
{
    PUT_LIST(t, name, list, put_inner(t, "", inner_at(list_, i)));
}

static void put_inner(struct walk_text *t, const char *name, struct inner_reader r)
{
    walk_put(t, "%s{", name);
    PUT_UINT(t, "number", inner_number(r));
    put_text(t, "text", inner_text(r));
    if (inner_has_next(r))
        put_inner(t, "next", inner_next(r));
    put_inners(t, "children", inner_children(r));
    walk_put(t, "}");
}

/* --- structs -------------------------------------------------------------- */

static void put_numbers(struct walk_text *t, struct numbers_reader r)
{
    walk_put(t, "numbers{nothing;");
    PUT_UINT(t, "flag", numbers_flag(r));
    PUT_INT(t, "i8", numbers_i8(r));
    PUT_INT(t, "i16", numbers_i16(r));
    PUT_INT(t, "i32", numbers_i32(r));
    PUT_INT(t, "i64", numbers_i64(r));
    PUT_UINT(t, "u8", numbers_u8(r));
    PUT_UINT(t, "u16", numbers_u16(r));
    PUT_UINT(t, "u32", numbers_u32(r));
    PUT_UINT(t, "u64", numbers_u64(r));
    put_f32(t, "f32", numbers_f32_bits(r));
    put_f64(t, "f64", numbers_f64_bits(r));
    PUT_UINT(t, "color", numbers_color(r));
    walk_put(t, "}");
}

static void put_defaults(struct walk_text *t, struct defaults_reader r)
{
    walk_put(t, "defaults{");
    PUT_UINT(t, "flag", defaults_flag(r));
    PUT_INT(t, "i8", defaults_i8(r));
    PUT_INT(t, "i16", defaults_i16(r));
    PUT_INT(t, "i32", defaults_i32(r));
    PUT_INT(t, "i64", defaults_i64(r));
    PUT_UINT(t, "u8", defaults_u8(r));
    PUT_UINT(t, "u16", defaults_u16(r));
    PUT_UINT(t, "u32", defaults_u32(r));
    PUT_UINT(t, "u64", defaults_u64(r));
    put_f32(t, "f32", defaults_f32_bits(r));
    put_f64(t, "f64", defaults_f64_bits(r));
    PUT_UINT(t, "color", defaults_color(r));
    put_text(t, "text", defaults_text(r));
    put_data(t, "data", defaults_data(r));
    put_inner(t, "inner", defaults_inner(r));
    put_u16s(t, "numbers", defaults_numbers(r));
    put_texts(t, "texts", defaults_texts(r));
    put_bools(t, "flags", defaults_flags(r));
    walk_put(t, "}");
}

static void put_number_lists(struct walk_text *t, struct lists_reader r)
{
    PUT_LIST(t, "nothings", lists_nothings(r), walk_put(t, ";"));
    put_bools(t, "flags", lists_flags(r));
    PUT_LIST(t, "i8s", lists_i8s(r), PUT_INT(t, "", (int8_t)capnp_list_u8(list_, i)));
    PUT_LIST(t, "i16s", lists_i16s(r), PUT_INT(t, "", (int16_t)capnp_list_u16(list_, i)));
    PUT_LIST(t, "i32s", lists_i32s(r), PUT_INT(t, "", (int32_t)capnp_list_u32(list_, i)));
    PUT_LIST(t, "i64s", lists_i64s(r), PUT_INT(t, "", capnp_list_u64(list_, i)));
    PUT_LIST(t, "u8s", lists_u8s(r), PUT_UINT(t, "", capnp_list_u8(list_, i)));
    put_u16s(t, "u16s", lists_u16s(r));
    PUT_LIST(t, "u32s", lists_u32s(r), PUT_UINT(t, "", capnp_list_u32(list_, i)));
    PUT_LIST(t, "u64s", lists_u64s(r), PUT_UINT(t, "", capnp_list_u64(list_, i)));
    PUT_LIST(t, "f32s", lists_f32s(r), put_f32(t, "", capnp_list_u32(list_, i)));
    PUT_LIST(t, "f64s", lists_f64s(r), put_f64(t, "", capnp_list_u64(list_, i)));
    put_u16s(t, "colors", lists_colors(r));
}

static void put_narrow(struct walk_text *t, struct narrow_reader r)
{
    walk_put(t, "{");
    PUT_UINT(t, "value", narrow_value(r));
    walk_put(t, "}");
}

static void put_linked(struct walk_text *t, struct linked_reader r)
{
    walk_put(t, "{");
    put_text(t, "text", linked_text(r));
    walk_put(t, "}");
}

static void put_lists(struct walk_text *t, struct lists_reader r)
{
    walk_put(t, "lists{");
    put_number_lists(t, r);
    put_texts(t, "texts", lists_texts(r));
    PUT_LIST(t, "datas", lists_datas(r), put_data(t, "", capnp_list_data(list_, i)));
    put_inners(t, "inners", lists_inners(r));
    PUT_LIST(t, "narrows", lists_narrows(r), put_narrow(t, narrow_at(list_, i)));
    PUT_LIST(t, "linkeds", lists_linkeds(r), put_linked(t, linked_at(list_, i)));
    PUT_LIST(t, "voids", lists_voids(r), (nothing_at(list_, i), walk_put(t, "{}")));
    PUT_LIST(t, "rows", lists_rows(r), put_u16s(t, "", capnp_list_list(list_, i, CAPNP_TWO)));
    PUT_LIST(t, "deep", lists_deep(r),
        put_bool_lists(t, "", capnp_list_list(list_, i, CAPNP_POINTER)));
    PUT_LIST(t, "families", lists_families(r),
        put_inners(t, "", capnp_list_list(list_, i, CAPNP_COMPOSITE)));
    PUT_LIST(t, "chapters", lists_chapters(r),
        put_texts(t, "", capnp_list_list(list_, i, CAPNP_POINTER)));
    walk_put(t, "}");
}

static void put_member(struct walk_text *t, struct choice_reader r)
{
    switch (choice_which(r)) {
    case CHOICE_IS_NOTHING:
        walk_put(t, "nothing;");
        break;
    case CHOICE_IS_FLAG:
        PUT_UINT(t, "flag", choice_flag(r));
        break;
    case CHOICE_IS_NUMBER:
        PUT_INT(t, "number", choice_number(r));
        break;
    case CHOICE_IS_RATIO:
        put_f64(t, "ratio", choice_ratio_bits(r));
        break;
    case CHOICE_IS_TEXT:
        put_text(t, "text", choice_text(r));
        break;
    case CHOICE_IS_INNER:
        put_inner(t, "inner", choice_inner(r));
        break;
    case CHOICE_IS_NUMBERS:
        PUT_LIST(t, "numbers", choice_numbers(r), PUT_UINT(t, "", capnp_list_u8(list_, i)));
        break;
    case CHOICE_IS_BOTH:
        walk_put(t, "both{");
        PUT_UINT(t, "left", choice_both_left(choice_both(r)));
        put_text(t, "right", choice_both_right(choice_both(r)));
        walk_put(t, "}");
        break;
    default:
        walk_put(t, "?");
    }
}

static void put_choice(struct walk_text *t, const char *name, struct choice_reader r)
{
    walk_put(t, "%s{", name);
    PUT_UINT(t, "before", choice_before(r));
    put_text(t, "after", choice_after(r));
    put_member(t, r);
    walk_put(t, "}");
}

static void put_point(struct walk_text *t, struct all_point_reader r)
{
    walk_put(t, "point{");
    PUT_INT(t, "x", all_point_x(r));
    PUT_INT(t, "y", all_point_y(r));
    put_text(t, "label", all_point_label(r));
    walk_put(t, "}");
}

static void put_square(struct walk_text *t, struct all_shape_square_reader r)
{
    walk_put(t, "square{");
    PUT_UINT(t, "side", all_shape_square_side(r));
    put_text(t, "name", all_shape_square_name(r));
    walk_put(t, "}");
}

static void put_shape(struct walk_text *t, struct all_shape_reader r)
{
    walk_put(t, "shape{");
    switch (all_shape_which(r)) {
    case ALL_SHAPE_IS_NONE:
        walk_put(t, "none;");
        break;
    case ALL_SHAPE_IS_RADIUS:
        put_f32(t, "radius", all_shape_radius_bits(r));
        break;
    case ALL_SHAPE_IS_SQUARE:
        put_square(t, all_shape_square(r));
        break;
    case ALL_SHAPE_IS_CHOICE:
        put_choice(t, "choice", all_shape_choice(r));
        break;
    default:
        walk_put(t, "?");
    }
    walk_put(t, "}");
}

static void put_any(struct walk_text *t, struct all_reader r)
{
    put_inner(t, "anyStruct", inner_read(all_any_struct(r)));
    PUT_LIST(t, "anyList", capnp_read_list(all_any_list(r), CAPNP_FOUR),
        PUT_UINT(t, "", capnp_list_u32(list_, i)));
    put_text(t, "anyText", capnp_read_text(all_any_text(r)));
}

static void put_all(struct walk_text *t, const char *name, struct all_reader r, bool untyped)
{
    walk_put(t, "%s{", name);
    if (all_has_numbers(r))
        put_numbers(t, all_numbers(r));
    if (all_has_defaults(r))
        put_defaults(t, all_defaults(r));
    if (all_has_lists(r))
        put_lists(t, all_lists(r));
    put_text(t, "text", all_text(r));
    put_data(t, "data", all_data(r));
    if (all_has_inner(r))
        put_inner(t, "inner", all_inner(r));
    put_point(t, all_point(r));
    put_shape(t, all_shape(r));
    PUT_LIST(t, "choices", all_choices(r), put_choice(t, "", choice_at(list_, i)));
    if (untyped)
        put_any(t, r);
    PUT_UINT(t, "thing", all_has_thing(r));
    if (all_has_self(r))
        put_all(t, "self", all_self(r), untyped);
    walk_put(t, "}");
}

enum walk_outcome walk_all(
    const void *bytes, size_t size, uint64_t limit, bool untyped, struct walk_text *text)
{
    struct capnp_message message;

    if (capnp_open(&message, bytes, size, limit))
        put_all(text, "all", all_root(&message), untyped);
    if (message.error == CAPNP_OK)
        return WALK_READ;
    return message.error == CAPNP_EXHAUSTED ? WALK_EXHAUSTED : WALK_REFUSED;
}

size_t walk_length(const void *bytes, size_t size)
{
    struct capnp_message message;

    return capnp_open(&message, bytes, size, CAPNP_LIMIT) ? message.length * 8 : 0;
}
