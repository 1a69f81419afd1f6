/* SPDX-License-Identifier: MIT */
/*
 * What the packer's parts share with the programs that link them: how they give up,
 * and memory that is there or ends the process.
 */
#ifndef MKMANIFEST_REFUSE_H
#define MKMANIFEST_REFUSE_H

#include <stddef.h>

/* End the process with one line: what, where, what would be right. Each program
 * has its own, with its own name and exit status. */
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

void *must_allocate(size_t size); /* zeroed */
void *must_grow(void *array, size_t count, size_t size);
char *must_copy(const char *text);
char *must_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
