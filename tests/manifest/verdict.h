/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's check of the boot header and init's check of the manifest say of a
 * module: engine/kernel/init.c and engine/services/init, compiled for this machine,
 * looking at a copy of it as a machine would.
 */
#ifndef TESTS_MANIFEST_VERDICT_H
#define TESTS_MANIFEST_VERDICT_H

#include <stddef.h>
#include <stdint.h>

enum verdict_by { BOTH_ACCEPT, KERNEL_REFUSES, INIT_REFUSES };

struct verdict {
    enum verdict_by by;
    char text[512]; /* what is said, "" when both accept */
};

/* As init says it before there is anything to check. */
#define NO_MESSAGE "bootPackage: its manifest is no Cap'n Proto message"

/* The kernel alone: the header, or NULL. */
const struct phx_boot_header *kernel_judges(struct verdict *v, const void *module, size_t size);

/* The module begins at a page boundary and ends where a sanitizer notices. */
void judge(struct verdict *v, const uint8_t *module, size_t size);

#endif
