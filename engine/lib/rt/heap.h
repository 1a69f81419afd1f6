/* SPDX-License-Identifier: MIT */
/*
 * A heap: blocks of any size out of one range of addresses that grows at its end.
 *
 * Blocks lie side by side, each with its size and its predecessor's in front, so
 * that a block that is freed joins its neighbours at once. Free blocks hang in
 * lists by size, powers of two. Memory comes from the surroundings an eighth of
 * what there is at a time, so that a small program has a small heap, and goes back
 * when much of it lies free at the end.
 *
 * Each header carries a check word made from its address and size: a block that
 * was freed twice, or written over its end, is found when it is touched and ends
 * the program, because after that nothing in it can be trusted.
 *
 * Locking  none: the caller's (alloc.c has the program's one heap and its lock)
 * Tests    heap_test.c, on the host
 */
#ifndef RT_HEAP_H
#define RT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_STEP ((size_t)4 << 10) /* the least that it grows by */
#define HEAP_BINS 48

struct heap_block {
    size_t size;     /* header included, multiple of 16; bit 0: in use */
    size_t previous; /* size of the block before, 0: the first */
    uint64_t check;
    uint64_t unused; /* keeps what follows on a multiple of 16 */
};

struct heap_free_block {
    struct heap_block block;
    struct heap_free_block *next, *before;
};

/* Holds between calls: blocks fill [base, base + size), no two free ones side by side. */
struct heap {
    uint8_t *base;
    size_t size, capacity;
    size_t used; /* bytes in blocks in use */
    struct heap_block *last;
    struct heap_free_block *bins[HEAP_BINS];
    /* The surroundings: zeroed memory there (false: none), and its end. */
    bool (*grow)(void *address, size_t bytes);
    void (*shrink)(void *address, size_t bytes);
    void (*broken)(const char *what); /* does not return */
};

/* Capacity is a multiple of HEAP_STEP; base is page aligned. */
void *heap_alloc(struct heap *heap, size_t size); /* 16-byte aligned; NULL: no memory */
void heap_free(struct heap *heap, void *p);       /* NULL is nothing */
void *heap_resize(struct heap *heap, void *p, size_t size);
/* Every invariant. */
bool heap_ok(const struct heap *heap);

#endif
