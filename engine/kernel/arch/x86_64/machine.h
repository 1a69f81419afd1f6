/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder have for each other.
 *
 * The order at boot, on the boot processor (boot.c): serial line; usable memory; the
 * kernel's tables; this core; ACPI; interrupt controllers; clock; the other cores'
 * memory; kernel_main. Only until then may early_page() and mmio_map() be called.
 */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include "arch.h"
#include "cpu.h"

/* --- instructions --------------------------------------------------------- */

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

static inline uint64_t read_cr0(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static inline void write_cr0(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr0" ::"r"(value) : "memory");
}

/* --- each core (cpu.c, entry.S) -------------------------------------------- */

struct tss { /* SDM 3A 7.7 */
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
} __attribute__((packed));

struct arch_cpu {
    uint64_t gdt[7]; /* null, the four of regs.h, TSS twice as long */
    uint64_t timer_left; /* ns still to wait when the timer's interrupt comes */
    struct tss tss __attribute__((aligned(16)));
};

/* Memory for core `index`: cpus[index] is complete then. False: there is none. */
bool cpu_make(unsigned index, uint32_t apic_id);
/* On the core itself. */
void cpu_init(struct cpu *cpu);
/* Which core's stack an address is on. */
struct cpu *cpu_of_stack(uint64_t address);
_Noreturn void stack_switch(uint64_t top, void (*go_on)(void *), void *argument);
_Noreturn void ap_main(struct cpu *cpu);

extern const char syscall_entry[], trap_stubs[], trap_int80[], trap_spurious[];
extern char trap_clac[];

/* --- exceptions and interrupts (trap.c) ------------------------------------ */

struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

void trap_init(void); /* once, while text can be written; cpu_init loads the table */
void trap_load(void);
void trap_user(struct thread *current, unsigned vector, uint64_t error, uint64_t address);
void trap_kernel(struct trap_frame *frame);
extern const struct phx_registers *fault_registers; /* backtrace.c begins there */

/* --- memory (memory.c, regions.c) ------------------------------------------ */

void regions_add(struct boot_info *info, uint64_t base, uint64_t end);
void regions_cut(struct boot_info *info, uint64_t base, uint64_t end);

struct pvh_memory;
/* The kernel's tables, and with them a direct map of what `memory` says is RAM. */
void memory_init(struct boot_info *info, const struct pvh_memory *memory, unsigned count);
/* A zeroed page that is never given back, or 0. */
uint64_t early_page(void);
/* Make [pa, pa + size) readable at direct(pa); false: it cannot be. */
bool memory_map_tables(uint64_t pa, uint64_t size);
void memory_map_stack(uint64_t va, uint64_t pa);
/* Device registers, uncached; the page around them. */
volatile void *mmio_map(uint64_t pa);

/* --- firmware (acpi.c) ------------------------------------------------------ */

struct acpi_register {
    uint8_t space; /* 0 memory, 1 port; ACPI_NONE: there is no such register */
    uint64_t address;
};
#define ACPI_MEMORY 0
#define ACPI_PORT 1
#define ACPI_NONE 0xff

struct acpi {
    unsigned cpu_count;
    uint32_t cpu_ids[CPUS_MAX];
    uint64_t ioapic;       /* the one that has the serial line's interrupt */
    uint32_t serial_pin;
    bool serial_low, serial_level;
    struct acpi_register reset, sleep_control; /* sleep_control: hardware-reduced ACPI */
    uint8_t reset_value;
    uint16_t pm1a_control, pm1b_control, pm_timer; /* ports; 0: none */
};
extern struct acpi acpi;

/* Look at the tables below the root pointer that the loader told, else at one that is
 * found where a BIOS leaves it. Returns where it is, 0: there are no tables. */
uint64_t acpi_init(uint64_t told);

/* --- devices ---------------------------------------------------------------- */

uint32_t apic_id(void);
void apic_find(void);          /* once, before any core uses it */
void apic_init(void);          /* each core */
void ioapic_init(void);
void apic_eoi(void);
void apic_send(uint32_t id, uint32_t command);
void apic_stop_others(void);
void apic_timer_start(uint32_t ticks);
uint32_t apic_timer_left(void);
/* False: the time waited for is longer than the counter, which was started again. */
bool apic_timer_is_due(void);
void apic_timer_set_hz(uint64_t hz);

void clock_init(void);
void clock_wait_us(unsigned us);

void serial_init(void);
void fpu_init(void);
void power_init(const char *command_line);

#endif
