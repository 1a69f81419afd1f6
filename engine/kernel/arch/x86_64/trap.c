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
#include "port.h"

struct gate { /* SDM 3A 6.14.1 */
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
#define GATE_INTERRUPT 0x8e
#define GATE_INTERRUPT_USER 0xee /* int n from ring 3 may use it */
#define STUB_SIZE 16

static struct gate gates[256];
const struct phx_registers *fault_registers;
static bool stopping; /* atomic: NMI means stop */

static const char *const names[] = {
    [0] = "divide error", [1] = "debug", [3] = "breakpoint", [4] = "overflow",
    [5] = "bound range", [6] = "invalid opcode", [7] = "extended state while off",
    [8] = "double fault", [10] = "invalid TSS", [11] = "segment not present",
    [12] = "stack fault", [13] = "general protection fault", [14] = "page fault",
    [16] = "x87 error", [17] = "alignment check", [18] = "machine check",
    [19] = "SIMD error", [21] = "control protection",
};

static void gate_set(unsigned vector, const char *handler, unsigned ist, uint8_t type)
{
    uint64_t offset = (uint64_t)handler;

    gates[vector] = (struct gate){
        .offset_low = (uint16_t)offset,
        .selector = KERNEL_CS,
        .ist = (uint8_t)ist,
        .type = type,
        .offset_middle = (uint16_t)(offset >> 16),
        .offset_high = (uint32_t)(offset >> 32),
    };
}

/* Where there is no SMAP, there is no clac either: three bytes of nothing instead. The
 * early tables still let the text be written. */
static void patch_clac(void)
{
    static const char nop[3] = { 0x0f, 0x1f, 0x00 };

    if (!(cpuid(7, 0).ebx >> 20 & 1))
        __builtin_memcpy(trap_clac, nop, sizeof nop);
}

void trap_init(void)
{
    patch_clac();
    for (unsigned vector = 0; vector <= VECTOR_FLUSH; vector++)
        gate_set(vector, trap_stubs + vector * STUB_SIZE, 0, GATE_INTERRUPT);
    gate_set(VECTOR_DB, trap_stubs + VECTOR_DB * STUB_SIZE, IST_DB, GATE_INTERRUPT);
    gate_set(VECTOR_NMI, trap_stubs + VECTOR_NMI * STUB_SIZE, IST_NMI, GATE_INTERRUPT);
    gate_set(VECTOR_DF, trap_stubs + VECTOR_DF * STUB_SIZE, IST_DF, GATE_INTERRUPT);
    gate_set(VECTOR_MC, trap_stubs + VECTOR_MC * STUB_SIZE, IST_MC, GATE_INTERRUPT);
    gate_set(VECTOR_BP, trap_stubs + VECTOR_BP * STUB_SIZE, 0, GATE_INTERRUPT_USER);
    gate_set(VECTOR_INT80, trap_int80, 0, GATE_INTERRUPT_USER);
    gate_set(VECTOR_PIC_SPURIOUS, trap_spurious, 0, GATE_INTERRUPT);
    gate_set(VECTOR_SPURIOUS, trap_spurious, 0, GATE_INTERRUPT);
}

void trap_load(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) idt = { sizeof gates - 1, (uint64_t)gates };

    __asm__ volatile("lidt %0" ::"m"(idt));
}

static void interrupt(unsigned vector, bool from_user)
{
    apic_eoi();
    switch (vector) {
    case VECTOR_TIMER:
        if (apic_timer_is_due())
            kernel_timer(from_user);
        break;
    case VECTOR_SERIAL:
        kernel_serial_input(from_user);
        break;
    case VECTOR_WAKEUP:
        kernel_wakeup(from_user);
        break;
    default:
        kernel_flush_requested();
    }
}

void trap_user(struct thread *current, unsigned vector, uint64_t error, uint64_t address)
{
    if (vector >= VECTOR_TIMER && vector <= VECTOR_FLUSH)
        interrupt(vector, true);
    else
        kernel_fault(current, vector, error, vector == VECTOR_PF ? address : 0);
}

static _Noreturn void die(const struct trap_frame *f)
{
    static struct phx_registers registers;
    const char *name = f->vector < sizeof names / sizeof names[0] ? names[f->vector] : NULL;
    uint64_t address;

    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    /* Whose GS base is loaded is not known here: the stack tells. */
    wrmsr(MSR_GS_BASE, (uint64_t)cpu_of_stack((uint64_t)f));
    registers = (struct phx_registers){
        .r15 = f->r15, .r14 = f->r14, .r13 = f->r13, .r12 = f->r12, .rbp = f->rbp,
        .rbx = f->rbx, .r11 = f->r11, .r10 = f->r10, .r9 = f->r9, .r8 = f->r8,
        .rax = f->rax, .rcx = f->rcx, .rdx = f->rdx, .rsi = f->rsi, .rdi = f->rdi,
        .rip = f->rip, .rflags = f->rflags, .rsp = f->rsp,
    };
    fault_registers = &registers;
    if (f->vector == VECTOR_DF && address >= STACKS_BASE && address < MMIO_BASE)
        name = "kernel stack overflow";
    kernel_epitaph(name != NULL ? name : "unknown exception", &registers,
                   f->vector == VECTOR_PF || f->vector == VECTOR_DF ? address : 0);
}

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
    apic_stop_others();
}
