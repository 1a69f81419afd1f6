/* SPDX-License-Identifier: MIT */
/*
 * The program that boot_probe.c runs in ring 3. Each test ends with `check`: the zero
 * flag says whether it held. Position independent: it is copied to where it runs.
 */
#include "probe.h"

    .section .rodata
    .balign 16
    .globl probe_user_start, probe_user_end

.macro call_kernel number
    mov $\number, %eax
    syscall
.endm

.macro check number
    mov $REPORT_OK, %edi
    mov $REPORT_FAIL, %eax
    cmovne %eax, %edi
    mov $\number, %esi
    call_kernel PROBE_REPORT
.endm

/* Faults of \vector so far are \count. */
.macro check_faults number, vector, count
    mov $\vector, %edi
    call_kernel PROBE_FAULTS
    cmp $\count, %rax
    check \number
.endm

/* Zero flag: all but rax, rdi and rsi are as `fill` left them. */
.macro fill
    mov $2, %edx
    mov $8, %r8d
    mov $9, %r9d
    mov $10, %r10d
    mov $12, %r12d
    mov $13, %r13d
    mov $14, %r14d
    mov $15, %r15d
    mov $3, %ebx
    mov $5, %ebp
.endm
.macro compare
    lea (%rdx,%r8), %rax
    imul $3, %r9, %rcx
    add %rcx, %rax
    imul $5, %r10, %rcx
    add %rcx, %rax
    imul $7, %r12, %rcx
    add %rcx, %rax
    imul $11, %r13, %rcx
    add %rcx, %rax
    imul $13, %r14, %rcx
    add %rcx, %rax
    imul $17, %r15, %rcx
    add %rcx, %rax
    imul $19, %rbx, %rcx
    add %rcx, %rax
    imul $23, %rbp, %rcx
    add %rcx, %rax
    cmp $(2 + 8 + 27 + 50 + 84 + 143 + 182 + 255 + 57 + 115), %rax
.endm

probe_user_start:
    /* 1: the registers through a system call; the flags too */
    fill
    call_kernel PROBE_NOP
    compare
    check 1

    /* 2: what a system call costs */
    mov $SYSCALLS, %ebx
    rdtsc
    mov %eax, %r15d
1:  xor %eax, %eax
    syscall
    dec %ebx
    jnz 1b
    rdtsc
    sub %r15d, %eax
    mov %eax, %esi
    mov $REPORT_CLOCK, %edi
    call_kernel PROBE_REPORT
    cmp %ebx, %ebx
    check 2

    /* 3: the registers through an exception, rcx and r11 too */
    fill
    mov $2, %edi
    mov $77, %ecx
    mov $78, %r11d
    ud2
    sub $77, %rcx
    sub $78, %r11
    or %rcx, %r11
    jnz 1f
    compare
1:  check 3
    check_faults 4, 6, 1

    /* 5-7: int3, int 0x80, what is forbidden */
    int3
    check_faults 5, 3, 1
    int $0x80
    check_faults 6, 128, 1
    mov $1, %edi
    cli
    mov $2, %edi
    int $0x30
    check_faults 7, 13, 2
    mov $2, %edi
    sysenter                /* Intel: #GP; AMD: #UD */
    mov $6, %edi
    call_kernel PROBE_FAULTS
    mov %rax, %rbx
    mov $13, %edi
    call_kernel PROBE_FAULTS
    add %rbx, %rax
    cmp $4, %rax
    check 22

    /* 24: ports */
    mov $13, %edi
    call_kernel PROBE_FAULTS
    lea 2(%rax), %rbx
    mov $0x70, %edx
    mov $1, %edi
    in %dx, %al
    mov $1, %edi
    out %al, %dx
    mov $13, %edi
    call_kernel PROBE_FAULTS
    cmp %rbx, %rax
    check 24

    /* 25: where the kernel's tables are, which UMIP hides where there is one */
    mov $13, %edi
    call_kernel PROBE_FAULTS
    mov %eax, %r12d
    mov $7, %eax
    xor %ecx, %ecx
    cpuid
    shr $2, %ecx
    and $1, %ecx
    add %ecx, %r12d
    mov $5, %edi
    sgdt -16(%rsp)
    mov $13, %edi
    call_kernel PROBE_FAULTS
    cmp %r12d, %eax
    check 25

    /* 8-11: page faults: an address of nobody, one of the kernel, the vsyscall page */
    mov $0x1000, %ebx
    mov $2, %edi
    mov (%rbx), %eax
    cmp %rbx, %rsi
    check 8
    mov $0xffffffff80100000, %rbx
    mov $2, %edi
    mov (%rbx), %eax
    cmp %rbx, %rsi
    check 9
    lea 1f(%rip), %r13
    mov $VSYSCALL, %rax
    mov $1, %edi
    jmp *%rax
