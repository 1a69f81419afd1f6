/* SPDX-License-Identifier: MIT */
/*
 * Areas of an address space: which ranges are used, and for what.
 *
 * A sorted array, searched by halves. Programs have tens of areas, at worst some
 * thousand; an array of them is a few cache lines to search and one memmove to
 * change, and a copy of it can be checked as a whole. Every change is preceded by
 * vma_reserve(), so that changes themselves cannot fail.
 *
 * Nothing here touches the memory that it describes.
 *
 * Locking  the caller's
 * Tests    vma_test.c, on the host, against a page-by-page model
 */
#ifndef LIBOS_VMA_H
#define LIBOS_VMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMA_GROWS_DOWN 1 /* touched from its end downwards: a stack */
#define VMA_SHARED 2

struct backing; /* what a file's pages come from; counted by its owner (mm.c) */

struct vma {
    uint64_t start, end;     /* page aligned, start < end */
    uint32_t protection;     /* PHX_PROT_*: what the program asked for */
    uint32_t flags;          /* VMA_* */
    struct backing *backing; /* NULL: zeroes */
    uint64_t offset;         /* of `start` in the backing, in bytes */
};

/*
 * Holds between calls; vma_ok() says the same in code:
 *   V1  areas ascend and do not overlap, each is page aligned and not empty
 *   V2  no two neighbours could be one (see vma_insert)
 *   V3  count <= capacity
 */
struct vma_set {
    struct vma *areas;
    size_t count, capacity;
    /* More room for the array; frees the old one. NULL: there is none. */
    struct vma *(*resize)(struct vma *old, size_t old_capacity, size_t capacity);
};

#define VMA_MAX 65530 /* as many as Linux allows */

/* Room for `more` areas beyond those there are; false: no memory, or too many. */
bool vma_reserve(struct vma_set *set, size_t more);

/* Index of the first area that ends above `address`; count: none. */
size_t vma_index(const struct vma_set *set, uint64_t address);
/* The area that has this address, or NULL. */
struct vma *vma_at(const struct vma_set *set, uint64_t address);
bool vma_is_free(const struct vma_set *set, uint64_t start, uint64_t end);
/* Whether every page of a range is in some area. */
bool vma_covers(const struct vma_set *set, uint64_t start, uint64_t end);

/* The range must be free and room for 1 reserved. Joins what can be joined:
 * neighbours that touch, alike in everything, whose backings continue. */
void vma_insert(struct vma_set *set, const struct vma *area);

/* Split areas so that no area crosses `start` or `end`; needs room for 2. Says
 * which areas, [*first, *last), are then wholly inside. The caller changes or
 * removes them and calls vma_mend(). */
void vma_cut(struct vma_set *set, uint64_t start, uint64_t end, size_t *first, size_t *last);
void vma_remove(struct vma_set *set, size_t first, size_t last);
/* Join again what a cut split, around [first, last). */
void vma_mend(struct vma_set *set, size_t first, size_t last);

/* A free range inside [low, high), the highest one; 0: there is none. */
uint64_t vma_gap(const struct vma_set *set, uint64_t low, uint64_t high, uint64_t size);

bool vma_ok(const struct vma_set *set);

#endif
