/* SPDX-License-Identifier: MIT */
/*
 * Where in its source each value of a manifest stands, and refusals that say it.
 *
 * cue.js prints the source's name and lines beside the value ("cue"); of JSON from
 * somewhere else its own lines are told. A field that is not there stands
 * where what it is missing from does.
 *
 * Tests    tests/build/mistakes_test.js
 */
#ifndef MKMANIFEST_PLACE_H
#define MKMANIFEST_PLACE_H

#include "json.h"

/* Of this file's value from here on. */
void place_open(const char *file, const struct json *top);

/* "system.cue:23: services[1].binary" */
char *place(const char *path);

/* The line alone. */
unsigned place_line(const char *path);

/* End the process: what is wrong at `path`, and what would be right. */
_Noreturn void refuse_at(const char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
