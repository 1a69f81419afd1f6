/* SPDX-License-Identifier: MIT */
/*
 * Revokes every capability that it was handed, with all that descends from them, while
 * two threads use what is derived from them. Whoever handed them over keeps his.
 *
 * With  clock
 * Gets  process #: exception at 0x0 (rip #) and no way to tell it
 *       run: revokes_everything: illegal instruction
 */
#include "hostile.h"

static void uses(void *argument)
{
    struct capability_derive_out out = {0};
    uint64_t cap = (uint64_t)argument;

    for (;;) {
        capability_derive(cap, CAPABILITY_M_IDENTIFY, 0, &out);
        capability_identify(out.capability, NULL);
        phx_release(out.capability);
        thread_control_yield(RT_THREAD);
    }
}

int main(void)
{
    struct rt_capability held;

    thread(uses, (void *)RT_POOL);
    thread(uses, (void *)RT_SPACE);
    for (unsigned i = 0; i < 100; i++)
        thread_control_yield(RT_THREAD);
    for (unsigned round = 0; round < 50; round++)
        for (unsigned i = 0; rt_cap_at(i, &held); i++)
            capability_revoke(held.id, 0);
    for (unsigned i = 0; rt_cap_at(i, &held); i++)
        capability_revoke(held.id, 1);
    return 0; /* by an operation that it may not make any more */
}
