/* SPDX-License-Identifier: MIT */
/* One line on stderr; see say.h. */
#include "say.h"

#include <stdio.h>
#include <stdlib.h>

static void say_list(const char *format, va_list list)
{
    char line[2048];

    /* One write, so that a line stays whole beside those of a machine. A raw
     * terminal needs the carriage return, and no other minds it at a line's end. */
    vsnprintf(line, sizeof line, format, list);
    fprintf(stderr, "phoenix: %s\n", line);
}

void say(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say_list(format, list);
    va_end(list);
}

void fail(int status, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say_list(format, list);
    va_end(list);
    exit(status);
}
