/* SPDX-License-Identifier: MIT */
/* What the files of the shell share. */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command {
    const char *name, *arguments, *summary, *more;
    void (*run)(size_t count, char **words); /* words[0] is the name */
};

extern const struct command commands[];
extern const size_t command_count;

/* One clear line about what is wrong. */
void say_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* main.c: somebody looks at what is printed and can type. */
bool is_terminal(void);
/* Wait; true: a key was typed, or Ctrl-C, or nobody types any more. */
bool wait_key(uint64_t deadline);

/* run.c */
void run_command(size_t count, char **words);
/* A control event came: true if a program was running, which is ended by it. */
bool run_interrupt(void);

/* holds.c */
void caps_command(size_t count, char **words);
void revoke_command(size_t count, char **words);

/* top.c */
void top_command(size_t count, char **words);

/* tap.c: of the account of a process, 0 and one line if it cannot be; and what has come. */
uint64_t tap_open(const char *command, uint64_t pid);
void tap_close(uint64_t tap, uint64_t *position);
void tap_command(size_t count, char **words);

/* system.c */
void ps_command(size_t count, char **words);
void mem_command(size_t count, char **words);
void log_command(size_t count, char **words);
void exit_command(size_t count, char **words);

#endif
