/* SPDX-License-Identifier: MIT */
/*
 * What one part of a package says of another: that binaries, sources and methods
 * exist, that names are unique, that every service can be started before those
 * that need it. init checks the same again, in the machine.
 *
 * Tests    tests/build/mkmanifest_test.sh
 */
#ifndef MKMANIFEST_CHECK_H
#define MKMANIFEST_CHECK_H

#include "package.h"

/* Ends the process at the first thing that is wrong, with its place. `file` is what
 * the package was made from. */
void package_check(const struct package *package, const char *file);

#endif
