/* SPDX-License-Identifier: MIT */
/* One line on stderr; see say.h. */
#include "say.h"

#include <stdio.h>
#include <stdlib.h>

static void say_list(const char *format, va_list list)
{
    char line[2048];

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
