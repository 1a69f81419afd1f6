/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259), as much as manifests need: text without zero bytes, and of numbers
 * those that are whole; that there is another one is all that is told of it. What is no
 * JSON ends the process with file and line.
 *
 * Tests    tests/build/mkmanifest_test.sh
 */
#ifndef MKMANIFEST_JSON_H
#define MKMANIFEST_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_REAL, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json {
    enum json_type type;
    unsigned line;
    char *name; /* of a member of an object */
    bool truth;
    int64_t number;
    char *text;
    struct json *items; /* of a list or an object, the first */
    struct json *next;
    struct json *parent;
    size_t index; /* in its parent */
};

/* One value, with nothing but white space around it. */
struct json *json_parse(const char *file, const char *text, size_t length);

struct json *json_member(const struct json *object, const char *name);

/* Where a value is, "services[2].grants[0].name"; `more`, when not NULL, is appended. */
char *json_path(const struct json *value, const char *more);

#endif
