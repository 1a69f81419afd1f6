/* SPDX-License-Identifier: MIT */
/*
 * Leaf entries of a user's page table: what arch.h says of pte_t. No privileged
 * instruction, so that the host's tests have the same ones.
 *
 * Accessed and dirty are set from the start: nobody asks for them, and the processor
 * then never has to write the table.
 */
#pragma once

#include "arch/x86_64/regs.h"
#include "phoenix/abi.h"

#define ARCH_LEAVES_SHIFT 21
#define ARCH_LEAVES 512
#define ARCH_LEVEL_BITS 9

/* Of a user's page, with PHX_PROT_*. x86 cannot map what may not be read: any protection but none can be read too. */
static inline pte_t arch_pte_value(uint64_t pa, unsigned protection)
{
    pte_t pte = pa | PTE_U | PTE_A | PTE_D;

    if (protection != 0)
        pte |= PTE_P;
    if (protection & PHX_PROT_WRITE)
        pte |= PTE_W;
    if (!(protection & PHX_PROT_EXECUTE))
        pte |= PTE_NX;
    return pte;
}

/* The same for a large page, and back. */
static inline pte_t arch_pte_large(pte_t pte)
{
    return pte | PTE_PS;
}

static inline pte_t arch_pte_small(pte_t pte)
{
    return pte & ~PTE_PS;
}

static inline bool arch_pte_present(pte_t pte)
{
    return pte & PTE_P;
}

/* Registers of a device: uncached, and nothing that the kernel would read or write for a
 * program. */
#define ARCH_PTE_DEVICE PTE_PCD

/* Instead of a device's tables (VT-d 3.4, 9.3): absent and silent; present, passed through. */
#define ARCH_DMA_BLOCKED 2
#define ARCH_DMA_EVERYTHING (2 << 2 | 1)

/* A device's table (VT-d 3.4, 9.8): read is bit 0 there, write is bit 1. */
static inline pte_t arch_dma_pte_value(uint64_t pa, unsigned protection)
{
    _Static_assert(PHX_PROT_READ == 1 && PHX_PROT_WRITE == 2, "9.8");
    return pa | protection;
}

static inline uint64_t arch_pte_pa(pte_t pte)
{
    return pte & PTE_ADDRESS;
}

/* At least this, of memory. */
static inline bool arch_pte_allows(pte_t pte, unsigned protection)
{
    pte_t set = PTE_P | (protection & PHX_PROT_WRITE ? PTE_W : 0);
    pte_t clear = ARCH_PTE_DEVICE | (protection & PHX_PROT_EXECUTE ? PTE_NX : 0);

    return (pte & (set | clear)) == set;
}
