/* SPDX-License-Identifier: MIT */
/*
 * The program that upcalls interrupt: it loads every register, makes something happen,
 * and stores every register. It names memory by its address alone and pushes nothing.
 */
#include "phoenix/abi.h"
#include "subject.h"

/* Every register but rsp, which comes last or first. */
.macro each macro
    \macro rsi, PHX_REG_RSI
    \macro rdx, PHX_REG_RDX
    \macro r10, PHX_REG_R10
    \macro r8, PHX_REG_R8
    \macro r9, PHX_REG_R9
    \macro rbx, PHX_REG_RBX
    \macro r12, PHX_REG_R12
    \macro r13, PHX_REG_R13
    \macro r14, PHX_REG_R14
    \macro r15, PHX_REG_R15
    \macro rbp, PHX_REG_RBP
    \macro r11, PHX_REG_R11
    \macro rax, PHX_REG_RAX
    \macro rcx, PHX_REG_RCX
    \macro rdi, PHX_REG_RDI
.endm
.macro load register, offset
    mov SHARED + IN_REGISTERS + \offset, %\register
.endm
.macro store register, offset
    mov %\register, SHARED + OUT_REGISTERS + \offset
.endm

    .section program, "ax", @progbits
    .globl program_start, program_begin, program_end
program_start:
    hlt                     /* refused: the handler takes it for "done" */
program_begin:
    mov SHARED + PLANT, %rax
    movb $FAULT, (%rax)
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups SHARED + IN_XMM + 16 * \n, %xmm\n
.endr
    ldmxcsr SHARED + IN_XMM + XMM_MXCSR
    fldcw SHARED + IN_XMM + XMM_CONTROL
    mov $(SHARED + FLAG_STACK), %rsp
    pushq SHARED + IN_REGISTERS + PHX_REG_RFLAGS
    popfq
    mov SHARED + IN_REGISTERS + PHX_REG_RSP, %rsp
    each load
    jmp *SHARED + EVENT

    .globl event_fault, event_fault_end, event_syscall, event_exception, event_none
    .globl event_wait, event_wait_end
event_fault:
    testb $0, NOWHERE
event_fault_end:
    jmp save
event_syscall:
    syscall
    jmp save
event_exception:
    int3
event_none:
    jmp save
event_wait:
    movq $1, SHARED + SPINNING
1:  pause
    jmp 1b
event_wait_end:

save:
    each store
    mov %rsp, SHARED + OUT_REGISTERS + PHX_REG_RSP
    mov $(SHARED + FLAG_STACK), %rsp
    pushfq
    popq SHARED + OUT_REGISTERS + PHX_REG_RFLAGS
    cld
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups %xmm\n, SHARED + OUT_XMM + 16 * \n
.endr
    stmxcsr SHARED + OUT_XMM + XMM_MXCSR
    fnstcw SHARED + OUT_XMM + XMM_CONTROL
    jmp program_start
program_end:

/* What is planted is an invalid opcode; the second copy of the handlers takes it. */
.macro chooser name, otherwise
    .globl \name
\name:
    cmp $PHX_UPCALL_EXCEPTION, %esi
    jne \otherwise
    cmpq $6, VECTOR_OF_FRAME(%rdi)
    jne \otherwise
    jmp second_upcall_entry
.endm
    .text
    chooser choose, upcall_entry
    chooser choose_watched, upcall_entry_watched

/* int probe(void): a fault of the handler itself, as the libos has them on purpose; 1 if
 * every register and the carry flag are what they were. */
.macro pattern register, offset
    mov $(0x01010101 * (\offset / 8 + 1)), %\register
.endm
.macro compare register, offset
    cmp $(0x01010101 * (\offset / 8 + 1)), %\register
    jne 1f
.endm
    .globl probe, probe_fault, probe_mended
probe:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    each pattern
    stc
probe_fault:
    testb $0, NOWHERE
    jmp 1f
probe_mended:
    jnc 1f
    each compare
    mov $1, %eax
    jmp 2f
1:  xor %eax, %eax
2:  pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .section .note.GNU-stack, "", @progbits
