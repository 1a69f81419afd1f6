/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder have for each other.
 *
 * The order at boot, on the boot processor (boot.c): usable memory; the kernel's tables;
 * this core; ACPI; interrupt controllers; clock; the other cores' memory; kernel_main.
 * Only until then may early_page() and mmio_map() be called.
 */
#pragma once

#include "arch.h"
#include "cpu.h"
#include "pc.h"

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* What LGDT and LIDT read. */
struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* --- boot (boot.c, regions.c; kernel.ld for the image) ----------------------- */

extern struct boot_info boot_info;
extern const char low_start[], low_text_end[], low_stack_top[], low_end[];
extern const char kernel_start[], kernel_text_end[], kernel_rodata_end[], kernel_end[];

_Noreturn void boot_main(void *start_info_pa);
void regions_add(struct boot_info *info, uint64_t base, uint64_t end);
void regions_cut(struct boot_info *info, uint64_t base, uint64_t end);
bool regions_have(const struct boot_info *info, uint64_t base, uint64_t size);

/* --- each core (cpu.c) --------------------------------------------------------- */

/* Memory for core `index`: cpus[index] is complete then, but for apic_id. */
void cpu_make(unsigned index);
/* On the core itself. */
void cpu_init(struct cpu *cpu);
/* Which core's stack an address is on. */
struct cpu *cpu_of_stack(uint64_t address);

/* --- exceptions and interrupts (trap.c, entry.S) -------------------------------- */

extern const char syscall_entry[], trap_stubs[];

struct trap_frame {
    uint64_t rsi, rdx, r10, r8, r9, rbx, r12, r13, r14, r15, rbp, r11, rax, rcx, rdi;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

void trap_init(void);
extern uint64_t trap_gates[256][2]; /* what trap_init() made */
/* What kernel_fault() says; of an interrupt false. */
bool trap_user(struct thread *current, unsigned vector, uint64_t error, uint64_t address);
void trap_kernel(struct trap_frame *frame);

/* --- memory (memory.c) ------------------------------------------------------------ */

/* The kernel's tables, and with them a direct map of `ram`. */
void memory_init(const struct boot_info *ram);
/* A zeroed page that is never given back. */
uint64_t early_page(void);
/* One page of 1 << shift bytes; what is mapped there already stays. */
void memory_map(uint64_t va, uint64_t pa, unsigned shift, uint64_t flags);
/* Make [pa, pa + size) readable at direct(pa); false: it cannot be. */
bool memory_map_tables(uint64_t pa, uint64_t size);
/* Device registers, uncached; the page around them. */
volatile void *mmio_map(uint64_t pa);

/* --- devices (acpi.c, apic.c, clock.c, vtd.c) ---------------------------------------------- */

/* How many cores the tables below the root pointer list, this one included; the other
 * ones' numbers are in cpus[1] and up. */
unsigned acpi_init(uint64_t rsdp);
extern uint64_t acpi_dma_unit;

extern volatile uint32_t *apic; /* registers of this core's own; NULL before apic_find() */
void apic_find(void);           /* once, and the I/O APIC with it */
void apic_init(void);           /* each core */
/* A line has this pin, and is what the flags say (ACPI 6.4, 5.2.12.5); before apic_find(). */
void apic_override(unsigned line, unsigned pin, unsigned flags);
void apic_send(uint32_t id, uint32_t command);

void dma_init(uint64_t registers); /* of the unit, 0: none */

void clock_init(void);
void clock_wait_us(unsigned us);

/* From now on these are the kernel's own (owned.c). */
void own_add(enum arch_range kind, uint64_t first, uint64_t count);
