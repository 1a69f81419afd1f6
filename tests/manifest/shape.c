/* SPDX-License-Identifier: MIT */
#include "shape.h"

#include "phoenix/boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANIFEST, INIT, SERVICE, GRANT, BINARY, TREE, ENTRY, EXTENT, RUN, TIME };

const struct shape shapes[SHAPES] = {
    [MANIFEST] = {"SystemManifest",
        {{"version", NUMBER, 0, 4, NULL}, {"name", TEXT, 0, 0, NULL},
            {"init", STRUCT, 1, 0, &shapes[INIT]}, {"services", STRUCTS, 2, 0, &shapes[SERVICE]},
            {"binaries", STRUCTS, 3, 0, &shapes[BINARY]}, {"trees", STRUCTS, 4, 0, &shapes[TREE]},
            {"run", STRUCT, 5, 0, &shapes[RUN]}, {"time", STRUCT, 6, 0, &shapes[TIME]}}},
    [INIT] = {"InitConfig", {{"binary", TEXT, 0, 0, NULL}, {"capabilities", TEXTS, 1, 0, NULL}}},
    [SERVICE] = {"Service",
        {{"name", TEXT, 0, 0, NULL}, {"binary", TEXT, 1, 0, NULL}, {"arguments", TEXTS, 2, 0, NULL},
            {"grants", STRUCTS, 3, 0, &shapes[GRANT]}, {"provides", TEXTS, 4, 0, NULL},
            {"pages", NUMBER, 0, 8, NULL}, {"holds", NUMBER, 8, 8, NULL},
            {"threads", NUMBER, 16, 8, NULL}, {"restart", BIT, 192, 0, NULL}}},
    [GRANT] = {"Grant",
        {{"name", TEXT, 0, 0, NULL}, {"source", TEXT, 1, 0, NULL}, {"methods", TEXTS, 2, 0, NULL},
            {"first", NUMBER, 0, 8, NULL}, {"count", NUMBER, 8, 8, NULL}}},
    [BINARY] = {"Binary",
        {{"name", TEXT, 0, 0, NULL}, {"sha256", DATA, 1, 0, NULL}, {"size", NUMBER, 0, 8, NULL},
            {"content", BLOB, 2, 0, NULL}}},
    [TREE] = {"Tree", {{"path", TEXT, 0, 0, NULL}, {"entries", STRUCTS, 1, 0, &shapes[ENTRY]}}},
    [ENTRY] = {"Entry",
        {{"name", TEXT, 0, 0, NULL}, {"parent", NUMBER, 0, 4, NULL}, {"mode", NUMBER, 4, 4, NULL},
            {"uid", NUMBER, 8, 4, NULL}, {"gid", NUMBER, 12, 4, NULL},
            {"mtime", NUMBER, 16, 8, NULL}, {"size", NUMBER, 24, 8, NULL},
            {"content", BLOB, 1, 0, NULL}, {"target", TEXT, 2, 0, NULL},
            {"sha256", DATA, 3, 0, NULL}, {"inode", NUMBER, 32, 8, NULL},
            {"extents", STRUCTS, 4, 0, &shapes[EXTENT]}}},
    [EXTENT] = {"Extent", {{"offset", NUMBER, 0, 8, NULL}, {"content", BLOB, 0, 0, NULL}}},
    [RUN] = {"Run",
        {{"program", TEXT, 0, 0, NULL}, {"arguments", TEXTS, 1, 0, NULL},
            {"environment", TEXTS, 2, 0, NULL}, {"directory", TEXT, 3, 0, NULL},
            {"scratch", NUMBER, 0, 8, NULL}, {"traceCalls", BIT, 64, 0, NULL},
            {"stats", BIT, 65, 0, NULL}}},
    [TIME] = {"Time", {{"slots", NUMBER, 0, 4, NULL}, {"length", NUMBER, 8, 8, NULL}}},
};

struct walk {
    struct map *map;
    const uint8_t *module;
};

static uint64_t word_at(const struct walk *w, uint32_t at)
{
    uint64_t word;

    memcpy(&word, w->module + at, 8);
    return word;
}

static void add(struct walk *w, enum site_kind kind, uint32_t at, uint32_t size, uint32_t pointer,
    const char *field)
{
    struct site *site = &w->map->sites[w->map->count++];

    if (w->map->count > SITES_MAX || at + size > w->map->head) {
        fprintf(stderr, "the good manifest has more than fits here, at %s\n", field);
        abort();
    }
    *site = (struct site){.kind = kind, .at = at, .size = size, .pointer = pointer};
    snprintf(site->field, sizeof site->field, "%s", field);
}

/* Where a near pointer leads. */
static uint32_t target(const struct walk *w, uint32_t pointer)
{
    return (uint32_t)((int64_t)pointer + 8 + ((int32_t)word_at(w, pointer) >> 2) * INT64_C(8));
}

static void walk_bytes(struct walk *w, enum site_kind kind, uint32_t pointer, const char *field)
{
    if (word_at(w, pointer) != 0)
        add(w, kind, target(w, pointer), (uint32_t)(word_at(w, pointer) >> 35), pointer, field);
}

static void walk_blob(struct walk *w, uint32_t pointer, const char *field)
{
    if (word_at(w, pointer) != 0)
        add(w, SITE_PAD, w->map->structs + ((uint32_t)word_at(w, pointer) >> 3) * 8, 16, pointer,
            field);
}

