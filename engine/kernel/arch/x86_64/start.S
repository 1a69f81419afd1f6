/* SPDX-License-Identifier: MIT */
/*
 * How processors come from where they start to the kernel's own tables: the boot
 * processor from a PVH loader in 32 bits, every other one from a startup IPI in 16.
 *
 * All of it lies in low memory, the only place where a startup IPI can point and the
 * only one that a machine with 1 MiB has; SeaBIOS clears what is below 0x90000 after
 * it was loaded there. The code is never written after it was loaded.
 *
 * Spec   PVH: Xen's pvh.pandoc, ELF note 18, entry with ebx = start info; Intel SDM 3A
 *        8.4.4 (startup IPI), 9.8.5 (into 64-bit mode)
 */
#include "regs.h"

#define PHYSICAL(symbol) (symbol - KERNEL_BASE)

    .section .note.pvh, "a", @note
    .long 4, 8, 18
    .asciz "Xen"
    .quad pvh_start

    .section .low.trampoline, "ax"

/*
 * Any other processor.
 * In         cs = this page / 16, ip 0; ap_stack and ap_cpu are set
 */
    .code16
    .globl ap_start
ap_start:
    cli
    mov %cs, %ax
    mov %ax, %ds
    lgdtl gdt_pointer - ap_start
    mov $CR0_PE, %eax
    mov %eax, %cr0
    ljmpl $0x18, $ap_start_32

    .balign 8
gdt: /* entries are marked accessed, so that no processor writes here */
    .quad 0
    .quad 0x00af9b000000ffff /* 0x08 64-bit code */
    .quad 0x00cf93000000ffff /* 0x10 data */
    .quad 0x00cf9b000000ffff /* 0x18 32-bit code */
gdt_pointer:
    .word . - gdt - 1
    .long gdt

    .code32
ap_start_32:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %ss
    mov $ap_start_64, %ebp
    jmp enter_64

/*
 * The boot processor.
 * In         ebx: physical address of the start info; flat 32-bit segments
 */
    .globl pvh_start
pvh_start:
    cli
    cld
    mov $low_stack_top, %esp
    lgdt gdt_pointer
    ljmp $0x18, $1f
1:  mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    push $PHYSICAL(early_tables)
    push %ebx
    call early_image
    mov $boot_start_64, %ebp

/* In: ebp where to go on in 64 bits. ebx is kept. The tables may have no-execute bits. */
enter_64:
    mov $(CR4_PAE | CR4_PGE), %eax
    mov %eax, %cr4
    mov $PHYSICAL(early_tables), %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $(EFER_LME | EFER_NXE), %eax
    wrmsr
    mov %cr0, %eax
    and $~(CR0_EM | CR0_TS), %eax
    or $(CR0_PG | CR0_WP | CR0_PE | CR0_NE | CR0_MP), %eax
    mov %eax, %cr0
    ljmp $0x08, $1f
    .code64
1:  mov $KERNEL_SS, %eax
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    jmp *%rbp

boot_start_64:
    movabs $(low_stack_top + DIRECT_BASE), %rsp
    xor %ebp, %ebp
    mov %ebx, %edi
    mov $boot_main, %rax
    call *%rax

ap_start_64: /* whoever takes the stack runs; 0: it came too late */
    mov $ap_stack, %rcx
    xor %eax, %eax
    xchg %rax, (%rcx)
    test %rax, %rax
    jz 2f
    mov %rax, %rsp
    xor %ebp, %ebp
    mov $ap_cpu, %rax
    mov (%rax), %rdi
    mov $ap_main, %rax
    call *%rax
2:  cli
    hlt
    jmp 2b

    .section .low.early, "ax"
early_image:
    .incbin EARLY_IMAGE

    .section .low.stack, "aw", @nobits
    .balign 16
    .skip 8192
    .globl low_stack_top
low_stack_top:

    .bss
    .balign 4096
    .globl early_tables
early_tables:
    .skip 4 * 4096

    .section .note.GNU-stack, "", @progbits
