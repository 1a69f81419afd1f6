/* SPDX-License-Identifier: MIT */
/*
 * Reading Cap'n Proto messages where they lie, trusting nothing in them.
 *
 * A message is one buffer in the standard stream framing: a segment table, then
 * the segments. Nothing is unpacked or allocated: a struct, list, text or blob is
 * a view of the buffer, made when its pointer was followed and found to stay
 * inside its segment. Generated code (X.capnp.h) names the fields.
 *
 * What is wrong in a message does not stop its reader: the thing reads as empty,
 * or as its default, and the message remembers the first error. So a reader loops
 * over whatever it finds and asks capnp_error() once, before it acts.
 *
 * Two numbers bound what a hostile message can cost: at most CAPNP_DEPTH levels,
 * and `limit` words of structs and lists, counted each time they are reached (a
 * message may reach one thing by many pointers). Bytes of text and blobs are not
 * counted, nobody looks at them here. Each word is loaded once and judged in its
 * copy, so that memory that somebody else writes meanwhile (a shared frame) gives
 * wrong values but never a wrong address.
 *
 * Spec   https://capnproto.org/encoding.html; limits and refusals are those of
 *        the C++ library, except that it counts blobs too
 * Tests  tests/capnp: against the C++ library, against `capnp`, fuzzed
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "messages are little-endian");

#define CAPNP_DEPTH 64
#define CAPNP_SEGMENTS 512
#define CAPNP_LIMIT (UINT64_C(8) << 20) /* words; 64 MiB of structure */

/* Views of memory that was written as something else. */
typedef uint64_t __attribute__((may_alias)) capnp_word;
typedef uint32_t __attribute__((may_alias)) capnp_half;
typedef uint16_t __attribute__((may_alias)) capnp_quarter;

enum capnp_error {
    CAPNP_OK,
    CAPNP_FRAMING,   /* the segment table, or what it promises, is not there */
    CAPNP_BOUNDS,    /* a pointer out of its segment, or to a segment that is not there */
    CAPNP_KIND,      /* a pointer to something else than the schema says */
    CAPNP_TOO_DEEP,  /* more than CAPNP_DEPTH levels, or a cycle */
    CAPNP_EXHAUSTED, /* more than `limit` words of structure */
    CAPNP_NO_NUL,    /* text without its final NUL */
};

struct capnp_message {
    const capnp_word *words; /* the segment table and all segments */
    uint64_t length;         /* in words, of the message itself */
    uint64_t left;           /* words that may yet be reached */
    uint32_t segments;
    enum capnp_error error;  /* the first one */
};

/* Where something lies: its segment, and how many levels may yet be entered. */
struct capnp_scope {
    struct capnp_message *message;
    const capnp_word *start, *end;
    unsigned depth;
};

/* A pointer that was not followed yet. */
struct capnp_pointer {
    struct capnp_scope in;
    const capnp_word *at; /* NULL: as if it were null */
};

/* A struct. Without data and pointers: the default one. */
struct capnp_struct {
    struct capnp_scope in;
    const uint8_t *data;
    const capnp_word *pointers;
    uint32_t data_size; /* bytes */
    uint16_t pointer_count;
};

/* How big a list's elements are, as the wire says it. */
enum capnp_size {
    CAPNP_VOID,
    CAPNP_BIT,
    CAPNP_BYTE,
    CAPNP_TWO,
    CAPNP_FOUR,
    CAPNP_EIGHT,
    CAPNP_POINTER,
    CAPNP_COMPOSITE,
};

struct capnp_list {
    struct capnp_scope in;
    const uint8_t *first;
    uint32_t count;
    uint32_t step;      /* bits from one element to the next; 1: a list of single bits */
    uint32_t data_size; /* bytes of data in an element; its pointers follow */
    uint16_t pointer_count;
};

struct capnp_text {
    const char *data; /* never NULL; data[size] is 0 */
    uint32_t size;
};

struct capnp_data {
    const uint8_t *data; /* never NULL */
    uint32_t size;
};

/*
 * Look at the framing of the message in [bytes, bytes + size), which is 8-byte
 * aligned; what follows the message there is left alone. False: error says why.
 */
bool capnp_open(struct capnp_message *message, const void *bytes, size_t size, uint64_t limit);

struct capnp_pointer capnp_root(struct capnp_message *message);

struct capnp_struct capnp_read_struct(struct capnp_pointer pointer);
struct capnp_list capnp_read_list(struct capnp_pointer pointer, enum capnp_size expected);
struct capnp_text capnp_read_text(struct capnp_pointer pointer);
struct capnp_data capnp_read_data(struct capnp_pointer pointer);

