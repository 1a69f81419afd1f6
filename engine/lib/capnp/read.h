/* SPDX-License-Identifier: MIT */
/*
 * Reading what the kernel does not read: members of unions, defaults of pointers,
 * lists of numbers, of bits and of lists, capabilities. Nothing here follows a
 * pointer; core's capnp_read.h does, and says what may be relied on.
 *
 * Tests  tests/capnp
 */
#ifndef CAPNP_READ_MORE_H
#define CAPNP_READ_MORE_H

#include "capnp_read.h"

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

#endif
