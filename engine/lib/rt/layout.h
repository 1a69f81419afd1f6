/* SPDX-License-Identifier: MIT */
/*
 * Where a native program puts what it maps itself; what is there when it begins is
 * in phoenix/layout.h.
 */
#ifndef RT_LAYOUT_H
#define RT_LAYOUT_H

#include "phoenix/layout.h"

#define RT_HEAP_BASE 0x400000
#define RT_HEAP_CAPACITY (1UL << 40)
#define RT_THREADS_BASE 0x180000000000 /* stacks of further threads, a MiB each */
#define RT_MODULE_BASE 0x200000000000  /* the boot package, where a service reads it */
#define RT_WINDOW_BASE 0x300000000000  /* frames looked at for a moment */
#define RT_STORE_BASE 0x400000000000   /* a service's bulk data */

#endif