1:  mov $VSYSCALL, %rbx
    cmp %rbx, %rsi
    check 10
    lea 1b(%rip), %rbx      /* its own text is not writable */
    mov $2, %edi
    mov %eax, (%rbx)
    cmp %rbx, %rsi
    check 11

    /* 12: a return address that is none */
    mov $2, %edi
    mov $13, %edi
    call_kernel PROBE_FAULTS
    lea 1(%rax), %rbx
    call_kernel PROBE_WILD_RIP
    mov $13, %edi
    call_kernel PROBE_FAULTS
    cmp %rbx, %rax
    check 12

    /* 13: bases of FS and GS */
    mov $0x1100, %eax
    wrfsbase %rax
    mov $0x2200, %eax
    wrgsbase %rax
    call_kernel PROBE_BASES
    cmp $0x3300, %rax
    jne 1f
    rdfsbase %rax
    rdgsbase %rcx
    sub $0x1108, %rax
    sub $0x2210, %rcx
    or %rcx, %rax
1:  check 13

    /* 14: extended state comes at first use */
    mov $1234, %eax
    movq %rax, %xmm3
    fld1
    fistpl -8(%rsp)
    movq %xmm3, %rcx
    cmp %rax, %rcx
    check 14
    check_faults 15, 7, 1

    /* 26: it begins as the ABI says */
    stmxcsr -8(%rsp)
    fnstcw -4(%rsp)
    mov $0x1f80, %eax
    sub -8(%rsp), %eax
    movzwl -4(%rsp), %ecx
    sub $0x37f, %ecx
    or %ecx, %eax
    check 26

    /* 16: the trap flag, through an instruction and into a system call */
    pushf
    orl $0x100, (%rsp)
    popf
    nop
    nop
    check_faults 16, 1, 1
    pushf
    orl $0x100, (%rsp)
    mov $PROBE_NOP, %eax
    popf
    syscall
    nop
    pushf
    andl $~0x100, (%rsp)
    popf
    mov $1, %edi
    call_kernel PROBE_FAULTS
    cmp $2, %rax
    setb %al
    test %al, %al
    check 17

    /* 23: the trap flag held back until the kernel's first instruction (CVE-2018-8897) */
    mov %ss, %ecx
    xor %eax, %eax
    pushf
    orl $0x100, (%rsp)
    popf
    mov %ecx, %ss
    syscall
    nop
    pushf
    andl $~0x100, (%rsp)
    popf
    xor %eax, %eax
    check 23

    /* 18: AC and DF set while an exception and an interrupt come */
    pushf
    orl $0x40400, (%rsp)
    popf
    mov $2, %edi
    ud2
    call_kernel PROBE_NOP
    call_kernel PROBE_TIMERS
    pushf
    pop %rax
    cld
    and $0x40400, %eax
    cmp $0x40400, %eax
    check 18

    /* 19: flags that a program must not have */
    mov $0x247fd5, %edi
    call_kernel PROBE_SET_FLAGS
    pushf
    pop %rcx
    pushq $0x202
    popf
    and $0x7000, %ecx       /* IOPL, NT */
    check 19

    /* 20: the timer, while registers are in use */
    call_kernel PROBE_TIMER
    fill
    mov $100000000, %edi
1:  dec %edi
    jz 2f
    test $0xfffff, %edi
    jnz 1b
    mov $PROBE_TIMERS, %eax
    syscall
    test %rax, %rax
    jz 1b
2:  compare
    check 20
    mov $PROBE_TIMERS, %eax
    syscall
    cmp $1, %rax
    check 21

    mov $REPORT_END, %edi
    call_kernel PROBE_REPORT
    hlt
probe_user_end:
    .section .note.GNU-stack, "", @progbits
