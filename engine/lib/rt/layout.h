/* SPDX-License-Identifier: MIT */
/*
 * Where things lie in a native program's address space. Image, start block, thread
 * page and stack share one 2 MiB table, so that a small program costs few pages.
 */
#ifndef RT_LAYOUT_H
#define RT_LAYOUT_H

/* What the builder of a process puts there (lib/proc, and the kernel for init). */
#define RT_IMAGE_BASE 0x200000
#define RT_STACK_TOP 0x3e0000
#define RT_START_BLOCK 0x3f0000
#define RT_START_BLOCK_END 0x3ff000
#define RT_THREAD_PAGE 0x3ff000

/* What a program maps itself. */
#define RT_HEAP_BASE 0x400000
#define RT_HEAP_CAPACITY (1UL << 40)
#define RT_THREADS_BASE 0x180000000000 /* stacks of further threads, a MiB each */
#define RT_MODULE_BASE 0x200000000000  /* the boot package, where a service reads it */
#define RT_WINDOW_BASE 0x300000000000  /* frames looked at for a moment */
#define RT_STORE_BASE 0x400000000000   /* a service's bulk data */

#endif
