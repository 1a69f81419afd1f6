/* SPDX-License-Identifier: MIT */
/*
 * A terminal's line discipline, for a terminal that sends every key as it is typed.
 *
 * Where a launcher's terminal edits lines itself (phoenix run) nothing of this is
 * used. In the machine's own shell the terminal is raw, and its programs expect
 * what a Linux terminal does: Enter ends a line, keys are echoed, a line can be
 * edited until it is ended, Ctrl-D is the end of input.
 *
 * Tests  tty_test.c, on the host
 */
#ifndef LIBOS_TTY_H
#define LIBOS_TTY_H

#include <stdbool.h>
#include <stdint.h>

#define TTY_LINE 4096 /* with the newline, as Linux has it */
#define TTY_ECHO 1024

struct tty {
    bool canonical, echo, map_return; /* ICANON, ECHO, ICRNL */
    bool literal;                     /* after Ctrl-V */
    uint8_t line[TTY_LINE];
    uint32_t length;
    uint8_t shown[TTY_ECHO]; /* what the last key puts on the screen */
    uint32_t shown_length;
};

/* As a terminal is when a program begins. */
void tty_init(struct tty *tty);
/* One key. True: line[0..length) can be read now (length 0: end of input), and the
 * caller sets length to 0 when it took it. */
bool tty_key(struct tty *tty, uint8_t key);

#endif
