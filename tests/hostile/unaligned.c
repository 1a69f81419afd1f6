/* SPDX-License-Identifier: MIT */
/*
 * Everything that takes a pointer, at every offset in a page: what wants a multiple of
 * 8 says so, all else works. And what wants whole pages, at every offset.
 *
 * With  account,entropy,log
 * Gets  # offsets
 */
#include "hostile.h"

static void each_place_takes(uint64_t address)
{
    for (const struct place *p = places; p < places + place_count; p++) {
        bool refuse = p->aligned && address % 8 != 0;
        int64_t result;

        /* What the log or the console would be full of. */
        if (p->look == places[0].look || p->look == places[3].look)
            continue;
        memset((uint8_t *)(address & ~UINT64_C(4095)), 0, 2 * PHX_PAGE_SIZE);
        result = p->look(address);
        MUST(refuse ? result == -PHX_INVALID_ARGUMENT : result >= 0, "%s at 0x%lx: %s", p->name,
            address, text_of(result));
    }
}

int main(void)
{
    uint64_t page = (uint64_t)pages(2);
    struct address_space_populate_out populated = {0};
    unsigned offset;

    places_begin();
    for (offset = 0; offset < PHX_PAGE_SIZE; offset += offset < 64 || offset > 4000 ? 1 : 61) {
        each_place_takes(page + offset);
        if (offset == 0)
            continue;
        MUST(address_space_unmap(RT_SPACE, page + offset, 1) == -PHX_INVALID_ARGUMENT, "unmap");
        MUST(address_space_protect(RT_SPACE, page + offset, 1, 1) == -PHX_INVALID_ARGUMENT,
            "protect");
        MUST(address_space_populate(RT_SPACE, RT_POOL, page + offset, 1, 1, &populated) ==
                 -PHX_INVALID_ARGUMENT,
            "populate");
    }
    rt_print("%u offsets\n", offset);
    return 0;
}
