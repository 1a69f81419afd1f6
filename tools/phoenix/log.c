/* SPDX-License-Identifier: MIT */
/* See log.h. */
#include "log.h"

#include "say.h"

#include <errno.h>
#include <string.h>

void log_open(struct log *log, const char *path)
{
    *log = (struct log){.path = path};
    if (!path)
        return;
    log->file = fopen(path, "we");
    if (!log->file)
        fail(STATUS_FAILED, "--log: cannot write %s: %s", path, strerror(errno));
}

void log_write(struct log *log, const struct frame *frame)
{
    if (!log->file)
        return;
    fwrite(frame->payload, 1, frame->length, log->file);
    if (frame->type == FRAMING_LOG)
        putc('\n', log->file);
    if (fflush(log->file) == 0)
        return;
    say("--log: cannot write %s: %s", log->path, strerror(errno));
    fclose(log->file);
    log->file = NULL;
}
