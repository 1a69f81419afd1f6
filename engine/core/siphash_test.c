/* SPDX-License-Identifier: MIT */
#include "siphash.h"

#include "../../tests/harness/test.h"

TEST(siphash, hashes_are_those_of_the_authors, "of 0, 1, 2 ... under key 0, 1, 2 ..., 15")
{
    /* The paper's appendix A has the one of 15 bytes, its reference code all. */
    static const struct {
        size_t size;
        uint64_t hash;
    } vectors[] = {
        {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a},
        {3, 0x85676696d7fb7e2d},  {4, 0xcf2794e0277187b7},  {5, 0x18765564cd99a68d},
        {6, 0xcbc9466e58fee3ce},  {7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},
        {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
    };
    uint8_t bytes[64];

    for (size_t i = 0; i < 64; i++)
        bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
        CHECK_EQ(siphash(bytes, bytes, vectors[i].size), vectors[i].hash);
}

TEST(siphash, every_bit_counts, "of the key and of the data, at any alignment")
{
    uint8_t key[16], data[33];

    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)test_rand();
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)test_rand();
    for (size_t size = 0; size <= 32; size++) {
        uint64_t hash = siphash(key, data + 1, size);

        for (size_t bit = 0; bit < 8 * size; bit++) {
            data[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK(siphash(key, data + 1, size) != hash);
            data[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < 128; bit++) {
            key[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK(siphash(key, data + 1, size) != hash);
            key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}