static void walk_texts(struct walk *w, uint32_t pointer, const char *field)
{
    uint32_t count = (uint32_t)(word_at(w, pointer) >> 35), first = target(w, pointer);
    char name[FIELD_TEXT];

    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%.48s[%u]", field, i);
        add(w, SITE_POINTER, first + i * 8, 8, 0, name);
        walk_bytes(w, SITE_TEXT, first + i * 8, name);
    }
}

static void walk_struct(struct walk *w, const struct shape *shape, uint32_t data,
    uint32_t pointers, const char *field);

static void walk_structs(
    struct walk *w, const struct shape *shape, uint32_t pointer, const char *field)
{
    uint32_t tag_at = target(w, pointer), at = tag_at + 8;
    uint64_t tag;
    char name[FIELD_TEXT];

    if (word_at(w, pointer) == 0)
        return;
    tag = word_at(w, tag_at);
    add(w, SITE_TAG, tag_at, 8, 0, field);
    for (uint32_t i = 0; i < (uint32_t)tag >> 2; i++) {
        uint32_t data = (uint16_t)(tag >> 32), pointers = (uint16_t)(tag >> 48);

        snprintf(name, sizeof name, "%.48s[%u]", field, i);
        walk_struct(w, shape, at, at + data * 8, name);
        at += (data + pointers) * 8;
    }
}

static void walk_field(struct walk *w, const struct field *f, uint32_t data, uint32_t pointers,
    const char *name)
{
    uint32_t pointer = pointers + f->at * 8, at;

    if (f->kind == NUMBER || f->kind == BIT) {
        add(w, SITE_NUMBER, f->kind == BIT ? data + f->at / 8 : data + f->at,
            f->kind == BIT ? 1 : f->size, 0, name);
        return;
    }
    add(w, SITE_POINTER, pointer, 8, 0, name);
    if (f->kind == TEXT || f->kind == DATA)
        walk_bytes(w, f->kind == TEXT ? SITE_TEXT : SITE_HASH, pointer, name);
    else if (f->kind == BLOB)
        walk_blob(w, pointer, name);
    else if (f->kind == TEXTS)
        walk_texts(w, pointer, name);
    else if (f->kind == STRUCTS)
        walk_structs(w, f->of, pointer, name);
    else if (word_at(w, pointer) != 0) {
        at = target(w, pointer);
        walk_struct(w, f->of, at, at + (uint16_t)(word_at(w, pointer) >> 32) * 8u, name);
    }
}

static void walk_struct(struct walk *w, const struct shape *shape, uint32_t data,
    uint32_t pointers, const char *field)
{
    char name[FIELD_TEXT];

    for (const struct field *f = shape->fields; f->name != NULL; f++) {
        snprintf(name, sizeof name, "%.48s%s%.12s", field, *field ? "." : "", f->name);
        walk_field(w, f, data, pointers, name);
    }
}

void map_module(struct map *map, const uint8_t *module)
{
    struct walk w = {map, module};
    uint32_t table[4], data;

    memcpy(table, module + PHX_BOOT_MANIFEST, sizeof table);
    *map = (struct map){.message = PHX_BOOT_MANIFEST, .structs = PHX_BOOT_MANIFEST + 16};
    map->head = map->structs + table[1] * 8;
    map->blobs[1] = map->head;
    map->blobs[2] = map->head + table[2] * 8;
    if (table[0] != 2) {
        fprintf(stderr, "the good manifest has three segments\n");
        abort();
    }
    for (uint32_t i = 0; i < 4; i++)
        add(&w, SITE_SEGMENT, map->message + i * 4, 4, 0, "segments");
    add(&w, SITE_POINTER, map->structs, 8, 0, "SystemManifest");
    data = target(&w, map->structs);
    walk_struct(&w, &shapes[MANIFEST], data,
        data + (uint16_t)(word_at(&w, map->structs) >> 32) * 8u, "");
}

/* --- names --------------------------------------------------------------------- */

static const struct field *field_called(const struct shape *shape, const char *name, size_t length)
{
    for (const struct field *f = shape->fields; f->name != NULL; f++)
        if (strlen(f->name) == length && memcmp(f->name, name, length) == 0)
            return f;
    return NULL;
}

bool names_field(const char *message, char name[FIELD_TEXT])
{
    const struct shape *shape = &shapes[MANIFEST];
    size_t used = 0;

    if (strncmp(message, "SystemManifest:", 15) == 0) {
        strcpy(name, "SystemManifest");
        return true;
    }
    for (;;) {
        size_t length = strcspn(message, "[].: ,");
        const struct field *f = shape != NULL ? field_called(shape, message, length) : NULL;

        if (f == NULL)
            return false;
        used += (size_t)snprintf(name + used, FIELD_TEXT - used, "%s", f->name);
        message += length;
        shape = f->of;
        if (*message == '[') {
            if (f->kind != TEXTS && f->kind != STRUCTS)
                return false;
            (void)strtoul(message + 1, (char **)(uintptr_t)&message, 10);
            if (*message++ != ']')
                return false;
            used += (size_t)snprintf(name + used, FIELD_TEXT - used, "[]");
        }
        if (*message != '.')
            return *message == ':' || *message == ' ' || *message == ',';
        used += (size_t)snprintf(name + used, FIELD_TEXT - used, ".");
        message++;
    }
}
