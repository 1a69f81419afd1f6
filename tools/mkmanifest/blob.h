/* SPDX-License-Identifier: MIT */
/*
 * Blobs: the files of this host whose bytes go into a module.
 *
 * A blob is opened when its bytes are needed and read once, from beginning to end,
 * into the module; its hash is taken on the way. So a module is never larger in
 * memory than it is, and a file that changes meanwhile is noticed.
 * One file is one blob however often it is named, hard links included.
 *
 * Holes of a tree's file stay holes: only its extents, in whole pages, have a place.
 *
 * Tests    tests/build/mkmanifest_test.sh, tests/launcher
 */
#ifndef MKMANIFEST_BLOB_H
#define MKMANIFEST_BLOB_H

#include "sha256/sha256.h"

#include <stdbool.h>
#include <sys/stat.h>

#define BLOB_PAGE 4096
/* What a Cap'n Proto list of bytes can hold: its count has 29 bits. */
#define BLOB_MAX ((UINT64_C(1) << 29) - 1)
/* A longer extent is several, which touch. */
#define BLOB_EXTENT_MAX (UINT64_C(1) << 28)

/* Bytes that are not known to be zeroes: whole pages, but for the last of the file. */
struct blob_extent {
    uint64_t offset, size; /* in the file */
    uint64_t place;        /* in the module's segment, a multiple of a page */
};

/* What shows that a file was changed, as far as its file system tells. */
struct blob_stamp {
    uint64_t device, inode, size;
    int64_t modified, changed; /* ns since 1970 */
};

struct blob {
    char *path; /* NULL: `text` has the bytes */
    const char *text;
    uint64_t size;
    struct blob_stamp stamp; /* when it was found; of a file */
    struct blob_extent *extents;
    size_t extent_count;
    struct blob *next; /* all that there are, in the order of their making */

    uint32_t segment; /* of the module; 0: it has no place yet */
    bool hashed;      /* known once it was copied */
    bool changed;     /* while it was copied, but not so that it would matter */
    uint8_t sha256[SHA256_SIZE];
};

/* A regular file; refuses what cannot be read or is too big. `what` says in an error
 * what it is needed for. */
struct blob *blob_of_file(const char *path, const char *what);
/* The same for a file of a tree, of any size. It must still be the one that `status` tells
 * of when it is read: a link that takes its place is not followed. */
struct blob *blob_of_tree(const char *path, const struct stat *status, const char *what);
struct blob *blob_of_text(const char *text);

/* All that there are. */
struct blob *blob_first(void);

/* It has one extent, all of it, and not more than fits into a list of bytes. */
bool blob_is_whole(const struct blob *blob);

/* Its bytes, mapped as long as the process lives: for looking at headers. */
const void *blob_map(const struct blob *blob);

/* Write its extents to `fd`, where the segment begins at `position`, and take its hash. */
void blob_copy(struct blob *blob, int fd, uint64_t position);

/* Write these bytes there, or refuse. */
void write_all(int fd, const void *bytes, size_t size, uint64_t position);

#endif
