/* SPDX-License-Identifier: MIT */
/*
 * Attempts: a call whose faults come back to the caller. The upcall's frame is looked
 * at on the caller's own stack, because the one that faulted may be anything.
 */
    .text

/*
 * bool attempt_call(void (*f)(uint64_t), uint64_t argument)
 * in        rdi f, rsi argument
 * out       rax 1: it faulted, and attempt_caught() was told
 * destroyed what a call destroys; whatever f did to the other registers is undone
 */
    .globl attempt_call
    .type attempt_call, @function
attempt_call:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rax               /* keeps the stack on a multiple of 16 */
    mov %rsp, attempt_stack(%rip)
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    xor %eax, %eax
1:  mov attempt_stack(%rip), %rsp
    pushq $0x202
    popfq
    pop %rcx
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* Upcall entry: rdi frame, rsi kind, rdx thread page. */
    .globl attempt_entry
    .type attempt_entry, @function
attempt_entry:
    mov attempt_stack(%rip), %rsp
    call attempt_caught
    mov $1, %eax
    jmp 1b

    .bss
    .balign 8
attempt_stack:
    .quad 0

    .section .note.GNU-stack, "", @progbits
