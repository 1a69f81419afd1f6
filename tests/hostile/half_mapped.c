/* SPDX-License-Identifier: MIT */
/*
 * Buffers of which the first part is there and the rest is not, at each multiple of 8
 * that a page's last bytes have, for everything that takes one. What is there stays as
 * it was.
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
    for (uint64_t have = 1; have < 64; have++)
        refused += each_place_refuses(page + PHX_PAGE_SIZE - have, false);
    for (uint64_t at = page; at < page + PHX_PAGE_SIZE; at++)
        MUST(*(const uint8_t *)at == 0, "0x%lx was written, and refused", at);
    rt_print("%u refused\n", refused);
    return 0;
}
