/* SPDX-License-Identifier: MIT */
/*
 * Random bytes: a generator over ChaCha20 that erases its key as it goes.
 *
 * Every request makes one stream of key blocks; the first becomes the next key,
 * what follows is given out. Whoever sees the state later cannot compute what was
 * given out before. Entropy, the first as all later, goes in as the nonces of a
 * chain of blocks, so that it can only add: whoever chooses all of it but does not
 * know the key learns nothing.
 *
 * Locking  the caller's
 * Spec     RFC 8439, 2.3 (the block function)
 * Tests    chacha_test.c, on the host, with the RFC's vectors
 */
#ifndef CHACHA_H
#define CHACHA_H

#include <stddef.h>
#include <stdint.h>

void chacha_block(uint32_t out[16], const uint32_t key[8], uint32_t counter,
                  const uint32_t nonce[3]);

/* A zeroed one knows nothing yet: mix in what is random before anything else. */
struct rng {
    uint32_t key[8];
};

/* Stir in what may or may not be random. */
void rng_mix(struct rng *rng, const void *bytes, size_t size);
void rng_bytes(struct rng *rng, void *out, size_t size);

#endif
