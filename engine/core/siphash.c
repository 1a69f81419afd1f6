/* SPDX-License-Identifier: MIT */
/* SipHash-2-4, after Aumasson and Bernstein, "SipHash: a fast short-input PRF". */
#include "siphash.h"

#include "bytes.h"

static uint64_t rotate(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static void rounds(uint64_t v[4], unsigned count)
{
    for (; count; count--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

uint64_t siphash(const uint8_t key[16], const void *data, size_t size)
{
    const uint8_t *from = data;
    uint64_t last = (uint64_t)size << 56, word, k[2];

    memcpy(k, key, sizeof(k));
    uint64_t v[4] = {k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d,
                     k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573};

    for (; size >= 8; size -= 8, from += 8) {
        memcpy(&word, from, 8);
        absorb(v, word);
    }
    while (size--)
        last |= (uint64_t)from[size] << size * 8;
    absorb(v, last);
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
