/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of each core (timer, interrupts between cores) and the I/O APIC that
 * brings the serial line's interrupt. The old 8259s are masked for good.
 *
 * The local APIC is used through memory as it comes out of reset; where firmware has
 * switched it to x2APIC already, that cannot be undone safely and the same registers
 * are MSRs (SDM 3A 10.12).
 *
 * Spec   Intel SDM 3A 10; 82093AA; 8259A
 */
#include "machine.h"
#include "port.h"

#define PENDING_SPINS 1000000
#define TICKS_SHIFT 30 /* of a frequency below 16 GHz nothing is lost at the top */

static volatile uint32_t *apic; /* NULL: x2APIC */
static uint64_t timer_ticks_per_ns; /* times 1 << TICKS_SHIFT */

static uint32_t apic_read(unsigned offset)
{
    if (apic == NULL)
        return (uint32_t)rdmsr(MSR_X2APIC + offset / 16);
    return apic[offset / 4];
}

static void apic_write(unsigned offset, uint32_t value)
{
    if (apic == NULL)
        wrmsr(MSR_X2APIC + offset / 16, value);
    else
        apic[offset / 4] = value;
}

void apic_find(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    if (!(base & APIC_BASE_X2APIC))
        apic = mmio_map(base & PTE_ADDRESS);
}

uint32_t apic_id(void)
{
    uint32_t id = apic_read(APIC_ID);

    return apic == NULL ? id : id >> 24;
}

void apic_init(void)
{
    wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
    apic_write(APIC_TPR, 0);
    apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
    apic_write(APIC_LVT_LINT1, APIC_LVT_MASKED);
    apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
    apic_write(APIC_SVR, APIC_SVR_ENABLE | VECTOR_SPURIOUS);
    apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, 0);
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

/* --- other cores ---------------------------------------------------------- */

void apic_send(uint32_t id, uint32_t command)
{
    if (apic == NULL) {
        wrmsr(MSR_X2APIC + APIC_ICR / 16, (uint64_t)id << 32 | command);
        return;
    }
    for (unsigned i = 0; i < PENDING_SPINS && apic_read(APIC_ICR) & ICR_PENDING; i++)
        arch_pause();
    apic_write(APIC_ICR_HIGH, id << 24);
    apic_write(APIC_ICR, command);
}

void apic_stop_others(void)
{
    apic_send(0, ICR_NMI | ICR_ASSERT | ICR_ALL_BUT_SELF);
}

void arch_send_wakeup(unsigned cpu)
{
    apic_send(cpus[cpu].apic_id, VECTOR_WAKEUP | ICR_ASSERT);
}

void arch_send_flush(unsigned cpu)
{
    apic_send(cpus[cpu].apic_id, VECTOR_FLUSH | ICR_ASSERT);
}

/* --- timer ---------------------------------------------------------------- */

void apic_timer_start(uint32_t ticks)
{
    apic_write(APIC_TIMER_INITIAL, ticks);
}

uint32_t apic_timer_left(void)
{
    return apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_set_hz(uint64_t hz)
{
    timer_ticks_per_ns = (hz << TICKS_SHIFT) / 1000000000;
}

/* The counter has 32 bits; a longer time is waited for in pieces. */
void arch_timer_arm(uint64_t ns)
{
    struct arch_cpu *arch = this_cpu()->arch;
    unsigned __int128 ticks = (unsigned __int128)ns * timer_ticks_per_ns >> TICKS_SHIFT;

    arch->timer_left = 0;
    if (ticks > UINT32_MAX) {
        ticks = UINT32_MAX;
        arch->timer_left = ns - ((uint64_t)UINT32_MAX << TICKS_SHIFT) / timer_ticks_per_ns;
    }
    apic_write(APIC_TIMER_INITIAL, ns != 0 && ticks == 0 ? 1 : (uint32_t)ticks);
}

bool apic_timer_is_due(void)
{
    uint64_t left = this_cpu()->arch->timer_left;

    if (left == 0)
        return true;
    arch_timer_arm(left);
    return false;
}

/* --- interrupts of devices ------------------------------------------------ */

static void pic_mask(void)
{
    out8(PIC1_COMMAND, 0x11); /* initialize: vector, wiring, mode */
    out8(PIC2_COMMAND, 0x11);
    out8(PIC1_DATA, VECTOR_PIC);
    out8(PIC2_DATA, VECTOR_PIC + 8);
    out8(PIC1_DATA, 4);
    out8(PIC2_DATA, 2);
    out8(PIC1_DATA, 1);
    out8(PIC2_DATA, 1);
    out8(PIC1_DATA, 0xff);
    out8(PIC2_DATA, 0xff);
}

static uint32_t ioapic_read(volatile uint32_t *ioapic, uint32_t index)
{
    ioapic[IOAPIC_INDEX / 4] = index;
    return ioapic[IOAPIC_WINDOW / 4];
}

static void ioapic_write(volatile uint32_t *ioapic, uint32_t index, uint32_t value)
{
    ioapic[IOAPIC_INDEX / 4] = index;
    ioapic[IOAPIC_WINDOW / 4] = value;
}

/* All pins masked but the serial line's, which goes to this core. */
void ioapic_init(void)
{
    pic_mask();
    volatile uint32_t *ioapic = mmio_map(acpi.ioapic);
    uint32_t version = ioapic_read(ioapic, IOAPIC_VERSION);
    uint32_t pins = (version >> 16 & 0xff) + 1;

    if (version == ~0U || acpi.serial_pin >= pins)
        return;
    for (uint32_t pin = 0; pin < pins; pin++)
        ioapic_write(ioapic, IOAPIC_PIN(pin), IOAPIC_MASKED);
    ioapic_write(ioapic, IOAPIC_PIN(acpi.serial_pin) + 1, this_cpu()->apic_id << 24);
    ioapic_write(ioapic, IOAPIC_PIN(acpi.serial_pin),
                 VECTOR_SERIAL | (acpi.serial_low ? IOAPIC_LOW_ACTIVE : 0) |
                     (acpi.serial_level ? IOAPIC_LEVEL : 0));
}
