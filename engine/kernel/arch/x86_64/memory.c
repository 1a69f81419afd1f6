/* SPDX-License-Identifier: MIT */
/*
 * The kernel's half of the address space, built once at boot and never changed after.
 *
 *   DIRECT_BASE + pa   all RAM; never executable, the kernel's text and constants
 *                      not writable; 4 KiB pages up to the kernel's end, then 2 MiB
 *   KERNEL_BASE + pa   the kernel's image, each segment with its own protection
 *   STACKS_BASE        each core's stacks with unmapped pages between (cpu.c)
 *   MMIO_BASE          device registers, uncached
 *
 * No page is writable and executable, none is a program's, all are global.
 */
#include "machine.h"

#define SHIFT_2M 21
#define SIZE_2M (1UL << SHIFT_2M)
#define EARLY_MAP_END (1UL << 30)

extern uint64_t early_tables[3][512];

/* From the beginning of the first region that the early map reaches, so that what is
 * left is in one piece; low memory last. */
uint64_t early_page(void)
{
    uint64_t page = 0;

    for (unsigned i = 0; i < boot_info.region_count; i++) {
        uint64_t base = boot_info.regions[i].base;

        if (base < EARLY_MAP_END && page < 1 << 20)
            page = base;
    }
    if (page == 0)
        kernel_epitaph("no memory for the kernel's page tables and stacks", NULL, 0);
    regions_cut(&boot_info, page, page + PHX_PAGE_SIZE);
    page_zero(direct(page));
    return page;
}

void memory_map(uint64_t va, uint64_t pa, unsigned shift, uint64_t flags)
{
    uint64_t *entry;
    unsigned at;

    while (*(entry = arch_entry(arch_kernel_root, va, &at)) == 0 && at > shift)
        arch_table_link(entry, at, early_page());
    if (*entry == 0)
        *entry = pa | flags | PTE_P | PTE_A | PTE_D | PTE_G |
                 (shift > PHX_PAGE_SHIFT ? PTE_PS : 0);
}

/* A part of the image where it runs, and as it may be written in the direct map. */
static void map_image(uint64_t va, uint64_t end, uint64_t flags)
{
    for (uint64_t pa = va - KERNEL_BASE; pa < end - KERNEL_BASE; pa += PHX_PAGE_SIZE) {
        memory_map(KERNEL_BASE + pa, pa, PHX_PAGE_SHIFT, flags);
        memory_map(DIRECT_BASE + pa, pa, PHX_PAGE_SHIFT, flags | PTE_NX);
    }
}

static uint64_t round_up(uint64_t pa)
{
    return (pa + SIZE_2M - 1) & ~(SIZE_2M - 1);
}

/* The direct map of a region, rounded to pages of 2 MiB; in small ones where the kernel
 * has some already. */
static void map_direct(uint64_t base, uint64_t end)
{
    uint64_t large = round_up((uint64_t)kernel_end - KERNEL_BASE);

    for (uint64_t pa = base & ~(SIZE_2M - 1); pa < end;) {
        unsigned shift = pa < large ? PHX_PAGE_SHIFT : SHIFT_2M;

        memory_map(DIRECT_BASE + pa, pa, shift, PTE_NX | PTE_W);
        pa += 1UL << shift;
    }
}

/* The tables that other processors start with keep the first GiB where it is, for the
 * trampoline, and have the kernel's half from now on; a core has them for some twenty
 * instructions only. */
void memory_init(const struct boot_info *ram)
{
    arch_kernel_root = early_page();
    map_image((uint64_t)low_start + KERNEL_BASE, (uint64_t)low_text_end + KERNEL_BASE, PTE_NX);
    map_image((uint64_t)kernel_start, (uint64_t)kernel_text_end, 0);
    map_image((uint64_t)kernel_text_end, (uint64_t)kernel_rodata_end, PTE_NX);
    map_image((uint64_t)kernel_rodata_end, (uint64_t)kernel_end, PTE_NX | PTE_W);
    for (unsigned i = 0; i < ram->region_count; i++) {
        uint64_t end = ram->regions[i].base + ram->regions[i].size;

        boot_info.phys_end = round_up(end);
        map_direct(ram->regions[i].base, boot_info.phys_end);
        own_add(ARCH_PAGES, ram->regions[i].base >> PHX_PAGE_SHIFT,
                ram->regions[i].size >> PHX_PAGE_SHIFT);
    }
    arch_root_load(arch_kernel_root);
    __builtin_memcpy(early_tables[0] + 256, (uint64_t *)direct(arch_kernel_root) + 256, 2048);
}

bool memory_map_tables(uint64_t pa, uint64_t size)
{
    if (pa == 0 || pa >= DIRECT_END || size > DIRECT_END - pa)
        return false;
    for (uint64_t at = pa & ~(SIZE_2M - 1); at < pa + size; at += SIZE_2M)
        memory_map(DIRECT_BASE + at, at, SHIFT_2M, PTE_NX);
    return true;
}

volatile void *mmio_map(uint64_t pa)
{
    static unsigned pages;
    uint64_t va = MMIO_BASE + pages++ * PHX_PAGE_SIZE;

    own_add(ARCH_PAGES, pa >> PHX_PAGE_SHIFT, 1);
    memory_map(va, pa & PTE_ADDRESS, PHX_PAGE_SHIFT, PTE_NX | PTE_W | PTE_PCD);
    return (volatile void *)(va + pa % PHX_PAGE_SIZE);
}
