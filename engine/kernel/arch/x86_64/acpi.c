/* SPDX-License-Identifier: MIT */
/*
 * What the firmware's tables say about cores, the serial line's interrupt, and turning
 * the machine off. No AML is run.
 *
 * A table is believed when its header lies in memory, its length is sane, and its
 * bytes sum to 0; everything inside is taken only up to that length. Where there are
 * none, the machine has one core and what every PC has.
 *
 * Spec   ACPI 6.4: 5.2.5 RSDP, 5.2.7 RSDT, 5.2.9 FADT, 5.2.12 MADT
 */
#include "machine.h"

#define TABLE_MAX (1 << 20)
#define BIOS_START 0xe0000
#define BIOS_END 0x100000
#define IOAPIC_DEFAULT 0xfec00000

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t checksum2, reserved[3];
} __attribute__((packed));
#define RSDP_OLD_SIZE 20

struct table {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem[6], oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

struct address {
    uint8_t space, width, offset, access;
    uint64_t address;
} __attribute__((packed));

/* Offsets in the FADT (table 5.9). */
#define FADT_PM1A_CONTROL 64
#define FADT_PM1B_CONTROL 68
#define FADT_PM_TIMER 76
#define FADT_FLAGS 112
#define FADT_FLAG_RESET (1 << 10)
#define FADT_FLAG_HW_REDUCED (1 << 20)
#define FADT_RESET 116
#define FADT_RESET_VALUE 128
#define FADT_SLEEP_CONTROL 244

#define MADT_ENTRIES 44
enum { MADT_CORE = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_X2APIC = 9 };

struct acpi acpi = {
    .ioapic = IOAPIC_DEFAULT,
    .serial_pin = COM1_IRQ,
    .reset = { .space = ACPI_NONE },
    .sleep_control = { .space = ACPI_NONE },
};

static bool sums_to_zero(const void *bytes, size_t length)
{
    const uint8_t *b = bytes;
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + b[i]);
    return sum == 0;
}

/* A believable table at `pa`, or NULL. */
static const struct table *table_at(uint64_t pa)
{
    if (pa == 0 || !memory_map_tables(pa, sizeof(struct table)))
        return NULL;
    const struct table *t = direct(pa);

    if (t->length < sizeof *t || t->length > TABLE_MAX || !memory_map_tables(pa, t->length) ||
        !sums_to_zero(t, t->length))
        return NULL;
    return t;
}

static uint32_t field32(const struct table *t, size_t offset)
{
    uint32_t value = 0;

    if (offset + sizeof value <= t->length)
        __builtin_memcpy(&value, (const char *)t + offset, sizeof value);
    return value;
}

static struct acpi_register field_register(const struct table *t, size_t offset)
{
    struct address a;

    if (offset + sizeof a > t->length)
        return (struct acpi_register){ .space = ACPI_NONE };
    __builtin_memcpy(&a, (const char *)t + offset, sizeof a);
    if (a.address == 0 || a.space > ACPI_PORT)
        a.space = ACPI_NONE;
    if (a.space == ACPI_MEMORY)
        a.address = (uint64_t)mmio_map(a.address);
    return (struct acpi_register){ a.space, a.address };
}

static void read_fadt(const struct table *t)
{
    uint32_t flags = field32(t, FADT_FLAGS);

    acpi.pm_timer = (uint16_t)field32(t, FADT_PM_TIMER);
    if (flags & FADT_FLAG_RESET) {
        acpi.reset = field_register(t, FADT_RESET);
        acpi.reset_value = (uint8_t)field32(t, FADT_RESET_VALUE);
    }
    if (flags & FADT_FLAG_HW_REDUCED) {
        acpi.sleep_control = field_register(t, FADT_SLEEP_CONTROL);
    } else {
        acpi.pm1a_control = (uint16_t)field32(t, FADT_PM1A_CONTROL);
        acpi.pm1b_control = (uint16_t)field32(t, FADT_PM1B_CONTROL);
    }
}

