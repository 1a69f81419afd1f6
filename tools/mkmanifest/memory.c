/* SPDX-License-Identifier: MIT */
/* Memory that is there, and the small lists of package.h. */
#define _GNU_SOURCE
#include "package.h"
#include "refuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must_allocate(size_t size)
{
    void *p = calloc(1, size);

    if (!p)
        refuse("out of memory");
    return p;
}

void *must_grow(void *array, size_t count, size_t size)
{
    void *p = reallocarray(array, count, size);

    if (!p)
        refuse("out of memory");
    return p;
}

char *must_copy(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(must_allocate(size), text, size);
}

char *must_format(const char *format, ...)
{
    va_list list;
    char *text;
    int n;

    va_start(list, format);
    n = vasprintf(&text, format, list);
    va_end(list);
    if (n < 0)
        refuse("out of memory");
    return text;
}

void strings_add(struct strings *s, const char *text)
{
    s->list = must_grow(s->list, s->count + 1, sizeof *s->list);
    s->list[s->count++] = must_copy(text);
}

bool strings_have(const struct strings *s, const char *text)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->list[i], text) == 0)
            return true;
    return false;
}

void package_add_binary(struct package *package, const char *name, struct blob *blob)
{
    package->binaries =
        must_grow(package->binaries, package->binary_count + 1, sizeof *package->binaries);
    package->binaries[package->binary_count++] = (struct binary){must_copy(name), blob};
}

struct binary *package_binary(const struct package *package, const char *name)
{
    for (size_t i = 0; i < package->binary_count; i++)
        if (strcmp(package->binaries[i].name, name) == 0)
            return &package->binaries[i];
    return NULL;
}
