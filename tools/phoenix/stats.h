/* SPDX-License-Identifier: MIT */
/*
 * What --stats tells of the machine: the libos tells what its program did, and the
 * launcher what nobody inside can know: how long the machine was there, how long its
 * processors ran, and how many instructions they executed.
 *
 * Instructions are counted by a plugin of the emulator (tools/qemu). It makes the
 * machine somewhat slower, and changes nothing else in it; under KVM there is no such
 * thing. -icount could count without one, but its clock is not the host's.
 */
#ifndef PHOENIX_STATS_H
#define PHOENIX_STATS_H

#include "options.h"

#include <sys/types.h>

struct stats;

/* Before the machine starts; NULL: nobody asked. `images`: where the build is. */
struct stats *stats_new(const struct options *options, const char *images);

/* What this emulator is given behind -plugin; NULL: it cannot count. */
char *stats_plugin(struct stats *stats, const char *qemu, bool kvm);
/* In its process, before it is there: it inherits what it counts in. */
void stats_inherit(const struct stats *stats);

/* The machine is about to be ended, or has just ended. */
void stats_look(struct stats *stats, pid_t machine);
/* It is gone. */
void stats_print(const struct stats *stats);

#endif
