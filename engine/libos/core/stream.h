/* SPDX-License-Identifier: MIT */
/*
 * Files that are no files: the console's streams, pipes within the process, and
 * the few devices that a libos can be by itself.
 */
#ifndef LIBOS_STREAM_H
#define LIBOS_STREAM_H

#include "file.h"

/* stdin, stdout, stderr: the console's stream, or without one end of file and
 * -E_IO. NULL: no memory. */
struct file *console_open(unsigned stream);
/* Whether a file is a console stream, and then: is it a terminal, of which size? */
struct terminal {
    bool is_terminal;
    unsigned columns, rows;
};
bool console_is(const struct file *file);
bool console_terminal(const struct file *file, struct terminal *terminal);
/* The line discipline, where it is the libos's; NULL where the terminal has its own. */
struct tty *console_tty(void);
/* Wait for input on the console until the deadline; for poll. */
void console_await(uint64_t deadline);
bool console_is_input(const struct file *file);

/* Both ends of a new pipe; -E_NOMEM. */
int64_t pipe_new(struct file *ends[2], uint32_t flags);
/* Bytes that wait in it. */
int64_t pipe_waiting(const struct file *file);
/* Park until some pipe changed (or a signal, or the deadline), unless `seen` is no
 * longer the count of changes. */
uint64_t pipe_changes(void);
int64_t pipe_await(uint64_t seen, uint64_t deadline);

/* Numbers as device nodes have them. NULL with *e: -E_NXIO, -E_NOMEM. */
struct file *device_open(unsigned major, unsigned minor, uint32_t flags, int64_t *e);

#endif
