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
    page_copy(direct(root), direct(arch_kernel_root));
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

/* The first entry that is in use, or `count`, a multiple of 8. */
static unsigned first_used(const uint64_t *entries, unsigned count)
{
    unsigned i = 0;

    while (i < count && !(entries[i] | entries[i + 1] | entries[i + 2] | entries[i + 3] |
                          entries[i + 4] | entries[i + 5] | entries[i + 6] | entries[i + 7]))
        i += 8;
    while (i < count && entries[i] == 0)
        i++;
    return i;
}

/* Down to a table of leaves, or to one that has no more tables below. */
uint64_t arch_table_take(uint64_t root)
{
    uint64_t *entries = direct(root), *link = NULL;
    unsigned count = USER_ENTRIES;

    for (unsigned shift = TOP_SHIFT; shift > PHX_PAGE_SHIFT; shift -= LEVEL_BITS) {
        unsigned i = first_used(entries, count);

        if (i == count)
            break;
        link = &entries[i];
        entries = direct(*link & PTE_ADDRESS);
        count = ENTRIES;
    }
    if (link == NULL)
        return 0;
    *link = 0;
    return direct_pa(entries);
}
