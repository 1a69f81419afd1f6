/* SPDX-License-Identifier: MIT */
/*
 * Cap'n Proto messages: following pointers.
 *
 * A near pointer says how far away its target is and what it is. A far pointer
 * names a segment and a landing pad there: one near pointer, or (double far) a
 * far pointer to the target and a word, the tag, that says what it is. Either way
 * the outcome is a tag and a place in a segment, `struct target`; only claim()
 * makes memory of it, once it has seen that all of it lies in that segment.
 */
#include "capnp_read.h"

enum { KIND_STRUCT, KIND_LIST, KIND_FAR, KIND_OTHER };

struct target {
    uint64_t tag;                  /* what is there: a pointer, its offset unused */
    const capnp_word *at;          /* in [start, end] */
    const capnp_word *start, *end; /* the segment */
};

static uint64_t load(const capnp_word *word)
{
    return *(const volatile capnp_word *)word;
}

static bool refuse(struct capnp_message *message, enum capnp_error error)
{
    if (message->error == CAPNP_OK)
        message->error = error;
    return false;
}

/* Account for words that are reached. */
static bool spend(struct capnp_message *message, uint64_t words)
{
    if (words > message->left)
        return refuse(message, CAPNP_EXHAUSTED);
    message->left -= words;
    return true;
}

/* --- the framing ---------------------------------------------------------- */

static uint32_t table_entry(const struct capnp_message *message, uint32_t index)
{
    return (uint32_t)(load(message->words + index / 2) >> index % 2 * 32);
}

/*
 * Where a segment is. The table is read again each time, and believed no more
 * than the first time: it may have changed.
 */
static bool find_segment(const struct capnp_message *message, uint32_t id,
    const capnp_word **start, const capnp_word **end)
{
    uint64_t offset = message->segments / 2 + 1;

    if (id >= message->segments)
        return false;
    for (uint32_t i = 0; i < id; i++)
        offset += table_entry(message, 1 + i);
    uint32_t size = table_entry(message, 1 + id);
    if (offset > message->length || size > message->length - offset)
        return false;
    *start = message->words + offset;
    *end = *start + size;
    return true;
}

bool capnp_open(struct capnp_message *message, const void *bytes, size_t size, uint64_t limit)
{
    uint64_t count, words;

    *message = (struct capnp_message){ .words = bytes, .length = size / 8, .left = limit };
    if ((uintptr_t)bytes % 8 || size < 8)
        return refuse(message, CAPNP_FRAMING);
    count = (uint64_t)table_entry(message, 0) + 1;
    words = count / 2 + 1;
    if (count > CAPNP_SEGMENTS || words > message->length)
        return refuse(message, CAPNP_FRAMING);
    for (uint32_t i = 0; i < count; i++)
        words += table_entry(message, 1 + i);
    if (words > message->length)
        return refuse(message, CAPNP_FRAMING);
    message->segments = (uint32_t)count;
    message->length = words;
    return true;
}

struct capnp_pointer capnp_root(struct capnp_message *message)
{
    struct capnp_pointer root = { .message = message, .depth = CAPNP_DEPTH };

    if (!find_segment(message, 0, &root.start, &root.end) || root.start == root.end)
        refuse(message, CAPNP_FRAMING);
    else
        root.at = root.start;
    return root;
}

struct capnp_pointer capnp_constant(
    struct capnp_message *message, const uint64_t *words, size_t count, unsigned depth)
{
    return (struct capnp_pointer){
        .message = message, .at = words, .start = words, .end = words + count, .depth = depth
    };
}

/* --- following ------------------------------------------------------------ */

/*
 * The place `offset` words after `from`. Outside of the segment it becomes the
 * end: there only something of no size can be.
 */
static const capnp_word *place(const struct target *t, const capnp_word *from, int64_t offset)
{
    if (offset < t->start - from || offset > t->end - from)
        return t->end;
    return from + offset;
}

static void go_near(struct target *t, const capnp_word *pointer)
{
    t->tag = load(pointer);
    t->at = place(t, pointer + 1, (int32_t)t->tag >> 2);
}

