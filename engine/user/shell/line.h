/* SPDX-License-Identifier: MIT */
/*
 * A line editor: bytes of a terminal in, changes of its screen out.
 *
 * It knows nothing of where bytes come from, so it is tested by typing at it. A
 * character is a UTF-8 sequence; what is longer than the screen is wide scrolls
 * sideways. Keys: arrows, Home, End, Delete, Ctrl-A B C D E F H K L N P U W, Tab.
 *
 * Tests  line_test.c, on the host
 */
#ifndef SHELL_LINE_H
#define SHELL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_MAX 1023
#define LINE_HISTORY 32

enum line_event { LINE_MORE, LINE_DONE, LINE_CANCELLED, LINE_END };

struct line {
    char text[LINE_MAX + 1]; /* with its end mark, once it is done */
    size_t length, cursor;
    size_t shown; /* first byte on the screen */
    unsigned columns;
    bool echo; /* false: no terminal, nothing is shown */
    bool cut_short; /* it did not all fit, and there was nobody to hear the bell */
    const char *prompt;
    unsigned char escape[8]; /* an escape sequence that is not complete */
    size_t escape_length;

    char *history[LINE_HISTORY]; /* [0] the latest */
    size_t history_count;
    size_t history_at; /* 0: the line being written, n: history[n - 1] */
    char *draft;       /* what was being written, while history is shown */

    void (*out)(const char *bytes, size_t length);
    char *(*copy)(const char *text, size_t length); /* NULL: no memory */
    void (*free)(void *p);
    /* The n-th name that may stand where the word [word, word + length) does, which is
     * the first of the line or not; NULL: no more. */
    const char *(*complete)(bool first, size_t n);
};

/* Show the prompt and begin. out, copy, free are set, the rest was zero or used. */
void line_begin(struct line *line, const char *prompt);
enum line_event line_feed(struct line *line, unsigned char byte);
/* Remember the line for the arrow keys, unless it is empty or the latest again. */
void line_remember(struct line *line);

#endif
