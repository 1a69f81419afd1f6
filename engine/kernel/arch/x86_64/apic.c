/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of each core and the I/O APIC that brings the serial line's interrupt:
 * pin 4, edge, high, as ISA has it. The old 8259s are masked for good.
 *
 * The local APIC is used through memory as it comes out of reset, with what reset leaves
 * in the registers that are not written here (SDM 3A 10.4.7).
 *
 * Spec   Intel SDM 3A 10; 82093AA; 8259A
 */
#include "machine.h"

volatile uint32_t *apic;

/* Both kinds; the serial line's pin goes to this core, all others are masked since reset. */
void apic_find(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);
    volatile uint32_t *ioapic = mmio_map(IOAPIC_BASE);

    if (base & APIC_BASE_X2APIC)
        kernel_epitaph("the firmware left the APIC in x2APIC mode", NULL, 0);
    apic = mmio_map(base & PTE_ADDRESS);
    out8(PIC1_DATA, 0xff);
    out8(PIC2_DATA, 0xff);
    ioapic[IOAPIC_INDEX] = IOAPIC_PIN(COM1_IRQ) + 1;
    ioapic[IOAPIC_WINDOW] = this_cpu()->apic_id << 24;
    ioapic[IOAPIC_INDEX] = IOAPIC_PIN(COM1_IRQ);
    ioapic[IOAPIC_WINDOW] = VECTOR_SERIAL;
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
