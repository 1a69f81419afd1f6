/* SPDX-License-Identifier: MIT */
/*
 * What the command line asks for.
 *
 * Every option is checked as it is read, so a wrong one ends the launcher with
 * one line and status 125 before anything was started.
 *
 * Tests    tests/launcher/launcher_test.sh
 */
#ifndef PHOENIX_OPTIONS_H
#define PHOENIX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command { COMMAND_RUN, COMMAND_SHELL };
enum machine { MACHINE_MICROVM, MACHINE_Q35, MACHINE_PC };
enum accel { ACCEL_AUTO, ACCEL_TCG, ACCEL_KVM };

struct mount {
    char *host;  /* as this host has it */
    char *guest; /* absolute, without `.`, `..` and doubled slashes */
};

struct options {
    enum command command;
    struct mount *mounts;
    size_t mount_count;
    char **environment; /* "NAME=VALUE" */
    size_t environment_count;
    const char *directory; /* "/" unless given */
    const char *log;       /* NULL: the log is dropped */
    uint64_t scratch;      /* bytes; 0: none */
    uint64_t memory;       /* bytes; 0: as much as it takes */
    uint64_t timeout_ms;   /* 0: none */
    bool trace_calls;      /* tell the program's system calls */
    bool stats;            /* tell in the end what it used */
    unsigned cpus;
    enum machine machine;
    enum accel accel;
    char **program; /* PROGRAM ARG... NULL, in argv; NULL for the shell */
};

/* Ends the process for --help, --version and whatever is wrong. */
void options_parse(struct options *options, int argc, char **argv);

#endif
