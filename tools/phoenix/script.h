/* SPDX-License-Identifier: MIT */
/*
 * The first line of a script, "#! interpreter [argument]", as Linux reads it.
 *
 * Tests  tests/launcher/script_test.c
 */
#ifndef PHOENIX_SCRIPT_H
#define PHOENIX_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

/* A place in the image, without blanks around. */
struct script {
    uint64_t interpreter, interpreter_size;
};

/* False if the image is no script, names no interpreter, or its first line has
 * more than 255 bytes or a 0. */
bool script_parse(const char *image, uint64_t size, struct script *script);

#endif
