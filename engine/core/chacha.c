/* SPDX-License-Identifier: MIT */
/* ChaCha20's block function, and the generator: what was promised is in the header. */
#include "chacha.h"

#include "bytes.h"

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void quarter_round(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 7);
}

void chacha_block(uint32_t out[16], const uint32_t key[8], uint32_t counter,
                  const uint32_t nonce[3])
{
    uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

    memcpy(in + 4, key, 32);
    in[12] = counter;
    memcpy(in + 13, nonce, 12);
    memcpy(out, in, sizeof(in));
    for (unsigned i = 0; i < 10; i++) {
        for (unsigned column = 0; column < 4; column++)
            quarter_round(out, column, column + 4, column + 8, column + 12);
        for (unsigned column = 0; column < 4; column++)
            quarter_round(out, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4,
                          12 + (column + 3) % 4);
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

void rng_init(struct rng *rng, const uint8_t seed[32])
{
    memcpy(rng->key, seed, sizeof(rng->key));
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
    static const uint32_t nonce[3];
    uint8_t *to = out;
    uint32_t key[8], block[16];
    uint32_t used = sizeof(key), counter = 0;

    chacha_block(block, rng->key, counter, nonce);
    memcpy(key, block, sizeof(key));
    while (size) {
        size_t n;

        if (used == sizeof(block)) {
            chacha_block(block, rng->key, ++counter, nonce);
            used = 0;
        }
        n = sizeof(block) - used < size ? sizeof(block) - used : size;
        memcpy(to, (uint8_t *)block + used, n);
        used += (uint32_t)n;
        to += n;
        size -= n;
    }
    memcpy(rng->key, key, sizeof(key));
    erase(key, sizeof(key));
    erase(block, sizeof(block));
}
