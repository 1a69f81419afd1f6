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
    struct lent memory = lend(LONG), one = lend(1);
    uint64_t made = 0, address = UINT64_C(1) << 39;
    int64_t result;

    result = address_space_map(RT_SPACE, memory.child, FAR, 0, LONG, READ_WRITE);
    MUST(result >= 0, "map: %s", text_of(result));
    for (uint64_t i = 1; i < LONG && result >= 0; i += 2, made++)
        result = address_space_protect(RT_SPACE, FAR + i * PHX_PAGE_SIZE, 1, i % 4 == 1);
    MUST(result >= 0, "protect: %s", text_of(result));
    for (uint64_t i = 0; i < LONG; i += 7)
        address_space_unmap(RT_SPACE, FAR + i * PHX_PAGE_SIZE, 1);
    while ((result = address_space_map(RT_SPACE, one.child, address, 0, 1, READ_WRITE)) >= 0) {
        made++;
        address += made % 8 == 0 ? UINT64_C(1) << 21 : PHX_PAGE_SIZE;
    }
    capability_revoke(one.frame, 0);
    capability_revoke(memory.frame, 0);
    for (uint64_t i = 0; i < LONG; i++)
        MUST(address_space_query(RT_SPACE, FAR + i * PHX_PAGE_SIZE, NULL) == -PHX_NOT_FOUND,
            "page %lu is still mapped", i);
    rt_print("%s than 1000 mappings, then: %s\n", made > 1000 ? "more" : "fewer", text_of(result));
    return 7;
}
