/* SPDX-License-Identifier: MIT */
/*
 * The libos's own memory, separate from its program's.
 *
 * Small things come from free lists, one for each power of two; large ones are
 * runs of pages, first fit, joined again when they are freed. Whoever frees says
 * the size, so nothing needs a header. All memory is resident: the libos never
 * faults on its own data.
 *
 * Locking  inside
 * Tests    heap_test.c, on the host
 */
#ifndef LIBOS_HEAP_H
#define LIBOS_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, 16-byte aligned, page aligned from 4096 bytes on; NULL: none. */
void *heap_alloc(size_t size);
/* The same with whatever was there: for buffers that are written before they are read. */
void *heap_alloc_buffer(size_t size);
/* What either gave for this size; NULL is fine. */
void heap_free(void *memory, size_t size);

/* Where runs of zeroed pages come from (mm.c): at least `pages`, and how many. */
void *heap_grow(size_t pages, size_t *got);

#endif
