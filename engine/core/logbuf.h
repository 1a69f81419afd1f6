/* SPDX-License-Identifier: MIT */
/*
 * The log: the latest lines of text, in a ring over a buffer of the caller's.
 *
 * Every byte ever written has a position that counts up from 0 and never wraps,
 * so that a reader is one number, any number of readers need no registration,
 * and one that was too slow is moved on to the oldest line that is still whole.
 *
 * Locking  the caller's
 * Tests    logbuf_test.c, on the host
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGBUF_TEXT_MAX 480 /* bytes of a line that are kept, without its prefix */
#define LOGBUF_LINE_MAX 512 /* with prefix and newline */
#define LOGBUF_SIZE_MIN 1024

/*
 * Holds between calls; the buffer has the bytes at [tail, head):
 *   L1  tail <= head <= tail + size
 *   L2  a line begins at tail, and head is just behind a line's newline
 */
struct logbuf {
    char *buffer;
    size_t size; /* a power of two, at least LOGBUF_SIZE_MIN */
    uint64_t head, tail; /* 0 when nothing was written */
};

/*
 * One line, "[    1.234567] text\n", its time in nanoseconds since boot, whether the text
 * ends with a newline or not; what is longer than LOGBUF_TEXT_MAX is cut. Control
 * characters other than tab, U+0080 to U+009F and newlines too, become '?', so that what
 * one program logs can neither forge a line nor command a terminal. The whole line is left in
 * `line`; says how long it is.
 */
size_t logbuf_append(struct logbuf *log, uint64_t nanoseconds, const char *text, size_t length,
                     char line[LOGBUF_LINE_MAX]);

/* Copies what follows *position, at most `size` bytes, moves *position behind it
 * and returns how much it was. What was overwritten is skipped. */
size_t logbuf_read(const struct logbuf *log, uint64_t *position, char *out, size_t size);

/* The position at which the last `lines` lines begin (all there are, if fewer). */
uint64_t logbuf_last(const struct logbuf *log, size_t lines);
