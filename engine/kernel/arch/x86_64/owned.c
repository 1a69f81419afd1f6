/* SPDX-License-Identifier: MIT */
/*
 * What of the machine is the kernel's own, and so no program's: written down at boot by
 * whoever takes it.
 */
#include "machine.h"

static struct own {
    enum arch_range kind;
    uint64_t first, count;
} own[BOOT_REGIONS_MAX + 24] = {
    { ARCH_PORTS, PIC1_COMMAND, 2 }, { ARCH_PORTS, PIC2_COMMAND, 2 }, { ARCH_PORTS, COM1, 8 },
    { ARCH_PORTS, DEBUG_EXIT, 4 },
};
static unsigned own_count = 4;

void own_add(enum arch_range kind, uint64_t first, uint64_t count)
{
    own[own_count++] = (struct own){ kind, first, count };
}

bool arch_is_kernels(enum arch_range kind, uint64_t first, uint64_t count)
{
    for (unsigned i = 0; i < own_count; i++)
        if (own[i].kind == kind && first < own[i].first + own[i].count &&
            own[i].first < first + count)
            return true;
    return false;
}
