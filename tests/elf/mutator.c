/* SPDX-License-Identifier: MIT */
/* What the ELF fuzzers damage their input with: their own ways, and those of mutate.c. */
#include <stddef.h>

#include "mutate.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);

/* What is too short for a header becomes a good program; else the fuzzer, which knows
 * what it has seen, has every other turn. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed)
{
    if (size < 64 && capacity >= SEED_SIZE)
        return mutate_seed(data);
    if (seed % 2 == 0)
        return LLVMFuzzerMutate(data, size, capacity);
    return mutate(data, size, capacity, seed);
}
