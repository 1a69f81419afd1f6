/* SPDX-License-Identifier: MIT */
/*
 * From the first 64-bit instruction to kernel_main: what the loader said becomes
 * boot_info, and everything that belongs to the boot processor or is there only once is
 * set up, in the order that machine.h says.
 *
 * On entry the early tables (early.c) map the first GiB; all that a PVH loader hands
 * over in memory lies there.
 */
#include "machine.h"

#include "bytes.h"

/* What firmware keeps for itself, whatever its memory map says. */
#define LOW_RESERVED 0x10000

struct boot_info boot_info = { .loader = "PVH" };

_Noreturn void boot_devices(void);

static void cut(uint64_t base, uint64_t size)
{
    regions_cut(&boot_info, base, base + size);
}

/*
 * A module that lies in memory already, put there by whoever made the machine, is told
 * as "module=BASE+SIZE", each of 16 hexadecimal digits; else the loader has its place.
 */
static void find_module(const struct pvh_start_info *start, const struct boot_info *ram)
{
    const char *line = boot_info.command_line, *end = line + sizeof boot_info.command_line - 40;
    uint64_t *const to[] = { &boot_info.module_base, &boot_info.module_size };

    if (start->module_count != 0) {
        const struct pvh_module *module = direct(start->modules);

        boot_info.module_base = module->base;
        boot_info.module_size = module->size;
    }
    while (line < end && memcmp(line, "module=", 7) != 0)
        line++;
    for (unsigned i = 0; line < end && i < 2 * 16; i++) {
        char digit = line[7 + i + i / 16];

        *to[i / 16] = *to[i / 16] << 4 | ((digit & 15u) + (digit > '9' ? 9 : 0));
    }
    if (!regions_have(ram, boot_info.module_base, boot_info.module_size))
        boot_info.module_size = 0; /* a place that somebody typed: as if there were none */
    cut(boot_info.module_base, boot_info.module_size);
}

static void read_start_info(uint64_t pa)
{
    static struct boot_info ram;
    const struct pvh_start_info *start = direct(pa);
    const struct pvh_memory *memory = direct(start->memory_map);
    const char *line = start->command_line != 0 ? direct(start->command_line) : NULL;

    for (size_t i = 0; i < sizeof boot_info.command_line - 1 && line != NULL && line[i] != 0; i++)
        boot_info.command_line[i] = line[i];
    boot_info.rsdp = start->rsdp;
    for (unsigned i = 0; i < start->memory_map_count; i++) {
        if (memory[i].type != PVH_MEMORY_RAM)
            continue;
        boot_info.memory_bytes += memory[i].size;
        regions_add(&boot_info, memory[i].base, memory[i].base + memory[i].size);
    }
    ram = boot_info;
    cut(0, LOW_RESERVED);
    cut((uint64_t)low_start, (uint64_t)(low_end - low_start));
    cut((uint64_t)kernel_start - KERNEL_BASE, (uint64_t)(kernel_end - kernel_start));
    find_module(start, &ram);
    memory_init(&ram);
}

/* Old Intel processors let a program guess the kernel's memory (CVE-2017-5754); those that
 * do not say so (SDM 4, IA32_ARCH_CAPABILITIES bit 0). */
static bool is_open_to_meltdown(void)
{
    bool is_intel = cpuid(0, 0).ecx == 0x6c65746e; /* ...ntel */
    bool can_say = cpuid(7, 0).edx >> 29 & 1;

    return is_intel && !(can_say && rdmsr(MSR_ARCH_CAPABILITIES) & 1);
}

/* On the core's own stack, which the early tables did not have. */
__attribute__((used)) _Noreturn void boot_devices(void)
{
    unsigned cores = acpi_init(boot_info.rsdp);

    boot_info.is_open = is_open_to_meltdown();
    apic_find();
    apic_init();
    dma_init(acpi_dma_unit);
    clock_init();
    for (unsigned i = 1; i < cores; i++)
        cpu_make(i);
    kernel_main(&boot_info);
}

_Noreturn void boot_main(void *start_info_pa)
{
    trap_init();
    read_start_info((uint64_t)start_info_pa);
    cpu_make(0);
    cpus[0].apic_id = cpuid(1, 0).ebx >> 24; /* its APIC is not mapped yet */
    cpu_init(&cpus[0]);
    __asm__ volatile("mov %0, %%rsp\n\tcall boot_devices" ::"r"(cpus[0].stack_top) : "memory");
    __builtin_unreachable();
}
