/* SPDX-License-Identifier: MIT */
/* SHA-256 against NIST's vectors, and against itself however the input is cut. */
#include "sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(const char *name, int good)
{
    printf("%s %s%s\n", good ? "ok" : "FAIL", name, good ? "" : " digest differs");
    failures += !good;
}

static int digest_is(const uint8_t digest[SHA256_SIZE], const char *hex)
{
    char text[2 * SHA256_SIZE + 1];

    for (unsigned i = 0; i < SHA256_SIZE; i++)
        sprintf(text + 2 * i, "%02x", digest[i]);
    return strcmp(text, hex) == 0;
}

static int hash_is(const void *data, size_t length, const char *hex)
{
    uint8_t digest[SHA256_SIZE];

    sha256(data, length, digest);
    return digest_is(digest, hex);
}

/* FIPS 180-4 examples and the long messages of NIST's SHAVS. */
static void vectors(void)
{
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static char million[1000000];

    memset(million, 'a', sizeof million);
    check("sha256.empty",
        hash_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    check("sha256.one_block",
        hash_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    check("sha256.two_blocks",
        hash_is(two, sizeof two - 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    check("sha256.a_million_a",
        hash_is(million, sizeof million,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
}

/* Every length around the padding's edges, cut in two at every place. */
static void cuts(void)
{
    uint8_t data[200], whole[SHA256_SIZE], cut[SHA256_SIZE];
    int good = 1;

    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + 1);
    for (size_t length = 0; length <= sizeof data; length++) {
        sha256(data, length, whole);
        for (size_t at = 0; at <= length; at++) {
            struct sha256 s;

            sha256_init(&s);
            sha256_update(&s, data, at);
            sha256_update(&s, data + at, length - at);
            sha256_final(&s, cut);
            good &= memcmp(whole, cut, sizeof cut) == 0;
        }
    }
    check("sha256.any_cut_gives_the_same", good);
}

/* What was hashed before counts by its length, of which each bit is in the last block. */
static void lengths(void)
{
    uint8_t digests[55][SHA256_SIZE];
    int good = 1;

    for (unsigned bit = 0; bit < 55; bit++) {
        struct sha256 s;

        sha256_init(&s);
        s.length = UINT64_C(64) << bit;
        sha256_final(&s, digests[bit]);
        for (unsigned other = 0; other < bit; other++)
            good &= memcmp(digests[bit], digests[other], SHA256_SIZE) != 0;
    }
    check("sha256.no_two_lengths_are_one", good);
}

int main(void)
{
    vectors();
    lengths();
    cuts();
    return failures != 0;
}
