/* SPDX-License-Identifier: MIT */
/*
 * Touching the program's memory. A fault at an address of the table `fixups` that
 * demand paging cannot mend goes on at the place that the table names; none of
 * these routines has anything on its stack but the return address.
 *
 * All: out rax 0 or -E_FAULT; destroyed rcx rdx rsi rdi r8 (as in C).
 */
#define FAULT 14

    .macro fixup from, to, at
    .pushsection .rodata.fixups, "a"
    .quad \from, \to, \at
    .popsection
    .endm

    .text

/* in rdi to, rsi from, rdx length. Words first: the emulator, and older CPUs,
 * take long to start a string instruction. */
    .globl raw_copy
raw_copy:
    mov %rdx, %rcx
    cmp $256, %rdx
    jae 3f
    shr $3, %rcx
    jz 2f
1:  mov (%rsi), %rax
    mov %rax, (%rdi)
    add $8, %rsi
    add $8, %rdi
    dec %rcx
    jnz 1b
2:  and $7, %edx
    jz 5f
4:  movzbl (%rsi), %eax
    mov %al, (%rdi)
    inc %rsi
    inc %rdi
    dec %edx
    jnz 4b
5:  xor %eax, %eax
    ret
3:  shr $3, %rcx
    rep movsq
    jmp 2b
raw_copy_end:
    fixup raw_copy, raw_copy_end, raw_fault

/* in rdi to, rsi length */
    .globl raw_zero
raw_zero:
    mov %rsi, %rcx
    mov %esi, %edx
    xor %eax, %eax
    shr $3, %rcx
    rep stosq
    and $7, %edx
    mov %edx, %ecx
    rep stosb
    ret
raw_zero_end:
    fixup raw_zero, raw_zero_end, raw_fault

    .globl raw_touch_read
raw_touch_read:
    movzbl (%rdi), %eax
    xor %eax, %eax
    ret
    .globl raw_touch_write
raw_touch_write:
    lock orb $0, (%rdi)
    xor %eax, %eax
    ret
    .globl raw_load32
raw_load32:
    mov (%rdi), %eax
    mov %eax, (%rsi)
    xor %eax, %eax
    ret
    .globl raw_store32
raw_store32:
    mov %esi, (%rdi)
    xor %eax, %eax
    ret
/* in rdi address, esi old, edx new, rcx where the found value goes */
    .globl raw_swap32
raw_swap32:
    mov %esi, %eax
    lock cmpxchg %edx, (%rdi)
    mov %eax, (%rcx)
    xor %eax, %eax
    ret
raw_touch_end:
    fixup raw_touch_read, raw_touch_end, raw_fault

raw_fault:
    mov $-FAULT, %rax
    ret

/* Extended state, for signal frames: in rdi the area, rsi which parts (0: the
 * legacy 512 bytes alone). */
    .globl raw_extended_save
raw_extended_save:
    test %rsi, %rsi
    jz 1f
    mov %esi, %eax
    mov %rsi, %rdx
    shr $32, %rdx
    xsave64 (%rdi)
    xor %eax, %eax
    ret
1:  fxsave64 (%rdi)
    xor %eax, %eax
    ret
    .globl raw_extended_load
raw_extended_load:
    test %rsi, %rsi
    jz 1f
    mov %esi, %eax
    mov %rsi, %rdx
    shr $32, %rdx
    xrstor64 (%rdi)
    xor %eax, %eax
    ret
1:  fxrstor64 (%rdi)
    xor %eax, %eax
    ret
raw_extended_end:
    fixup raw_extended_save, raw_extended_end, raw_fault

    .section .note.GNU-stack, "", @progbits
