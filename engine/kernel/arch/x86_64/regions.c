/* SPDX-License-Identifier: MIT */
/*
 * The list of usable memory in boot_info: whole pages, ascending, disjoint. What a
 * loader lists out of order or twice, or what the list has no room for, is left out: less
 * memory is a nuisance, memory that is not there is a crash.
 *
 * Tests  regions_test.c, on the host
 */
#include "machine.h"

#define PAGE_MASK ((uint64_t)PHX_PAGE_SIZE - 1)

/* Whole pages of usable memory, above what is there already. */
void regions_add(struct boot_info *info, uint64_t base, uint64_t end)
{
    unsigned count = info->region_count;
    uint64_t free = 0;

    if (count != 0)
        free = info->regions[count - 1].base + info->regions[count - 1].size;
    if (end > DIRECT_END)
        end = DIRECT_END;
    if (base >= end || count == BOOT_REGIONS_MAX)
        return;
    base = base > free ? (base + PAGE_MASK) & ~PAGE_MASK : free;
    end &= ~PAGE_MASK;
    if (base < end)
        info->regions[info->region_count++] = (struct boot_region){ base, end - base };
}

/* Every page that [base, end) has a byte of is no longer usable. */
void regions_cut(struct boot_info *info, uint64_t base, uint64_t end)
{
    struct boot_region old[BOOT_REGIONS_MAX];
    unsigned count = info->region_count;

    if (base >= end)
        return;
    __builtin_memcpy(old, info->regions, sizeof old);
    info->region_count = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t old_end = old[i].base + old[i].size;

        regions_add(info, old[i].base, old_end < base ? old_end : base);
        regions_add(info, old[i].base > end ? old[i].base : end, old_end);
    }
}

/* Whether [base, base + size) is usable, in one region. */
bool regions_have(const struct boot_info *info, uint64_t base, uint64_t size)
{
    for (unsigned i = 0; i < info->region_count; i++) {
        const struct boot_region *r = &info->regions[i];

        if (base >= r->base && size <= r->size && base - r->base <= r->size - size)
            return true;
    }
    return false;
}
