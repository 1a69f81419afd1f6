/* SPDX-License-Identifier: MIT */
/*
 * Stands between a machine and the launcher's own streams until one of them ends.
 *
 * One poll() loop and nothing else waits: input goes in only as fast as the machine
 * takes it, output is read only as fast as it can be handed on, signals arrive as
 * a descriptor. So nothing grows, nothing is lost, and a loop with nothing to do
 * sleeps.
 *
 * Tests    tests/launcher/launcher_test.sh, with a machine that is a small program
 */
#ifndef PHOENIX_RELAY_H
#define PHOENIX_RELAY_H

#include "machine.h"
#include "options.h"

#include <stdio.h>

/* Before the machine starts: keep signals for the relay, open the log. An epitaph's backtrace
 * is named by the kernel's file. */
struct relay;
struct relay *relay_new(const struct options *options, const char *kernel);

/* Returns the launcher's exit status; the machine is gone then. */
int relay_run(struct relay *relay, struct machine_process *machine);

#endif
