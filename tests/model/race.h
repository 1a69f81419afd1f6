/* SPDX-License-Identifier: MIT */
/* The parts of race.elf. */
#ifndef TESTS_MODEL_RACE_H
#define TESTS_MODEL_RACE_H

#include "user.h"

void fire(void); /* a revoke while two threads use what descends */

#endif
