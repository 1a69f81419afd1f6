/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 with the instructions that x86 processors have for it, where they do: six
 * times as quick, which is what makes hashing a tree of files cheaper than reading it.
 * For host programs only: it uses the vector registers.
 *
 * ABEF and CDGH are the halves of the state as sha256rnds2 wants them.
 *
 * Spec     Intel SDM 2B, SHA256RNDS2, SHA256MSG1, SHA256MSG2
 * Tests    sha256_test.c, linked with this
 */
#include "sha256.h"

#include <cpuid.h>
#include <immintrin.h>
#include <stdbool.h>

#define SHA_NI (1u << 29) /* CPUID 7.0, ebx */

__attribute__((target("sha,sse4.1"))) static void blocks_sha_ni(
    uint32_t H[8], const uint8_t *blocks, size_t count)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((__m128i *)H), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((__m128i *)(H + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

    for (; count > 0; blocks += 64, count--) {
        __m128i abef_before = abef, cdgh_before = cdgh, W[4];

        /* Four rounds at a time; W keeps the last 16 words of the schedule. */
        for (unsigned t = 0; t < 16; t++) {
            __m128i *w = &W[t % 4], k;

            if (t < 4)
                *w = _mm_shuffle_epi8(
                    _mm_loadu_si128((const __m128i *)(blocks + 16 * t)), big_endian);
            else
                *w = _mm_sha256msg2_epu32(
                    _mm_add_epi32(_mm_sha256msg1_epu32(*w, W[(t + 1) % 4]),
                        _mm_alignr_epi8(W[(t + 3) % 4], W[(t + 2) % 4], 4)),
                    W[(t + 3) % 4]);
            k = _mm_add_epi32(*w, _mm_loadu_si128((const __m128i *)(sha256_k + 4 * t)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    abef = _mm_shuffle_epi32(abef, 0x1b); /* now feba */
    cdgh = _mm_shuffle_epi32(cdgh, 0xb1); /* now dchg */
    _mm_storeu_si128((__m128i *)H, _mm_blend_epi16(abef, cdgh, 0xf0));
    _mm_storeu_si128((__m128i *)(H + 4), _mm_alignr_epi8(cdgh, abef, 8));
}

static bool has_sha_ni(void)
{
    static int known; /* 0: not asked yet */
    unsigned a, b = 0, c = 0, d = 0;

    if (!known)
        known = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & SHA_NI) ? 1 : -1;
    return known > 0;
}

void sha256_blocks(uint32_t H[8], const uint8_t *blocks, size_t count)
{
    if (has_sha_ni())
        blocks_sha_ni(H, blocks, count);
    else
        sha256_blocks_portable(H, blocks, count);
}
