/* SPDX-License-Identifier: MIT */
/* What `phoenix --help` and `phoenix --version` print. */
#ifndef PHOENIX_HELP_H
#define PHOENIX_HELP_H

extern const char help_text[];
extern const char version_text[];

#endif
