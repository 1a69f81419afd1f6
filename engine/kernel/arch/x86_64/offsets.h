/* SPDX-License-Identifier: MIT */
/*
 * Where the entry code finds things: in struct cpu (checked in cpu.c), in
 * struct thread, which begins with its struct phx_registers (checked there too),
 * and on the stack of an exception.
 */
#ifndef ARCH_OFFSETS_H
#define ARCH_OFFSETS_H

#define CPU_CURRENT 8
#define CPU_SCRATCH 16
#define CPU_STACK_TOP 24

#define REG_R11 48
#define REG_RCX 88
#define REG_RDI 112
#define REG_RIP 120
#define REG_RFLAGS 128
#define REG_RSP 136
#define THREAD_RESUME_FULL 144

#endif
