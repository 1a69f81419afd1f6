/* SPDX-License-Identifier: MIT */
/*
 * Building Cap'n Proto messages in a caller's buffer, front to back.
 *
 * A message is opened on a buffer, filled through generated setters (X.build.h)
 * and closed, which writes its segment table and says how long it is. Nothing is
 * allocated elsewhere and nothing is taken back: a pointer that is set twice
 * leaves its first target in the message as words that nobody reaches.
 *
 * What does not fit is dropped, and the message remembers: closing it answers 0.
 * So a caller builds without looking, and looks once.
 *
 * Blobs can stay outside. A message may have further segments of which only the
 * sizes are known here; capnp_set_external() points at bytes in one of them, and
 * whoever writes the message puts those segments behind what was built. That is
 * how every blob of a boot package gets to the page boundary from which it is
 * mapped, while any Cap'n Proto reader still reads the whole.
 *
 * Spec   https://capnproto.org/encoding.html
 * Tests  tests/capnp
 */
#ifndef CAPNP_BUILD_H
#define CAPNP_BUILD_H

#include "capnp/read.h"

/* Offsets in pointers have 29 bits; so have sizes of text and blobs, in bytes. */
#define CAPNP_SEGMENT_WORDS (UINT64_C(1) << 29)
#define CAPNP_BLOB_MAX ((UINT32_C(1) << 29) - 1)

struct capnp_build {
    capnp_word *words; /* the segment table, then segment 0 */
    uint64_t capacity; /* in words, all of these */
    uint64_t used;
    uint32_t table;
    uint32_t externals; /* segments that are not in the buffer */
    bool failed;
};

/* Where a pointer is to be; at 0 (the table is there): nowhere. */
struct capnp_slot {
    struct capnp_build *build;
    uint64_t at;
};

struct capnp_build_struct {
    struct capnp_build *build;
    uint64_t at; /* of its data, which its pointers follow; 0: nowhere */
    uint16_t data_words, pointer_count;
};

struct capnp_build_list {
    struct capnp_build *build;
    uint64_t at; /* of the first element; 0: nowhere */
    uint32_t count;
    enum capnp_size size;
    uint16_t data_words, pointer_count; /* of structs */
};

/* [buffer, buffer + bytes) is 8-byte aligned; it may hold anything. */
void capnp_build_open(struct capnp_build *build, void *buffer, size_t bytes, uint32_t externals);
struct capnp_slot capnp_build_root(struct capnp_build *build);
/*
 * Finish: how many bytes of the buffer are the message, a multiple of `align` (a
 * multiple of 8, zeroes fill up), or 0 if it did not fit. external_bytes are the
 * sizes of the other segments, multiples of 8.
 */
size_t capnp_build_close(struct capnp_build *build, const uint64_t *external_bytes, size_t align);

/* --- what a pointer is set to --------------------------------------------- */

struct capnp_build_struct capnp_set_struct(
    struct capnp_slot slot, uint16_t data_words, uint16_t pointers);
/* A list of anything but structs. */
struct capnp_build_list capnp_set_list(
    struct capnp_slot slot, enum capnp_size size, uint32_t count);
struct capnp_build_list capnp_set_structs(
    struct capnp_slot slot, uint32_t count, uint16_t data_words, uint16_t pointers);
void capnp_set_text(struct capnp_slot slot, const char *text, size_t size);
void capnp_set_data(struct capnp_slot slot, const void *data, size_t size);
/* Zeroes, to be filled by the caller; NULL: they do not fit. */
uint8_t *capnp_set_space(struct capnp_slot slot, size_t size);
/* `size` bytes at byte `offset` of segment `segment` (the first external one is
 * 1), a multiple of 8 below 4 GiB. */
void capnp_set_external(struct capnp_slot slot, uint32_t segment, uint64_t offset, size_t size);
void capnp_set_capability(struct capnp_slot slot, uint32_t index);

/* --- elements of lists ---------------------------------------------------- */

/* What lies outside of the list is dropped, and fails the message. */
struct capnp_build_struct capnp_build_at(struct capnp_build_list list, uint32_t index);
struct capnp_slot capnp_build_slot(struct capnp_build_list list, uint32_t index);
void capnp_put_bool(struct capnp_build_list list, uint32_t index, bool value);
/* A number as long as the list's elements; what is above is cut. */
void capnp_put(struct capnp_build_list list, uint32_t index, uint64_t value);

static inline void capnp_put_text(
    struct capnp_build_list list, uint32_t index, const char *text, size_t size)
{
    capnp_set_text(capnp_build_slot(list, index), text, size);
}

static inline void capnp_put_data(
    struct capnp_build_list list, uint32_t index, const void *data, size_t size)
{
    capnp_set_data(capnp_build_slot(list, index), data, size);
}

/* --- fields, for generated code ------------------------------------------- */

static inline struct capnp_slot capnp_slot_of(struct capnp_build_struct s, uint32_t index)
{
    return (struct capnp_slot){ s.build, s.at ? s.at + s.data_words + index : 0 };
}

static inline void capnp_set_u8(struct capnp_build_struct s, uint32_t index, uint8_t value)
{
    if (s.at)
        ((uint8_t *)(s.build->words + s.at))[index] = value;
}

static inline void capnp_set_u16(struct capnp_build_struct s, uint32_t index, uint16_t value)
{
    if (s.at)
        ((capnp_quarter *)(s.build->words + s.at))[index] = value;
}

static inline void capnp_set_u32(struct capnp_build_struct s, uint32_t index, uint32_t value)
{
    if (s.at)
        ((capnp_half *)(s.build->words + s.at))[index] = value;
}

static inline void capnp_set_u64(struct capnp_build_struct s, uint32_t index, uint64_t value)
{
    if (s.at)
        s.build->words[s.at + index] = value;
}

void capnp_set_bool(struct capnp_build_struct s, uint32_t index, bool value);

#endif
