/* SPDX-License-Identifier: MIT */
/* ChaCha20's block function, and the generator: what was promised is in the header. */
#include "chacha.h"

#include "bytes.h"

static void step(uint32_t x[16], unsigned a, unsigned b, unsigned d, unsigned n)
{
    x[a] += x[b];
    x[d] ^= x[a];
    x[d] = x[d] << n | x[d] >> (32 - n);
}

void chacha_block(uint32_t out[16], const uint32_t key[8], uint32_t counter,
                  const uint32_t nonce[3])
{
    uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

    memcpy(in + 4, key, 32);
    in[12] = counter;
    memcpy(in + 13, nonce, 12);
    memcpy(out, in, sizeof(in));
    /* Columns in even rounds, diagonals in odd ones. */
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned a = 0, shift = round % 2; a < 4; a++) {
            unsigned b = 4 + (a + shift) % 4, c = 8 + (a + 2 * shift) % 4;
            unsigned d = 12 + (a + 3 * shift) % 4;

            step(out, a, b, d, 16);
            step(out, c, d, b, 12);
            step(out, a, b, d, 8);
            step(out, c, d, b, 7);
        }
    }
    for (unsigned i = 0; i < 16; i++)
        out[i] += in[i];
}

/* Volatile, or the compiler leaves it out because nobody reads the memory any more. */
static void erase(uint32_t *words, size_t size)
{
    volatile uint32_t *word = words;

    for (size_t i = 0; i < size / sizeof(*words); i++)
        word[i] = 0;
}

/* The next key is half a block under this one, chosen by 16 bytes. */
static void absorb(struct rng *rng, const uint32_t chunk[4])
{
    uint32_t block[16];

    chacha_block(block, rng->key, chunk[0], chunk + 1);
    memcpy(rng->key, block, sizeof(rng->key));
    erase(block, sizeof(block));
}

void rng_mix(struct rng *rng, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    uint32_t chunk[4] = {(uint32_t)size, (uint32_t)(size >> 16 >> 16), 0, 1};

    /* Its length first, so that no two inputs make one chain. */
    absorb(rng, chunk);
    while (size) {
        size_t n = size < sizeof(chunk) ? size : sizeof(chunk);

        memset(chunk, 0, sizeof(chunk));
        memcpy(chunk, from, n);
        absorb(rng, chunk);
        from += n;
        size -= n;
    }
    erase(chunk, sizeof(chunk));
}

void rng_bytes(struct rng *rng, void *out, size_t size)
{
    static const uint32_t zero[4];
    uint8_t *to = out;
    uint32_t block[16];

    for (uint32_t counter = 1; size; counter++) {
        size_t n = size < sizeof(block) ? size : sizeof(block);

        chacha_block(block, rng->key, counter, zero);
        memcpy(to, block, n);
        to += n;
        size -= n;
    }
    absorb(rng, zero);
    erase(block, sizeof(block));
}
