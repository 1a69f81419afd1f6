/* SPDX-License-Identifier: MIT */
/*
 * SHA-256, the fingerprint of every blob in a boot module.
 *
 * The host packs it beside the bytes, init computes it again: both with this
 * code, so that what is checked in a machine is what was packed. No allocation,
 * no globals, any alignment, any way of cutting the input into pieces.
 *
 * Spec     FIPS 180-4
 * Tests    sha256_test.c, on the host
 */
#ifndef PHOENIX_SHA256_H
#define PHOENIX_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes taken so far; length % 64 of them are in `block` */
    uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t length);
/* The digest of all that was taken; `s` needs an init before it is used again. */
void sha256_final(struct sha256 *s, uint8_t digest[SHA256_SIZE]);

/* The work itself, on whole blocks. A host program links a quicker one over it
 * (sha256_x86.c), which falls back on the portable one. */
void sha256_blocks(uint32_t H[8], const uint8_t *blocks, size_t count);
void sha256_blocks_portable(uint32_t H[8], const uint8_t *blocks, size_t count);
extern const uint32_t sha256_k[64]; /* the standard's K */

/* All three at once. */
void sha256(const void *data, size_t length, uint8_t digest[SHA256_SIZE]);

#endif
