/* SPDX-License-Identifier: MIT */
/*
 * What a fault costs at least: an upcall entry that resumes right behind the
 * faulting instruction, restoring everything from ring 3. The GS base is the
 * thread page.
 */
#define __ASSEMBLER__ 1
#include "phoenix/abi.h"

#define BENCH_RIP 2048
#define BENCH_RSP 2056

    .text
/* void bench_fault(void *address): one faulting load of two bytes */
    .globl bench_fault
bench_fault:
    mov (%rdi), %al
    ret

/* rdi frame, rsi kind, rdx thread page; the frame begins with phx_registers */
    .globl bench_upcall_entry
bench_upcall_entry:
    addq $2, 120(%rdi)            /* rip: past the load */
    mov 40(%rdi), %rbx
    mov 32(%rdi), %rbp
    mov 24(%rdi), %r12
    mov 16(%rdi), %r13
    mov 8(%rdi), %r14
    mov 0(%rdi), %r15
    mov 48(%rdi), %r11
    mov 56(%rdi), %r10
    mov 64(%rdi), %r9
    mov 72(%rdi), %r8
    mov 80(%rdi), %rax
    mov 88(%rdi), %rcx
    mov 104(%rdi), %rsi
    decl PHX_PAGE_DEPTH(%rdx)
    movl $0, PHX_PAGE_DISABLED(%rdx)
    mov 120(%rdi), %rsp           /* rip and rsp go through the page's own words */
    mov %rsp, BENCH_RIP(%rdx)
    mov 136(%rdi), %rsp
    mov %rsp, BENCH_RSP(%rdx)
    lea 128(%rdi), %rsp
    popfq
    mov 96(%rdi), %rdx
    mov 112(%rdi), %rdi
    mov %gs:BENCH_RSP, %rsp
    jmp *%gs:BENCH_RIP

    .section .note.GNU-stack, "", @progbits
