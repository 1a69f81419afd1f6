/* SPDX-License-Identifier: MIT */
/*
 * What each core has: its descriptor tables, its stacks, its control registers.
 *
 * A core's stacks share one slot of 64 KiB of addresses, each with an unmapped page
 * below it, so that an overflow is a double fault and not someone else's data. Which
 * core a stack belongs to can be read off its address: the exceptions that may come
 * before GS is the kernel's have no other way to know.
 *
 * Spec   Intel SDM 3A 3.4.5, 6.14.5, 7.7; SDM 2B SYSCALL; UMIP, SMEP, SMAP: 2.5
 */
#include "machine.h"
#include "offsets.h"
#include "port.h"

_Static_assert(offsetof(struct cpu, self) == 0, "this_cpu()");
_Static_assert(offsetof(struct cpu, current) == CPU_CURRENT, "offsets.h");
_Static_assert(offsetof(struct cpu, scratch) == CPU_SCRATCH, "offsets.h");
_Static_assert(offsetof(struct cpu, stack_top) == CPU_STACK_TOP, "offsets.h");
_Static_assert(offsetof(struct phx_registers, r11) == REG_R11, "offsets.h");
_Static_assert(offsetof(struct phx_registers, rcx) == REG_RCX, "offsets.h");
_Static_assert(offsetof(struct phx_registers, rdi) == REG_RDI, "offsets.h");
_Static_assert(offsetof(struct phx_registers, rip) == REG_RIP, "offsets.h");
_Static_assert(offsetof(struct phx_registers, rflags) == REG_RFLAGS, "offsets.h");
_Static_assert(offsetof(struct phx_registers, rsp) == REG_RSP, "offsets.h");
_Static_assert(sizeof(struct phx_registers) == THREAD_RESUME_FULL, "offsets.h");
_Static_assert(sizeof(struct tss) == 104, "SDM 3A figure 7-11");

/* Pages of a slot, from its beginning; those not listed are never mapped. The first
 * four are for the TSS, in the order of IST_NMI ... IST_MC; an epitaph needs two. */
static const struct {
    uint8_t first, pages;
} stacks[] = { { 1, 1 }, { 3, 1 }, { 5, 2 }, { 8, 2 }, { 11, 4 } };
#define STACK_COUNT (sizeof stacks / sizeof stacks[0])

static uint64_t stack_top(unsigned index, unsigned stack)
{
    return STACKS_BASE + ((uint64_t)index << STACKS_SLOT_SHIFT) +
           (uint64_t)(stacks[stack].first + stacks[stack].pages) * PHX_PAGE_SIZE;
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
    arch->tss.rsp[0] = stack_top(index, STACK_COUNT - 1);
    for (unsigned i = 0; i < STACK_COUNT - 1; i++)
        arch->tss.ist[i] = stack_top(index, i);
    arch->tss.io_map = sizeof(struct tss); /* beyond its end: no port is allowed */
}

bool cpu_make(unsigned index, uint32_t id)
{
    struct cpu *cpu = &cpus[index];
    uint64_t own = early_page();

    if (own == 0)
        return false;
    for (unsigned i = 0; i < STACK_COUNT; i++) {
        for (unsigned page = 1; page <= stacks[i].pages; page++) {
            uint64_t pa = early_page();

            if (pa == 0)
                return false;
            memory_map_stack(stack_top(index, i) - page * PHX_PAGE_SIZE, pa);
        }
    }
    cpu->self = cpu;
    cpu->index = index;
    cpu->apic_id = id;
    cpu->stack_top = stack_top(index, STACK_COUNT - 1);
    cpu->arch = direct(own);
    fill_descriptors(cpu->arch, index);
    return true;
}

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static void load_descriptors(struct cpu *cpu)
{
    struct table_register gdt = { sizeof cpu->arch->gdt - 1, (uint64_t)cpu->arch->gdt };

    /* The selectors in use mean the same as in the table of start.S: no reload. */
    __asm__ volatile("lgdt %0\n\tlldt %w1\n\tltr %w2" ::"m"(gdt), "r"(0), "r"(TSS_SELECTOR)
                     : "memory");
    trap_load();
    wrmsr(MSR_GS_BASE, (uint64_t)cpu);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
}

static void enable_protection(void)
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
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
}

/* SYSENTER and 32-bit SYSCALL are not there: there is no 32-bit code segment. */
static void enable_syscall(void)
{
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
    wrmsr(MSR_STAR, (uint64_t)(USER_SS - 8) << 48 | (uint64_t)KERNEL_CS << 32);
    wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
    wrmsr(MSR_SFMASK, RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IF);
    wrmsr(MSR_SYSENTER_CS, 0);
}

void cpu_init(struct cpu *cpu)
{
    load_descriptors(cpu);
    enable_protection();
    enable_syscall();
    fpu_init();
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
