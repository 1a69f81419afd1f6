/* SPDX-License-Identifier: MIT */
/* What a script asks for; see script.h. */
#include "script.h"

#define SCRIPT_LINE_MAX 255

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool script_parse(const char *text, uint64_t size, struct script *script)
{
    uint64_t at = 2, end = 0;

    if (size < 2 || text[0] != '#' || text[1] != '!')
        return false;
    for (; end < size && text[end] != '\n'; end++)
        if (end >= SCRIPT_LINE_MAX || text[end] == 0)
            return false;
    while (at < end && is_blank(text[at]))
        at++;
    script->interpreter = at;
    while (at < end && !is_blank(text[at]))
        at++;
    script->interpreter_size = at - script->interpreter;
    return script->interpreter_size > 0;
}
