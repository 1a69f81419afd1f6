/* SPDX-License-Identifier: MIT */
/*
 * Numbers that C and assembly share or whose names explain them: registers, model
 * specific registers, ports and bits, by their manuals' names. Only what is used.
 *
 * Spec   Intel SDM volumes 3A (2.5 control registers, 10 APIC) and 4 (MSRs); AMD APM 2
 *        (6.1 SYSCALL); 82093AA (I/O APIC); PC16550D (serial); 8254 (timer)
 */
#pragma once

/* Where things are. The linker script says KERNEL_BASE again. */
#define DIRECT_BASE 0xffff800000000000
#define DIRECT_END 0x8000000000 /* 512 GiB: one entry of the top table */
#define KERNEL_BASE 0xffffffff80000000
#define STACKS_BASE 0xffffffffc0000000
#define STACKS_SLOT_SHIFT 16 /* a core's stacks and their guard pages */
#define MMIO_BASE 0xffffffffffe00000

/* Where the entry code finds things: in struct cpu, and in struct thread, which begins
 * with its struct phx_registers (phoenix/abi.h; cpu.c checks both). */
#define CPU_CURRENT 8
#define CPU_SCRATCH 16
#define CPU_STACK_TOP 24
#define REG_RDI PHX_REG_RDI
#define REG_RIP PHX_REG_RIP
#define REG_RFLAGS PHX_REG_RFLAGS
#define REG_RSP PHX_REG_RSP
#define THREAD_RESUME_FULL 144

/* Selectors, in the order that SYSCALL and SYSRET want (SDM 3A 5.8.8). */
#define KERNEL_CS 0x08
#define KERNEL_SS 0x10
#define USER_SS 0x1b
#define USER_CS 0x23
#define TSS_SELECTOR 0x28

#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_TS (1 << 3)
#define CR0_NE (1 << 5)
#define CR0_WP (1 << 16)
#define CR0_PG (1UL << 31)
#define CR0_IN_USE (CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE)

#define CR4_PAE (1 << 5)
#define CR4_MCE (1 << 6)
#define CR4_PGE (1 << 7)
#define CR4_OSFXSR (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)
#define CR4_UMIP (1 << 11)
#define CR4_FSGSBASE (1 << 16)
#define CR4_OSXSAVE (1 << 18)
#define CR4_SMEP (1 << 20)
#define CR4_SMAP (1 << 21)

#define RFLAGS_ONE (1 << 1)
#define RFLAGS_TF (1 << 8)
#define RFLAGS_IF (1 << 9)
#define RFLAGS_DF (1 << 10)
#define RFLAGS_NT (1 << 14)
#define RFLAGS_AC (1 << 18)
/* CF PF AF ZF SF TF DF OF AC ID: what ring 3 may have as it likes. */
#define RFLAGS_USER 0x240dd5

/* Page table entries (SDM 3A 4.5). */
#define PTE_P (1UL << 0)
#define PTE_W (1UL << 1)
#define PTE_U (1UL << 2)
#define PTE_PCD (1UL << 4)
#define PTE_A (1UL << 5)
#define PTE_D (1UL << 6)
#define PTE_PS (1UL << 7)
#define PTE_G (1UL << 8)
#define PTE_NX (1UL << 63)
#define PTE_ADDRESS 0x000ffffffffff000UL

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2APIC (1 << 10)
#define MSR_ARCH_CAPABILITIES 0x10a
#define MSR_SYSENTER_CS 0x174
#define MSR_EFER 0xc0000080
#define EFER_SCE (1 << 0)
#define EFER_LME (1 << 8)
#define EFER_NXE (1 << 11)
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_SFMASK 0xc0000084
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

