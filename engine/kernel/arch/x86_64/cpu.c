/* SPDX-License-Identifier: MIT */
/*
 * What each core has: its descriptor tables, its stacks, its control registers, its
 * extended state; and how the other cores are started, one after the other.
 *
 * A core's stacks share one slot of 64 KiB of addresses, each with an unmapped page
 * below it, so that an overflow is a double fault and not someone else's data. Which
 * core a stack belongs to can be read off its address: the exceptions that may come
 * before GS is the kernel's have no other way to know.
 *
 * A starting core takes the stack that is offered in start_stack by an exchange
 * (start.S); one that wakes after its time was over finds nothing and stops. So no two
 * ever share a stack, whatever the firmware's list says.
 *
 * Spec   Intel SDM 3A 2.5 (control registers), 3.4.5, 6.14.5, 7.7, 8.4.4.1 (startup); 1 13
 *        (extended state); 2B SYSCALL
 */
#include "machine.h"

#define STACK_PAGES 2 /* an epitaph needs them */
#define INIT_WAIT_US 200
#define START_WAIT_US 100000
#define XCR0_X87_SSE_AVX 7
#define FPU_CONTROL_DEFAULT 0x037f
#define MXCSR_DEFAULT 0x1f80

struct tss { /* SDM 3A 7.7 */
    uint32_t reserved0;
    uint64_t rsp[3], reserved1, ist[7], reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

struct arch_cpu {
    uint64_t gdt[7]; /* null, the four of regs.h, TSS twice as long */
    struct tss tss;
};

_Static_assert(offsetof(struct cpu, self) == 0 && offsetof(struct cpu, current) == CPU_CURRENT &&
                   offsetof(struct cpu, scratch) == CPU_SCRATCH &&
                   offsetof(struct cpu, stack_top) == CPU_STACK_TOP, "regs.h");
_Static_assert(offsetof(struct phx_registers, rsi) == PHX_REG_RSI &&
                   offsetof(struct phx_registers, r15) == PHX_REG_R15 &&
                   offsetof(struct phx_registers, rax) == PHX_REG_RAX &&
                   offsetof(struct phx_registers, rdi) == REG_RDI &&
                   offsetof(struct phx_registers, rip) == REG_RIP &&
                   offsetof(struct phx_registers, rflags) == REG_RFLAGS &&
                   offsetof(struct phx_registers, rsp) == REG_RSP &&
                   sizeof(struct phx_registers) == THREAD_RESUME_FULL, "regs.h");

/* What start.S goes on with; the boot processor is the first. */
uint64_t start_stack = (uint64_t)low_stack_top + DIRECT_BASE; /* atomic: 0: none is offered */
void (*start_function)(void *) = boot_main;
void *start_argument;

unsigned arch_fpu_size;
static unsigned started; /* atomic: other cores that run */

/* --- memory of a core ------------------------------------------------------------ */

/* Stack 0 is for system calls and interrupts, 1 to 4 are the TSS's (trap.c). */
#define STACK_COUNT 5

static uint64_t stack_top(unsigned index, unsigned stack)
{
    return STACKS_BASE + ((uint64_t)index << STACKS_SLOT_SHIFT) +
           (stack + 1) * (STACK_PAGES + 1) * PHX_PAGE_SIZE;
}

struct cpu *cpu_of_stack(uint64_t address)
{
    uint64_t index = (address - STACKS_BASE) >> STACKS_SLOT_SHIFT;

