/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts, once entry.S has saved what has to be saved.
 *
 * Interrupts come in ring 3, and in ring 0 only where the kernel lets them
 * (arch_interrupt_window, arch_idle). Any exception in ring 0 is the kernel's own
 * fault and its end, but for two that a program could cause from outside: an NMI, and
 * the trap flag's #DB.
 */
#include "machine.h"

#define STUB_SIZE 16
#define GATE_INTERRUPT 0x8e
#define GATE_INTERRUPT_USER 0xee /* int n from ring 3 may use it */

uint64_t trap_gates[256][2]; /* SDM 3A 6.14.1 */
static bool stopping; /* atomic: NMI means stop */

static const char *const names[] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode",
    "extended state while off", "double fault", "vector 9", "invalid TSS",
    "segment not present", "stack fault", "general protection fault", "page fault", "vector 15",
    "x87 error", "alignment check", "machine check", "SIMD error", "vector 20",
    "control protection",
};

static void gate_set(unsigned vector, const char *handler, uint64_t stack, uint64_t type)
{
    uint64_t offset = (uint64_t)handler;

    trap_gates[vector][0] = (offset & 0xffff) | KERNEL_CS << 16 | stack << 32 | type << 40 |
                       (offset >> 16 & 0xffff) << 48;
    trap_gates[vector][1] = offset >> 32;
}

void trap_init(void)
{
    /* Which of the TSS's stacks; 0: the one of system calls. */
    static const uint8_t stacks[VECTOR_SPURIOUS + 1] = {
        [VECTOR_NMI] = 1, [VECTOR_DB] = 2, [VECTOR_DF] = 3, [VECTOR_MC] = 4,
    };

    for (unsigned vector = 0; vector <= VECTOR_SPURIOUS; vector++)
        gate_set(vector, trap_stubs + vector * STUB_SIZE, stacks[vector],
                 vector == VECTOR_BP ? GATE_INTERRUPT_USER : GATE_INTERRUPT);
    gate_set(VECTOR_INT80, trap_stubs + (VECTOR_SPURIOUS + 1) * STUB_SIZE, 0, GATE_INTERRUPT_USER);
}

static void interrupt(unsigned vector, bool from_user)
{
    if (vector == VECTOR_SPURIOUS)
        return;
    if (vector >= VECTOR_IRQ) {
        kernel_irq(vector - VECTOR_IRQ, from_user);
        return;
    }
    apic[APIC_EOI] = 0;
    if (vector == VECTOR_TIMER)
        kernel_timer(from_user);
    else if (vector == VECTOR_WAKEUP)
        kernel_wakeup(from_user);
    else
        kernel_flush_requested();
}

bool trap_user(struct thread *current, unsigned vector, uint64_t error, uint64_t address)
{
    if (vector < VECTOR_TIMER || vector > VECTOR_SPURIOUS)
        return kernel_fault(current, vector, error, vector == VECTOR_PF ? address : 0);
    interrupt(vector, true);
    return false;
}

static _Noreturn void die(const struct trap_frame *f)
{
    static struct phx_registers registers;
    const char *name = f->vector < sizeof names / sizeof *names ? names[f->vector] : "exception";
    uint64_t address;

    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    /* Whose GS base is loaded is not known here: the stack tells. */
    wrmsr(MSR_GS_BASE, (uint64_t)cpu_of_stack((uint64_t)f));
    __builtin_memcpy(&registers, f, offsetof(struct trap_frame, vector));
    registers.rip = f->rip;
    registers.rflags = f->rflags;
    registers.rsp = f->rsp;
    if (f->vector == VECTOR_DF && address >= STACKS_BASE && address < MMIO_BASE)
        name = "kernel stack overflow";
    kernel_epitaph(name, &registers,
                   f->vector == VECTOR_PF || f->vector == VECTOR_DF ? address : 0);
}
_Static_assert(offsetof(struct trap_frame, vector) == offsetof(struct phx_registers, rip), "die");

void trap_kernel(struct trap_frame *f)
{
    if (f->vector >= VECTOR_TIMER) {
        interrupt((unsigned)f->vector, false);
    } else if (f->vector == VECTOR_NMI) {
        /* Only arch_stop_others() sends any; others have nobody who wants them. */
        while (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
            __asm__ volatile("cli\n\thlt");
    } else if (f->vector == VECTOR_DB) {
        /* A program's trap flag can be pending as it enters the kernel. */
        f->rflags &= ~(uint64_t)RFLAGS_TF;
        __asm__ volatile("mov %0, %%db6" ::"r"(0UL));
    } else {
        die(f);
    }
}

void arch_stop_others(void)
{
    __atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
    if (apic != NULL)
        apic_send(0, ICR_NMI | ICR_ALL_BUT_SELF);
}
