/* SPDX-License-Identifier: MIT */
/*
 * Files and directories of the process's own Namespace, and nothing else: there is
 * no other tree. Paths are absolute from its root; without a Namespace each is
 * -E_NOENT.
 *
 * A large file that the service lends as a frame is mapped into the libos once and
 * then read without a call.
 */
#ifndef LIBOS_NAMES_H
#define LIBOS_NAMES_H

#include <stddef.h>

#include "file.h"
#include "mm.h"

#define NAMES_MESSAGE 4096 /* bytes that the service takes, or gives, in one message */
#define PATH_SIZE 4096 /* with its 0, at most */

/* `flags` and `mode` are the service's: those of open(2). NULL with *e. */
struct file *names_open(const char *path, uint64_t flags, uint64_t mode, uint32_t file_flags,
                        int64_t *e);
int64_t names_status(const char *path, bool follow, struct attributes *attributes);
/* The target, without a 0: its length. */
int64_t names_read_link(const char *path, char *target, size_t size);
int64_t names_make(const char *path, uint64_t mode, uint64_t device);
int64_t names_link(const char *target, const char *path, bool symbolic);
int64_t names_remove(const char *path, bool directory);
int64_t names_rename(const char *from, const char *to, uint64_t flags);
int64_t names_set(const char *path, uint64_t which, const struct attributes *attributes);

struct file_system {
    uint64_t block_size, blocks, free, files, free_files;
};
int64_t names_statistics(struct file_system *statistics);

/* Of an open file; for others than names_open's -E_INVAL (or what suits). */
bool names_is(const struct file *file);
uint64_t names_mode(const struct file *file);
int64_t names_file_set(struct file *file, uint64_t which, const struct attributes *attributes);
/* Directory entries as getdents64 lays them out, from a cookie: bytes, or -E_*. */
int64_t names_list(struct file *file, uint64_t cookie, void *entries, size_t size);
/* Its path from the root; length. */
int64_t names_path(struct file *file, char *path, size_t size);
int64_t names_sync(struct file *file);
/* Its bytes to map; NULL: it must be read. Pinned by the file while it is open. */
struct backing *names_backing(struct file *file);

#endif
