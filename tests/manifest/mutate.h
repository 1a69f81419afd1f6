/* SPDX-License-Identifier: MIT */
/*
 * Changes to the structure of a good manifest: the same number makes the same change.
 *
 * Most change one thing that the shape knows (a pointer, the size of a list, a number, a
 * name, an entry of the segment table, where a blob is), a few change two or three, and
 * one in ten changes bytes without knowing what they are.
 */
#ifndef TESTS_MANIFEST_MUTATE_H
#define TESTS_MANIFEST_MUTATE_H

#include "shape.h"

struct base {
    const char *name;
    uint8_t *bytes;
    size_t size;
    struct map map;
};

struct mutant {
    uint8_t *bytes; /* base's, changed; on a page boundary, room for base's size */
    size_t size;    /* may have become shorter */
    char what[256]; /* "pointer services[1].grants: points to itself" */
    const struct site *only; /* the one site that was changed; NULL: several, or bytes */
};

/* Read a module and map it; ends the process when that cannot be. */
void base_open(struct base *base, const char *name, const char *path);
void mutant_open(struct mutant *m, const struct base *base);

/* The usual seed, and which base a number of the usual ten thousand is for. */
#define MUTATE_SEED 7
static inline const char *mutate_base(uint64_t number)
{
    return number % 5 < 2 ? "run" : "services";
}

void mutate(struct mutant *m, const struct base *base, uint64_t seed, uint64_t number);

/* One of BLOB_CHANGES to the nth blob: the field that leads to it, or NULL: there are
 * fewer blobs. */
#define BLOB_CHANGES 8
const char *mutate_blob(
    struct mutant *m, const struct base *base, unsigned nth, unsigned change);

#endif
