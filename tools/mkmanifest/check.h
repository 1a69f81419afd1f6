/* SPDX-License-Identifier: MIT */
/*
 * What one part of a package says of another: that binaries, sources and methods
 * exist, that names are unique, that every service can be started before those
 * that need it. init checks the same again, in the machine.
 *
 * Tests    tests/build/mkmanifest_test.sh, mistakes_test.js
 */
#ifndef MKMANIFEST_CHECK_H
#define MKMANIFEST_CHECK_H

#include "package.h"

/* Ends the process at the first thing that is wrong, with its place (place.h). */
void package_check(const struct package *package);

/* check_services.c: a part of it. */
void package_check_services(const struct package *package);

/* ", x" for each of them, behind one another: what would have been right. */
char *listed(const char *before, const char *name);

#endif
