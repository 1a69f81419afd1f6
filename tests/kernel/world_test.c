/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>
#include <string.h>

TEST(world, an_empty_world_leaves_nothing, "after its end, again and again")
{
    for (unsigned i = 0; i < 3; i++) {
        world_begin();
        CHECK_EQ(CALL(alice.thread, PHX_SLOT_ID(SLOT_PROCESS), PROCESS_GETPID), 0);
        CHECK_EQ(WORD(alice.thread, 0), alice.process->pid);
        world_end();
    }
}
