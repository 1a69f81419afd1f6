/* SPDX-License-Identifier: MIT */
/*
 * Derives from what it derived, until that is too deep; then revokes the first, and the
 * rest is dead at once. Methods that it has not are never given.
 *
 * Gets  # levels, then: derived too deeply (at most 16 levels)
 */
#include "hostile.h"

int main(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct capability_derive_out out = {0};
    uint64_t all[64];
    unsigned levels = 0;
    int64_t result;

    frame_pool_alloc(RT_POOL, 1, &frame);
    all[0] = frame.frame;
    while ((result = capability_derive(all[levels], FRAME_M_ALL, 0, &out)) >= 0 && levels < 62)
        all[++levels] = out.capability;
    for (unsigned bit = 0; bit < 64; bit++)
        if (!(FRAME_M_ALL >> bit & 1))
            MUST(capability_derive(all[1], UINT64_C(1) << bit, 0, &out) == -PHX_PERMISSION_DENIED,
                "bit %u was given", bit);
    MUST(capability_revoke(all[0], 0) >= 0, "revoke");
    for (unsigned i = 1; i <= levels; i++) {
        int64_t dead = frame_info(all[i], NULL);

        MUST(dead == -PHX_REVOKED || dead == -PHX_INVALID_CAPABILITY, "level %u: %s", i,
            text_of(dead));
    }
    rt_print("%u levels, then: %s\n", levels, text_of(result));
    return 0;
}