static void add_core(uint32_t id, uint32_t flags)
{
    if (!(flags & 1) || acpi.cpu_count == CPUS_MAX)
        return;
    for (unsigned i = 0; i < acpi.cpu_count; i++) {
        if (acpi.cpu_ids[i] == id)
            return; /* some firmware lists a core as both kinds */
    }
    acpi.cpu_ids[acpi.cpu_count++] = id;
}

static uint32_t entry32(const uint8_t *entry, unsigned offset)
{
    uint32_t value;

    __builtin_memcpy(&value, entry + offset, sizeof value);
    return value;
}

/* The next entry of at least its kind's size after `entry` (NULL: the first). */
static const uint8_t *madt_next(const struct table *t, const uint8_t *entry)
{
    static const uint8_t sizes[] = {
        [MADT_CORE] = 8, [MADT_IOAPIC] = 12, [MADT_OVERRIDE] = 10, [MADT_X2APIC] = 16,
    };
    const uint8_t *end = (const uint8_t *)t + t->length;

    entry = entry == NULL ? (const uint8_t *)t + MADT_ENTRIES : entry + entry[1];
    while (end - entry >= 2 && entry[1] >= 2 && entry[1] <= end - entry) {
        if (entry[0] >= sizeof sizes || entry[1] >= sizes[entry[0]])
            return entry;
        entry += entry[1];
    }
    return NULL;
}

/* One I/O APIC is enough: the one that has the serial line's interrupt. */
static void read_madt(const struct table *t)
{
    uint32_t gsi = COM1_IRQ, first = 0;

    for (const uint8_t *e = NULL; t->length >= MADT_ENTRIES && (e = madt_next(t, e));) {
        if (e[0] == MADT_CORE) {
            add_core(e[3], entry32(e, 4));
        } else if (e[0] == MADT_X2APIC) {
            add_core(entry32(e, 4), entry32(e, 8));
        } else if (e[0] == MADT_OVERRIDE && e[3] == COM1_IRQ) {
            gsi = entry32(e, 4);
            acpi.serial_low = (e[8] & 3) == 3;
            acpi.serial_level = (e[8] >> 2 & 3) == 3;
        }
    }
    for (const uint8_t *e = NULL; t->length >= MADT_ENTRIES && (e = madt_next(t, e));) {
        if (e[0] != MADT_IOAPIC || entry32(e, 8) > gsi || entry32(e, 8) < first)
            continue;
        first = entry32(e, 8);
        acpi.ioapic = entry32(e, 4);
    }
    acpi.serial_pin = gsi - first;
}

static const struct rsdp *rsdp_at(uint64_t pa)
{
    const struct rsdp *r = direct(pa);

    if (!memory_map_tables(pa, sizeof *r) || __builtin_memcmp(r->signature, "RSD PTR ", 8) != 0 ||
        !sums_to_zero(r, RSDP_OLD_SIZE))
        return NULL;
    if (r->revision >= 2 && !sums_to_zero(r, sizeof *r))
        return NULL;
    return r;
}

static const struct rsdp *rsdp_find(uint64_t told)
{
    const struct rsdp *r = told != 0 ? rsdp_at(told) : NULL;

    for (uint64_t pa = BIOS_START; r == NULL && pa < BIOS_END; pa += 16)
        r = rsdp_at(pa);
    return r;
}

uint64_t acpi_init(uint64_t told)
{
    const struct rsdp *r = rsdp_find(told);

    if (r == NULL)
        return 0;
    bool wide = r->revision >= 2 && r->xsdt != 0;
    const struct table *root = table_at(wide ? r->xsdt : r->rsdt);
    size_t size = wide ? 8 : 4;

    for (size_t at = sizeof *root; root != NULL && at + size <= root->length; at += size) {
        uint64_t pa = 0;

        __builtin_memcpy(&pa, (const char *)root + at, size);
        const struct table *t = table_at(pa);

        if (t != NULL && __builtin_memcmp(t->signature, "FACP", 4) == 0)
            read_fadt(t);
        else if (t != NULL && __builtin_memcmp(t->signature, "APIC", 4) == 0)
            read_madt(t);
    }
    return direct_pa(r);
}
