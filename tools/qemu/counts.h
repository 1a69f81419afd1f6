/* SPDX-License-Identifier: MIT */
/*
 * How many instructions a machine executed, in memory that the emulator's plugin
 * (count.c) and who started it share: it may end in any way, and the counts are there.
 *
 * What an instruction belongs to is told by its address: the kernel has the upper half,
 * the libos a range of its own, and native programs, which are the services, a window
 * below what Linux programs are linked at (phoenix/layout.h). A program that is linked
 * into that window is counted with them.
 */
#ifndef QEMU_COUNTS_H
#define QEMU_COUNTS_H

#include <stdint.h>

#define COUNTS_CPUS 64

enum count_kind { COUNT_PROGRAM, COUNT_LIBOS, COUNT_SERVICES, COUNT_KERNEL, COUNT_KINDS };

struct counts {
    uint64_t begun;               /* the libos was entered: the program is being started */
    uint64_t before[COUNT_KINDS]; /* what had been executed by then, firmware included */
    uint64_t executed[COUNTS_CPUS][COUNT_KINDS];
    uint64_t processors;          /* ns that they ran, when the emulator ended by itself */
};

#endif
