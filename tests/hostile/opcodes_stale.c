/* SPDX-License-Identifier: MIT */
/*
 * Every operation with the id of a row that was let go of: while the row is free, then
 * while it names something else under another generation; and with every generation
 * near the right one.
 *
 * Gets  # operations: no such capability
 */
#include "hostile.h"

int main(void)
{
    struct capability_duplicate_out old = {0}, new = {0};
    unsigned made = 0;

    capability_duplicate(RT_POOL, &old);
    phx_release(old.capability);
    made += each_operation(old.capability, -PHX_INVALID_CAPABILITY, 0, -PHX_INVALID_CAPABILITY);
    capability_duplicate(RT_POOL, &new);
    MUST(PHX_ID_INDEX(new.capability) == PHX_ID_INDEX(old.capability), "another row");
    made += each_operation(old.capability, -PHX_INVALID_CAPABILITY, 0, -PHX_INVALID_CAPABILITY);
    made += each_operation(
        new.capability + (UINT64_C(1) << 32), -PHX_INVALID_CAPABILITY, 0, -PHX_INVALID_CAPABILITY);
    made += each_operation(
        new.capability & 0xffffffff, -PHX_INVALID_CAPABILITY, 0, -PHX_INVALID_CAPABILITY);
    MUST(phx_release(new.capability) == 0, "the new row is gone");
    rt_print("%u operations: no such capability\n", made);
    return 0;
}
