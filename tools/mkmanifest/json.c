/* SPDX-License-Identifier: MIT */
/* A JSON reader by recursive descent; see json.h. */
#include "json.h"

#include "refuse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

struct reader {
    const char *file, *at, *end;
    unsigned line, depth;
};

static _Noreturn void wrong(const struct reader *r, const char *what)
{
    refuse("%s:%u: %s", r->file, r->line, what);
}

static void skip_space(struct reader *r)
{
    for (; r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at; r->at++)
        r->line += *r->at == '\n';
}

static bool accept(struct reader *r, const char *token)
{
    size_t n = strlen(token);

    if ((size_t)(r->end - r->at) < n || memcmp(r->at, token, n) != 0)
        return false;
    r->at += n;
    return true;
}

static unsigned read_hex(struct reader *r)
{
    unsigned code = 0;

    for (int i = 0; i < 4; i++, r->at++) {
        if (r->at == r->end || !isxdigit((unsigned char)*r->at))
            wrong(r, "\\u needs four hexadecimal digits");
        code = code * 16 +
               (unsigned)(isdigit((unsigned char)*r->at) ? *r->at - '0' : (*r->at | 32) - 'a' + 10);
    }
    return code;
}

/* The character behind \u, as UTF-8. */
static char *put_unicode(struct reader *r, char *out)
{
    unsigned code = read_hex(r);

    if (code >= 0xd800 && code < 0xdc00) {
        unsigned low = accept(r, "\\u") ? read_hex(r) : 0;

        if (low < 0xdc00 || low > 0xdfff)
            wrong(r, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        wrong(r, "half of a surrogate pair");
    }
    if (code == 0)
        wrong(r, "text with a zero byte");
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code >= 0x10000)
        *out++ = (char)(0xf0 | code >> 18);
    if (code >= 0x800)
        *out++ = (char)(code >= 0x10000 ? 0x80 | (code >> 12 & 63) : 0xe0 | code >> 12);
    *out++ = (char)(code >= 0x800 ? 0x80 | (code >> 6 & 63) : 0xc0 | code >> 6);
    *out++ = (char)(0x80 | (code & 63));
    return out;
}

/* Behind the opening quote. No escape is shorter than what it stands for. */
static char *read_text(struct reader *r)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    size_t most = 0;
    char *text, *out;

    while (r->at + most < r->end && r->at[most] != '"')
        most += r->at[most] == '\\' ? 2 : 1;
    text = out = must_allocate(most + 1);
    for (;;) {
        const char *escape;

        if (r->at == r->end || (unsigned char)*r->at < 0x20)
            wrong(r, "text without an end on its line");
        if (*r->at == '"')
            break;
        if (*r->at != '\\') {
            *out++ = *r->at++;
        } else if (accept(r, "\\u")) {
            out = put_unicode(r, out);
        } else {
            if (++r->at == r->end || !*r->at || !(escape = strchr(escapes, *r->at)))
                wrong(r, "no such escape");
            *out++ = meanings[escape - escapes];
            r->at++;
        }
    }
    r->at++;
    return text;
}

static void read_number(struct reader *r, struct json *v)
{
    bool negative = accept(r, "-");
    int64_t n = 0;

    v->type = JSON_NUMBER;
    if (r->at == r->end || !isdigit((unsigned char)*r->at))
        wrong(r, "not a value");
    for (; r->at < r->end && isdigit((unsigned char)*r->at); r->at++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *r->at - '0', &n))
            v->type = JSON_REAL;
    for (; r->at < r->end && *r->at && strchr(".eE+-0123456789", *r->at); r->at++)
        v->type = JSON_REAL;
    v->number = negative ? -n : n;
}

static struct json *read_value(struct reader *r, struct json *parent);

/* The items of a list or an object, behind its bracket, to its closing one. */
static void read_items(struct reader *r, struct json *parent, const char *close)
{
    struct json **end = &parent->items;
    size_t index = 0;

    skip_space(r);
    if (accept(r, close))
        return;
    do {
        char *name = NULL;

        skip_space(r);
        if (parent->type == JSON_OBJECT) {
            if (!accept(r, "\""))
                wrong(r, "a name in quotes is missing");
            name = read_text(r);
            if (json_member(parent, name))
                refuse("%s:%u: `%s` is there twice", r->file, r->line, name);
            skip_space(r);
            if (!accept(r, ":"))
                wrong(r, "`:` is missing behind a name");
        }
        *end = read_value(r, parent);
        (*end)->name = name;
        (*end)->index = index++;
        end = &(*end)->next;
        skip_space(r);
    } while (accept(r, ","));
    if (!accept(r, close))
        refuse("%s:%u: `,` or `%s` is missing", r->file, r->line, close);
}

static struct json *read_value(struct reader *r, struct json *parent)
{
    struct json *v = must_allocate(sizeof *v);

    if (++r->depth > DEPTH_MAX)
        wrong(r, "nested too deeply");
    skip_space(r);
    v->line = r->line;
    v->parent = parent;
    if (accept(r, "{")) {
        v->type = JSON_OBJECT;
        read_items(r, v, "}");
    } else if (accept(r, "[")) {
        v->type = JSON_LIST;
        read_items(r, v, "]");
    } else if (accept(r, "\"")) {
        v->type = JSON_TEXT;
        v->text = read_text(r);
    } else if (accept(r, "true") || accept(r, "false")) {
        v->type = JSON_BOOL;
        v->truth = r->at[-2] == 'u';
    } else if (!accept(r, "null")) {
        read_number(r, v);
    }
    r->depth--;
    return v;
}

struct json *json_parse(const char *file, const char *text, size_t length)
{
    struct reader r = {file, text, text + length, 1, 0};
    struct json *v = read_value(&r, NULL);

    skip_space(&r);
    if (r.at != r.end)
        wrong(&r, "something stands behind the end");
    return v;
}

struct json *json_member(const struct json *object, const char *name)
{
    struct json *v = object->type == JSON_OBJECT ? object->items : NULL;

    while (v && !(v->name && strcmp(v->name, name) == 0))
        v = v->next;
    return v;
}

char *json_path(const struct json *value, const char *more)
{
    char *rest = must_copy(more ? more : "");

    for (const struct json *v = value; v->parent; v = v->parent) {
        if (!v->name)
            rest = must_format("[%zu]%s%s", v->index, *rest && *rest != '[' ? "." : "", rest);
        else
            rest = must_format("%s%s%s", v->name, *rest && *rest != '[' ? "." : "", rest);
    }
    return rest;
}
