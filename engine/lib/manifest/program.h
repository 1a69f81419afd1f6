/* SPDX-License-Identifier: MIT */
/* Whether an ELF file is a program that can be started by who starts it. */
#ifndef MANIFEST_PROGRAM_H
#define MANIFEST_PROGRAM_H

#include <stdint.h>

#include "phoenix/layout.h"

/* What proc_build() can start, linked inside of these addresses: NULL, or why not. */
const char *program_problem(const void *image, uint64_t size, uint64_t low, uint64_t high);

static inline const char *native_problem(const void *image, uint64_t size)
{
    return program_problem(image, size, PHX_NATIVE_IMAGE, PHX_NATIVE_STACK_TOP);
}

static inline const char *libos_problem(const void *image, uint64_t size)
{
    return program_problem(image, size, PHX_LIBOS_LOW, PHX_LIBOS_HIGH);
}

#endif
