/* SPDX-License-Identifier: MIT */
/*
 * The user's half of page tables: four levels, pages of 4 KiB, 2 MiB and 1 GiB, tables
 * made and taken only when the caller says so, from pages that the caller paid for.
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
/* What an inner entry allows is decided by the leaf alone. */
#define TABLE_FLAGS (PTE_P | PTE_W | PTE_U | PTE_A)

uint64_t arch_kernel_root;
unsigned arch_page_shift_max = 21;

void arch_root_init(uint64_t root)
{
    __builtin_memcpy(direct(root), direct(arch_kernel_root), PHX_PAGE_SIZE);
}

pte_t *arch_entry(uint64_t root, uint64_t address, unsigned *shift)
{
    uint64_t *entry = (uint64_t *)direct(root) + (address >> TOP_SHIFT & (ENTRIES - 1));

    for (*shift = TOP_SHIFT; *shift > PHX_PAGE_SHIFT && (*entry & (PTE_P | PTE_PS)) == PTE_P;) {
        *shift -= ARCH_LEVEL_BITS;
        entry = (uint64_t *)direct(*entry & PTE_ADDRESS) + (address >> *shift & (ENTRIES - 1));
    }
    return entry;
}

pte_t *arch_pte(uint64_t root, uint64_t address)
{
    unsigned shift;
    pte_t *entry = arch_entry(root, address, &shift);

    return shift == PHX_PAGE_SHIFT ? entry : NULL;
}

void arch_table_link(pte_t *entry, unsigned shift, uint64_t table)
{
    uint64_t *to = direct(table);
    pte_t part = *entry;

    shift -= ARCH_LEVEL_BITS;
    part &= ~(shift > PHX_PAGE_SHIFT ? 0 : PTE_PS);
#pragma GCC unroll 8
    for (unsigned i = 0; part && i < ENTRIES; i++, part += 1UL << shift)
        to[i] = part;
    *entry = table | TABLE_FLAGS;
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

    for (unsigned shift = TOP_SHIFT; shift > PHX_PAGE_SHIFT; shift -= ARCH_LEVEL_BITS) {
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
