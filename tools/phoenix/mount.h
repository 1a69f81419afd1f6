/* SPDX-License-Identifier: MIT */
/*
 * HOST[:GUEST], as --ro takes it, where any name may have colons.
 *
 * What exists under the whole text is meant first. Else a colon before a slash parts
 * the two, the last one behind which HOST exists; `\:` is a colon that parts nothing
 * and `\\` a backslash.
 *
 * Tests    tests/launcher/mount_test.c
 */
#ifndef PHOENIX_MOUNT_H
#define PHOENIX_MOUNT_H

#include "options.h"

/* Read it, or refuse it: a GUEST that is missing, no HOST. A HOST that does not exist is
 * no error here: whoever opens it says so. */
struct mount mount_parse(const char *text);

/* From the root, without `.`, `..` and doubled slashes. */
char *path_absolute(const char *path);

#endif
