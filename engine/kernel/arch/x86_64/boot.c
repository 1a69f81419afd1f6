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
#include "port.h"
#include "pvh.h"

/* What firmware keeps for itself, whatever its memory map says. */
#define LOW_RESERVED 0x10000

extern const char low_start[], low_end[], kernel_start[], kernel_end[];

static struct boot_info info = { .loader = "PVH" };

_Noreturn void boot_main(const struct pvh_start_info *start_pa);

static void read_command_line(uint64_t pa)
{
    const char *from = direct(pa);

    for (size_t i = 0; pa != 0 && i < sizeof info.command_line - 1 && from[i] != 0; i++)
        info.command_line[i] = from[i];
}

static void read_memory(const struct pvh_memory *memory, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t base = memory[i].base, end = base + memory[i].size;

        if (memory[i].type != PVH_MEMORY_RAM || end <= base || base >= DIRECT_END)
            continue;
        info.memory_bytes += memory[i].size;
        regions_add(&info, base, end < DIRECT_END ? end : DIRECT_END);
    }
    for (unsigned i = 0; i < count; i++) {
        if (memory[i].type != PVH_MEMORY_RAM)
            regions_cut(&info, memory[i].base, memory[i].base + memory[i].size);
    }
}

static void cut_used(uint64_t base, uint64_t size)
{
    regions_cut(&info, base, base + size);
}

static void read_start_info(uint64_t pa)
{
    const struct pvh_start_info *start = direct(pa);
    const struct pvh_memory *memory = direct(start->memory_map);

    read_command_line(start->command_line);
    read_memory(memory, start->memory_map_count);
    cut_used(0, LOW_RESERVED);
    cut_used((uint64_t)low_start, (uint64_t)(low_end - low_start));
    cut_used((uint64_t)kernel_start - KERNEL_BASE, (uint64_t)(kernel_end - kernel_start));
    cut_used(pa, sizeof *start);
    cut_used(start->memory_map, start->memory_map_count * sizeof *memory);
    if (start->module_count != 0) {
        const struct pvh_module *module = direct(start->modules);

        info.module_base = module->base;
        info.module_size = module->size;
        cut_used(module->base, module->size);
    }
    info.rsdp = start->rsdp;
    memory_init(&info, memory, start->memory_map_count);
}

/* Old Intel processors let a program guess the kernel's memory (CVE-2017-5754); those that
 * do not say so (SDM 4, IA32_ARCH_CAPABILITIES bit 0). */
static bool is_open_to_meltdown(void)
{
    if (cpuid(0, 0).ecx != 0x6c65746e) /* ...ntel */
        return false;
    return !(cpuid(7, 0).edx >> 29 & 1) || !(rdmsr(MSR_ARCH_CAPABILITIES) & 1);
}

static void boot_devices(void *unused)
{
    unsigned cores = 1;

    (void)unused;
    info.is_open = is_open_to_meltdown();
    info.rsdp = acpi_init(info.rsdp);
    apic_find();
    apic_init();
    ioapic_init();
    power_init(info.command_line);
    clock_init();
    for (unsigned i = 0; i < acpi.cpu_count; i++) {
        if (acpi.cpu_ids[i] != cpus[0].apic_id && !cpu_make(cores++, acpi.cpu_ids[i]))
            break;
    }
    kernel_main(&info);
}

/* The boot processor's number before its APIC is mapped (SDM 2A CPUID 1). */
static uint32_t boot_apic_id(void)
{
    return cpuid(1, 0).ebx >> 24;
}

_Noreturn void boot_main(const struct pvh_start_info *start_pa)
{
    serial_init();
    trap_init();
    read_start_info((uint64_t)start_pa);
    if (!cpu_make(0, boot_apic_id()))
        kernel_epitaph("no memory for the first core", NULL, 0);
    cpu_init(&cpus[0]);
    stack_switch(cpus[0].stack_top, boot_devices, NULL);
}
