/* SPDX-License-Identifier: MIT */
/* For assembly: all registers of the struct phx_registers at rdi but rip, rsp, rflags, and
 * those that are still needed on the way there: rdi, rdx, rcx. */
#pragma once

    .macro load_registers
    mov PHX_REG_RBX(%rdi), %rbx
    mov PHX_REG_RBP(%rdi), %rbp
    mov PHX_REG_R12(%rdi), %r12
    mov PHX_REG_R13(%rdi), %r13
    mov PHX_REG_R14(%rdi), %r14
    mov PHX_REG_R15(%rdi), %r15
    mov PHX_REG_R11(%rdi), %r11
    mov PHX_REG_R10(%rdi), %r10
    mov PHX_REG_R9(%rdi), %r9
    mov PHX_REG_R8(%rdi), %r8
    mov PHX_REG_RAX(%rdi), %rax
    mov PHX_REG_RSI(%rdi), %rsi
    .endm
