/* SPDX-License-Identifier: MIT */
/*
 * The ways into the kernel from ring 3 and out again, and interrupts in ring 0.
 *
 * In ring 3 the GS base is the program's; in ring 0 it is this core's struct cpu and
 * the program's waits in KERNEL_GS_BASE. A user's registers go straight into
 * this_cpu()->current, which begins with them: nothing of a thread is ever on a
 * kernel stack. Memory is not touched before GS is the kernel's.
 *
 * Spec   Intel SDM 2B, SYSCALL, SYSRET, SWAPGS; 3A 6.14, exceptions in 64-bit mode
 */
#include "phoenix/abi.h"
#include "regs.h"

    .text

/* The registers that struct phx_registers begins with, in its order; - is r11 or rcx,
 * which SYSCALL has other things in. rdi is the last, because it can be the base. */
.macro move_registers to_memory, base, r11=-, rcx=-
place = 0
.irp register, rsi, rdx, r10, r8, r9, rbx, r12, r13, r14, r15, rbp, \r11, rax, \rcx, rdi
.ifnc \register, -
.if \to_memory
    mov %\register, place(\base)
.else
    mov place(\base), %\register
.endif
.endif
place = place + 8
.endr
.endm

/*
 * SYSCALL.
 * In         rcx return address, r11 rflags, the rest as phoenix/abi.h says; interrupts
 *            are off and DF, TF, AC, NT clear (SFMASK)
 * Out        arch_enter_user; rcx and r11 of the thread's registers stay as they were
 */
    .globl syscall_entry
    .balign 64
syscall_entry:
    swapgs
    mov %rsp, %gs:CPU_SCRATCH
    mov %gs:CPU_CURRENT, %rsp
    move_registers 1, %rsp
    mov %rcx, REG_RIP(%rsp)
    mov %r11, REG_RFLAGS(%rsp)
    mov %gs:CPU_SCRATCH, %rcx
    mov %rcx, REG_RSP(%rsp)
    mov %rsp, %rdi
    mov %gs:CPU_STACK_TOP, %rsp
    call kernel_syscall
back:
    mov %gs:CPU_CURRENT, %rsp
    test %al, %al
    jz enter
    mov PHX_REG_RSI(%rsp), %rsi     /* C has kept the others */
    mov PHX_REG_RDX(%rsp), %rdx
    mov PHX_REG_R10(%rsp), %r10
    mov PHX_REG_R8(%rsp), %r8
    mov PHX_REG_R9(%rsp), %r9
    mov PHX_REG_RAX(%rsp), %rax
    mov PHX_REG_RDI(%rsp), %rdi
    jmp leave

/*
 * _Noreturn void arch_enter_user(void)
 * Leave for this_cpu()->current.
 * In         GS is the kernel's, interrupts are off; nothing else matters
 * Destroyed  all; does not return
 *
 * SYSRET faults in ring 0 when rcx is no user address (SDM 2B, SYSRET). Only with
 * resume_full can a rip be none, and that is the long way, where it becomes the
 * thread's own #GP.
 */
    .globl arch_enter_user
arch_enter_user:
    mov %gs:CPU_CURRENT, %rsp
enter:
    cmpb $0, THREAD_RESUME_FULL(%rsp)
    jne resume_all
    move_registers 0, %rsp
leave:
    mov REG_RIP(%rsp), %rcx
    mov REG_RFLAGS(%rsp), %r11
    mov REG_RSP(%rsp), %rsp
    swapgs
    sysretq

resume_all: /* rsp: the thread */
    mov %rsp, %rdi
    mov REG_RIP(%rdi), %rcx
    mov %gs:CPU_STACK_TOP, %rsp
    shr $47, %rcx
    jnz 1f
    movq $0, THREAD_RESUME_FULL(%rdi)
    pushq $USER_SS
    pushq REG_RSP(%rdi)
    pushq REG_RFLAGS(%rdi)
    pushq $USER_CS
    pushq REG_RIP(%rdi)
    move_registers 0, %rdi, r11, rcx
    swapgs
    iretq
1:  movq $1, THREAD_RESUME_FULL(%rdi)
    mov $VECTOR_GP, %esi
    xor %edx, %edx
    xor %ecx, %ecx
    call kernel_fault
    jmp arch_enter_user

/*
 * Exceptions and interrupts. Each stub is 16 bytes; on the stack are then: vector,
 * error code (0 where the CPU gives none), rip, cs, rflags, rsp, ss.
 */
    .globl trap_stubs
    .balign 16
trap_stubs:
vector = 0
.rept VECTOR_SPURIOUS + 1
    .balign 16
.if !(VECTORS_WITH_ERROR >> vector & 1)
    push $0
.endif
    push $vector
.if VECTORS_ANYWHERE >> vector & 1
    jmp trap_anywhere
.endif
    jmp trap
vector = vector + 1
.endr

    .balign 16              /* the last stub */
    push $0
    push $VECTOR_INT80
    /* falls through */

/* In ring 3, or in ring 0 where GS is the kernel's or is not needed. */
trap:
    testb $3, 24(%rsp)
    jz trap_anywhere
    swapgs
    lfence                  /* no speculation past the test with the program's GS */
    pushq $RFLAGS_ONE       /* an interrupt keeps DF, and AC, which would turn SMAP off */
    popfq
    push %rdi
    mov %gs:CPU_CURRENT, %rdi
    move_registers 1, %rdi, r11, rcx
    pop REG_RDI(%rdi)
    pop %rsi
    pop %rdx
    pop REG_RIP(%rdi)
    pop %rax                /* cs: there is only one */
    pop REG_RFLAGS(%rdi)
    pop REG_RSP(%rdi)
    movq $1, THREAD_RESUME_FULL(%rdi)
    mov %cr2, %rcx
    mov %gs:CPU_STACK_TOP, %rsp
    call trap_user
    jmp back

/*
 * In ring 0, and what may come at any instruction (NMI, double fault, machine check):
 * whose GS is loaded is not known and not asked. struct trap_frame is on the stack.
 */
trap_anywhere:
    cld
.irp register, rdi, rcx, rax, r11, rbp, r15, r14, r13, r12, rbx, r9, r8, r10, rdx, rsi
    push %\register
.endr
    mov %rsp, %rdi
    call trap_kernel
.irp register, rsi, rdx, r10, r8, r9, rbx, r12, r13, r14, r15, rbp, r11, rax, rcx, rdi
    pop %\register
.endr
    add $16, %rsp
    iretq

    .section .note.GNU-stack, "", @progbits
