/* SPDX-License-Identifier: MIT */
/*
 * Buffers where nothing is mapped, not yet and no more, for everything that takes one.
 *
 * With  account,entropy,log
 * Gets  # refused
 */
#include "hostile.h"

int main(void)
{
    uint64_t page = (uint64_t)pages(1);
    unsigned refused = 0;

    places_begin();
    refused += each_place_refuses(0, false);
    refused += each_place_refuses(8, false);
    refused += each_place_refuses(page + PHX_PAGE_SIZE, false);
    refused += each_place_refuses(USER_END - PHX_PAGE_SIZE, false);
    refused += each_place_refuses(USER_END - 1, false);
    refused += each_place_refuses(USER_END - 8, false);
    address_space_protect(RT_SPACE, page, 1, 0);
    refused += each_place_refuses(page, false);
    refused += each_place_refuses(page + 8, false);
    address_space_unmap(RT_SPACE, page, 1);
    refused += each_place_refuses(page, false);
    rt_print("%u refused\n", refused);
    return 0;
}
