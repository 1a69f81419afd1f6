/* SPDX-License-Identifier: MIT */
/* What the parts of a fuzzing kernel have for each other. */
#ifndef TESTS_FUZZ_COUNT_H
#define TESTS_FUZZ_COUNT_H

#include <stdint.h>

/* Guest instructions since the machine began, under `-icount shift=0` (count.c). */
uint64_t instructions_done(void);

#endif
