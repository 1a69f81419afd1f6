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

/* Words 5-9: only long messages have them. */
.macro LOAD_MORE
    mov 40(%rdx), %rbx
    mov 48(%rdx), %r12
    mov 56(%rdx), %r13
    mov 64(%rdx), %r14
    mov 72(%rdx), %r15
.endm
.macro STORE_MORE
    mov %rbx, 40(%rcx)
    mov %r12, 48(%rcx)
    mov %r13, 56(%rcx)
    mov %r14, 64(%rcx)
    mov %r15, 72(%rcx)
.endm
.macro LOAD_FIVE
    mov %rdx, %rcx
    mov 0(%rcx), %rsi
    mov 8(%rcx), %rdx
    mov 16(%rcx), %r10
    mov 24(%rcx), %r8
    mov 32(%rcx), %r9
.endm
.macro STORE_FIVE
    mov %rsi, 0(%rcx)
    mov %rdx, 8(%rcx)
    mov %r10, 16(%rcx)
    mov %r8, 24(%rcx)
    mov %r9, 32(%rcx)
.endm
.macro PUSH_FIVE
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
.endm
.macro POP_FIVE
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
.endm

/*
 * int64_t phx_invoke(uint64_t cap, unsigned method, uint64_t *words, unsigned nwords)
 * in   rdi cap, esi method, rdx words, ecx how many of them go out
 * out  rax; words 0-4, and all ten when the answer has more than five
 */
    .globl phx_invoke
    .type phx_invoke, @function
phx_invoke:
    PUSH_FIVE
    push %rdx
    shl $16, %esi
    mov %ecx, %eax
    shl $24, %eax
    or %esi, %eax
    or $0x202, %eax /* PHX_OP_CALL */
    cmp $5, %ecx
    ja 3f
1:  LOAD_FIVE
    syscall
    pop %rcx
    STORE_FIVE
    cmp $5, %al
    ja 4f
2:  POP_FIVE
    ret
3:  LOAD_MORE
    jmp 1b
4:  STORE_MORE
    jmp 2b
    .size phx_invoke, . - phx_invoke

/*
 * int64_t phx_return_receive(uint64_t endpoint, unsigned status, uint64_t *words,
 *                            unsigned nwords, uint64_t *badge)
 * in   rdi endpoint, esi status, rdx words, ecx how many go out, r8 badge
 * out  rax; *badge; words as above
 */
    .globl phx_return_receive
    .type phx_return_receive, @function
phx_return_receive:
    PUSH_FIVE
    push %r8
    push %rdx
    shl $16, %esi
    mov %ecx, %eax
    shl $24, %eax
    or %esi, %eax
    or $0x502, %eax /* PHX_OP_RETURN_RECV */
    cmp $5, %ecx
    ja 3f
1:  LOAD_FIVE
    syscall
    pop %rcx
    STORE_FIVE
    cmp $5, %al
    ja 4f
2:  pop %rcx
    mov %rdi, (%rcx)
    POP_FIVE
    ret
3:  LOAD_MORE
    jmp 1b
4:  STORE_MORE
    jmp 2b
    .size phx_return_receive, . - phx_return_receive

    .section .note.GNU-stack, "", @progbits
