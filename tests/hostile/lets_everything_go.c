/* SPDX-License-Identifier: MIT */
/*
 * Lets go of every capability that it has, its own process, thread, space and pool with
 * them; then it can do nothing but fault.
 *
 * With  account,clock,entropy,log
 * Gets  process #: exception at 0x0 (rip #) and no way to tell it
 *       run: lets_everything_go: illegal instruction
 */
#include "hostile.h"

int main(void)
{
    struct rt_capability held;

    for (unsigned i = 0; rt_cap_at(i, &held); i++)
        if (phx_release(held.id) < 0 || phx_release(held.id) >= 0)
            return 3;
    return 0; /* by an operation that it may not make any more */
}
