/* SPDX-License-Identifier: MIT */
/*
 * The words of the kernel's command line that hardware code looks at itself.
 */
#ifndef ARCH_COMMAND_LINE_H
#define ARCH_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What follows `key` (say "exit=") at the beginning of a word, or NULL. */
static inline const char *command_line_value(const char *line, const char *key)
{
    for (bool at_word = true; *line != 0; at_word = *line++ == ' ') {
        const char *l = line, *k = key;

        if (!at_word)
            continue;
        while (*k != 0 && *l == *k)
            l++, k++;
        if (*k == 0)
            return l;
    }
    return NULL;
}

/* A number in C's hexadecimal or decimal notation, up to the first other character. */
static inline uint32_t command_line_number(const char *text)
{
    uint32_t base = 10, value = 0;

    if (text[0] == '0' && (text[1] | 0x20) == 'x') {
        base = 16;
        text += 2;
    }
    for (;; text++) {
        uint32_t digit = (uint32_t)*text - '0';

        if (digit > 9)
            digit = ((uint32_t)*text | 0x20) - 'a' + 10;
        if (digit >= base || (digit >= 10 && (*text | 0x20) < 'a'))
            return value;
        value = value * base + digit;
    }
}

/* `console=framed`: what goes out on COM1 goes in frames (core/framing.h). */
static inline bool command_line_is_framed(const char *line)
{
    const char *value = command_line_value(line, "console=framed");

    return value != NULL && (*value == 0 || *value == ' ');
}

/* The port of `exit=`: isa-debug-exit, a device of QEMU's; 0: none. */
static inline uint16_t command_line_exit_port(const char *line)
{
    const char *value = command_line_value(line, "exit=");

    return value != NULL ? (uint16_t)command_line_number(value) : 0;
}

#endif
