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
#include "read.h"

enum { KIND_STRUCT, KIND_LIST, KIND_FAR };

struct target {
    struct capnp_scope in; /* of what is there */
    const capnp_word *at;  /* in [in.start, in.end] */
    uint64_t tag;          /* what is there: a pointer, its offset unused */
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
static bool find_segment(struct capnp_scope *in, uint32_t id)
{
    const struct capnp_message *message = in->message;
    uint64_t offset = message->segments / 2 + 1;

    if (id >= message->segments)
        return false;
    for (uint32_t i = 0; i < id; i++)
        offset += table_entry(message, 1 + i);
    uint32_t size = table_entry(message, 1 + id);
    if (offset > message->length || size > message->length - offset)
        return false;
    in->start = message->words + offset;
    in->end = in->start + size;
    return true;
}

bool capnp_open(struct capnp_message *message, const void *bytes, size_t size, uint64_t limit)
{
    struct capnp_scope last = { .message = message };

    *message = (struct capnp_message){ .words = bytes, .length = size / 8, .left = limit };
    if ((uintptr_t)bytes % 8 || size < 8)
        return refuse(message, CAPNP_FRAMING);
    uint64_t count = (uint64_t)table_entry(message, 0) + 1;
    if (count > CAPNP_SEGMENTS || count / 2 + 1 > message->length)
        return refuse(message, CAPNP_FRAMING);
    message->segments = (uint32_t)count;
    if (!find_segment(&last, message->segments - 1)) {
        message->segments = 0;
        return refuse(message, CAPNP_FRAMING);
    }
    message->length = (uint64_t)(last.end - message->words);
    return true;
}

struct capnp_pointer capnp_root(struct capnp_message *message)
{
    struct capnp_pointer root = { .in = { .message = message, .depth = CAPNP_DEPTH } };

    if (find_segment(&root.in, 0) && root.in.start < root.in.end)
        root.at = root.in.start;
    else
        refuse(message, CAPNP_FRAMING);
    return root;
}

/* --- following ------------------------------------------------------------ */

/*
 * The place `offset` words after `from`. Outside of the segment it becomes the
 * end: there only something of no size can be.
 */
static const capnp_word *place(const struct target *t, const capnp_word *from, int64_t offset)
{
    if (offset < t->in.start - from || offset > t->in.end - from)
        return t->in.end;
    return from + offset;
}

static void go_near(struct target *t, const capnp_word *pointer)
{
    t->tag = load(pointer);
    t->at = place(t, pointer + 1, (int32_t)t->tag >> 2);
}

static bool go_far(struct target *t)
{
    uint64_t far = t->tag;
    uint32_t offset = (uint32_t)far >> 3;
    unsigned words = far & 4 ? 2 : 1;

    if (!find_segment(&t->in, (uint32_t)(far >> 32)) ||
        t->in.end - t->in.start < (int64_t)offset + words)
        return refuse(t->in.message, CAPNP_BOUNDS);
    if (!spend(t->in.message, words))
        return false;
    const capnp_word *pad = t->in.start + offset;
    if (words == 1) {
        go_near(t, pad);
        return true;
    }
    far = load(pad);
    t->tag = load(pad + 1);
    if ((far & 3) != KIND_FAR)
        return refuse(t->in.message, CAPNP_KIND);
    if (!find_segment(&t->in, (uint32_t)(far >> 32)))
        return refuse(t->in.message, CAPNP_BOUNDS);
    t->at = place(t, t->in.start, (uint32_t)far >> 3);
    return true;
}

/*
 * To something that has `levels` levels of its own. False: the pointer is null,
 * or cannot be followed (and the message remembers why).
 */
static bool follow(
    const struct capnp_pointer *pointer, unsigned kind, unsigned levels, struct target *t)
{
    t->in = pointer->in;
    if (!pointer->at)
        return false;
    go_near(t, pointer->at);
    if (t->tag == 0)
        return false;
    if (t->in.depth < levels)
        return refuse(t->in.message, CAPNP_TOO_DEEP);
    t->in.depth -= levels;
    if ((t->tag & 3) == KIND_FAR && !go_far(t))
        return false;
    if ((t->tag & 3) != kind)
        return refuse(t->in.message, CAPNP_KIND);
    return true;
}

/* All of these words are in the segment. */
static bool holds(const struct target *t, uint64_t words)
{
    if (words > (uint64_t)(t->in.end - t->at))
        return refuse(t->in.message, CAPNP_BOUNDS);
    return true;
}

static bool claim(const struct target *t, uint64_t words)
{
    return holds(t, words) && spend(t->in.message, words);
}

/* --- structs and lists ------------------------------------------------------ */

struct capnp_struct capnp_read_struct(struct capnp_pointer pointer)
{
    struct capnp_struct none = { .in = pointer.in };
    struct target t;

