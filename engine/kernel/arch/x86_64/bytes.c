/* SPDX-License-Identifier: MIT */
/*
 * Memory functions of the kernel and of programs: the processor's own, by words and then
 * by bytes. What an emulator counts is one instruction for each of these.
 *
 * Tests  bytes_test.c, on the host, under other names
 */
#include "bytes.h"

#include <stdint.h>

/* gcc would find that the loops below copy, and call the functions they are in. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

typedef uint64_t word __attribute__((may_alias, aligned(1)));

/* From the first byte to the last, so `to` may lie before `from` in what is copied. */
static inline void *copy_up(void *to, const void *from, size_t size)
{
    void *begin = to;
    size_t words = size / 8, rest = size % 8;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
    return begin;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return copy_up(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
    char *t = to;
    const char *f = from;

    if ((uintptr_t)t - (uintptr_t)f >= size)
        return copy_up(to, from, size);
    /* Into what is still to be read, but for its end. */
    for (; size >= 8; size -= 8)
        *(word *)(void *)(t + size - 8) = *(const word *)(const void *)(f + size - 8);
    while (size--)
        t[size] = f[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    void *begin = to;
    size_t words = size / 8, rest = size % 8;
    uint64_t fill = (unsigned char)value * UINT64_C(0x0101010101010101);

    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(fill) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(fill) : "memory");
    return begin;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for (; size >= 8; size -= 8, x += 8, y += 8)
        if (*(const word *)(const void *)x != *(const word *)(const void *)y)
            break;
    for (; size; size--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return length;
}
