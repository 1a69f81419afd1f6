/* SPDX-License-Identifier: MIT */
/*
 * The program's memory, as the libos may touch it: an address from the program
 * is a claim. Each function here may be given any address; what cannot be read or
 * written makes it answer -E_FAULT, after demand paging had its chance.
 *
 * The libos's own range is refused, so that no system call can be made to read or
 * write the libos for its program. (That is for the program's own good: the libos
 * is in its power anyway.)
 */
#ifndef LIBOS_USER_H
#define LIBOS_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "phoenix/layout.h"

#define LIBOS_LOW PHX_LIBOS_LOW
#define LIBOS_HIGH PHX_LIBOS_HIGH

static inline bool user_range(uint64_t address, uint64_t length)
{
    return address <= LIBOS_LOW && length <= LIBOS_LOW - address;
}

/* Copy between the two; raw: no range check, a fault ends it with -E_FAULT. */
int64_t raw_copy(void *to, const void *from, uint64_t length);
int64_t raw_zero(void *to, uint64_t length);
/* Touch a byte, so that its page is there: for reading, or for writing without a
 * change to it. */
int64_t raw_touch_read(const void *address);
int64_t raw_touch_write(void *address);
/* A word, atomically. */
int64_t raw_load32(const void *address, uint32_t *value);
int64_t raw_store32(void *address, uint32_t value);
/* If *address is `old`, store `new`; *found is what was there. */
int64_t raw_swap32(void *address, uint32_t old, uint32_t new, uint32_t *found);

/* The address as the libos's own code uses it. */
static inline void *user_pointer(uint64_t address)
{
    return (void *)address;
}

static inline int64_t copy_from_user(void *to, uint64_t from, uint64_t length)
{
    if (!user_range(from, length))
        return -E_FAULT;
    return raw_copy(to, user_pointer(from), length);
}

static inline int64_t copy_to_user(uint64_t to, const void *from, uint64_t length)
{
    if (!user_range(to, length))
        return -E_FAULT;
    return raw_copy(user_pointer(to), from, length);
}

static inline int64_t load_user32(uint64_t from, uint32_t *value)
{
    return user_range(from, 4) ? raw_load32(user_pointer(from), value) : -E_FAULT;
}

static inline int64_t store_user32(uint64_t to, uint32_t value)
{
    return user_range(to, 4) ? raw_store32(user_pointer(to), value) : -E_FAULT;
}

/* A string with its 0 into at most `size` bytes; its length, -E_NAMETOOLONG, or
 * -E_FAULT. */
int64_t copy_string_from_user(char *to, uint64_t from, uint64_t size);

/* Make the pages of a range present before a kernel operation uses them, at most
 * two pages' worth; the first fault is the answer. */
int64_t user_touch(uint64_t address, uint64_t length, bool write);

#endif
