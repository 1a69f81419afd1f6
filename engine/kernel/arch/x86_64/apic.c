/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of each core and the I/O APIC that brings devices' interrupts. The old
 * 8259s are masked for good.
 *
 * Lines 0 to 15 are ISA's: the pin of the same number, edge, high, unless the firmware's
 * tables say otherwise; the others are PCI's: level, low.
 *
 * The local APIC is used through memory as it comes out of reset, with what reset leaves
 * in the registers that are not written here (SDM 3A 10.4.7).
 *
 * Spec   Intel SDM 3A 10; 82093AA; 8259A
 */
#include "machine.h"

#define PCI(n) ((n) | IOAPIC_LOW | IOAPIC_LEVEL)

volatile uint32_t *apic;
static volatile uint32_t *ioapic;
static uint32_t lines[ARCH_IRQS] = { /* the pin, and what kind of line it is */
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    PCI(16), PCI(17), PCI(18), PCI(19), PCI(20), PCI(21), PCI(22), PCI(23),
};

void apic_override(unsigned line, unsigned pin, unsigned flags)
{
    if (line >= ARCH_IRQS || pin >= ARCH_IRQS)
        return;
    if (pin != line) /* whose number the pin has, has none */
        own_add(ARCH_LINES, pin, 1);
    lines[line] = pin | ((flags & 3) == 3 ? IOAPIC_LOW : 0) |
                  ((flags >> 2 & 3) == 3 ? IOAPIC_LEVEL : 0);
}

void arch_irq_set(unsigned line, bool open)
{
    uint32_t pin = lines[line] & 0xff, kind = lines[line] - pin;

    ioapic[IOAPIC_INDEX] = IOAPIC_PIN(pin) + 1;
    ioapic[IOAPIC_WINDOW] = this_cpu()->apic_id << 24;
    ioapic[IOAPIC_INDEX] = IOAPIC_PIN(pin);
    ioapic[IOAPIC_WINDOW] = kind | (open ? 0 : IOAPIC_MASKED) | (VECTOR_IRQ + line);
}

bool arch_irq_is_level(unsigned line)
{
    return lines[line] & IOAPIC_LEVEL;
}

void arch_irq_end(void)
{
    apic[APIC_EOI] = 0;
}

/* Both kinds; all pins are masked since reset. */
void apic_find(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    ioapic = mmio_map(IOAPIC_BASE);
    if (base & APIC_BASE_X2APIC)
        kernel_epitaph("the firmware left the APIC in x2APIC mode", NULL, 0);
    apic = mmio_map(base & PTE_ADDRESS);
    arch_port_out(PIC1_DATA, 1, 0xff);
    arch_port_out(PIC2_DATA, 1, 0xff);
}

void apic_init(void)
{
    apic[APIC_LVT_LINT0] = APIC_LVT_MASKED;
    apic[APIC_SVR] = APIC_SVR_ENABLE | VECTOR_SPURIOUS;
    apic[APIC_TIMER_DIVIDE] = APIC_DIVIDE_BY_1;
    apic[APIC_LVT_TIMER] = VECTOR_TIMER;
}

void apic_send(uint32_t id, uint32_t command)
{
    while (apic[APIC_ICR] & ICR_PENDING)
        arch_pause();
    apic[APIC_ICR_HIGH] = id << 24;
    apic[APIC_ICR] = command | ICR_ASSERT;
}

void arch_send_wakeup(unsigned cpu)
{
    apic_send(cpus[cpu].apic_id, VECTOR_WAKEUP);
}

void arch_send_flush(unsigned cpu)
{
    apic_send(cpus[cpu].apic_id, VECTOR_FLUSH);
}
