/* SPDX-License-Identifier: MIT */
/*
 * Open files of the Namespace, from the inside; for names.c and names_file.c only.
 */
#ifndef LIBOS_NAMES_FILE_H
#define LIBOS_NAMES_FILE_H

#include "file.h"

struct names_file {
    struct file file;
    uint64_t cap;  /* File */
    uint64_t mode; /* with type bits */
    uint64_t size; /* when it was opened */
    bool written;  /* through this one */
    struct lock lock;        /* covers what follows */
    struct backing *backing; /* its bytes, if it is mapped */
    uint64_t seen;           /* of `changes` when that was asked for */
    bool unmappable;         /* and the answer was no */
};

/* NULL: no memory; the capability stays the caller's. */
struct names_file *names_file_new(uint64_t cap, uint64_t mode, uint64_t size, uint32_t flags);

/* Some file's bytes may be others now: what is mapped must be asked for again. */
void names_changed(void);

#endif
