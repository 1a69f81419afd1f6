/* SPDX-License-Identifier: MIT */
/* How the launcher speaks and ends: one line on stderr, one status. */
#ifndef PHOENIX_SAY_H
#define PHOENIX_SAY_H

#include <stdarg.h>

/* Statuses that are the launcher's own; all others are the program's. */
#define STATUS_TIMEOUT 124
#define STATUS_FAILED 125     /* Phoenix's own failure, wrong options included */
#define STATUS_CANNOT_RUN 126 /* found, but not a program for this machine */
#define STATUS_NOT_FOUND 127
#define STATUS_SIGNAL 128 /* + n */

/* Print "phoenix: ..." on stderr. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, then end with that status. What was begun ends with the process: the
 * machine dies with its parent, the terminal is restored at exit. */
_Noreturn void fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
