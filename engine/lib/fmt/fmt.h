/* SPDX-License-Identifier: MIT */
/*
 * Text from a format, without a C library: a subset of printf whose every
 * conversion means what it means there, so that the compiler checks the calls.
 *
 *   %s %d %u %x %%   flags - and 0; width and, for %s, a precision, as numbers or
 *                    as * (what is negative then is as if it were not there);
 *                    for numbers l, ll or z
 *
 * Another conversion stands for itself: its argument is not taken.
 *
 * Tests  fmt_test.c, on the host, against the C library's
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Writes at most `size` bytes, the last of them 0 (nothing when size is 0), and
 * returns the length that the whole text has, which may be `size` or more. */
size_t fmt(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
size_t vfmt(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