    return index < CPUS_MAX ? &cpus[index] : &cpus[0];
}

static void fill_descriptors(struct arch_cpu *arch, unsigned index)
{
    uint64_t tss = (uint64_t)&arch->tss;

    arch->gdt[KERNEL_CS / 8] = 0x00af9b000000ffff;
    arch->gdt[KERNEL_SS / 8] = 0x00cf93000000ffff;
    arch->gdt[USER_SS / 8] = 0x00cff3000000ffff;
    arch->gdt[USER_CS / 8] = 0x00affb000000ffff;
    arch->gdt[TSS_SELECTOR / 8] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 |
                                  0x89UL << 40 | (tss >> 24 & 0xff) << 56;
    arch->gdt[TSS_SELECTOR / 8 + 1] = tss >> 32;
    arch->tss.rsp[0] = stack_top(index, 0);
    for (unsigned i = 1; i < STACK_COUNT; i++)
        arch->tss.ist[i - 1] = stack_top(index, i);
    arch->tss.io_map = sizeof(struct tss); /* beyond its end: no port is allowed */
}

void cpu_make(unsigned index)
{
    struct cpu *cpu = &cpus[index];

    for (unsigned i = 0; i < STACK_COUNT * STACK_PAGES; i++) {
        uint64_t end = stack_top(index, i / STACK_PAGES);

        memory_map(end - (i % STACK_PAGES + 1) * PHX_PAGE_SIZE, early_page(), PHX_PAGE_SHIFT,
                   PTE_NX | PTE_W);
    }
    cpu->self = cpu;
    cpu->index = index;
    cpu->stack_top = stack_top(index, 0);
    cpu->arch = direct(early_page());
    fill_descriptors(cpu->arch, index);
}

/* --- on the core itself ------------------------------------------------------------ */

static void load_descriptors(struct cpu *cpu)
{
    struct table_register gdt = { sizeof cpu->arch->gdt - 1, (uint64_t)cpu->arch->gdt };
    struct table_register idt = { sizeof trap_gates - 1, (uint64_t)trap_gates };

    /* The selectors in use mean the same as in the table of start.S: no reload. */
    __asm__ volatile("lgdt %0\n\tlidt %1\n\tlldt %w2\n\tltr %w3" ::"m"(gdt), "m"(idt), "r"(0),
                     "r"(TSS_SELECTOR) : "memory");
    wrmsr(MSR_GS_BASE, (uint64_t)cpu);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
}

static void enable_features(void)
{
    struct cpuid features = cpuid(7, 0);
    uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE |
                   CR4_OSXSAVE;

    if (features.ebx >> 7 & 1)
        cr4 |= CR4_SMEP;
    if (features.ebx >> 20 & 1)
        cr4 |= CR4_SMAP;
    if (features.ecx >> 2 & 1)
        cr4 |= CR4_UMIP;
    if (cpuid(0x80000001, 0).edx >> 26 & 1)
        arch_page_shift_max = 30;
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
    __asm__ volatile("xsetbv" ::"c"(0), "a"(cpuid(13, 0).eax & XCR0_X87_SSE_AVX), "d"(0));
    arch_fpu_size = (cpuid(13, 0).ebx + 63) & ~63U;
    arch_fpu_trap(true);
    /* SYSENTER and 32-bit SYSCALL are not there: there is no 32-bit code segment. */
    wrmsr(MSR_STAR, (uint64_t)(USER_SS - 8) << 48 | (uint64_t)KERNEL_CS << 32);
    wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
    wrmsr(MSR_SFMASK, RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IF);
    wrmsr(MSR_SYSENTER_CS, 0);
}

void cpu_init(struct cpu *cpu)
{
    load_descriptors(cpu);
    enable_features();
}

void arch_interrupt_window(void)
{
    /* The instruction after sti is still shielded: two let an interrupt in. */
    __asm__ volatile("sti\n\tnop\n\tnop\n\tcli" ::: "memory");
}

void arch_idle(void)
{
    __asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
}

/* --- the other cores ----------------------------------------------------------------- */

/* Pairs with start_core: what it wrote before offering the stack is visible here. */
static void ap_main(void *cpu)
{
    arch_root_load(arch_kernel_root);
    cpu_init(cpu);
    apic_init();
    __atomic_add_fetch(&started, 1, __ATOMIC_RELEASE);
    kernel_cpu_main();
}

static bool start_core(unsigned index)
{
    uint32_t id = cpus[index].apic_id;
    uint32_t startup = ICR_STARTUP | (uint32_t)((uint64_t)low_start / PHX_PAGE_SIZE);
    unsigned us = START_WAIT_US;

    start_argument = &cpus[index];
    __atomic_store_n(&start_stack, cpus[index].stack_top, __ATOMIC_RELEASE);
    apic_send(id, ICR_INIT);
    clock_wait_us(INIT_WAIT_US);
    apic_send(id, startup);
    clock_wait_us(INIT_WAIT_US);
    apic_send(id, startup); /* a core that runs does not hear it */
    while (__atomic_load_n(&start_stack, __ATOMIC_RELAXED) != 0 && us-- > 0)
        clock_wait_us(1);
    /* Take the offer back; if it is gone, the core is on its way. */
    if (__atomic_exchange_n(&start_stack, 0, __ATOMIC_ACQ_REL) != 0)
        return false;
    while (__atomic_load_n(&started, __ATOMIC_ACQUIRE) < index)
        arch_pause();
    return true;
}

/* A core that does not start is the last that is tried. */
unsigned arch_start_cpus(void)
{
    unsigned running = 1;

    start_function = ap_main;
    while (running < CPUS_MAX && cpus[running].arch != NULL && start_core(running))
        running++;
    return running;
}

/* --- extended state: x87, SSE and, where there is one, AVX ----------------------------- */

/* A component that is not marked present is loaded in its initial state; MXCSR is
 * loaded from the area all the same (SDM 1, 13.4.1). */
void arch_fpu_init(void *area)
{
    __builtin_memset(area, 0, arch_fpu_size);
    *(uint16_t *)area = FPU_CONTROL_DEFAULT;
    ((uint32_t *)area)[6] = MXCSR_DEFAULT;
}

void arch_fpu_save(void *area)
{
    __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(~0U), "d"(~0U) : "memory");
}

void arch_fpu_load(const void *area)
{
    __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(~0U), "d"(~0U) : "memory");
}

void arch_fpu_trap(bool on)
{
    if (on)
        __asm__ volatile("mov %0, %%cr0" ::"r"((uint64_t)CR0_IN_USE | CR0_TS) : "memory");
    else
        __asm__ volatile("clts" ::: "memory");
}
