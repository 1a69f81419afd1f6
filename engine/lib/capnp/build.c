/* SPDX-License-Identifier: MIT */
/*
 * Cap'n Proto messages: writing pointers and what they point to.
 *
 * Everything built lies in segment 0, so that all pointers are near, but those to
 * external blobs: these are double far, a far pointer and a tag in a landing pad
 * of two words that lies in segment 0 too.
 */
#include "capnp/build.h"

enum { KIND_STRUCT, KIND_LIST, KIND_FAR, KIND_OTHER };
#define FAR_TWICE 4

static uint64_t fail(struct capnp_build *build)
{
    build->failed = true;
    return 0;
}

/* Zeroed words at the end; 0: they do not fit. */
static uint64_t take(struct capnp_build *build, uint64_t words)
{
    uint64_t at = build->used;

    if (build->failed || words > build->capacity - at ||
        words > CAPNP_SEGMENT_WORDS - (at - build->table))
        return fail(build);
    for (uint64_t i = 0; i < words; i++)
        build->words[at + i] = 0;
    build->used += words;
    return at;
}

void capnp_build_open(struct capnp_build *build, void *buffer, size_t bytes, uint32_t externals)
{
    uint32_t table = (externals + 1) / 2 + 1;

    *build = (struct capnp_build){
        .words = buffer, .capacity = bytes / 8, .table = table, .externals = externals
    };
    if (externals >= CAPNP_SEGMENTS || table >= build->capacity) {
        fail(build);
        return;
    }
    build->used = table;
    take(build, 1); /* the root pointer */
}

struct capnp_slot capnp_build_root(struct capnp_build *build)
{
    return (struct capnp_slot){ build, build->failed ? 0 : build->table };
}

static void write_table(struct capnp_build *build, const uint64_t *external_bytes)
{
    capnp_half *entries = (capnp_half *)build->words;

    build->words[build->table - 1] = 0;
    entries[0] = build->externals;
    entries[1] = (uint32_t)(build->used - build->table);
    for (uint32_t i = 0; i < build->externals; i++) {
        if (external_bytes[i] % 8 || external_bytes[i] / 8 > UINT32_MAX)
            fail(build);
        entries[2 + i] = (uint32_t)(external_bytes[i] / 8);
    }
}

size_t capnp_build_close(struct capnp_build *build, const uint64_t *external_bytes, size_t align)
{
    uint64_t over = build->used % (align / 8);

    if (over)
        take(build, align / 8 - over);
    if (build->failed)
        return 0;
    write_table(build, external_bytes);
    return build->failed ? 0 : build->used * 8;
}

/* --- pointers ------------------------------------------------------------- */

/* Point a slot at words of this segment; `what` is the pointer without its offset. */
static void point(struct capnp_slot slot, uint64_t at, uint64_t what)
{
    uint32_t offset = (uint32_t)(at - slot.at - 1) << 2;

    slot.build->words[slot.at] = what | offset;
}

static uint64_t struct_tag(uint16_t data_words, uint16_t pointers)
{
    return KIND_STRUCT | (uint64_t)data_words << 32 | (uint64_t)pointers << 48;
}

static uint64_t list_tag(enum capnp_size size, uint64_t count)
{
    return KIND_LIST | (uint64_t)size << 32 | count << 35;
}

struct capnp_build_struct capnp_set_struct(
    struct capnp_slot slot, uint16_t data_words, uint16_t pointers)
{
    struct capnp_build_struct none = { .build = slot.build };
    uint64_t at = slot.at ? take(slot.build, (uint64_t)data_words + pointers) : 0;

    if (!at)
        return none;
    /* One of no size points at itself: a pointer of all zeroes would be null. */
    point(slot, data_words + pointers ? at : slot.at, struct_tag(data_words, pointers));
    return (struct capnp_build_struct){ slot.build, at, data_words, pointers };
}

static const uint8_t element_bits[] = { 0, 1, 8, 16, 32, 64, 64 };

struct capnp_build_list capnp_set_list(
    struct capnp_slot slot, enum capnp_size size, uint32_t count)
{
    struct capnp_build_list none = { .build = slot.build };
    uint64_t at;

    if (count >= CAPNP_SEGMENT_WORDS)
        fail(slot.build);
    at = slot.at ? take(slot.build, ((uint64_t)count * element_bits[size] + 63) / 64) : 0;
    if (!at)
        return none;
    point(slot, at, list_tag(size, count));
    return (struct capnp_build_list){
        .build = slot.build, .at = at, .count = count, .size = size
    };
}

struct capnp_build_list capnp_set_structs(
    struct capnp_slot slot, uint32_t count, uint16_t data_words, uint16_t pointers)
{
    struct capnp_build_list none = { .build = slot.build };
    uint64_t words = (uint64_t)count * ((uint64_t)data_words + pointers);
    uint64_t at;

