/* SPDX-License-Identifier: MIT */
/*
 * Memory until the account refuses, in frames of every size, populated and mapped, a page
 * in every table, and its last in pieces; then it ends with all of it.
 *
 * Gets  more than 1000 pages, then: the account's limit is reached
 *       run: memory_bomb: status 7
 */
#include "hostile.h"

int main(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct address_space_populate_out out = {0};
    uint64_t address = UINT64_C(1) << 39, made = 0;
    int64_t result = 0;

    for (uint64_t count = 1024; count > 0; count /= 2) {
        for (unsigned i = 0; i < 2 && frame_pool_alloc(RT_POOL, count, &frame) >= 0; i++) {
            made += count;
            address += UINT64_C(1) << 30;
            address_space_map(RT_SPACE, frame.frame, address, 0, count, READ_WRITE);
        }
        address += UINT64_C(1) << 30;
        if (address_space_populate(RT_SPACE, RT_POOL, address, count, READ_WRITE, &out) >= 0)
            made += out.pages;
    }
    for (; result >= 0 && made < UINT64_MAX; address += UINT64_C(1) << 21) {
        result = address_space_populate(RT_SPACE, RT_POOL, address, 1, READ_WRITE, &out);
        made += result >= 0;
    }
    rt_print("%s than 1000 pages, then: %s\n", made > 1000 ? "more" : "fewer", text_of(result));
    return 7;
}
