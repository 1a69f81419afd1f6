/* SPDX-License-Identifier: MIT */
/*
 * Unmaps every address that there is, its own text, stack and thread page with them.
 *
 * Gets  process #: page fault at # (rip #) and no way to tell it
 *       run: unmaps_itself: signal 11 at address #
 */
#include "hostile.h"

int main(void)
{
    address_space_unmap(RT_SPACE, 0, USER_END / PHX_PAGE_SIZE);
    for (;;)
        ;
}
