/* SPDX-License-Identifier: MIT */
#include "place.h"

#include "refuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *source;
static const struct json *value, *places; /* places NULL: lines are those of the JSON */

void place_open(const char *file, const struct json *top)
{
    const struct json *cue = json_member(top, "cue");
    const struct json *name = cue ? json_member(cue, "source") : NULL;

    value = top;
    source = name && name->type == JSON_TEXT ? name->text : file;
    places = cue ? json_member(cue, "places") : NULL;
}

static const struct json *find(const struct json *v, const char *path)
{
    const struct json *found = NULL;

    if (strcmp(json_path(v, NULL), path) == 0)
        return v;
    if (v->type == JSON_OBJECT || v->type == JSON_LIST)
        for (const struct json *item = v->items; item && !found; item = item->next)
            found = find(item, path);
    return found;
}

/* Whether a value with that path is in the one with this. */
static bool is_in(const char *name, const char *path)
{
    size_t length = strlen(path);

    return strncmp(name, path, length) == 0 && (*path == 0 || strchr(".[", name[length]));
}

/* Of something without a place the first line that anything in it has; 0: none. */
static unsigned line_of(const char *path)
{
    const struct json *v = places ? json_member(places, path) : find(value, path);
    unsigned line = 0;

    if (v)
        return places ? (unsigned)v->number : v->line;
    for (v = places ? places->items : NULL; v; v = v->next)
        if (is_in(v->name, path) && (line == 0 || v->number < line))
            line = (unsigned)v->number;
    return line;
}

unsigned place_line(const char *path)
{
    char *outer = must_copy(path);
    unsigned line;

    while ((line = line_of(outer)) == 0 && *outer) {
        char *dot = strrchr(outer, '.'), *bracket = strrchr(outer, '[');
        char *end = dot > bracket ? dot : bracket;

        *(end ? end : outer) = 0;
    }
    return line;
}

char *place(const char *path)
{
    return must_format("%s:%u:%s%s", source, place_line(path), *path ? " " : "", path);
}

void refuse_at(const char *path, const char *format, ...)
{
    char text[4096];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    refuse("%s%s %s", place(path), *path ? ":" : "", text);
}
