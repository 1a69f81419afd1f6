/* SPDX-License-Identifier: MIT */
/* The well-known rows of a capability table, by name. */
#include "kernel.capnp.h"
#include "phoenix/abi.h"
#include "proc/proc.h"
#include "rt/rt.h"

unsigned proc_slot(const char *name)
{
    static const char *const names[PHX_SLOT_COUNT] = {
        [SLOT_PROCESS] = "process",
        [SLOT_THREAD] = "thread",
        [SLOT_SPACE] = "space",
        [SLOT_POOL] = "pool",
        [SLOT_ACCOUNT] = "account",
        [SLOT_CLOCK] = "clock",
        [SLOT_CONSOLE] = "console",
        [SLOT_LOG] = "log",
        [SLOT_POWER] = "power",
        [SLOT_ENTROPY] = "entropy",
        [SLOT_NAMESPACE] = "namespace",
        [SLOT_LAUNCHER] = "launcher",
        [SLOT_BOOT_PACKAGE] = "bootPackage",
    };

    for (unsigned i = 1; i < PHX_SLOT_COUNT; i++)
        if (names[i] != NULL && rt_equal(names[i], name))
            return i;
    return 0;
}
