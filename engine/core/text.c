/* SPDX-License-Identifier: MIT */
/* Text from a format: what was promised is in the header. */
#include "text.h"

#include <stdbool.h>
#include <stdint.h>

struct out {
    char *at, *last; /* of the 0 at the end at the latest */
};

static void put(struct out *out, char c)
{
    if (out->at < out->last)
        *out->at++ = c;
}

static void put_number(struct out *out, uint64_t value, unsigned base, unsigned width, char fill)
{
    char digits[20]; /* of 2^64 - 1 */
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    for (; width > count; width--)
        put(out, fill);
    while (count > 0)
        put(out, digits[--count]);
}

/* From behind the % to the conversion's last character. */
static const char *convert(struct out *out, const char *format, va_list *arguments)
{
    char fill = *format == '0' ? '0' : ' ';
    unsigned width = 0;

    for (; *format >= '0' && *format <= '9'; format++)
        width = width * 10 + (unsigned)(*format - '0');
    bool wide = *format == 'l';
    format += wide;
    if (*format == 's') {
        for (const char *s = va_arg(*arguments, const char *); *s; s++)
            put(out, *s);
    } else if (*format == 'd') {
        int64_t value = wide ? va_arg(*arguments, long) : va_arg(*arguments, int);

        if (value < 0)
            put(out, '-');
        put_number(out, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width, fill);
    } else {
        put_number(out, wide ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned),
                   *format == 'x' ? 16 : 10, width, fill);
    }
    return format;
}

/* A copy, because only what is no parameter can be named by a pointer to its type. */
size_t text_vfmt(char *buffer, size_t size, const char *format, va_list list)
{
    struct out out = { buffer, buffer + size - 1 };
    va_list arguments;

    va_copy(arguments, list);
    for (; *format; format++) {
        if (*format == '%')
            format = convert(&out, format + 1, &arguments);
        else
            put(&out, *format);
    }
    va_end(arguments);
    *out.at = 0;
    return (size_t)(out.at - buffer);
}

size_t text_fmt(char *buffer, size_t size, const char *format, ...)
{
    va_list list;
    size_t length;

    va_start(list, format);
    length = text_vfmt(buffer, size, format, list);
    va_end(list);
    return length;
}
