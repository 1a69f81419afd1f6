/* SPDX-License-Identifier: MIT */
/* How long the processors of an emulated machine ran, on this host. */
#ifndef QEMU_PROCESSORS_H
#define QEMU_PROCESSORS_H

#include <stdint.h>
#include <sys/types.h>

/* Nanoseconds of processor time of a QEMU's processor threads, which have their names
 * from `-name NAME,debug-threads=on`; 0: it has none, or no more. */
uint64_t processors_time(pid_t qemu);

#endif
