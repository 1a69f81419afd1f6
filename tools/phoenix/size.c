/* SPDX-License-Identifier: MIT */
/* See size.h. */
#include "size.h"

#include "say.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MOST (UINT64_C(1) << 40)

uint64_t number_parse(const char *option, const char *text, char **end)
{
    unsigned long long n;

    errno = 0;
    n = strtoull(text, end, 10);
    if (!isdigit((unsigned char)text[0]) || errno)
        fail(STATUS_FAILED, "%s: `%s` is not a number", option, text);
    return n;
}

uint64_t size_parse(const char *option, const char *text)
{
    static const char units[] = "KMG";
    char *end;
    uint64_t n;
    unsigned shift = 0;

    if (text[0] == '-' && isdigit((unsigned char)text[1]))
        fail(STATUS_FAILED, "%s: %s is not between 1 and 1024G", option, text);
    n = number_parse(option, text, &end);
    if (*end) {
        const char *unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);

        if (!unit || end[1])
            fail(STATUS_FAILED, "%s: `%s` is not a size such as 64M or 2G", option, text);
        shift = 10 * (unsigned)(unit - units + 1);
    }
    if (n == 0 || n > SIZE_MOST >> shift)
        fail(STATUS_FAILED, "%s: %s is not between 1 and 1024G", option, text);
    return n << shift;
}
