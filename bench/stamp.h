/* SPDX-License-Identifier: MIT */
/*
 * The clock of the benchmark programs: the TSC, which counts guest instructions under
 * `-icount shift=0`.
 *
 * The value goes through a word of memory, stored by an instruction that no compiler
 * makes: a non-temporal store with the prefix of a segment that it does not use. The
 * emulator's plugin (weigh.c) knows it, and puts a weighted clock into that word. Without
 * the plugin the word is what was stored. So both figures come from one program, whose
 * instructions are the same.
 */
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include <stdint.h>

static inline uint64_t bench_stamp(void)
{
    static uint64_t word;
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    __asm__ volatile(".byte 0x2e\n\tmovnti %1, %0"
                     : "=m"(word)
                     : "r"((uint64_t)high << 32 | low)
                     : "memory");
    return word;
}

#endif
