/* SPDX-License-Identifier: MIT */
/*
 * Every conversion becomes one field: a prefix (sign or 0x), a body, and padding
 * around or between them. Text that no longer fits is counted, not stored.
 */
#include "fmt.h"

#include <stdbool.h>
#include <stdint.h>

struct out {
    char *buffer;
    size_t size, length;
};

struct spec {
    bool left, zero, wide; /* wide: l, ll or z */
    size_t width;
    size_t precision; /* SIZE_MAX: none */
    char conversion;
};

static void put(struct out *out, char c, size_t times)
{
    for (; times; times--) {
        if (out->length + 1 < out->size)
            out->buffer[out->length] = c;
        out->length++;
    }
}

static void put_text(struct out *out, const char *text, size_t length)
{
    while (length--)
        put(out, *text++, 1);
}

static void put_field(struct out *out, const struct spec *spec, const char *prefix,
                      const char *body, size_t body_length)
{
    size_t prefix_length = prefix[0] == 0 ? 0 : prefix[1] == 0 ? 1 : 2;
    size_t used = prefix_length + body_length;
    size_t padding = spec->width > used ? spec->width - used : 0;
    bool zero = spec->zero && !spec->left;

    put(out, ' ', spec->left || zero ? 0 : padding);
    put_text(out, prefix, prefix_length);
    put(out, '0', zero ? padding : 0);
    put_text(out, body, body_length);
    put(out, ' ', spec->left ? padding : 0);
}

static void put_number(struct out *out, const struct spec *spec, const char *prefix,
                       uint64_t value, unsigned base)
{
    char digits[20]; /* of 2^64 - 1 */
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    put_field(out, spec, prefix, digits + at, sizeof(digits) - at);
}

static void put_string(struct out *out, struct spec *spec, const char *text)
{
    size_t length = 0;

    if (!text)
        text = "(null)";
    while (length < spec->precision && text[length])
        length++;
    spec->zero = false;
    put_field(out, spec, "", text, length);
}

/* A va_list by address: an array type would lose its place on the way back. */
struct arguments {
    va_list list;
};

static size_t parse_size(const char **format, struct arguments *arguments, bool *negative)
{
    size_t value = 0;

    if (**format == '*') {
        int given = va_arg(arguments->list, int);

        ++*format;
        *negative = given < 0;
        return given < 0 ? 0u - (unsigned)given : (unsigned)given;
    }
    for (; **format >= '0' && **format <= '9'; ++*format)
        value = value * 10 + (size_t)(**format - '0');
    return value;
}

/* From behind the % to behind the conversion (or the end of the format). */
static struct spec parse(const char **format, struct arguments *arguments)
{
    struct spec spec = {.precision = SIZE_MAX};
    bool negative = false;

    for (; **format == '-' || **format == '0'; ++*format)
        *(**format == '-' ? &spec.left : &spec.zero) = true;
    spec.width = parse_size(format, arguments, &negative);
    spec.left |= negative;
    if (**format == '.') {
        ++*format;
        negative = false;
        spec.precision = parse_size(format, arguments, &negative);
        if (negative)
            spec.precision = SIZE_MAX;
    }
    for (; **format == 'l' || **format == 'z'; ++*format)
        spec.wide = true;
    spec.conversion = **format;
    if (**format)
        ++*format;
    return spec;
}

static bool convert(struct out *out, struct spec *spec, struct arguments *arguments)
{
    switch (spec->conversion) {
    case 'd':
    case 'i': {
        int64_t value = spec->wide ? va_arg(arguments->list, long) : va_arg(arguments->list, int);
        uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

        put_number(out, spec, value < 0 ? "-" : "", magnitude, 10);
        return true;
    }
    case 'u':
    case 'x':
        put_number(out, spec, "",
                   spec->wide ? va_arg(arguments->list, unsigned long)
                              : va_arg(arguments->list, unsigned),
                   spec->conversion == 'u' ? 10 : 16);
        return true;
    case 'p':
        put_number(out, spec, "0x", (uintptr_t)va_arg(arguments->list, void *), 16);
        return true;
    case 's':
        put_string(out, spec, va_arg(arguments->list, const char *));
        return true;
    case 'c': {
        char c = (char)va_arg(arguments->list, int);

        spec->zero = false;
        put_field(out, spec, "", &c, 1);
        return true;
    }
    case '%':
        put(out, '%', 1);
        return true;
    default:
        return false;
    }
}

size_t vfmt(char *buffer, size_t size, const char *format, va_list list)
{
    struct out out = {.buffer = buffer, .size = size};
    struct arguments arguments;

    va_copy(arguments.list, list);
    while (*format) {
        const char *start = format;

        if (*format++ != '%') {
            put(&out, *start, 1);
            continue;
        }
        struct spec spec = parse(&format, &arguments);
        if (!convert(&out, &spec, &arguments))
            put_text(&out, start, (size_t)(format - start));
    }
    va_end(arguments.list);
    if (size)
        buffer[out.length < size ? out.length : size - 1] = 0;
    return out.length;
}

size_t fmt(char *buffer, size_t size, const char *format, ...)
{
    va_list list;
    size_t length;

    va_start(list, format);
    length = vfmt(buffer, size, format, list);
    va_end(list);
    return length;
}
