/* SPDX-License-Identifier: MIT */
/*
 * The five memory functions that a C compiler may call of its own accord, for
 * code that has no C library below it. They keep the standard's names and
 * promises; on the host the C library's stand in for them. What they are made of is
 * the processor's business (kernel/arch/x86_64/bytes.c).
 */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
