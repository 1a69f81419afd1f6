/* SPDX-License-Identifier: MIT */
/* What --stats tells of a program when it ends; see stats.c. */
#ifndef LINUX_STATS_H
#define LINUX_STATS_H

#include <stdint.h>

/* Nothing is counted before, nor by any of these without it. */
void stats_begin(void);
void stats_called(uint64_t number);
void stats_answered(uint64_t number, int64_t result);
void stats_print(void);

#endif
