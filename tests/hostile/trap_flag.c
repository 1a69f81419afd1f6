/* SPDX-License-Identifier: MIT */
/*
 * The trap flag set before instructions that enter the kernel or hold traps back:
 * system calls of both ways out, int3, int 0x80, ud2, a page fault, popf, mov to ss.
 * Each stops as a debug exception or as what it is, in the program, not in the kernel.
 *
 * Gets  # instructions stepped
 */
#include "hostile.h"

#define STEP(name, code)                                                                           \
    static void name(uint64_t argument)                                                            \
    {                                                                                              \
        __asm__ volatile("pushfq\n\t"                                                              \
                         "orl $0x100, (%%rsp)\n\t"                                                 \
                         "popfq\n\t" code "\n\t"                                                   \
                         "nop\n\tnop\n\tnop\n\tpushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq"           \
                         : "+a"(argument)                                                          \
                         : "D"(RT_PROCESS), "b"(0x1bUL)                                            \
                         : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");         \
    }

STEP(steps_nop, "nop")
STEP(steps_syscall, "syscall")
STEP(steps_syscall_twice, "syscall\n\tsyscall")
STEP(steps_int3, "int3")
STEP(steps_int80, "int $0x80")
STEP(steps_ud2, "ud2")
STEP(steps_fault, "movb $0, 0")
STEP(steps_ss, "mov %%ebx, %%ss\n\tnop")
STEP(steps_ss_syscall, "mov %%ebx, %%ss\n\tsyscall")
STEP(steps_ss_int3, "mov %%ebx, %%ss\n\tint3")
STEP(steps_ss_int80, "mov %%ebx, %%ss\n\tint $0x80")
STEP(steps_ss_fault, "mov %%ebx, %%ss\n\tmovb $0, 0")
STEP(steps_hlt, "hlt")
STEP(steps_cpuid, "push %%rbx\n\tcpuid\n\tpop %%rbx")
STEP(steps_string, "mov %%rsp, %%rsi\n\tmov $64, %%ecx\n\trep lodsb")
STEP(steps_pushf, "pushfq\n\tpopfq")

int main(void)
{
    static void (*const steps[])(uint64_t) = {steps_nop, steps_syscall, steps_syscall_twice,
        steps_int3, steps_int80, steps_ud2, steps_fault, steps_ss, steps_ss_syscall, steps_ss_int3,
        steps_ss_int80, steps_ss_fault, steps_hlt, steps_cpuid, steps_string, steps_pushf};
    static const uint64_t operations[] = {PHX_OP_NOP, PHX_OP_CALL(PROCESS_GETPID, 0),
        PHX_OP_CALL(63, 0), PHX_OP_NYX(66), 0, UINT64_MAX};
    unsigned stepped = 0;

    for (unsigned i = 0; i < COUNT(steps); i++)
        for (unsigned k = 0; k < COUNT(operations); k++) {
            struct trap t = attempt(steps[i], operations[k]);

            MUST(t.kind != 0, "instruction %u, operation %u is not stopped", i, k);
            MUST(t.vector == 1 || i >= 3, "instruction %u: vector %lu", i, t.vector);
            stepped++;
        }
    rt_print("%u instructions stepped\n", stepped);
    return 0;
}
