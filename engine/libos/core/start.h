/* SPDX-License-Identifier: MIT */
/*
 * What the process was started with, as the face wants it.
 */
#ifndef LIBOS_START_H
#define LIBOS_START_H

#include <stdbool.h>
#include <stdint.h>

struct start_list {
    uint32_t count;
    const char **texts; /* in the start block, which stays */
};

struct start_program {
    const char *path;      /* or the name it was started by */
    const char *directory; /* "" : none */
    const uint8_t *image;  /* the program's file */
    uint64_t image_size;
    uint64_t low;          /* the first address that is free for the program */
    bool raw_terminal;     /* the terminal neither edits nor echoes: the libos does */
    bool trace, stats;     /* tell each system call; tell in the end what was used */
    struct start_list arguments, environment;
};

extern struct start_program start_program;

#endif
