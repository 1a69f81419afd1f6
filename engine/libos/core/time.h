/* SPDX-License-Identifier: MIT */
/*
 * Time, read off the processor's counter with what the Clock says about it: one
 * kernel call for the life of the process.
 */
#ifndef LIBOS_TIME_H
#define LIBOS_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_SECOND UINT64_C(1000000000)

void time_init(void);
/* False: the process has no Clock, and no time. */
bool time_is_known(void);
uint64_t time_monotonic(void); /* ns since boot */
uint64_t time_realtime(void);  /* ns since 1970 */
uint64_t time_started(void);   /* monotonic, when this process began */

/* Monotonic ns that lie `ns` ahead, without passing the end of time. */
uint64_t time_ahead(uint64_t ns);

#endif
