/* SPDX-License-Identifier: MIT */
/*
 * Copies of a capability until the account refuses, and a child for each that it can
 * still pay.
 *
 * Gets  more than 100000 rows, then: the account's limit is reached
 *       run: hold_bomb: status 7
 */
#include "hostile.h"

int main(void)
{
    struct capability_duplicate_out copy = {0};
    struct capability_derive_out child = {0};
    unsigned made = 0;
    int64_t result;

    while ((result = capability_duplicate(RT_POOL, &copy)) >= 0)
        made++;
    while (capability_derive(RT_POOL, 0, 0, &child) >= 0)
        made++;
    rt_print("%s than 100000 rows, then: %s\n", made > 100000 ? "more" : "fewer", text_of(result));
    return 7;
}
