/* SPDX-License-Identifier: MIT */
/* SHA-256 as FIPS 180-4 writes it; names are the standard's. See sha256.h. */
#include "sha256.h"

#include <string.h>

/* 4.2.2: the first 32 bits of the fractions of the cube roots of 64 primes. */
const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store(uint8_t *p, uint32_t x)
{
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
}

/* 6.2.2, steps 1 to 4 for one block; the schedule W is kept as its last 16 words. */
static void sha256_block(uint32_t H[8], const uint8_t *block)
{
    uint32_t W[16];
    uint32_t a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];

    for (unsigned t = 0; t < 64; t++) {
        uint32_t *w = &W[t % 16];

        if (t < 16) {
            *w = load(block + 4 * t);
        } else {
            uint32_t w15 = W[(t + 1) % 16], w2 = W[(t + 14) % 16];

            *w += (rotr(w15, 7) ^ rotr(w15, 18) ^ w15 >> 3) + W[(t + 9) % 16] +
                (rotr(w2, 17) ^ rotr(w2, 19) ^ w2 >> 10);
        }
        uint32_t T1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + sha256_k[t] +
            *w;
        uint32_t T2 =
            (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

        h = g;
        g = f;
        f = e;
        e = d + T1;
        d = c;
        c = b;
        b = a;
        a = T1 + T2;
    }
    H[0] += a;
    H[1] += b;
    H[2] += c;
    H[3] += d;
    H[4] += e;
    H[5] += f;
    H[6] += g;
    H[7] += h;
}

__attribute__((weak)) void sha256_blocks(uint32_t H[8], const uint8_t *blocks, size_t count)
{
    sha256_blocks_portable(H, blocks, count);
}

void sha256_blocks_portable(uint32_t H[8], const uint8_t *blocks, size_t count)
{
    for (; count > 0; blocks += 64, count--)
        sha256_block(H, blocks);
}

void sha256_init(struct sha256 *s)
{
    /* 5.3.3 */
    static const uint32_t H0[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memcpy(s->state, H0, sizeof H0);
    s->length = 0;
}

void sha256_update(struct sha256 *s, const void *data, size_t length)
{
    const uint8_t *p = data;
    size_t held = s->length % 64;

    s->length += length;
    if (held + length < 64) {
        memcpy(s->block + held, p, length);
        return;
    }
    if (held) {
        memcpy(s->block + held, p, 64 - held);
        sha256_blocks(s->state, s->block, 1);
        p += 64 - held;
        length -= 64 - held;
    }
    sha256_blocks(s->state, p, length / 64);
    memcpy(s->block, p + length / 64 * 64, length % 64);
}

void sha256_final(struct sha256 *s, uint8_t digest[SHA256_SIZE])
{
    static const uint8_t padding[64] = {0x80};
    uint8_t bits[8];

    /* 5.1.1: a one, zeros up to 56 mod 64, the length in bits. */
    store(bits, (uint32_t)(s->length >> 29));
    store(bits + 4, (uint32_t)(s->length << 3));
    sha256_update(s, padding, 1 + (119 - s->length % 64) % 64);
    sha256_update(s, bits, sizeof bits);
    for (unsigned i = 0; i < 8; i++)
        store(digest + 4 * i, s->state[i]);
}

void sha256(const void *data, size_t length, uint8_t digest[SHA256_SIZE])
{
    struct sha256 s;

    sha256_init(&s);
    sha256_update(&s, data, length);
    sha256_final(&s, digest);
}
