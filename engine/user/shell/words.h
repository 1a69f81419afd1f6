/* SPDX-License-Identifier: MIT */
/*
 * A command line into words: blanks separate, '...' keeps everything, "..." keeps
 * everything but \" and \\, a backslash keeps the next character.
 *
 * Tests  words_test.c, on the host
 */
#ifndef SHELL_WORDS_H
#define SHELL_WORDS_H

#include <stddef.h>

#define WORDS_MAX 64

/* In place; words point into the line. NULL, or what is wrong with it. */
const char *words_split(char *line, char *words[WORDS_MAX + 1], size_t *count);

#endif
