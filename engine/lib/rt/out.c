/* SPDX-License-Identifier: MIT */
/* Text: to consoles and the log, and about errors. */
#include "rt/rt.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "interfaces.h"

#define TEXT_MAX 2048

bool rt_write(uint64_t console, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        struct console_write_out out = {0};

        if (console_write(console, (uint64_t)at, length < 4096 ? length : 4096, &out) < 0 ||
            out.written == 0 || out.written > length)
            return false;
        at += out.written;
        length -= out.written;
    }
    return true;
}

static void print_to(uint64_t console, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void print_to(uint64_t console, const char *format, va_list arguments)
{
    char text[TEXT_MAX];
    size_t length = vfmt(text, sizeof text, format, arguments);

    if (console != 0)
        rt_write(console, text, length < sizeof text ? length : sizeof text - 1);
}

static uint64_t first_of(const char *a, const char *b, const char *c)
{
    uint64_t cap = rt_cap(a);

    if (cap == 0)
        cap = rt_cap(b);
    return cap != 0 ? cap : rt_cap(c);
}

void rt_print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_to(first_of("stdout", "console", "console"), format, arguments);
    va_end(arguments);
}

void rt_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_to(first_of("stderr", "stdout", "console"), format, arguments);
    va_end(arguments);
}

void rt_log(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    size_t length = fmt(text, sizeof text, "%s: ", rt_program);
    uint64_t log = rt_cap("log");

    if (log == 0)
        return;
    if (length >= sizeof text / 2)
        length = sizeof text / 2;
    va_start(arguments, format);
    length += vfmt(text + length, sizeof text - length, format, arguments);
    va_end(arguments);
    length = length < sizeof text ? length : sizeof text - 1;
    for (size_t at = 0; at < length; at += PHX_LOG_LINE)
        log_write(log, (uint64_t)text + at,
            length - at < PHX_LOG_LINE ? length - at : PHX_LOG_LINE);
}

const char *rt_error_text(int64_t error)
{
    uint64_t number = (uint64_t)(error < 0 ? -error : error);

    return number < PHX_ERROR_COUNT ? phx_error_texts[number].text : "unknown error";
}

bool rt_equal(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

bool rt_number(const char *text, uint64_t *number)
{
    unsigned base = 10;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    } else if (text[0] == '0' && text[1] != 0) {
        base = 8;
        text++;
    }
    if (*text == 0)
        return false;
    *number = 0;
    for (; *text != 0; text++) {
        unsigned digit = digit_of(*text);

        if (digit >= base || *number > (UINT64_MAX - digit) / base)
            return false;
        *number = *number * base + digit;
    }
    return true;
}
