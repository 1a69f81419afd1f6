/* SPDX-License-Identifier: MIT */
/*
 * The functions of a kernel, by its file's symbols: a backtrace in its epitaph is a line
 * for each function, `  0xADDRESS`.
 *
 * Tests    tests/launcher/names_test.c, on the host
 */
#ifndef PHOENIX_NAMES_H
#define PHOENIX_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `  FUNCTION+0xOFFSET` for such a line (without its end); false: it is none, or the
 * kernel's file names nothing there. */
bool names_line(const char *kernel, const uint8_t *line, size_t length, char *out, size_t size);

#endif
