/* SPDX-License-Identifier: MIT */
/* ChaCha20's block function, and the generator: what was promised is in the header. */
#include "chacha.h"

#include "bytes.h"

static inline uint32_t turn(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static inline void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    uint32_t p = *a, q = *b, r = *c, s = *d;

    p += q, s = turn(s ^ p, 16);
    r += s, q = turn(q ^ r, 12);
    p += q, s = turn(s ^ p, 8);
    r += s, q = turn(q ^ r, 7);
    *a = p, *b = q, *c = r, *d = s;
}

void chacha_block(uint32_t out[16], const uint32_t key[8], uint32_t counter,
                  const uint32_t nonce[3])
{
    uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

    memcpy(in + 4, key, 32);
    in[12] = counter;
    memcpy(in + 13, nonce, 12);
    memcpy(out, in, sizeof(in));
    for (unsigned round = 0; round < 20; round += 2) {
        for (uint32_t *x = out; x < out + 4; x++) /* columns */
            quarter(x, x + 4, x + 8, x + 12);
        quarter(out, out + 5, out + 10, out + 15); /* diagonals */
        quarter(out + 1, out + 6, out + 11, out + 12);
        quarter(out + 2, out + 7, out + 8, out + 13);
        quarter(out + 3, out + 4, out + 9, out + 14);
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
