/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4: a hash for tables whose keys an opponent may choose. Without the
 * key nobody can make collisions.
 *
 * Tests  siphash_test.c, on the host, with the authors' vectors
 */
#ifndef CORE_SIPHASH_H
#define CORE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint8_t key[16], const void *data, size_t size);

#endif
