/* SPDX-License-Identifier: MIT */
/*
 * Blobs: the files of this host whose bytes go into a module.
 *
 * A blob is opened when its bytes are needed and read once, from beginning to end,
 * into the module; its hash is taken on the way. So a module is never larger in
 * memory than it is, and a file that changes meanwhile is noticed.
 * One file is one blob however often it is named, hard links included.
 *
 * Tests    tests/build/mkmanifest_test.sh
 */
#ifndef MKMANIFEST_BLOB_H
#define MKMANIFEST_BLOB_H

#include "sha256/sha256.h"

#include <stdbool.h>
#include <sys/stat.h>

#define BLOB_PAGE 4096
/* What a Cap'n Proto list of bytes can hold: its count has 29 bits. */
#define BLOB_MAX ((UINT64_C(1) << 29) - 1)

struct blob {
    char *path; /* NULL: `text` has the bytes */
    const char *text;
    uint64_t size;
    dev_t device;
    ino_t inode;
    struct blob *next; /* all that there are, in the order of their making */

    /* known once it was copied into a module */
    bool placed;
    uint64_t offset; /* in the module's segment of blobs, a multiple of a page */
    uint8_t sha256[SHA256_SIZE];
};

/* A regular file; refuses what cannot be read or is too big. `what` says in an error
 * what it is needed for. */
struct blob *blob_of_file(const char *path, const char *what);
struct blob *blob_of_text(const char *text);

/* Its bytes, mapped as long as the process lives: for looking at headers. */
const void *blob_map(const struct blob *blob);

/* Write it to `fd` at that place and take its hash. */
void blob_copy(struct blob *blob, int fd, uint64_t position);

/* Write these bytes there, or refuse. */
void write_all(int fd, const void *bytes, size_t size, uint64_t position);

#endif
