/* SPDX-License-Identifier: MIT */
/*
 * Starting the other cores, one after the other.
 *
 * A starting core takes the stack that is offered in ap_stack by an exchange (start.S);
 * one that wakes after its time was over takes the next one's place or finds nothing
 * and stops. So no two ever share a stack, whatever the firmware's list says.
 *
 * Spec   Intel SDM 3A 8.4.4.1; the long waits are for the second try only
 */
#include "machine.h"

#define INIT_WAIT_US 200
#define START_WAIT_US 2000
#define START_AGAIN_WAIT_US 100000

extern const char low_start[];
uint64_t ap_stack;      /* atomic: 0 while none is offered */
struct cpu *ap_cpu;     /* whose it is */
static unsigned started; /* atomic: other cores that run */

/* Pairs with start_core: what it wrote before offering the stack is visible here. */
void ap_main(struct cpu *cpu)
{
    arch_root_load(arch_kernel_root);
    cpu_init(cpu);
    apic_init();
    cpu->apic_id = apic_id();
    __atomic_add_fetch(&started, 1, __ATOMIC_RELEASE);
    kernel_cpu_main();
}

static bool wait_started(unsigned count, unsigned us)
{
    for (; us > 0; us--) {
        if (__atomic_load_n(&started, __ATOMIC_ACQUIRE) >= count)
            return true;
        clock_wait_us(1);
    }
    return false;
}

static bool start_core(unsigned index)
{
    uint32_t id = cpus[index].apic_id;
    uint32_t startup = ICR_STARTUP | ICR_ASSERT | (uint32_t)((uint64_t)low_start >> 12);

    ap_cpu = &cpus[index];
    __atomic_store_n(&ap_stack, cpus[index].stack_top, __ATOMIC_RELEASE);
    apic_send(id, ICR_INIT | ICR_ASSERT);
    clock_wait_us(INIT_WAIT_US);
    apic_send(id, startup);
    if (wait_started(index, START_WAIT_US))
        return true;
    apic_send(id, startup);
    if (wait_started(index, START_AGAIN_WAIT_US))
        return true;
    /* Take the offer back; if it is gone, the core is on its way after all. */
    return __atomic_exchange_n(&ap_stack, 0, __ATOMIC_ACQ_REL) == 0 &&
           wait_started(index, START_AGAIN_WAIT_US);
}

/* A core that does not start leaves its place to the next. */
unsigned arch_start_cpus(void)
{
    unsigned running = 1;

    for (unsigned i = 0; i < acpi.cpu_count && cpus[running].arch != NULL; i++) {
        if (acpi.cpu_ids[i] == cpus[0].apic_id)
            continue;
        cpus[running].apic_id = acpi.cpu_ids[i];
        if (start_core(running))
            running++;
    }
    return running;
}
