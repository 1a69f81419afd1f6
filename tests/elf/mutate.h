/* SPDX-License-Identifier: MIT */
/*
 * Programs damaged on purpose: a copy of a good one in which a few things are wrong,
 * which ones is decided by a seed alone. Most damage is done to the headers, where a
 * loader decides; some to the code, so that what is started goes astray.
 *
 * The same file serves the fuzzers, the machine that runs what comes out, and the host
 * that says beforehand what must be refused.
 */
#ifndef TESTS_ELF_MUTATE_H
#define TESTS_ELF_MUTATE_H

#include <stdint.h>

/* Damage the image in place, which has room for `capacity` bytes: its new size. */
uint64_t mutate(uint8_t *image, uint64_t size, uint64_t capacity, uint64_t seed);

/* By how much a file may grow where its size is damaged too. */
#define MUTATE_GROWTH 32768

/* A smallest good program of two segments: its size, at most SEED_SIZE. */
#define SEED_SIZE 0x400
uint64_t mutate_seed(uint8_t image[SEED_SIZE]);

#endif
