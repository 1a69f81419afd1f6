/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has to say, from a format: the little of printf that it needs, each
 * conversion with its meaning there, so that the compiler checks the calls.
 *
 *   %s %d %u %x   for numbers l, and a width, with 0 in front filled with zeros
 *
 * Anything else stands for itself, and what no longer fits is left out. Programs have more
 * (engine/lib/fmt).
 *
 * Tests  text_test.c, on the host, against the C library's
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Writes at most `size` bytes, at least 1, the last of them 0; how many are before that. */
size_t text_fmt(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
size_t text_vfmt(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
