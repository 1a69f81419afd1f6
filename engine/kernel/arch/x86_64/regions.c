/* SPDX-License-Identifier: MIT */
/*
 * The list of usable memory in boot_info: whole pages, ascending, disjoint, and never
 * two regions that touch. Loaders' lists are neither sorted nor free of overlaps.
 *
 * When more regions come than the list has room for, the smallest is dropped: less
 * memory is a nuisance, memory that is not there is a crash.
 *
 * Tests  regions_test.c, on the host
 */
#include "boot_info.h"
#include "machine.h"

#define PAGE_MASK ((uint64_t)PHX_PAGE_SIZE - 1)

static uint64_t end_of(const struct boot_region *r)
{
    return r->base + r->size;
}

static void remove_at(struct boot_info *info, unsigned i)
{
    info->region_count--;
    for (; i < info->region_count; i++)
        info->regions[i] = info->regions[i + 1];
}

static unsigned smallest(const struct boot_info *info)
{
    unsigned best = 0;

    for (unsigned i = 1; i < info->region_count; i++) {
        if (info->regions[i].size < info->regions[best].size)
            best = i;
    }
    return best;
}

/* [base, end) touches no region. */
static void insert(struct boot_info *info, uint64_t base, uint64_t end)
{
    if (info->region_count == BOOT_REGIONS_MAX) {
        unsigned victim = smallest(info);

        if (info->regions[victim].size >= end - base)
            return;
        remove_at(info, victim);
    }
    unsigned i = info->region_count++;

    for (; i > 0 && info->regions[i - 1].base > base; i--)
        info->regions[i] = info->regions[i - 1];
    info->regions[i] = (struct boot_region){ base, end - base };
}

/* Whole pages of usable memory; what is there already is not added twice. */
void regions_add(struct boot_info *info, uint64_t base, uint64_t end)
{
    base = (base + PAGE_MASK) & ~PAGE_MASK;
    end &= ~PAGE_MASK;
    if (base >= end)
        return;
    for (unsigned i = 0; i < info->region_count;) {
        struct boot_region *r = &info->regions[i];

        if (r->base > end || end_of(r) < base) {
            i++;
            continue;
        }
        base = r->base < base ? r->base : base;
        end = end_of(r) > end ? end_of(r) : end;
        remove_at(info, i);
    }
    insert(info, base, end);
}

/* Every page that [base, end) has a byte of is no longer usable. */
void regions_cut(struct boot_info *info, uint64_t base, uint64_t end)
{
    if (base >= end)
        return;
    base &= ~PAGE_MASK;
    end = end > ~PAGE_MASK ? ~PAGE_MASK : (end + PAGE_MASK) & ~PAGE_MASK;
    for (unsigned i = 0; i < info->region_count;) {
        struct boot_region r = info->regions[i];

        if (r.base >= end || end_of(&r) <= base) {
            i++;
            continue;
        }
        remove_at(info, i);
        if (r.base < base)
            insert(info, r.base, base);
        if (end_of(&r) > end)
            insert(info, end, end_of(&r));
        i = 0;
    }
}
