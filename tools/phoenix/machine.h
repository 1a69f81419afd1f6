/* SPDX-License-Identifier: MIT */
/*
 * The machine: a QEMU process whose COM1 is a pair of pipes.
 *
 * Pipes rather than a socket: the emulator writes byte by byte, which a pipe packs
 * and a socket does not, and the pipe towards the machine can be made as small as
 * a page, so that a control frame never waits behind much input.
 * It runs in a session of its own (a Ctrl-C at the terminal is the launcher's to
 * hand on) and dies with its parent, however that ends.
 */
#ifndef PHOENIX_MACHINE_H
#define PHOENIX_MACHINE_H

#include "module.h"
#include "options.h"
#include "stats.h"

#include <sys/types.h>

struct machine_process {
    pid_t pid;
    char *qemu;      /* its path */
    bool kvm;        /* not emulated */
    struct stats *stats; /* NULL: nobody asked */
    uint64_t memory; /* bytes */
    int to;     /* COM1 in; non-blocking */
    int from;   /* COM1 out; non-blocking */
    int errors; /* the emulator's own stderr; non-blocking */
};

/* The program of that name: `name` itself when it has a slash, else from PATH.
 * NULL: there is none. `*error` is then an errno. */
char *program_find(const char *name, int *error);

/* Start it with this kernel and module; `stats` was set before. Fails (125) when there
 * is no QEMU. */
void machine_start(struct machine_process *machine, const struct options *options,
    const char *kernel, const struct module *module, uint64_t memory);

/* Say how it ended (as waitpid does); killed, if it still runs after that long. */
int machine_end(struct machine_process *machine, unsigned patience_ms);

#endif
