/* SPDX-License-Identifier: MIT */
/* Text from a format. What no longer fits is counted, not stored. */
#include "fmt.h"

#include <stdbool.h>
#include <stdint.h>

struct out {
    char *buffer;
    size_t size, length;
};

struct spec {
    bool left, zero, wide; /* wide: l, ll or z */
    int width, precision;  /* negative: none */
};

/* A va_list by address: an array type would lose its place on the way back. */
struct arguments {
    va_list list;
};

static void put(struct out *out, char c, int times)
{
    for (; times > 0; times--) {
        if (out->length + 1 < out->size)
            out->buffer[out->length] = c;
        out->length++;
    }
}

static void put_field(struct out *out, const struct spec *spec, const char *text, int length)
{
    if (!spec->left)
        put(out, spec->zero ? '0' : ' ', spec->width - length);
    for (int i = 0; i < length; i++)
        put(out, text[i], 1);
    if (spec->left)
        put(out, ' ', spec->width - length);
}

static void put_number(struct out *out, struct spec *spec, bool negative, uint64_t value,
                       unsigned base)
{
    char digits[21]; /* of 2^64 - 1, and a sign */
    int at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    spec->zero &= !spec->left;
    if (negative && spec->zero) {
        put(out, '-', 1);
        spec->width--;
    } else if (negative) {
        digits[--at] = '-';
    }
    put_field(out, spec, digits + at, (int)sizeof(digits) - at);
}

static int parse_number(const char **format, struct arguments *arguments)
{
    int value = 0;

    if (**format == '*') {
        ++*format;
        return va_arg(arguments->list, int);
    }
    for (; **format >= '0' && **format <= '9'; ++*format)
        value = value * 10 + (**format - '0');
    return value;
}

/* From behind the % to behind the conversion (or the end of the format). */
static const char *convert(struct out *out, const char *format, struct arguments *arguments)
{
    struct spec spec = {.precision = -1};

    for (; *format == '-' || *format == '0'; format++)
        *(*format == '-' ? &spec.left : &spec.zero) = true;
    spec.width = parse_number(&format, arguments);
    if (*format == '.') {
        format++;
        spec.precision = parse_number(&format, arguments);
    }
    for (; *format == 'l' || *format == 'z'; format++)
        spec.wide = true;
    if (*format == 's') {
        const char *text = va_arg(arguments->list, const char *);
        int length = 0;

        while (length != spec.precision && text[length])
            length++;
        put_field(out, &spec, text, length);
    } else if (*format == 'd') {
        int64_t value = spec.wide ? va_arg(arguments->list, long) : va_arg(arguments->list, int);

        put_number(out, &spec, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
    } else if (*format == 'u' || *format == 'x') {
        put_number(out, &spec, false,
                   spec.wide ? va_arg(arguments->list, unsigned long)
                             : va_arg(arguments->list, unsigned),
                   *format == 'u' ? 10 : 16);
    } else {
        put(out, '%', 1);
        put(out, *format, *format && *format != '%');
    }
    return *format ? format + 1 : format;
}

size_t vfmt(char *buffer, size_t size, const char *format, va_list list)
{
    struct out out = {.buffer = buffer, .size = size};
    struct arguments arguments;

    va_copy(arguments.list, list);
    while (*format) {
        if (*format == '%')
            format = convert(&out, format + 1, &arguments);
        else
            put(&out, *format++, 1);
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
