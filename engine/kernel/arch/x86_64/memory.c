/* SPDX-License-Identifier: MIT */
/*
 * The kernel's half of the address space, built once at boot and never changed after.
 *
 *   DIRECT_BASE + pa   all RAM; never executable, the kernel's text and constants
 *                      not writable; 4 KiB pages up to the kernel's end, then 2 MiB,
 *                      and 1 GiB where memory and processor have them
 *   KERNEL_BASE + pa   the kernel's image, each segment with its own protection
 *   STACKS_BASE        each core's stacks with unmapped pages between (cpu.c)
 *   MMIO_BASE          device registers, uncached
 *
 * No page is writable and executable, none is a program's, all are global.
 */
#include "machine.h"
#include "port.h"
#include "pvh.h"

#define SHIFT_4K 12
#define SHIFT_2M 21
#define SHIFT_1G 30
#define SIZE_2M (1UL << SHIFT_2M)
#define SIZE_1G (1UL << SHIFT_1G)

extern const char low_start[], low_text_end[], kernel_start[], kernel_text_end[];
extern const char kernel_rodata_end[], kernel_end[];
extern uint64_t early_tables[4][512];

static struct boot_info *boot_info;
static unsigned mmio_pages;

/* From the beginning of the first region that the early map reaches, so that what is
 * left is in one piece; low memory last. */
uint64_t early_page(void)
{
    struct boot_region *from = NULL;

    for (unsigned i = 0; i < boot_info->region_count; i++) {
        struct boot_region *r = &boot_info->regions[i];

        if (r->base < EARLY_MAP_BYTES && (from == NULL || from->base < 1 << 20))
            from = r;
    }
    if (from == NULL)
        return 0;
    uint64_t page = from->base;

    regions_cut(boot_info, page, page + PHX_PAGE_SIZE);
    page_zero(direct(page));
    return page;
}

static uint64_t page_or_die(void)
{
    uint64_t page = early_page();

    if (page == 0)
        kernel_epitaph("no memory for the kernel's page tables", NULL, 0);
    return page;
}

/* The entry for `va` at the level of `shift`, tables made; NULL: a larger page is there. */
static uint64_t *entry_at(uint64_t va, unsigned shift)
{
    uint64_t *table = direct(arch_kernel_root);

    for (unsigned s = 39; s > shift; s -= 9) {
        uint64_t *entry = &table[va >> s & 511];

        if (*entry & PTE_PS)
            return NULL;
        if (*entry == 0)
            *entry = page_or_die() | PTE_P | PTE_W | PTE_A;
        table = direct(*entry & PTE_ADDRESS);
    }
    return &table[va >> shift & 511];
}

static void map(uint64_t va, uint64_t pa, unsigned shift, uint64_t flags)
{
    uint64_t *entry = entry_at(va, shift);

    if (entry != NULL && *entry == 0)
        *entry = pa | flags | PTE_P | PTE_A | PTE_D | PTE_G | (shift > SHIFT_4K ? PTE_PS : 0);
}

static uint64_t image_pa(const char *symbol)
{
    return (uint64_t)symbol - KERNEL_BASE;
}

static void map_image(const char *from, const char *to, uint64_t flags)
{
    for (uint64_t va = (uint64_t)from; va < (uint64_t)to; va += PHX_PAGE_SIZE)
        map(va, va - KERNEL_BASE, SHIFT_4K, flags);
}

/* 2 MiB of the direct map in small pages, because the kernel has a part of it. */
static void map_direct_small(uint64_t base)
{
    for (uint64_t pa = base; pa < base + SIZE_2M; pa += PHX_PAGE_SIZE) {
        bool fixed = (pa >= image_pa(kernel_start) && pa < image_pa(kernel_rodata_end)) ||
                     (pa >= (uint64_t)low_start && pa < (uint64_t)low_text_end);

        map(DIRECT_BASE + pa, pa, SHIFT_4K, PTE_NX | (fixed ? 0 : PTE_W));
    }
}

static bool has_1g_pages(void)
{
    return cpuid(0x80000001, 0).edx >> 26 & 1;
}

static void map_direct(uint64_t base, uint64_t end)
{
    bool use_1g = has_1g_pages();

    for (uint64_t pa = base & ~(SIZE_2M - 1); pa < end;) {
        if (pa < image_pa(kernel_end)) {
            map_direct_small(pa);
            pa += SIZE_2M;
        } else if (use_1g && pa % SIZE_1G == 0 && end - pa >= SIZE_1G) {
            map(DIRECT_BASE + pa, pa, SHIFT_1G, PTE_NX | PTE_W);
            pa += SIZE_1G;
        } else {
            map(DIRECT_BASE + pa, pa, SHIFT_2M, PTE_NX | PTE_W);
            pa += SIZE_2M;
        }
    }
}

/* The tables of start.S become those with which other processors start: the kernel's
 * half, and the trampoline where it is. */
static void make_start_root(void)
{
    const uint64_t *kernel = direct(arch_kernel_root);
    const uint64_t parent = PTE_P | PTE_W;

    for (unsigned i = 0; i < 512; i++) {
        early_tables[0][i] = i < 256 ? 0 : kernel[i];
        early_tables[1][i] = early_tables[2][i] = early_tables[3][i] = 0;
    }
    for (unsigned level = 0; level < 3; level++)
        early_tables[level][0] = image_pa((const char *)early_tables[level + 1]) | parent;
    early_tables[3][(uint64_t)low_start >> SHIFT_4K] = (uint64_t)low_start | PTE_P | PTE_A;
}

void memory_init(struct boot_info *info, const struct pvh_memory *memory, unsigned count)
{
    boot_info = info;
    arch_kernel_root = page_or_die();
    map_image(kernel_start, kernel_text_end, 0);
    map_image(kernel_text_end, kernel_rodata_end, PTE_NX);
    map_image(kernel_rodata_end, kernel_end, PTE_NX | PTE_W);
    for (unsigned i = 0; i < count; i++) {
        uint64_t base = memory[i].base, end = base + memory[i].size;

        if (memory[i].type != PVH_MEMORY_RAM || end <= base || base >= DIRECT_END)
            continue;
        end = end > DIRECT_END ? DIRECT_END : (end + SIZE_2M - 1) & ~(SIZE_2M - 1);
        map_direct(base, end);
        if (end > info->phys_end)
            info->phys_end = end;
    }
    arch_root_load(arch_kernel_root);
    make_start_root();
}

bool memory_map_tables(uint64_t pa, uint64_t size)
{
    if (size == 0 || pa >= DIRECT_END || size > DIRECT_END - pa)
        return false;
    for (uint64_t at = pa & ~(SIZE_2M - 1); at < pa + size; at += SIZE_2M)
        map(DIRECT_BASE + at, at, SHIFT_2M, PTE_NX);
    return true;
}

void memory_map_stack(uint64_t va, uint64_t pa)
{
    map(va, pa, SHIFT_4K, PTE_NX | PTE_W);
}

volatile void *mmio_map(uint64_t pa)
{
    uint64_t va = MMIO_BASE + mmio_pages++ * PHX_PAGE_SIZE;

    map(va, pa & ~0xfffUL, SHIFT_4K, PTE_NX | PTE_W | PTE_PCD | PTE_PWT);
    return (volatile void *)(va + (pa & 0xfff));
}
