/* SPDX-License-Identifier: MIT */
/* What the tests of the tree share. */
#ifndef RAMFS_FS_TEST_H
#define RAMFS_FS_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fs;
struct fs_node;

/* --- fs_test_support.c: what fs.h asks of its surroundings ----------------- */

extern int test_failures;
extern int64_t test_fail_after;  /* allocations until one fails; -1: never */
extern int64_t test_outstanding; /* allocations that were not freed */

void test_check(const char *name, bool good, const char *why);
/* Every invariant; what is open may have no name. */
bool test_fs_ok(const struct fs *fs, const struct fs_node *const *open, unsigned count);

/* --- fs_model.c: the host's own file system as the model -------------------
 * One child process, confined to an empty directory, does what it is asked with
 * plain system calls. */

enum model_op {
    MODEL_OPEN,
    MODEL_CLOSE,
    MODEL_READ,
    MODEL_WRITE,
    MODEL_RESIZE,
    MODEL_FSTAT,
    MODEL_LIST,
    MODEL_STAT,
    MODEL_READLINK,
    MODEL_MAKE,
    MODEL_LINK,
    MODEL_SYMLINK,
    MODEL_REMOVE,
    MODEL_RENAME,
    MODEL_CHMOD,
    MODEL_UTIME
};

struct model_request {
    enum model_op op;
    unsigned file; /* of a few slots for open files */
    uint64_t flags, mode, offset, length;
    char path[5000], second[5000];
    uint8_t data[4096];
};

struct model_answer {
    int error;
    uint32_t mode, links;
    uint64_t size, inode;
    int64_t mtime;
    size_t length;
    uint8_t data[65536]; /* bytes read, a link's target, or sorted names with their ends */
};

#define MODEL_FILES 4

/* False: the directory cannot be confined, so `..` and absolute targets must not
 * be asked for. */
bool model_start(void);
void model_ask(const struct model_request *request, struct model_answer *answer);
void model_stop(void);

#endif
