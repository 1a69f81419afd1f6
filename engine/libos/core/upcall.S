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
 * afterwards rip is in the restart range, which counts the same.
 */
    .globl thread_leave
thread_leave:
    mov %gs:PHX_PAGE_SELF, %rcx
    mov PHX_PAGE_FRAMES + FRAME_RIP(%rcx), %rax
    mov %rax, THREAD_IRET + 0(%rcx)
    mov PHX_PAGE_FRAMES + FRAME_RFLAGS(%rcx), %rax
    mov %rax, THREAD_IRET + 16(%rcx)
    mov PHX_PAGE_FRAMES + FRAME_RSP(%rcx), %rax
    mov %rax, THREAD_IRET + 24(%rcx)
    .globl restart_low
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
    add $(THREAD_IRET + 16 - PHX_PAGE_FRAMES - FRAME_RIP), %rsp
    movl $0, %gs:PHX_PAGE_DEPTH
    movl $0, %gs:PHX_PAGE_DISABLED
    cmpq $0, %gs:PHX_PAGE_PENDING
    jne 1f
    /* Not iretq: the emulator reads its operands as the kernel would, and SMAP
     * then refuses them (QEMU 7.2, helper_iret_protected). The jump reads through
     * GS and so needs no register. */
    popfq
    mov %gs:(THREAD_IRET + 24), %rsp
    jmp *%gs:THREAD_IRET
1:  movl $1, %gs:PHX_PAGE_DISABLED
    movl $1, %gs:PHX_PAGE_DEPTH
    .globl restart_high
restart_high:
    /* Something came in between: as if it had interrupted the program. */
    mov %gs:PHX_PAGE_STACK, %rsp
    and $-16, %rsp
    mov %gs:PHX_PAGE_SELF, %rdx
    lea PHX_PAGE_FRAMES(%rdx), %rdi
    mov $PHX_UPCALL_PENDING, %esi
    call upcall_dispatch
    jmp thread_leave

/* Back into the libos itself, after a fault of its own; rbx is the frame. It was
 * disabled and stays so. */
leave_nested:
    mov %gs:PHX_PAGE_SELF, %rcx
    mov FRAME_RIP(%rbx), %rax
    mov %rax, THREAD_IRET_NESTED + 0(%rcx)
    mov FRAME_RFLAGS(%rbx), %rax
    mov %rax, THREAD_IRET_NESTED + 16(%rcx)
    mov FRAME_RSP(%rbx), %rax
    mov %rax, THREAD_IRET_NESTED + 24(%rcx)
    mov %rbx, %rsp
    decl PHX_PAGE_DEPTH(%rcx)
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
    mov %gs:PHX_PAGE_SELF, %rsp
    lea (THREAD_IRET_NESTED + 16)(%rsp), %rsp
    popfq
    mov %gs:(THREAD_IRET_NESTED + 24), %rsp
    jmp *%gs:THREAD_IRET_NESTED

/* A page may be forgotten below `depth` only when its thread never runs again:
 * in rdi the function to run with an empty libos stack (it does not return). */
    .globl thread_restart_stack
thread_restart_stack:
    mov %gs:PHX_PAGE_STACK, %rsp
    and $-16, %rsp
    call *%rdi
    ud2

/* The selectors that iretq wants: in rdi where to, two words. */
    .globl thread_selectors
thread_selectors:
    mov %cs, %eax
    mov %rax, (%rdi)
    mov %ss, %eax
    mov %rax, (%rsi)
    ret

    .section .note.GNU-stack, "", @progbits