static bool go_far(struct capnp_message *message, struct target *t)
{
    uint64_t far = t->tag;
    uint32_t offset = (uint32_t)far >> 3;
    unsigned words = far & 4 ? 2 : 1;

    if (!find_segment(message, (uint32_t)(far >> 32), &t->start, &t->end) ||
        t->end - t->start < (int64_t)offset + words)
        return refuse(message, CAPNP_BOUNDS);
    if (!spend(message, words))
        return false;
    const capnp_word *pad = t->start + offset;
    if (words == 1) {
        go_near(t, pad);
        return true;
    }
    far = load(pad);
    t->tag = load(pad + 1);
    if ((far & 3) != KIND_FAR)
        return refuse(message, CAPNP_KIND);
    if (!find_segment(message, (uint32_t)(far >> 32), &t->start, &t->end))
        return refuse(message, CAPNP_BOUNDS);
    t->at = place(t, t->start, (uint32_t)far >> 3);
    return true;
}

/*
 * To something that has `levels` levels of its own. False: the pointer is null,
 * or cannot be followed (and the message remembers why).
 */
static bool follow(
    const struct capnp_pointer *pointer, unsigned kind, unsigned levels, struct target *t)
{
    if (!pointer->at)
        return false;
    t->start = pointer->start;
    t->end = pointer->end;
    go_near(t, pointer->at);
    if (t->tag == 0)
        return false;
    if (pointer->depth < levels)
        return refuse(pointer->message, CAPNP_TOO_DEEP);
    if ((t->tag & 3) == KIND_FAR && !go_far(pointer->message, t))
        return false;
    if ((t->tag & 3) != kind)
        return refuse(pointer->message, CAPNP_KIND);
    return true;
}

/* All of these words are in the segment. */
static bool holds(struct capnp_message *message, const struct target *t, uint64_t words)
{
    if (words > (uint64_t)(t->end - t->at))
        return refuse(message, CAPNP_BOUNDS);
    return true;
}

static bool claim(struct capnp_message *message, const struct target *t, uint64_t words)
{
    return holds(message, t, words) && spend(message, words);
}

static uint16_t below(unsigned depth)
{
    return (uint16_t)(depth > 0 ? depth - 1 : 0);
}

/* --- structs -------------------------------------------------------------- */

struct capnp_struct capnp_read_struct(struct capnp_pointer pointer)
{
    struct capnp_struct s = { .message = pointer.message, .depth = below(pointer.depth) };
    struct target t;

    if (!follow(&pointer, KIND_STRUCT, 1, &t))
        return s;
    uint16_t data = (uint16_t)(t.tag >> 32), pointers = (uint16_t)(t.tag >> 48);
    if (!claim(pointer.message, &t, (uint64_t)data + pointers))
        return s;
    s.data = (const uint8_t *)t.at;
    s.pointers = t.at + data;
    s.start = t.start;
    s.end = t.end;
    s.data_size = data * 8u;
    s.pointer_count = pointers;
    return s;
}

/* --- lists ---------------------------------------------------------------- */

static const uint8_t element_bits[] = { 0, 1, 8, 16, 32, 64, 64 };

/*
 * A list of structs. It also reads as a list of their first fields (a schema may
 * turn the latter into the former), except bits.
 */
static bool read_composite(
    struct capnp_list *list, struct target *t, uint64_t words, enum capnp_size expected)
{
    if (!claim(list->message, t, words + 1))
        return false;
    uint64_t tag = load(t->at++);
    uint32_t count = (uint32_t)tag >> 2 & 0x1fffffff; /* 29 bits, as in any list */
    uint16_t data = (uint16_t)(tag >> 32), pointers = (uint16_t)(tag >> 48);
    uint64_t each = (uint64_t)data + pointers;
    if ((tag & 3) != KIND_STRUCT || expected == CAPNP_BIT)
        return refuse(list->message, CAPNP_KIND);
    if (count * each > words)
        return refuse(list->message, CAPNP_BOUNDS);
    if (each == 0 && !spend(list->message, count))
        return false;
    if ((expected == CAPNP_POINTER && pointers == 0) ||
        (expected > CAPNP_BIT && expected < CAPNP_POINTER && data == 0))
        return refuse(list->message, CAPNP_KIND);
    list->count = count;
    list->step = (uint32_t)each * 64;
    list->data_size = data * 8u;
    list->pointer_count = pointers;
    return true;
}

