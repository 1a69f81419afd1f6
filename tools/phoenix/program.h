/* SPDX-License-Identifier: MIT */
/* The one program of `phoenix run`, and the module that brings it. */
#ifndef PHOENIX_PROGRAM_H
#define PHOENIX_PROGRAM_H

#include "module.h"
#include "options.h"

/* The path of PROGRAM; fails with 127 when it is not there, 126 when it cannot run in
 * a machine, and says why. */
char *program_check(const char *name);

/* Fails: a part of the system cannot be read, as errno says. */
_Noreturn void part_refuse(const char *path);

/* Pack what the options ask for, with the system's parts from `images`. */
void module_for_program(struct module *module, const struct options *options,
    const char *program, const char *images);

#endif
