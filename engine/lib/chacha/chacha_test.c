/* SPDX-License-Identifier: MIT */
#include "chacha.h"

#include <string.h>

#include "../../../tests/harness/test.h"

static void check_block(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12],
                        const char *expected)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t k[8], n[3], block[16];
    uint8_t bytes[64];
    char text[129];

    memcpy(k, key, 32);
    memcpy(n, nonce, 12);
    chacha_block(block, k, counter, n);
    memcpy(bytes, block, 64);
    for (int i = 0; i < 64; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[128] = 0;
    CHECK_STR(text, expected);
}

TEST(chacha, blocks_are_those_of_the_rfc, "8439: 2.3.2 and A.1, vectors 1, 2, 4 and 5")
{
    uint8_t key[32], zero[32] = {0}, other[32] = {0};
    const uint8_t nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4a}, two[12] = {[11] = 2};

    for (int i = 0; i < 32; i++)
        key[i] = (uint8_t)i;
    check_block(key, 1, nonce,
                "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
                "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
    check_block(zero, 0, zero,
                "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
                "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
    check_block(zero, 1, zero,
                "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
                "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
    other[1] = 0xff;
    check_block(other, 2, zero,
                "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
                "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096");
    check_block(zero, 0, two,
                "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
                "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d");
}

TEST(chacha, bytes_are_the_stream_behind_the_next_key, "for every length")
{
    const uint32_t nonce[3] = {0};
    uint8_t seed[32], stream[320], out[256];
    uint32_t block[16];
    struct rng rng, seeded = {{0}};

    for (int i = 0; i < 32; i++)
        seed[i] = (uint8_t)test_rand();
    rng_mix(&seeded, seed, sizeof(seed));
    for (uint32_t i = 0; i < 5; i++) {
        chacha_block(block, seeded.key, i, nonce);
        memcpy(stream + 64 * i, block, 64);
    }
    for (size_t size = 0; size <= 200; size++) {
        rng = seeded;
        memset(out, 0x55, sizeof(out));
        rng_bytes(&rng, out, size);
        CHECK(memcmp(out, stream + 64, size) == 0);
        for (size_t i = size; i < sizeof(out); i++)
            CHECK_EQ(out[i], 0x55);
        CHECK(memcmp(rng.key, stream, 32) == 0);
    }
}

TEST(chacha, every_bit_of_a_seed_counts, "in the first bytes that come")
{
    uint8_t seed[32] = {0}, out[257][16];

    for (int i = 0; i <= 256; i++) {
        struct rng rng = {{0}};

        if (i < 256)
            seed[i / 8] = (uint8_t)(1 << i % 8);
        rng_mix(&rng, seed, sizeof(seed));
        rng_bytes(&rng, out[i], 16);
        memset(seed, 0, sizeof(seed));
        for (int j = 0; j < i; j++)
            CHECK(memcmp(out[i], out[j], 16) != 0);
    }
}

TEST(chacha, whatever_is_mixed_in_changes_what_comes, "its length and its order too")
{
    static const struct {
        const char *bytes;
        size_t size;
    } inputs[] = {{"", 0},  {"\0", 1}, {"\0\0", 2}, {"a", 1}, {"ab", 2}, {"ba", 2},
                  {"0123456789abcdef", 16}, {"0123456789abcdef\0", 17}, {"0123456789abcdeg", 16}};
    enum { COUNT = sizeof(inputs) / sizeof(*inputs) + 1 };
    uint8_t out[COUNT][16];

    for (size_t i = 0; i < COUNT; i++) {
        struct rng rng = {{1, 2, 3}};

        if (i < COUNT - 1)
            rng_mix(&rng, inputs[i].bytes, inputs[i].size);
        rng_bytes(&rng, out[i], 16);
        for (size_t j = 0; j < i; j++)
            CHECK(memcmp(out[i], out[j], 16) != 0);
    }
}

TEST(chacha, all_bits_are_set_half_the_time, "in a megabyte")
{
    static uint8_t bytes[1 << 20];
    struct rng rng = {{0}};

    for (size_t at = 0; at < sizeof(bytes); at += 1024)
        rng_bytes(&rng, bytes + at, 1024);
    for (int bit = 0; bit < 8; bit++) {
        size_t set = 0;

        for (size_t i = 0; i < sizeof(bytes); i++)
            set += bytes[i] >> bit & 1;
        /* Six standard deviations. */
        CHECK(set > (1 << 19) - 3072 && set < (1 << 19) + 3072);
    }
}
