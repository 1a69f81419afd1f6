/* SPDX-License-Identifier: MIT */
/*
 * The first instructions of a native program, and of its further threads.
 *
 * in  rdi address of struct phx_start (threads: newThread's argument),
 *     rsi address of the thread page, rsp top of an empty stack
 */
    .text
    .globl _start
    .type _start, @function
_start:
    xor %ebp, %ebp
    and $-16, %rsp
    call rt_main
    ud2
    .size _start, . - _start

    .globl rt_thread_entry
    .type rt_thread_entry, @function
rt_thread_entry:
    xor %ebp, %ebp
    and $-16, %rsp
    call rt_thread_main
    ud2
    .size rt_thread_entry, . - rt_thread_entry

    .section .note.GNU-stack, "", @progbits
