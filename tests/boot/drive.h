/* SPDX-License-Identifier: MIT */
/*
 * A machine at the other end of its serial console: type at it, wait for what it
 * says. Every wait has a limit, and a machine never outlives its test.
 */
#ifndef TESTS_BOOT_DRIVE_H
#define TESTS_BOOT_DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DRIVE_ROOM (1 << 20)

struct machine {
    pid_t pid;
    int in, out;               /* its keyboard, its screen */
    char said[DRIVE_ROOM + 1]; /* everything, without carriage returns */
    size_t length;
    size_t seen; /* up to where expect() has looked */
};

/* Boot $B/phoenix.elf with this module (in $B) and further QEMU arguments, NULL at
 * the end; the console is raw. */
void machine_start(struct machine *m, const char *module, const char *const *arguments);
void machine_type(struct machine *m, const char *keys);
/* True once `text` is said, behind what was expected before; false after so long. */
bool machine_expect(struct machine *m, const char *text, double seconds);
/* Type a command, wait for the next prompt: what came between, without the echo. */
const char *machine_command(struct machine *m, const char *command, double seconds);
/* The status it shut down with; -1: it did not by itself. */
int machine_end(struct machine *m, double seconds);

/* ok NAME, or FAIL NAME and the last lines that were said. */
void test_check(struct machine *m, const char *name, bool good);
extern int test_failures;

#endif
