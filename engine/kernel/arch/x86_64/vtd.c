/* SPDX-License-Identifier: MIT */
/*
 * The unit that translates the addresses of devices (VT-d, legacy mode, its registers
 * only), if the machine has one that covers all functions.
 *
 * From boot on every function is blocked, silently, until it is attached: its context
 * entry is absent and says that faults are not to be told. Tables of a domain have the
 * form of a process's: an inner entry's user and accessed bits are ignored here, present
 * and writable are read and write.
 *
 * Interrupts of devices are not remapped: one that writes to the interrupt addresses
 * raises any vector it likes (docs/CAVEATS.md).
 *
 * Spec   Intel VT-d 3.4: 9.1 root, 9.3 context, 9.8 second-level entries; 10.4 registers
 */
#include "machine.h"

#define CAP 0x08
#define ECAP 0x10
#define GCMD 0x18
#define GSTS 0x1c
#define ENABLED 0x96ffffff /* what of the status stands for a command that lasts */
#define TRANSLATE (1u << 31)
#define SET_ROOT (1u << 30)
#define ROOT 0x20
#define CONTEXT_COMMAND 0x28
#define CONTEXT_ALL (1UL << 63 | 1UL << 61)
#define FAULT_STATUS 0x34
#define FAULT_OVERFLOW 1
#define FAULT_CONTROL 0x38
#define FAULT_DATA 0x3c
#define FAULT_ADDRESS 0x40
#define IOTLB_BUSY (1UL << 63)
#define IOTLB_DRAIN (3UL << 48) /* and what is under way, reads and writes, is over */
#define IOTLB_ALL (IOTLB_BUSY | 1UL << 60 | IOTLB_DRAIN)
#define IOTLB_DOMAIN(n) (IOTLB_BUSY | 2UL << 60 | IOTLB_DRAIN | (uint64_t)(n) << 32)

#define CONTEXT_PRESENT 1
#define CONTEXT_SILENT ARCH_DMA_BLOCKED
#define CONTEXT_4_LEVELS 2

static volatile char *unit; /* its page of registers; NULL: there is none */
static uint64_t *root;
static unsigned iotlb, faults, fault_count;

static volatile uint32_t *reg32(unsigned offset)
{
    return (volatile uint32_t *)(unit + offset);
}

static volatile uint64_t *reg64(unsigned offset)
{
    return (volatile uint64_t *)(unit + offset);
}

static void write_and_wait(unsigned offset, uint64_t command)
{
    *reg64(offset) = command;
    while (*reg64(offset) >> 63)
        arch_pause();
}

static void command(uint32_t bit)
{
    *reg32(GCMD) = (*reg32(GSTS) & ENABLED) | bit;
    while (!(*reg32(GSTS) & bit))
        arch_pause();
}

static uint64_t *context(uint16_t function)
{
    uint64_t *table = direct(root[(function >> 8) * 2] & PTE_ADDRESS);

    return table + (function & 0xff) * 2;
}

/* What this code can drive: four levels of tables, with large pages, and no flush needed
 * where nothing was; functions may be passed through; all registers in one page. */
static bool is_usable(uint64_t cap, uint64_t ecap)
{
    iotlb = (ecap >> 8 & 0x3ff) * 16 + 8;
    faults = (cap >> 24 & 0x3ff) * 16;
    fault_count = (cap >> 40 & 0xff) + 1;
    return (cap >> 10 & 1) && !(cap >> 7 & 1) && (ecap >> 6 & 1) && iotlb < PHX_PAGE_SIZE &&
           faults + fault_count * 16 <= PHX_PAGE_SIZE && (cap >> 34 & 3) == 3;
}

void dma_init(uint64_t registers)
{
    if (registers == 0)
        return;
    unit = mmio_map(registers);
    if (!is_usable(*reg64(CAP), *reg64(ECAP))) {
        unit = NULL;
        return;
    }
    root = direct(early_page());
    for (unsigned bus = 0; bus < 256; bus++) {
        root[bus * 2] = early_page() | CONTEXT_PRESENT;
        for (unsigned i = 0; i < 256; i++)
            *context((uint16_t)(bus << 8 | i)) = CONTEXT_SILENT;
    }
    *reg64(ROOT) = direct_pa(root);
    command(SET_ROOT);
    write_and_wait(CONTEXT_COMMAND, CONTEXT_ALL);
    write_and_wait(iotlb, IOTLB_ALL);
    *reg32(FAULT_DATA) = VECTOR_IRQ + ARCH_IRQ_DMA;
    *reg32(FAULT_ADDRESS) = MSI_ADDRESS | this_cpu()->apic_id << 12;
    *reg32(FAULT_CONTROL) = 0;
    command(TRANSLATE);
}

bool arch_dma_confines(void)
{
    return unit != NULL;
}

static void context_set(uint16_t function, uint64_t low, uint64_t high)
{
    uint64_t *entry = context(function);

    entry[1] = high;
    __atomic_store_n(entry, low, __ATOMIC_RELEASE);
    write_and_wait(CONTEXT_COMMAND, CONTEXT_ALL);
}

void arch_dma_set(uint16_t function, unsigned domain, uint64_t tables)
{
    if (unit)
        context_set(function, tables % PHX_PAGE_SIZE ? tables : tables | CONTEXT_PRESENT,
                    (uint64_t)domain << 8 | CONTEXT_4_LEVELS);
    arch_dma_flush(domain);
}

void arch_dma_flush(unsigned domain)
{
    if (unit && domain)
        write_and_wait(iotlb, IOTLB_DOMAIN(domain));
}

bool arch_dma_fault(struct arch_dma_fault *out)
{
    for (unsigned at = faults; at < faults + fault_count * 16; at += 16) {
        uint64_t high = *reg64(at + 8);

        if (!(high >> 63))
            continue;
        out->address = *reg64(at) & ~(PHX_PAGE_SIZE - 1UL);
        out->function = (uint16_t)high;
        out->reason = (uint16_t)((high >> 32 & 0xff) | (high >> 62 & 1) << 8);
        context_set(out->function, context(out->function)[0] | CONTEXT_SILENT,
                    context(out->function)[1]);
        *reg32(at + 12) = 1u << 31;
        return true;
    }
    *reg32(FAULT_STATUS) = FAULT_OVERFLOW;
    return false;
}
