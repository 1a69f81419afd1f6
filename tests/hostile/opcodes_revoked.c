/* SPDX-License-Identifier: MIT */
/*
 * Every operation with a capability that was revoked: of the kernel's objects and of a
 * service's, revoked by its parent and by an ancestor five levels up. (Its row may be
 * swept at any time, and then there is no such capability.)
 *
 * With  account
 * Gets  # operations: revoked
 */
#include "hostile.h"

static uint64_t derived(uint64_t cap, unsigned levels)
{
    struct capability_derive_out out = {.capability = cap};

    while (levels-- > 0) {
        int64_t result = capability_derive(out.capability, CAPABILITY_M_ALL, 0, &out);

        MUST(result >= 0, "derive: %s", text_of(result));
    }
    return out.capability;
}

int main(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out client = {0};
    struct frame_pool_alloc_out frame = {0};
    uint64_t tops[3];
    unsigned made = 0;

    account_new_endpoint(rt_cap("account"), &endpoint);
    endpoint_mint(endpoint.endpoint, 64, ~UINT64_C(0), 0, 0, &client);
    frame_pool_alloc(RT_POOL, 1, &frame);
    tops[0] = client.capability;
    tops[1] = frame.frame;
    tops[2] = endpoint.endpoint; /* with it the client goes */
    for (unsigned i = 0; i < COUNT(tops); i++)
        for (unsigned levels = 1; levels <= 5; levels += 4) {
            uint64_t cap = derived(tops[i], levels);

            MUST(capability_revoke(tops[i], 0) >= 0, "revoke");
            made += each_operation(cap, -PHX_REVOKED, -PHX_INVALID_CAPABILITY, 0);
        }
    rt_print("%u operations: revoked\n", made);
    return 0;
}
