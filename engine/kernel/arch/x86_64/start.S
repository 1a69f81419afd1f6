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
 * In         cs = this page / 16, ip 0
 */
    .code16
ap_start:
    cli
    mov %cs, %ax
    mov %ax, %ds
    lgdtl gdt_pointer - ap_start
    mov $CR0_PE, %eax
    mov %eax, %cr0
    xor %ebx, %ebx
    ljmpl $0x18, $start_32

    .balign 8
gdt: /* entries are marked accessed, so that no processor writes here */
    .quad 0
    .quad 0x00af9b000000ffff /* KERNEL_CS */
    .quad 0x00cf93000000ffff /* KERNEL_SS */
    .quad 0x00cf9b000000ffff /* 0x18 32-bit code */
gdt_pointer:
    .word . - gdt - 1
    .long gdt

/*
 * The boot processor.
 * In         ebx: physical address of the start info; flat 32-bit segments
 */
    .code32
    .globl pvh_start
pvh_start:
    cli
    cld
    lgdt gdt_pointer
    ljmp $0x18, $start_32

/* In: ebx start info, 0 on any other processor. */
start_32:
    mov $KERNEL_SS, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    test %ebx, %ebx
    jz 1f
    mov $low_stack_top, %esp
    push $PHYSICAL(early_tables)
    push %ebx
    call early_image
    mov %ebx, PHYSICAL(start_argument)

1:  mov $(CR4_PAE | CR4_PGE), %eax
    mov %eax, %cr4
    mov $PHYSICAL(early_tables), %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $(EFER_SCE | EFER_LME | EFER_NXE), %eax /* the tables may have no-execute bits */
    wrmsr
    mov $CR0_IN_USE, %eax
    mov %eax, %cr0
    ljmp $KERNEL_CS, $1f
    .code64
1:  xor %eax, %eax /* whoever takes the stack runs; 0: it came too late */
    mov %eax, %ebp
    xchg %rax, start_stack
    test %rax, %rax
    jz 2f
    mov %rax, %rsp
    mov start_argument, %rdi
    call *start_function
2:  hlt
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
    .skip 3 * 4096

    .section .note.GNU-stack, "", @progbits