/* A list of anything else. It also reads as a list of structs with one field. */
static bool read_plain(struct capnp_list *list, struct target *t, enum capnp_size expected)
{
    unsigned size = t->tag >> 32 & 7;
    uint32_t count = (uint32_t)(t->tag >> 35);
    unsigned data = size == CAPNP_POINTER ? 0 : element_bits[size];
    unsigned least = expected < CAPNP_POINTER ? element_bits[expected] : 0;

    if (!claim(list->message, t, ((uint64_t)count * element_bits[size] + 63) / 64))
        return false;
    if (size == CAPNP_VOID && !spend(list->message, count))
        return false;
    if ((size == CAPNP_BIT) != (expected == CAPNP_BIT) && size == CAPNP_BIT)
        return refuse(list->message, CAPNP_KIND);
    if (data < least || (expected == CAPNP_POINTER && size != CAPNP_POINTER))
        return refuse(list->message, CAPNP_KIND);
    list->count = count;
    list->step = element_bits[size];
    list->data_size = data / 8;
    list->pointer_count = size == CAPNP_POINTER;
    list->bits = size == CAPNP_BIT;
    return true;
}

struct capnp_list capnp_read_list(struct capnp_pointer pointer, enum capnp_size expected)
{
    struct capnp_list none = { .message = pointer.message, .depth = below(pointer.depth) };
    struct capnp_list list = none;
    struct target t;
    bool good;

    if (!follow(&pointer, KIND_LIST, 1, &t))
        return none;
    if ((t.tag >> 32 & 7) == CAPNP_COMPOSITE)
        good = read_composite(&list, &t, t.tag >> 35, expected);
    else
        good = read_plain(&list, &t, expected);
    if (!good)
        return none;
    list.first = (const uint8_t *)t.at;
    list.start = t.start;
    list.end = t.end;
    return list;
}

struct capnp_struct capnp_list_struct(struct capnp_list list, uint32_t index)
{
    struct capnp_struct s = { .message = list.message, .depth = below(list.depth) };

    if (index >= list.count)
        return s;
    if (list.depth == 0) {
        refuse(list.message, CAPNP_TOO_DEEP);
        return s;
    }
    s.data = list.first + (uint64_t)index * list.step / 8;
    s.data_size = list.data_size;
    if (list.pointer_count)
        s.pointers = (const capnp_word *)(s.data + list.data_size);
    s.start = list.start;
    s.end = list.end;
    s.pointer_count = list.pointer_count;
    return s;
}

struct capnp_pointer capnp_list_pointer(struct capnp_list list, uint32_t index)
{
    struct capnp_pointer pointer = { .message = list.message, .start = list.start,
        .end = list.end, .depth = list.depth };

    if (index < list.count && list.pointer_count)
        pointer.at = (const capnp_word *)(list.first + (uint64_t)index * list.step / 8 +
            list.data_size);
    return pointer;
}

bool capnp_list_bool(struct capnp_list list, uint32_t index)
{
    /* Bits lie one behind the other, whatever the list says its elements are. */
    if (index >= list.count || !(list.bits || list.data_size))
        return false;
    return *(const volatile uint8_t *)(list.first + index / 8) >> index % 8 & 1;
}

/* --- text, data, capabilities --------------------------------------------- */

/* Text and data are lists of bytes, of no other size. */
static bool read_bytes(struct capnp_pointer pointer, struct capnp_data *data)
{
    struct target t;

    if (!follow(&pointer, KIND_LIST, 0, &t))
        return false;
    if ((t.tag >> 32 & 7) != CAPNP_BYTE)
        return refuse(pointer.message, CAPNP_KIND);
    data->size = (uint32_t)(t.tag >> 35);
    data->data = (const uint8_t *)t.at;
    return holds(pointer.message, &t, ((uint64_t)data->size + 7) / 8);
}

struct capnp_data capnp_read_data(struct capnp_pointer pointer)
{
    struct capnp_data data;

    return read_bytes(pointer, &data) ? data : (struct capnp_data){ (const uint8_t *)"", 0 };
}

struct capnp_text capnp_read_text(struct capnp_pointer pointer)
{
    struct capnp_text none = { "", 0 };
    struct capnp_data data;

    if (!read_bytes(pointer, &data))
        return none;
    if (data.size == 0 || *(const volatile uint8_t *)(data.data + data.size - 1) != 0) {
        refuse(pointer.message, CAPNP_NO_NUL);
        return none;
    }
    return (struct capnp_text){ (const char *)data.data, data.size - 1 };
}

bool capnp_read_capability(struct capnp_pointer pointer, uint32_t *index)
{
    uint64_t word = pointer.at ? load(pointer.at) : 0;

    if (word == 0)
        return false;
    if ((uint32_t)word != KIND_OTHER)
        return refuse(pointer.message, CAPNP_KIND);
    *index = (uint32_t)(word >> 32);
    return true;
}
