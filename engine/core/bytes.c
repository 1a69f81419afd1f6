/* SPDX-License-Identifier: MIT */
/*
 * Memory functions in plain C, eight bytes at a time: that costs a quarter of an
 * instruction a byte or less, where emulators count every byte of a REP MOVS.
 */
#include "bytes.h"

#include <stdint.h>

/* gcc would find that these loops copy and fill, and call the functions they are in. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

typedef uint64_t word __attribute__((may_alias, aligned(1)));

static inline void copy_word(char *to, const char *from)
{
    *(word *)(void *)to = *(const word *)(const void *)from;
}

/*
 * Both memmove and memcpy: a word is read before it is written, so that words may overlap
 * too. (If one called the other, gcc would know which is cheaper and make it a loop.)
 */
static void *copy(void *to, const void *from, size_t size)
{
    char *t = to;
    const char *f = from;

    if ((uintptr_t)t - (uintptr_t)f < size) {
        /* Into what is still to be read, but for its end. */
        for (; size >= 8; size -= 8)
            copy_word(t + size - 8, f + size - 8);
        while (size--)
            t[size] = f[size];
        return to;
    }
    if (size < 8) {
        while (size--)
            *t++ = *f++;
        return to;
    }
    /* The last word, read before it is written over, instead of single bytes. */
    word last = *(const word *)(const void *)(f + size - 8);
    char *end = t + size - 8;
    for (; end - t >= 32; t += 32, f += 32) {
        copy_word(t, f);
        copy_word(t + 8, f + 8);
        copy_word(t + 16, f + 16);
        copy_word(t + 24, f + 24);
    }
    for (; t < end; t += 8, f += 8)
        copy_word(t, f);
    *(word *)(void *)end = last;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    return copy(to, from, size);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return copy(to, from, size);
}

void *memset(void *to, int value, size_t size)
{
    char *t = to;
    uint64_t fill = (unsigned char)value * UINT64_C(0x0101010101010101);

    for (; size >= 64; size -= 64, t += 64)
#pragma GCC unroll 8
        for (unsigned i = 0; i < 64; i += 8)
            *(word *)(void *)(t + i) = fill;
    for (; size >= 8; size -= 8, t += 8)
        *(word *)(void *)t = fill;
    while (size--)
        *t++ = (char)value;
    return to;
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
