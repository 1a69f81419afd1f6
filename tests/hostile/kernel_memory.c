/* SPDX-License-Identifier: MIT */
/*
 * Reads, writes and jumps to the kernel's half of the addresses, and to those that
 * are no addresses.
 *
 * Gets  # accesses faulted
 */
#include "hostile.h"

static void reads(uint64_t address)
{
    (void)*(volatile uint8_t *)address;
}

static void writes(uint64_t address)
{
    *(volatile uint8_t *)address = 1;
}

static void locks(uint64_t address)
{
    __atomic_fetch_add((uint32_t *)address, 1, __ATOMIC_SEQ_CST);
}

static void jumps(uint64_t address)
{
    ((void (*)(void))address)();
}

int main(void)
{
    static void (*const ways[])(uint64_t) = {reads, writes, locks, jumps};
    unsigned faulted = 0;

    for (unsigned i = 0; i < nowhere_count + 1000; i++)
        for (unsigned way = 0; way < COUNT(ways); way++) {
            uint64_t address =
                i < nowhere_count ? nowhere[i] : UINT64_C(1) << 63 | draw(UINT64_MAX);
            struct trap t = attempt(ways[way], address);

            MUST(t.kind != 0, "0x%lx: way %u works", address, way);
            MUST(t.vector == 13 || t.vector == 14, "0x%lx: vector %lu", address, t.vector);
            faulted++;
        }
    rt_print("%u accesses faulted\n", faulted);
    return 0;
}
