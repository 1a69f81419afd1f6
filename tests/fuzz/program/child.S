/* SPDX-License-Identifier: MIT */
/*
 * What runs in children and in threads that are started at random: a list of system
 * calls, then an end; and the upcall entry of everybody. It may lie at any address.
 */
#define __ASSEMBLER__ 1
#include "phoenix/abi.h"
#include "rt/load.h"

#define LEAVE_RIP 2048
#define LEAVE_RSP 2056
#define LEAVE_FRAME 2064
#define LEAVE_DEPTH 2072
#define MAGIC 0x46555a5a /* in r11: the return address is on top of the stack */

    .text
    .globl fuzz_child, fuzz_child_end, fuzz_upcall, fuzz_leave, fuzz_leave_end

/*
 * In         rdi: entries of twelve words: op, cap, words 0-9; op 0 is the last, and its
 *            cap says how to end
 */
    .balign 64
fuzz_child:
    mov %rdi, %rbp
    testb $1, 16(%rdi)
    jz 1f
    movq %rdi, %xmm1
1:  mov 0(%rbp), %rax
    mov 8(%rbp), %rdi
    test %rax, %rax
    jz 2f
    mov 16(%rbp), %rsi
    mov 24(%rbp), %rdx
    mov 32(%rbp), %r10
    mov 40(%rbp), %r8
    mov 48(%rbp), %r9
    mov 56(%rbp), %rbx
    mov 64(%rbp), %r12
    mov 72(%rbp), %r13
    mov 80(%rbp), %r14
    mov 88(%rbp), %r15
    syscall
    add $96, %rbp
    jmp 1b
2:  cmp $1, %edi
    je 3f
    cmp $4, %edi
    je 4f
    cmp $3, %edi
    je 5f
    mov $0x4101, %eax /* ThreadControl.exit */
    xor %edi, %edi
    syscall
3:  ud2
4:  movaps %xmm1, %xmm0 /* for a slice or so */
    mov $3000000, %ecx
6:  loop 6b
    mov $0x4101, %eax
    xor %edi, %edi
    syscall
5:  hlt

    .globl fuzz_foreign
fuzz_foreign:
    mov $0x102, %eax /* NOP */
    syscall
    ret

    .globl fuzz_load
fuzz_load:
    mov $MAGIC, %r11d
    mov (%rdi), %al
    ret

    .globl fuzz_store
fuzz_store:
    mov $MAGIC, %r11d
    mov %al, (%rdi)
    ret

    .globl fuzz_jump
fuzz_jump:
    mov $MAGIC, %r11d
    jmp *%rdi

    .globl fuzz_extended
fuzz_extended:
    movq %rdi, %xmm0
    addps %xmm0, %xmm1
    fld1
    fstp %st(0)
    ret

    .globl fuzz_trap
fuzz_trap:
    mov $MAGIC, %r11d
    lea 1f(%rip), %rax
    and $7, %edi
    shl $4, %edi
    add %rdi, %rax
    xor %edx, %edx
    xor %ecx, %ecx
    jmp *%rax
    .balign 16
1:  ud2
    .balign 16
    int3
    ret
    .balign 16
    int $0x80
    ret
    .balign 16
    div %ecx
    ret
    .balign 16
    pushfq
    orq $0x100, (%rsp)
    jmp 7f
    .balign 16
    pushfq
    orq $0x100, (%rsp)
    popfq
    ret
    .balign 16
    int $14
    ret
    .balign 16
    mov %cr0, %rax
    ret
7:  mov $0x102, %eax
    popfq
    syscall
    mov $MAGIC, %r11d
    cli
    ret

/*
 * Interrupts itself where it is to begin anew.
 * In         rdi: a capability to the calling thread
 */
    .globl fuzz_again, fuzz_again_low, fuzz_again_high
fuzz_again:
    push %rbx
    mov $3, %ebx
fuzz_again_low:
    dec %ebx
    jz fuzz_again_high
    mov $0x1020202, %eax /* Thread.interrupt */
    mov $1, %esi
    syscall
    jmp fuzz_again_low
fuzz_again_high:
    pop %rbx
    ret

/*
 * In         rdi frame, rsi kind, rdx thread page. A foreign call answers 0; a fault
 *            goes back to the caller of one of the functions above, or ends the thread.
 */
    .balign 16
fuzz_upcall:
    cmp $PHX_UPCALL_SYSCALL, %esi
    je 1f
    cmp $PHX_UPCALL_PENDING, %esi
    je 2f
    cmpq $MAGIC, PHX_REG_R11(%rdi)
    jne 3f
    movq $0, PHX_REG_R11(%rdi)
    andq $~0x100, PHX_REG_RFLAGS(%rdi)
    mov PHX_REG_RSP(%rdi), %rax
    mov (%rax), %rcx
    mov %rcx, PHX_REG_RIP(%rdi)
    addq $8, PHX_REG_RSP(%rdi)
    jmp 2f
1:  movq $0, PHX_REG_RAX(%rdi)
2:  movq $0, PHX_PAGE_PENDING(%rdx)
    wrgsbase %rdx
    mov %rdi, LEAVE_FRAME(%rdx)
    mov PHX_PAGE_DEPTH(%rdx), %ecx
    dec %ecx
    mov %ecx, LEAVE_DEPTH(%rdx)
    jmp fuzz_leave
3:  mov $0x4101, %eax
    xor %edi, %edi
    syscall
    ud2

/* The restart range: may begin anew at any of its instructions. GS is the thread page. */
fuzz_leave:
    rdgsbase %rdx
    mov LEAVE_FRAME(%rdx), %rdi
    load_registers
    mov PHX_REG_RIP(%rdi), %rcx
    mov %rcx, LEAVE_RIP(%rdx)
    mov PHX_REG_RSP(%rdi), %rcx
    mov %rcx, LEAVE_RSP(%rdx)
    mov LEAVE_DEPTH(%rdx), %ecx
    mov %ecx, PHX_PAGE_DEPTH(%rdx)
    mov PHX_REG_RCX(%rdi), %rcx
    lea PHX_REG_RFLAGS(%rdi), %rsp
    movl $0, PHX_PAGE_DISABLED(%rdx)
    popfq
    mov PHX_REG_RDX(%rdi), %rdx
    mov PHX_REG_RDI(%rdi), %rdi
    mov %gs:LEAVE_RSP, %rsp
    jmp *%gs:LEAVE_RIP
fuzz_leave_end:
fuzz_child_end:

    .section .note.GNU-stack, "", @progbits
