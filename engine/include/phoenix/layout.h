/* SPDX-License-Identifier: MIT */
/*
 * Where the builder of a process puts things in its address space: the kernel for
 * init, lib/proc for all others. Nothing in the kernel depends on it otherwise.
 */
#ifndef PHOENIX_LAYOUT_H
#define PHOENIX_LAYOUT_H

#include <stdint.h>

/* A native program: image, start block, thread page and stack share one 2 MiB
 * table, so that a small program costs few pages. Programs are linked at IMAGE. */
#define PHX_NATIVE_IMAGE 0x200000
#define PHX_NATIVE_STACK_TOP 0x3e0000
#define PHX_NATIVE_START_BLOCK 0x3f0000
#define PHX_NATIVE_START_BLOCK_END 0x3ff000
#define PHX_NATIVE_THREAD_PAGE 0x3ff000

/* A Linux program's process: a system call from [LOW, HIGH) is the libos's own. The
 * libos is linked at LOW. */
#define PHX_LIBOS_LOW UINT64_C(0x7fffe0000000)
#define PHX_LIBOS_HIGH UINT64_C(0x7ffff0000000)

#endif