    if (count >= CAPNP_SEGMENT_WORDS || words >= CAPNP_SEGMENT_WORDS)
        fail(slot.build);
    at = slot.at ? take(slot.build, words + 1) : 0;
    if (!at)
        return none;
    point(slot, at, list_tag(CAPNP_COMPOSITE, words));
    slot.build->words[at] = struct_tag(data_words, pointers) | (uint64_t)count << 2;
    return (struct capnp_build_list){ .build = slot.build, .at = at + 1, .count = count,
        .size = CAPNP_COMPOSITE, .data_words = data_words, .pointer_count = pointers };
}

/* --- text, data, capabilities --------------------------------------------- */

uint8_t *capnp_set_space(struct capnp_slot slot, size_t size)
{
    struct capnp_build_list bytes = { .build = slot.build };

    if (size > CAPNP_BLOB_MAX)
        fail(slot.build);
    else
        bytes = capnp_set_list(slot, CAPNP_BYTE, (uint32_t)size);
    return bytes.at ? (uint8_t *)(slot.build->words + bytes.at) : NULL;
}

static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
    for (size_t i = 0; to && i < size; i++)
        to[i] = from[i];
}

void capnp_set_data(struct capnp_slot slot, const void *data, size_t size)
{
    copy(capnp_set_space(slot, size), data, size);
}

void capnp_set_text(struct capnp_slot slot, const char *text, size_t size)
{
    /* The NUL is one of the zeroes. */
    copy(capnp_set_space(slot, size < SIZE_MAX ? size + 1 : size), (const uint8_t *)text, size);
}

void capnp_set_external(struct capnp_slot slot, uint32_t segment, uint64_t offset, size_t size)
{
    uint64_t pad;

    if (segment == 0 || segment > slot.build->externals || offset % 8 ||
        offset / 8 >= CAPNP_SEGMENT_WORDS || size > CAPNP_BLOB_MAX)
        fail(slot.build);
    pad = slot.at ? take(slot.build, 2) : 0;
    if (!pad)
        return;
    slot.build->words[pad] = KIND_FAR | offset | (uint64_t)segment << 32;
    slot.build->words[pad + 1] = list_tag(CAPNP_BYTE, size);
    slot.build->words[slot.at] = KIND_FAR | FAR_TWICE | (pad - slot.build->table) << 3;
}

void capnp_set_capability(struct capnp_slot slot, uint32_t index)
{
    if (slot.at)
        slot.build->words[slot.at] = KIND_OTHER | (uint64_t)index << 32;
}

/* --- numbers and elements ------------------------------------------------- */

static void set_bit(uint8_t *bytes, uint32_t index, bool value)
{
    uint8_t bit = (uint8_t)(1 << index % 8);

    bytes[index / 8] = (uint8_t)(value ? bytes[index / 8] | bit : bytes[index / 8] & ~bit);
}

void capnp_set_bool(struct capnp_build_struct s, uint32_t index, bool value)
{
    if (s.at)
        set_bit((uint8_t *)(s.build->words + s.at), index, value);
}

static bool is_element(struct capnp_build_list list, uint32_t index, bool right_size)
{
    if (list.at && index < list.count && right_size)
        return true;
    fail(list.build);
    return false;
}

struct capnp_build_struct capnp_build_at(struct capnp_build_list list, uint32_t index)
{
    uint64_t each = (uint64_t)list.data_words + list.pointer_count;
    struct capnp_build_struct s = { list.build, 0, list.data_words, list.pointer_count };

    if (is_element(list, index, list.size == CAPNP_COMPOSITE))
        s.at = list.at + index * each;
    return s;
}

struct capnp_slot capnp_build_slot(struct capnp_build_list list, uint32_t index)
{
    bool is = is_element(list, index, list.size == CAPNP_POINTER);

    return (struct capnp_slot){ list.build, is ? list.at + index : 0 };
}

void capnp_put_bool(struct capnp_build_list list, uint32_t index, bool value)
{
    if (is_element(list, index, list.size == CAPNP_BIT))
        set_bit((uint8_t *)(list.build->words + list.at), index, value);
}

void capnp_put(struct capnp_build_list list, uint32_t index, uint64_t value)
{
    uint8_t *to = (uint8_t *)(list.build->words + list.at);
    unsigned bytes;

    if (!is_element(list, index, list.size >= CAPNP_BYTE && list.size <= CAPNP_EIGHT))
        return;
    bytes = element_bits[list.size] / 8;
    for (unsigned i = 0; i < bytes; i++)
        to[(uint64_t)index * bytes + i] = (uint8_t)(value >> i * 8);
}
