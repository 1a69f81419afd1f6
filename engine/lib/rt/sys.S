/* SPDX-License-Identifier: MIT */
/*
 * The way into the kernel: one instruction, and the registers around it.
 *
 * Spec  phoenix/abi.h, "Register form of a system call"
 */
    .text

/*
 * int64_t phx_syscall(uint64_t op, uint64_t *cap, uint64_t words[PHX_WORDS])
 * in        rdi op, rsi where rdi of the call comes from and goes to, rdx words
 * out       rax as the kernel left it; *cap and all ten words as well
 * destroyed rcx r11 rsi rdx rdi r8 r9 r10
 */
    .globl phx_syscall
    .type phx_syscall, @function
phx_syscall:
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    push %rsi
    push %rdx
    mov %rdi, %rax
    mov (%rsi), %rdi
    mov %rdx, %rcx
    mov 0(%rcx), %rsi
    mov 8(%rcx), %rdx
    mov 16(%rcx), %r10
    mov 24(%rcx), %r8
    mov 32(%rcx), %r9
    mov 40(%rcx), %rbx
    mov 48(%rcx), %r12
    mov 56(%rcx), %r13
    mov 64(%rcx), %r14
    mov 72(%rcx), %r15
    syscall
    pop %rcx
    mov %rsi, 0(%rcx)
    mov %rdx, 8(%rcx)
    mov %r10, 16(%rcx)
    mov %r8, 24(%rcx)
    mov %r9, 32(%rcx)
    mov %rbx, 40(%rcx)
    mov %r12, 48(%rcx)
    mov %r13, 56(%rcx)
    mov %r14, 64(%rcx)
    mov %r15, 72(%rcx)
    pop %rcx
    mov %rdi, (%rcx)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    ret
    .size phx_syscall, . - phx_syscall

/*
 * int64_t phx_send_message(uint64_t op, uint64_t cap, struct phx_message *message)
 * in   rdi op, rsi cap, rdx message
 * out  rax
 */
    .globl phx_send_message
    .type phx_send_message, @function
phx_send_message:
    mov %edi, %eax
    or $0x40000000, %eax /* PHX_OP_MESSAGE */
    mov %rsi, %rdi
    mov %rdx, %rsi
    syscall
    ret
    .size phx_send_message, . - phx_send_message

    .section .note.GNU-stack, "", @progbits
