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

static void put(struct out *out, char c, int times)
{
    for (; times > 0; times--) {
        if (out->length + 1 < out->size)
            out->buffer[out->length] = c;
        out->length++;
    }
}

/* To its width: with blanks, or with zeros behind the sign. */
static void put_field(struct out *out, const struct spec *spec, const char *text, int length)
{
    bool zero = spec->zero && !spec->left;
    int missing = spec->width - length;

    if (zero && length > 0 && *text == '-') {
        put(out, *text++, 1);
        length--;
    }
    if (!spec->left)
        put(out, zero ? '0' : ' ', missing);
    while (length-- > 0)
        put(out, *text++, 1);
    if (spec->left)
        put(out, ' ', missing);
}

static void put_number(struct out *out, const struct spec *spec, uint64_t value, char conversion)
{
    bool negative = conversion == 'd' && (int64_t)value < 0;
    unsigned base = conversion == 'x' ? 16 : 10;
    char digits[21]; /* of 2^64 - 1, and a sign */
    int at = sizeof(digits);

    value = negative ? -value : value;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (negative)
        digits[--at] = '-';
    put_field(out, spec, digits + at, (int)sizeof(digits) - at);
}

static int parse_number(const char **format, va_list *arguments)
{
    int value = 0;

    if (**format == '*') {
        ++*format;
        return va_arg(*arguments, int);
    }
    for (; **format >= '0' && **format <= '9'; ++*format)
        value = value * 10 + (**format - '0');
    return value;
}

/* From behind the % to behind the conversion (or the end of the format). */
static const char *convert(struct out *out, const char *format, va_list *arguments)
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
        const char *text = va_arg(*arguments, const char *);
        int length = 0;

        while (length != spec.precision && text[length])
            length++;
        put_field(out, &spec, text, length);
    } else if (*format == 'd') {
        put_number(out, &spec,
                   (uint64_t)(spec.wide ? va_arg(*arguments, long) : va_arg(*arguments, int)), 'd');
    } else if (*format == 'u' || *format == 'x') {
        put_number(out, &spec, spec.wide ? va_arg(*arguments, unsigned long)
                                         : va_arg(*arguments, unsigned), *format);
    } else {
        put(out, '%', 1);
        put(out, *format, *format && *format != '%');
    }
    return *format ? format + 1 : format;
}

size_t vfmt(char *buffer, size_t size, const char *format, va_list list)
{
    struct out out = {.buffer = buffer, .size = size};
    va_list arguments; /* a parameter of that type is a pointer, and &list another */

    va_copy(arguments, list);
    while (*format) {
        if (*format == '%')
            format = convert(&out, format + 1, &arguments);
        else
            put(&out, *format++, 1);
    }
    va_end(arguments);
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
