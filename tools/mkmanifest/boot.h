/* SPDX-License-Identifier: MIT */
/*
 * The first pages of a module (phoenix/boot.h): the first process, taken apart so that
 * the kernel needs to know neither its file's format nor the manifest's.
 *
 * Any static program at a fixed address may be init.
 *
 * Tests    tests/build/mkmanifest_test.sh, tests/manifest; every boot
 */
#ifndef MKMANIFEST_BOOT_H
#define MKMANIFEST_BOOT_H

#include "package.h"

/* NULL, or why the kernel could not start this file as init. */
const char *boot_problem(const void *image, uint64_t size);

/*
 * Fill PHX_BOOT_MANIFEST bytes of zeroes: header and start block of a module of `bytes`
 * bytes, whose binaries begin at byte `binaries`. The package's blobs have their places.
 */
void boot_build(const struct package *package, uint64_t binaries, uint64_t bytes, void *pages);

#endif
