/* SPDX-License-Identifier: MIT */
/*
 * A new program's stack: what a C library finds at its first instruction.
 *
 * From the top down: the program's name, the strings of environment and
 * arguments, sixteen random bytes, the platform's name; then, 16-byte aligned, the
 * argument count, the pointers to the arguments, to the environment, and the
 * auxiliary vector, each with its 0.
 *
 * Pure: it writes into a buffer that stands for the top of the stack.
 *
 * Spec   System V ABI, AMD64 supplement, 3.4.1; getauxval(3)
 * Tests  stack_test.c, on the host
 */
#ifndef LINUX_STACK_H
#define LINUX_STACK_H

#include <stddef.h>
#include <stdint.h>

struct stack_plan {
    uint32_t argument_count, environment_count;
    const char *const *arguments, *const *environment;
    const char *file_name; /* AT_EXECFN */
    uint8_t random[16];
    uint64_t header_address, header_count, entry; /* AT_PHDR, AT_PHNUM, AT_ENTRY */
    uint64_t capabilities;                        /* AT_HWCAP */
    uint64_t least_signal_stack;                  /* AT_MINSIGSTKSZ */
};

/* How many bytes it needs. */
size_t stack_size(const struct stack_plan *plan);
/* Build it in [bytes, bytes + size), where size is stack_size() or more and the last
 * byte lies below address `top` (16-byte aligned): the stack pointer. */
uint64_t stack_build(const struct stack_plan *plan, uint8_t *bytes, size_t size, uint64_t top);

#endif