struct capnp_struct capnp_list_struct(struct capnp_list list, uint32_t index);
struct capnp_pointer capnp_list_pointer(struct capnp_list list, uint32_t index);

static inline struct capnp_text capnp_list_text(struct capnp_list list, uint32_t index)
{
    return capnp_read_text(capnp_list_pointer(list, index));
}

/* --- fields, for generated code ------------------------------------------- */

static inline bool capnp_is_null(struct capnp_pointer pointer)
{
    return !pointer.at || *(const volatile capnp_word *)pointer.at == 0;
}

/* capnp_u16(s, index): the index-th 16 bits of its data, and the like. */
#define CAPNP_NUMBER(bits, type)                                                            \
    static inline uint##bits##_t capnp_u##bits(const struct capnp_struct *s, uint32_t index) \
    {                                                                                       \
        return index < s->data_size / sizeof(type) ? ((const volatile type *)s->data)[index] : 0; \
    }
CAPNP_NUMBER(8, uint8_t)
CAPNP_NUMBER(16, capnp_quarter)
CAPNP_NUMBER(32, capnp_half)
CAPNP_NUMBER(64, capnp_word)

static inline bool capnp_bool(const struct capnp_struct *s, uint32_t index)
{
    return capnp_u8(s, index / 8) >> index % 8 & 1;
}

static inline struct capnp_pointer capnp_field(const struct capnp_struct *s, uint32_t index)
{
    return (struct capnp_pointer){ s->in, index < s->pointer_count ? s->pointers + index : NULL };
}

/* --- unions, defaults of pointers, capabilities ------------------------------ */

/* A union's member: null while another member is the one that is set. */
static inline struct capnp_pointer capnp_member(
    const struct capnp_struct *s, uint32_t index, uint32_t discriminant, uint16_t value)
{
    struct capnp_pointer field = capnp_field(s, index);

    if (capnp_u16(s, discriminant) != value)
        field.at = NULL;
    return field;
}

static inline struct capnp_struct capnp_member_group(
    struct capnp_struct s, uint32_t discriminant, uint16_t value)
{
    if (capnp_u16(&s, discriminant) != value)
        s.data_size = s.pointer_count = 0;
    return s;
}

/* Words that are part of the program, in a field's place: its default. */
static inline struct capnp_pointer capnp_constant(
    struct capnp_pointer field, const uint64_t *words, size_t count)
{
    field.at = field.in.start = words;
    field.in.end = words + count;
    return field;
}

/* The index of a capability in what came with the message; false: null. */
static inline bool capnp_read_capability(struct capnp_pointer pointer, uint32_t *index)
{
    struct capnp_message *message = pointer.in.message;
    uint64_t word = pointer.at ? *(const volatile capnp_word *)pointer.at : 0;

    if (word != 0 && (uint32_t)word != 3 && message->error == CAPNP_OK)
        message->error = CAPNP_KIND;
    *index = (uint32_t)(word >> 32);
    return (uint32_t)word == 3;
}

/* --- elements of lists ---------------------------------------------------- */

static inline const volatile void *capnp_element(
    const struct capnp_list *list, uint32_t index, uint32_t size)
{
    if (index >= list->count || size > list->data_size)
        return NULL;
    return list->first + (uint64_t)index * list->step / 8;
}

/* capnp_list_u16(list, index): what a list of 16-bit numbers has there. */
#define CAPNP_ELEMENT(bits, type)                                                        \
    static inline uint##bits##_t capnp_list_u##bits(struct capnp_list list, uint32_t index) \
    {                                                                                    \
        const volatile type *element = capnp_element(&list, index, sizeof(type));        \
        return element ? *element : 0;                                                   \
    }
CAPNP_ELEMENT(8, uint8_t)
CAPNP_ELEMENT(16, capnp_quarter)
CAPNP_ELEMENT(32, capnp_half)
CAPNP_ELEMENT(64, capnp_word)

/* Bits lie one behind the other, whatever the list says its elements are. */
static inline bool capnp_list_bool(struct capnp_list list, uint32_t index)
{
    if (index >= list.count || !(list.step == 1 || list.data_size))
        return false;
    return *(const volatile uint8_t *)(list.first + index / 8) >> index % 8 & 1;
}

static inline struct capnp_data capnp_list_data(struct capnp_list list, uint32_t index)
{
    return capnp_read_data(capnp_list_pointer(list, index));
}

static inline struct capnp_list capnp_list_list(
    struct capnp_list list, uint32_t index, enum capnp_size expected)
{
    return capnp_read_list(capnp_list_pointer(list, index), expected);
}
