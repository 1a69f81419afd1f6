/* SPDX-License-Identifier: MIT */
/*
 * A package from the JSON that cue.js prints (manifests/schema.cue has its shape). A
 * field that is unknown, missing or of another kind ends the process with the source's
 * line and with what would be right there.
 */
#ifndef MKMANIFEST_READ_H
#define MKMANIFEST_READ_H

#include "package.h"

/* `folder` is where relative names of files start. */
struct package *package_read(const char *file, const char *text, size_t length, const char *folder);

#endif
