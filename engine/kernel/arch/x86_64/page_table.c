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
#define TOP_SHIFT 39
#define LEVEL_BITS 9
/* What an inner entry allows is decided by the leaf alone. */
#define TABLE_FLAGS (PTE_P | PTE_W | PTE_U | PTE_A)

uint64_t arch_kernel_root;

void arch_root_init(uint64_t root)
{
    __builtin_memcpy(direct(root), direct(arch_kernel_root), PHX_PAGE_SIZE);
}

/* The entry for an address in the lowest table that there is, whose entries cover
 * 1 << *shift bytes each. */
static inline uint64_t *lowest_entry(uint64_t root, uint64_t address, unsigned *shift)
{
    uint64_t *entry = (uint64_t *)direct(root) + (address >> TOP_SHIFT & (ENTRIES - 1));

    for (*shift = TOP_SHIFT; *shift > PHX_PAGE_SHIFT && *entry & PTE_P;) {
        *shift -= LEVEL_BITS;
        entry = (uint64_t *)direct(*entry & PTE_ADDRESS) + (address >> *shift & (ENTRIES - 1));
    }
    return entry;
}

pte_t *arch_pte(uint64_t root, uint64_t address)
{
    unsigned shift;
    pte_t *entry = lowest_entry(root, address, &shift);

    return shift == PHX_PAGE_SHIFT ? entry : NULL;
}

pte_t *arch_pte_make_tables(uint64_t root, uint64_t address, uint64_t *tables)
{
    unsigned shift;
    pte_t *entry;

    while (entry = lowest_entry(root, address, &shift), shift > PHX_PAGE_SHIFT) {
        uint64_t fresh = *tables;

        if (fresh == 0)
            return NULL;
        *tables = *(uint64_t *)direct(fresh);
        *(uint64_t *)direct(fresh) = 0;
        *entry = fresh | TABLE_FLAGS;
    }
    return entry;
}

/* From one missing table to the next; all those below it are missing too: a division. */
unsigned arch_tables_missing(uint64_t root, uint64_t address, uint64_t pages)
{
    uint64_t end = address + (pages << PHX_PAGE_SHIFT), missing = 0;

    while (address < end) {
        unsigned shift;

        lowest_entry(root, address, &shift);
        unsigned covered = shift > PHX_PAGE_SHIFT ? shift : PHX_PAGE_SHIFT + LEVEL_BITS;
        uint64_t next = ((address >> covered) + 1) << covered;
        uint64_t last = (next < end ? next : end) - 1;

        for (; shift > PHX_PAGE_SHIFT; shift -= LEVEL_BITS)
            missing += (last >> shift) - (address >> shift) + 1;
        address = next;
    }
    return (unsigned)missing;
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
    unsigned count = ENTRIES / 2;

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
