/* SPDX-License-Identifier: MIT */
/*
 * What the firmware's tables say about cores and about turning the machine off. No AML
 * is run.
 *
 * A table is believed when its header lies in memory, its length is sane, and its
 * bytes sum to 0; everything inside is taken only up to that length. Where there are
 * none, the machine has one core and cannot be turned off.
 *
 * Spec   ACPI 6.4: 5.2.5 RSDP, 5.2.7 RSDT, 5.2.9 FADT, 5.2.12 MADT; 4.8.3.2.1 and 4.8.3.7
 *        (sleeping); QEMU docs/specs, isa-debug-exit
 */
#include "machine.h"

#define TABLE_MAX (1 << 20)

/* Offsets, in the order of the headings above. */
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_XSDT 24
#define RSDP_SIZE 36
#define HEADER_SIZE 36
#define FADT_PM1A_CONTROL 64
#define FADT_FLAGS 112
#define FADT_FLAG_HW_REDUCED (1 << 20)
#define FADT_SLEEP_CONTROL 244 /* what kind of address, 0 memory; four bytes on, where */
#define MADT_ENTRIES 44
#define MADT_CORE 0
#define MADT_OVERRIDE 2
#define DMAR_UNITS 48
#define DMAR_UNIT 0

/* Soft off with the SLP_TYP of the machines that are supported, which only AML says: 0
 * with QEMU's chip sets, 5 with its hardware-reduced ACPI. */
#define PM1_OFF (0 << 10 | 1 << 13)
#define SLEEP_CONTROL_OFF (5 << 2 | 1 << 5)

struct table { /* at any address: firmware packs them */
    char signature[4];
    uint32_t length;
} __attribute__((packed));

static uint16_t pm1a_control;           /* a port; 0: none */
uint64_t acpi_dma_unit;                 /* the only one's registers; 0: none */
static volatile uint8_t *sleep_control; /* NULL: none */

/* The `size` bytes at an offset, 0 where the table ends before. */
static uint64_t field(const struct table *t, size_t offset, size_t size)
{
    uint64_t value = 0;

    if (offset + size <= t->length)
        __builtin_memcpy(&value, (const char *)t + offset, size);
    return value;
}

/* A believable table at `pa`, or NULL. */
static const struct table *table_at(uint64_t pa)
{
    const struct table *t = direct(pa);
    const uint8_t *bytes = direct(pa);
    uint8_t sum = 0;

    if (!memory_map_tables(pa, sizeof *t) || t->length < HEADER_SIZE || t->length > TABLE_MAX ||
        !memory_map_tables(pa, t->length))
        return NULL;
    for (size_t i = 0; i < t->length; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0 ? t : NULL;
}

static void read_fadt(const struct table *t)
{
    uint64_t sleep = field(t, FADT_SLEEP_CONTROL + 4, 8);

    if (!(field(t, FADT_FLAGS, 4) & FADT_FLAG_HW_REDUCED))
        own_add(ARCH_PORTS, pm1a_control = (uint16_t)field(t, FADT_PM1A_CONTROL, 4), 2);
    else if (field(t, FADT_SLEEP_CONTROL, 1) == 0 && sleep != 0)
        sleep_control = mmio_map(sleep);
}

static unsigned read_madt(const struct table *t)
{
    unsigned count = 1;

    for (size_t at = MADT_ENTRIES, size; (size = field(t, at + 1, 1)) >= 2; at += size) {
        uint32_t id = (uint32_t)field(t, at + 3, 1);
        bool is_usable = field(t, at, 1) == MADT_CORE && field(t, at + 4, 4) & 1;

        if (field(t, at, 1) == MADT_OVERRIDE)
            apic_override(id, (uint32_t)field(t, at + 4, 4), (uint32_t)field(t, at + 8, 2));
        if (is_usable && id != cpus[0].apic_id && count < CPUS_MAX)
            cpus[count++].apic_id = id;
    }
    return count;
}

/* The only unit is believed to translate for all functions; of several, none is used. */
static void read_dmar(const struct table *t)
{
    unsigned units = 0;

    for (size_t at = DMAR_UNITS, size; (size = field(t, at + 2, 2)) >= 4; at += size)
        if (field(t, at, 2) == DMAR_UNIT)
            acpi_dma_unit = units++ ? 0 : field(t, at + 8, 8);
}

unsigned acpi_init(uint64_t rsdp)
{
    const uint8_t *revision = direct(rsdp + RSDP_REVISION);
    const uint32_t *rsdt = direct(rsdp + RSDP_RSDT);
    const uint64_t *xsdt = direct(rsdp + RSDP_XSDT);
    unsigned cores = 1;

    if (!memory_map_tables(rsdp, RSDP_SIZE))
        return cores;
    size_t size = *revision >= 2 ? 8 : 4;
    const struct table *root = table_at(size == 8 ? *xsdt : *rsdt);

    for (size_t at = HEADER_SIZE; root != NULL && at < root->length; at += size) {
        const struct table *t = table_at(field(root, at, size));

        if (t != NULL && __builtin_memcmp(t->signature, "FACP", 4) == 0)
            read_fadt(t);
        else if (t != NULL && __builtin_memcmp(t->signature, "APIC", 4) == 0)
            cores = read_madt(t);
        else if (t != NULL && __builtin_memcmp(t->signature, "DMAR", 4) == 0)
            read_dmar(t);
    }
    return cores;
}

/* The ways down are tried in order: each either ends the machine or does nothing. */
_Noreturn void arch_shutdown(unsigned status)
{
    if (boot_has_word(boot_info.command_line, "exit=0xf4"))
        arch_port_out(DEBUG_EXIT, 1, status);
    if (sleep_control != NULL)
        *sleep_control = SLEEP_CONTROL_OFF;
    if (pm1a_control != 0)
        arch_port_out(pm1a_control, 2, PM1_OFF);
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

/* An exception that nothing can take resets every machine (SDM 3A 6.15, double fault). */
_Noreturn void arch_reboot(void)
{
    struct table_register none = { 0, 0 };

    __asm__ volatile("lidt %0\n\tint3" ::"m"(none));
    __builtin_unreachable();
}
