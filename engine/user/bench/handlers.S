/* SPDX-License-Identifier: MIT */
/*
 * What a fault costs at least: an upcall entry that resumes right behind the
 * faulting instruction, restoring everything from ring 3; and two that resume at the
 * instruction: one has the page writable again, one gives it a memory of its own first,
 * as copy-on-write does. The GS base is the thread page.
 */
#define __ASSEMBLER__ 1
#include "phoenix/abi.h"
#include "rt/load.h"

#define BENCH_RIP 2048
#define BENCH_RSP 2056
#define FRAME_ADDRESS 144 /* of struct phx_frame, behind its registers */

    .text
/* void bench_fault(void *address): one faulting load of two bytes */
    .globl bench_fault
bench_fault:
    mov (%rdi), %al
    ret

/* rdi frame, rsi kind, rdx thread page; the frame begins with phx_registers */
    .globl bench_upcall_entry
bench_upcall_entry:
    addq $2, PHX_REG_RIP(%rdi)            /* rip: past the load */
leave:
    load_registers
    mov PHX_REG_RCX(%rdi), %rcx
    decl PHX_PAGE_DEPTH(%rdx)
    movl $0, PHX_PAGE_DISABLED(%rdx)
    mov PHX_REG_RIP(%rdi), %rsp           /* rip and rsp go through the page's own words */
    mov %rsp, BENCH_RIP(%rdx)
    mov PHX_REG_RSP(%rdi), %rsp
    mov %rsp, BENCH_RSP(%rdx)
    lea PHX_REG_RFLAGS(%rdi), %rsp
    popfq
    mov PHX_REG_RDX(%rdi), %rdx
    mov PHX_REG_RDI(%rdi), %rdi
    mov %gs:BENCH_RSP, %rsp
    jmp *%gs:BENCH_RIP

/* The same arguments: the page may be written again. */
    .weak bench_unprotect /* who has none does not enter here, nor below */
    .globl bench_unprotect_entry
bench_unprotect_entry:
    mov %rdi, %rbx
    mov %rdx, %rbp
    mov bench_unprotect(%rip), %rax       /* AddressSpace.protect */
    mov bench_unprotect + 8(%rip), %rdi   /* space */
    mov FRAME_ADDRESS(%rbx), %rsi
    and $-4096, %rsi
    mov $1, %edx                          /* page */
    mov $(PHX_PROT_READ | PHX_PROT_WRITE), %r10
    jmp ask

/* The same arguments. What cannot be copied ends the program here. */
    .weak bench_copy
    .globl bench_copy_entry
bench_copy_entry:
    mov %rdi, %rbx
    mov %rdx, %rbp
    mov bench_copy(%rip), %rax            /* AddressSpace.copyReplace */
    mov bench_copy + 8(%rip), %rdi        /* space */
    mov bench_copy + 16(%rip), %rsi       /* pool */
    mov FRAME_ADDRESS(%rbx), %rdx
    and $-4096, %rdx
    mov $(PHX_PROT_READ | PHX_PROT_WRITE), %r10
ask:
    syscall
    test %rax, %rax
    js 1f
    mov %rbx, %rdi
    mov %rbp, %rdx
    jmp leave
1:  ud2

    .section .note.GNU-stack, "", @progbits
