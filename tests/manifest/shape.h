/* SPDX-License-Identifier: MIT */
/*
 * The shape of a manifest, and where in a module each part of it lies.
 *
 * The shape is written down here once more, by hand: what changes manifests must not
 * find its way in them with the code that is to notice. A test compares the names with
 * schema/manifest.capnp, so that no field is forgotten.
 */
#ifndef TESTS_MANIFEST_SHAPE_H
#define TESTS_MANIFEST_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SITES_MAX 4096
#define FIELD_TEXT 64

enum field_kind { NUMBER, BIT, TEXT, DATA, BLOB, STRUCT, TEXTS, STRUCTS };

struct field {
    const char *name;
    enum field_kind kind;
    unsigned at;   /* NUMBER: byte; BIT: bit; the others: index of its pointer */
    unsigned size; /* NUMBER: bytes */
    const struct shape *of;
};

struct shape {
    const char *name;
    struct field fields[13]; /* up to one without a name */
};

/* SystemManifest, InitConfig ..., SHAPES of them. */
extern const struct shape shapes[];
#define SHAPES 10

/* What can be changed as a whole. */
enum site_kind {
    SITE_SEGMENT, /* a number of the segment table */
    SITE_POINTER, /* a pointer, far ones included */
    SITE_TAG,     /* the word before a list of structs */
    SITE_PAD,     /* two words: where a blob is, and its size */
    SITE_NUMBER,
    SITE_TEXT, /* bytes; `pointer` leads to them */
    SITE_HASH, /* the same */
    SITE_KINDS
};

struct site {
    enum site_kind kind;
    uint32_t at, size; /* bytes of the module */
    uint32_t pointer;
    char field[FIELD_TEXT]; /* "services[1].name" */
};

struct map {
    uint32_t message;  /* where the manifest begins: what is before it is the kernel's */
    uint32_t head;     /* where the segments of blobs begin */
    uint32_t structs;  /* where segment 0 begins */
    uint32_t blobs[3]; /* where the others do, by number */
    struct site sites[SITES_MAX];
    uint32_t count;
};

/* Where everything is in a module as mkmanifest makes it; the module is believed. */
void map_module(struct map *map, const uint8_t *module);

/* Whether a message begins with the name of a field, as "services[2].grants: ...". If
 * so, that name without indices is in `name`: "services[].grants". */
bool names_field(const char *message, char name[FIELD_TEXT]);

#endif
