/* SPDX-License-Identifier: MIT */
/* The file of --log: the kernel's log, line by line, and its epitaph. */
#ifndef PHOENIX_LOG_H
#define PHOENIX_LOG_H

#include "frames.h"

#include <stdio.h>

struct log {
    FILE *file; /* NULL: the log is dropped */
    const char *path;
};

/* `path` may be NULL. Fails (125) where it cannot be written. */
void log_open(struct log *log, const char *path);

/* A log or epitaph frame. When it cannot be written any more that is said, and the rest
 * is dropped: the program's streams and status are worth more than its log. */
void log_write(struct log *log, const struct frame *frame);

#endif
