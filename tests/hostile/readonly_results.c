/* SPDX-License-Identifier: MIT */
/*
 * Results into memory that may only be read: its text, its start block, a page that
 * was protected, and across from one that may be written; that one stays as it was.
 *
 * With  account,entropy,log
 * Gets  # refused
 */
#include "hostile.h"

int main(void)
{
    uint64_t two = (uint64_t)pages(2);
    unsigned refused = 0;

    places_begin();
    address_space_protect(RT_SPACE, two + PHX_PAGE_SIZE, 1, PHX_PROT_READ);
    refused += each_place_refuses((uint64_t)main & ~UINT64_C(7), true);
    refused += each_place_refuses(PHX_NATIVE_START_BLOCK, true);
    refused += each_place_refuses(two + PHX_PAGE_SIZE, true);
    refused += each_place_refuses(two + PHX_PAGE_SIZE - 8, true);
    refused += each_place_refuses(two + PHX_PAGE_SIZE - 56, true);
    address_space_protect(RT_SPACE, two + PHX_PAGE_SIZE, 1, PHX_PROT_READ | PHX_PROT_EXECUTE);
    refused += each_place_refuses(two + PHX_PAGE_SIZE - 8, true);
    for (uint64_t at = two; at < two + PHX_PAGE_SIZE; at++)
        MUST(*(const uint8_t *)at == 0, "0x%lx was written, and refused", at);
    rt_print("%u refused\n", refused);
    return 0;
}
