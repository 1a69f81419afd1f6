/* SPDX-License-Identifier: MIT */
/*
 * One frame at as many addresses as the account pays for, then a long mapping cut into
 * single pages by protecting every other one; unmapped and revoked from in between.
 *
 * Gets  more than 1000 mappings, then: the account's limit is reached
 *       run: mapping_bomb: status 7
 */
#include "hostile.h"

#define LONG 2000
#define FAR UINT64_C(0x200000000000)

int main(void)
{
    struct frame_pool_alloc_out frame = {0}, shared = {0};
    uint64_t made = 0, address = UINT64_C(1) << 39;
    int64_t result;

    frame_pool_alloc(RT_POOL, LONG, &frame);
    frame_pool_alloc(RT_POOL, 1, &shared);
    result = address_space_map(RT_SPACE, frame.frame, FAR, 0, LONG, READ_WRITE);
    MUST(result >= 0, "map: %s", text_of(result));
    for (uint64_t i = 1; i < LONG && result >= 0; i += 2, made++)
        result = address_space_protect(RT_SPACE, FAR + i * PHX_PAGE_SIZE, 1, i % 4 == 1);
    MUST(result >= 0, "protect: %s", text_of(result));
    for (uint64_t i = 0; i < LONG; i += 7)
        address_space_unmap(RT_SPACE, FAR + i * PHX_PAGE_SIZE, 1);
    while ((result = address_space_map(RT_SPACE, shared.frame, address, 0, 1, READ_WRITE)) >= 0) {
        made++;
        address += made % 8 == 0 ? UINT64_C(1) << 21 : PHX_PAGE_SIZE;
    }
    capability_revoke(shared.frame, 1);
    capability_revoke(frame.frame, 1);
    MUST(address_space_query(RT_SPACE, FAR, NULL) == -PHX_NOT_FOUND, "it is still mapped");
    rt_print("%s than 1000 mappings, then: %s\n", made > 1000 ? "more" : "fewer", text_of(result));
    return 7;
}