    if (!follow(&pointer, KIND_STRUCT, 1, &t))
        return none;
    uint16_t data = (uint16_t)(t.tag >> 32), pointers = (uint16_t)(t.tag >> 48);
    if (!claim(&t, (uint64_t)data + pointers))
        return none;
    return (struct capnp_struct){ t.in, (const uint8_t *)t.at, t.at + data, data * 8u, pointers };
}

static const uint8_t element_bits[] = { 0, 1, 8, 16, 32, 64, 64, 0 }; /* by capnp_size */

/* Of a list of structs, whose first word says what they are. */
static bool read_composite(struct capnp_list *list, const capnp_word *at)
{
    uint64_t words = list->count, tag = load(at);
    uint16_t data = (uint16_t)(tag >> 32), pointers = (uint16_t)(tag >> 48);
    uint64_t each = (uint64_t)data + pointers;

    list->first = (const uint8_t *)(at + 1);
    list->count = (uint32_t)tag >> 2 & 0x1fffffff; /* 29 bits, as in any list */
    list->step = (uint32_t)each * 64;
    list->data_size = data * 8u;
    list->pointer_count = pointers;
    if ((tag & 3) != KIND_STRUCT)
        return refuse(list->in.message, CAPNP_KIND);
    return list->count * each <= words || refuse(list->in.message, CAPNP_BOUNDS);
}

/*
 * A schema may turn a list of anything but bits into one of structs whose first field
 * it is, so either reads as the other; and any number as a smaller one.
 */
static bool reads_as(const struct capnp_list *list, enum capnp_size is, enum capnp_size expected)
{
    bool good = is != CAPNP_BIT && list->data_size * 8 >= element_bits[expected];

    if (expected == CAPNP_BIT)
        good = is == CAPNP_BIT || (is != CAPNP_COMPOSITE && list->data_size > 0);
    else if (expected == CAPNP_POINTER)
        good = list->pointer_count > 0;
    return good || refuse(list->in.message, CAPNP_KIND);
}

struct capnp_list capnp_read_list(struct capnp_pointer pointer, enum capnp_size expected)
{
    struct capnp_list none = { .in = pointer.in }, list;
    struct target t;

    if (!follow(&pointer, KIND_LIST, 1, &t))
        return none;
    enum capnp_size is = t.tag >> 32 & 7;
    uint64_t count = t.tag >> 35; /* words, of structs */
    uint64_t words = is == CAPNP_COMPOSITE ? count + 1 : (count * element_bits[is] + 63) / 64;
    if (!claim(&t, words))
        return none;
    list = (struct capnp_list){ t.in, (const uint8_t *)t.at, (uint32_t)count, element_bits[is],
        is == CAPNP_POINTER ? 0 : element_bits[is] / 8, is == CAPNP_POINTER };
    if (is == CAPNP_COMPOSITE && !read_composite(&list, t.at))
        return none;
    if (list.step == 0 && !spend(t.in.message, list.count))
        return none;
    return reads_as(&list, is, expected) ? list : none;
}

struct capnp_struct capnp_list_struct(struct capnp_list list, uint32_t index)
{
    struct capnp_struct s = { .in = list.in };

    if (index >= list.count)
        return s;
    if (list.in.depth == 0) {
        refuse(list.in.message, CAPNP_TOO_DEEP);
        return s;
    }
    s.in.depth--;
    s.data = list.first + (uint64_t)index * list.step / 8;
    s.data_size = list.data_size;
    s.pointers = (const capnp_word *)(s.data + list.data_size);
    s.pointer_count = list.pointer_count;
    return s;
}

struct capnp_pointer capnp_list_pointer(struct capnp_list list, uint32_t index)
{
    struct capnp_pointer pointer = { .in = list.in };

    if (index < list.count && list.pointer_count)
        pointer.at = (const capnp_word *)(list.first + (uint64_t)index * list.step / 8 +
            list.data_size);
    return pointer;
}

/* --- text and data ---------------------------------------------------------- */

/* Text and data are lists of bytes, of no other size. */
struct capnp_data capnp_read_data(struct capnp_pointer pointer)
{
    struct capnp_data none = { (const uint8_t *)"", 0 };
    struct target t;

    if (!follow(&pointer, KIND_LIST, 0, &t))
        return none;
    uint32_t size = (uint32_t)(t.tag >> 35);
    if ((t.tag >> 32 & 7) != CAPNP_BYTE)
        refuse(t.in.message, CAPNP_KIND);
    else if (holds(&t, ((uint64_t)size + 7) / 8))
        return (struct capnp_data){ (const uint8_t *)t.at, size };
    return none;
}

struct capnp_text capnp_read_text(struct capnp_pointer pointer)
{
    struct capnp_data data = capnp_read_data(pointer);

    if (data.size > 0 && *(const volatile uint8_t *)(data.data + data.size - 1) == 0)
        return (struct capnp_text){ (const char *)data.data, data.size - 1 };
    if (!capnp_is_null(pointer))
        refuse(pointer.in.message, CAPNP_NO_NUL);
    return (struct capnp_text){ "", 0 };
}
