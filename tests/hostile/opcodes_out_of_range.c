/* SPDX-License-Identifier: MIT */
/*
 * Every operation with ids whose index is beyond the table, or in no place that a row
 * can have.
 *
 * Gets  # operations: no such capability
 */
#include "hostile.h"

int main(void)
{
    static const uint64_t ids[] = {0x1ffffffff, 0x100000038, 0x10000003f, 0x100100000, UINT64_MAX};
    unsigned made = 0;

    for (unsigned i = 0; i < COUNT(ids); i++)
        made += each_operation(ids[i], -PHX_INVALID_CAPABILITY, 0, -PHX_INVALID_CAPABILITY);
    rt_print("%u operations: no such capability\n", made);
    return 0;
}
