/* SPDX-License-Identifier: MIT */
/*
 * Into the libos and out of it again, without the kernel.
 *
 * The kernel enters at upcall_entry with rdi the frame, rsi the kind, rdx the
 * thread page, on the thread's libos stack (or below an interrupted libos), with
 * `disabled` set. All of the interrupted registers are in the frame, so nothing
 * is saved here. The extended registers are the program's: the libos is built
 * without them.
 *
 * The GS base belongs to the libos and is set at each entry, because a program
 * can change it. FS stays the program's throughout.
 *
 * Spec   phoenix/abi.h, struct phx_thread_page
 */
#include "phoenix/abi.h"
#include "offsets.h"

    .text

/* in rdi struct phx_start, rsi thread page: the first thread of a process. */
    .globl _start
_start:
    wrgsbase %rsi
    xor %ebp, %ebp
    and $-16, %rsp
    call libos_main
    jmp thread_leave

/* in rdi nothing, rsi thread page: further threads; frame 0 is filled in. */
    .globl thread_begin
thread_begin:
    wrgsbase %rsi
    mov %gs:THREAD_FS, %rax
    wrfsbase %rax
    jmp thread_leave

/* in rdi a function, rsi thread page: a thread of the libos's own. */
    .globl thread_begin_helper
thread_begin_helper:
    wrgsbase %rsi
    xor %ebp, %ebp
    and $-16, %rsp
    call *%rdi
    ud2

/* Where the kernel enters a program that is watched. */
    .globl upcall_entry_watched
upcall_entry_watched:
    cmp $PHX_UPCALL_SYSCALL, %esi
    jne upcall_entry
    wrgsbase %rdx
    sub $8, %rsp
    call face_syscall_watched
    cmpl $0, %gs:THREAD_WORK
    je thread_leave
    call upcall_work
    jmp thread_leave

    .globl upcall_entry
upcall_entry:
    wrgsbase %rdx
    mov %rdi, %rbx
    lea PHX_PAGE_FRAMES(%rdx), %r12
    sub $8, %rsp
    cmp $PHX_UPCALL_SYSCALL, %esi
    jne 1f
    /* Always of the program, whose frame begins with its registers. */
    call face_syscall
    cmpl $0, %gs:THREAD_WORK
    je thread_leave
    call upcall_work
    jmp thread_leave
1:  call upcall_dispatch
    cmp %rbx, %r12
    jne leave_nested

/*
 * Back to the program, whose registers are frame 0. Everything from here to
 * restart_high can be begun anew at any point: what it reads stays as it is, and
 * what it writes is constant. Until `disabled` is clear nothing interrupts it;
 * afterwards rip is in the restart range, which counts the same. A fault there is
 * pushed above frame 0, on the empty libos stack, as one of restart_low.
 */
    .globl thread_leave
    .globl restart_low
thread_leave:
restart_low:
    mov %gs:PHX_PAGE_SELF, %rsp
    add $PHX_PAGE_FRAMES, %rsp
    pop %rsi
    pop %rdx
    pop %r10
    pop %r8
    pop %r9
    pop %rbx
    pop %r12
    pop %r13
    pop %r14
    pop %r15
    pop %rbp
    pop %r11
    pop %rax
    pop %rcx
    pop %rdi
    add $8, %rsp
    movl $0, %gs:PHX_PAGE_DEPTH
    movl $0, %gs:PHX_PAGE_DISABLED
    cmpq $0, %gs:PHX_PAGE_PENDING
    jne 1f
    /* Not iretq: the emulator reads its operands as the kernel would, and SMAP
     * then refuses them (QEMU 7.2, helper_iret_protected). The jump reads through
     * GS and so needs no register. */
    popfq
    mov %gs:(PHX_PAGE_FRAMES + PHX_REG_RSP), %rsp
    jmp *%gs:(PHX_PAGE_FRAMES + PHX_REG_RIP)
1:  mov %gs:PHX_PAGE_STACK, %rsp
    and $-16, %rsp
    movl $1, %gs:PHX_PAGE_DEPTH
    movl $1, %gs:PHX_PAGE_DISABLED
    .globl restart_high
restart_high:
    /* Something came in between: as if it had interrupted the program. */
    mov %gs:PHX_PAGE_SELF, %rdx
    lea PHX_PAGE_FRAMES(%rdx), %rdi
    mov $PHX_UPCALL_PENDING, %esi
    call upcall_dispatch
    jmp thread_leave

/* Back into the libos itself, after a fault of its own; rbx is the frame. It was
 * disabled and stays so. A fault of this is one more level, below on this stack and in
 * the next frame: so the stack pointer stays on the stack, what is needed after the
 * frame was given up is pushed first, and rip goes onto the interrupted stack, below which
 * the libos keeps nothing and the kernel leaves 256 bytes. */
leave_nested:
    mov PHX_REG_RSP(%rbx), %rax
    mov PHX_REG_RIP(%rbx), %rcx
    sub $8, %rax
    mov %rcx, (%rax)
    push %rax
    pushq PHX_REG_RFLAGS(%rbx)
    pushq PHX_REG_RBX(%rbx)
    mov PHX_REG_R15(%rbx), %r15
    mov PHX_REG_R14(%rbx), %r14
    mov PHX_REG_R13(%rbx), %r13
    mov PHX_REG_R12(%rbx), %r12
    mov PHX_REG_RBP(%rbx), %rbp
    mov PHX_REG_R11(%rbx), %r11
    mov PHX_REG_R10(%rbx), %r10
    mov PHX_REG_R9(%rbx), %r9
    mov PHX_REG_R8(%rbx), %r8
    mov PHX_REG_RAX(%rbx), %rax
    mov PHX_REG_RCX(%rbx), %rcx
    mov PHX_REG_RDX(%rbx), %rdx
    mov PHX_REG_RSI(%rbx), %rsi
    mov PHX_REG_RDI(%rbx), %rdi
    pop %rbx
    decl %gs:PHX_PAGE_DEPTH
    popfq
    pop %rsp
    ret

/* A page may be forgotten below `depth` only when its thread never runs again:
 * in rdi the function to run with an empty libos stack (it does not return). */
    .globl thread_restart_stack
thread_restart_stack:
    mov %gs:PHX_PAGE_STACK, %rsp
    and $-16, %rsp
    call *%rdi
    ud2

    .section .note.GNU-stack, "", @progbits
