/* SPDX-License-Identifier: MIT */
/*
 * The user's half of page tables: four levels, 4 KiB pages, tables made and taken
 * only when the caller says so, from pages that the caller paid for.
 *
 * Pure: it touches tables through direct() only, and never the processor. A table
 * that was linked stays until arch_table_take() unlinks it; an entry of 0 is free, so
 * a zeroed page is an empty table.
 *
 * Locking  the caller's, one for each root
 * Spec     Intel SDM 3A 4.5
 * Tests    page_table_test.c, on the host
 */
#include "arch.h"

#define ENTRIES 512
#define USER_ENTRIES 256
#define TOP_SHIFT 39
#define LEVEL_BITS 9
/* What an inner entry allows is decided by the leaf alone. */
#define TABLE_FLAGS (PTE_P | PTE_W | PTE_U | PTE_A)

uint64_t arch_kernel_root;

static uint64_t *entry_of(uint64_t table, uint64_t address, unsigned shift)
{
    return (uint64_t *)direct(table) + (address >> shift & (ENTRIES - 1));
}

void arch_root_init(uint64_t root)
{
    uint64_t *to = direct(root);
    const uint64_t *kernel = direct(arch_kernel_root);

    for (unsigned i = 0; i < USER_ENTRIES; i++)
        to[i] = 0;
    for (unsigned i = USER_ENTRIES; i < ENTRIES; i++)
        to[i] = kernel[i];
}

pte_t *arch_pte(uint64_t root, uint64_t address)
{
    uint64_t table = root;

    for (unsigned shift = TOP_SHIFT; shift > PHX_PAGE_SHIFT; shift -= LEVEL_BITS) {
        uint64_t entry = *entry_of(table, address, shift);

        if (!(entry & PTE_P))
            return NULL;
        table = entry & PTE_ADDRESS;
    }
    return entry_of(table, address, PHX_PAGE_SHIFT);
}

pte_t *arch_pte_make_tables(uint64_t root, uint64_t address, uint64_t *tables)
{
    uint64_t table = root;

    for (unsigned shift = TOP_SHIFT; shift > PHX_PAGE_SHIFT; shift -= LEVEL_BITS) {
        uint64_t *entry = entry_of(table, address, shift);

        if (!(*entry & PTE_P)) {
            uint64_t fresh = *tables;

            if (fresh == 0)
                return NULL;
            *tables = *(uint64_t *)direct(fresh);
            *(uint64_t *)direct(fresh) = 0;
            *entry = fresh | TABLE_FLAGS;
        }
        table = *entry & PTE_ADDRESS;
    }
    return entry_of(table, address, PHX_PAGE_SHIFT);
}

/* Tables missing below `table`, whose entries cover 1 << shift bytes each, for the
 * bytes from first to last. Where one is missing, all below it are: a division. */
static uint64_t missing_below(uint64_t table, unsigned shift, uint64_t first, uint64_t last)
{
    uint64_t missing = 0;

    for (uint64_t i = first >> shift; i <= last >> shift; i++) {
        uint64_t entry = *entry_of(table, i << shift, shift);
        uint64_t low = i == first >> shift ? first : i << shift;
        uint64_t high = i == last >> shift ? last : ((i + 1) << shift) - 1;

        if (!(entry & PTE_P)) {
            for (unsigned s = shift; s > PHX_PAGE_SHIFT; s -= LEVEL_BITS)
                missing += (high >> s) - (low >> s) + 1;
        } else if (shift > PHX_PAGE_SHIFT + LEVEL_BITS) {
            missing += missing_below(entry & PTE_ADDRESS, shift - LEVEL_BITS, low, high);
        }
    }
    return missing;
}

unsigned arch_tables_missing(uint64_t root, uint64_t address, uint64_t pages)
{
    if (pages == 0)
        return 0;
    return (unsigned)missing_below(root, TOP_SHIFT, address,
                                   address + (pages << PHX_PAGE_SHIFT) - 1);
}

static bool is_empty(uint64_t table)
{
    const uint64_t *entries = direct(table);

    for (unsigned i = 0; i < ENTRIES; i++) {
        if (entries[i] != 0)
            return false;
    }
    return true;
}

/* An empty table at or below the one in entries [0, count), unlinked; 0: none. */
static uint64_t take_below(uint64_t *entries, unsigned count, unsigned shift)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t table = entries[i] & PTE_ADDRESS;

        if (!(entries[i] & PTE_P))
            continue;
        if (shift > PHX_PAGE_SHIFT + LEVEL_BITS) {
            uint64_t below = take_below(direct(table), ENTRIES, shift - LEVEL_BITS);

            if (below != 0)
                return below;
        }
        if (is_empty(table)) {
            entries[i] = 0;
            return table;
        }
    }
    return 0;
}

uint64_t arch_table_take(uint64_t root)
{
    return take_below(direct(root), USER_ENTRIES, TOP_SHIFT);
}