/* Vectors. Exceptions are 0-31. */
#define VECTOR_DB 1
#define VECTOR_NMI 2
#define VECTOR_BP 3
#define VECTOR_DF 8
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_MC 18
#define VECTOR_TIMER 32
#define VECTOR_WAKEUP 33
#define VECTOR_FLUSH 34
#define VECTOR_IRQ 36     /* the first of those that devices have: lines, then DMA faults */
#define VECTOR_SPURIOUS 63 /* its low four bits are ones on old processors */
#define VECTOR_INT80 128
/* Those that push an error code (SDM 3A table 6-1), and those that may come at any
 * instruction of the kernel: a bit each. */
#define VECTORS_WITH_ERROR 0x60227d00
#define VECTORS_ANYWHERE (1 << VECTOR_NMI | 1 << VECTOR_DF | 1 << VECTOR_MC)

/* Local APIC (SDM 3A 10.4.1): which 32-bit word of its page. */
#define APIC_EOI (0xb0 / 4)
#define APIC_SVR (0xf0 / 4)
#define APIC_SVR_ENABLE (1 << 8)
#define APIC_ICR (0x300 / 4)
#define APIC_ICR_HIGH (0x310 / 4)
#define APIC_LVT_TIMER (0x320 / 4)
#define APIC_LVT_LINT0 (0x350 / 4)
#define APIC_LVT_MASKED (1 << 16)
#define APIC_TIMER_INITIAL (0x380 / 4)
#define APIC_TIMER_CURRENT (0x390 / 4)
#define APIC_TIMER_DIVIDE (0x3e0 / 4)
#define APIC_DIVIDE_BY_1 0xb
#define ICR_NMI (4 << 8)
#define ICR_INIT (5 << 8)
#define ICR_STARTUP (6 << 8)
#define ICR_PENDING (1 << 12)
#define ICR_ASSERT (1 << 14)
#define ICR_ALL_BUT_SELF (3 << 18)

/* The first I/O APIC, where every PC has it (82093AA 3.0): an index and a window. */
#define IOAPIC_BASE 0xfec00000
#define IOAPIC_INDEX (0x00 / 4)
#define IOAPIC_WINDOW (0x10 / 4)
#define IOAPIC_PIN(n) (0x10 + 2 * (n))
#define IOAPIC_LOW (1 << 13)
#define IOAPIC_LEVEL (1 << 15)
#define IOAPIC_MASKED (1 << 16)
#define MSI_ADDRESS 0xfee00000

/* 8259A interrupt controllers, masked for good. */
#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1

/* 8254 timer, channel 2: the one whose gate software has. */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_LATCH2 0x80
#define PIT_CHANNEL2_MODE0 0xb0
#define PIT_GATE 0x61
#define PIT_HZ 1193182

/* 16550 serial, COM1. */
#define COM1 0x3f8
#define UART_DATA (COM1 + 0) /* with LCR_DIVISOR: divisor, low */
#define UART_IER (COM1 + 1)  /* with LCR_DIVISOR: divisor, high */
#define UART_IER_RECEIVE 1
#define UART_IIR (COM1 + 2)
#define UART_IIR_CAUSE 0x0f
#define UART_IIR_RECEIVE 0x04 /* at the trigger level */
#define UART_IIR_IDLE 0x0c /* below it, and nothing came for four bytes' time */
#define UART_FCR (COM1 + 2)
#define UART_FCR_SETUP 0xc7  /* FIFOs on and empty, receive trigger at 14 bytes */
#define UART_TRIGGER 14
#define UART_FIFO 16
#define UART_LCR (COM1 + 3)
#define UART_LCR_8N1 0x03
#define UART_LCR_DIVISOR 0x80
#define UART_MCR (COM1 + 4)
#define UART_MCR_SETUP 0x0b  /* DTR, RTS, OUT2 (lets its interrupt out) */
#define UART_LSR (COM1 + 5)
#define UART_LSR_DATA 0x01
#define UART_LSR_THR_EMPTY 0x20

/* isa-debug-exit, a device of QEMU's, where `exit=0xf4` on the command line says it is. */
#define DEBUG_EXIT 0xf4
