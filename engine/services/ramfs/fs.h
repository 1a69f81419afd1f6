/* SPDX-License-Identifier: MIT */
/*
 * A tree of files in memory, over read-only bytes that it never copies whole.
 *
 * Nodes are what Linux calls inodes; entries are names that lead to them. What
 * comes with the machine is put in once (fs_boot_*) and points into the boot
 * module; every later change is a change of this tree and of it alone, so a
 * removed boot file needs no mark: its name is just not there any more. A file
 * has its boot bytes, and over them single pages that were written since.
 *
 * All that changes after boot is counted against `limit`, names and index pages
 * included, and what is removed is given back. A limit of 0 makes the tree
 * read-only.
 *
 * Errors   0 or a positive Linux errno (linux.h); a failed call changed nothing
 * Locking  none: one thread
 * Tests    fs_test.c, on the host, against the host's own tmpfs
 */
#ifndef RAMFS_FS_H
#define RAMFS_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux.h"

#define FS_PAGE 4096
#define FS_SIZE_MAX (UINT64_C(1) << 47)

/* --- what the surroundings provide -------------------------------------- */

void *fs_memory_new(size_t size); /* NULL: none left */
void fs_memory_free(void *p);
void *fs_page_new(void); /* zeroed, page aligned; NULL: none left */
void fs_page_free(void *page);
int64_t fs_now(void); /* nanoseconds since 1970 */

/* --- the tree ----------------------------------------------------------- */

struct fs_entry;

/* Bytes of a boot file that lie together in the module. */
struct fs_extent {
    uint64_t offset, size; /* in the file */
    const uint8_t *bytes;
};

/* Pages of a file by number: a tree of 512-way index pages. */
struct fs_pages {
    void *root;      /* height 0: the page itself, for page 0; NULL: none */
    unsigned height; /* covers page numbers below 512^height */
};

struct fs_node {
    uint64_t inode;
    uint32_t mode, uid, gid;
    uint32_t links; /* names; of a directory 2 and one for each directory in it */
    uint32_t opens; /* a node without links lives as long as it is open */
    bool boot;      /* came with the machine: its own memory is not counted */
    uint64_t device;
    int64_t mtime, ctime, atime;
    uint64_t size; /* file: bytes; directory: names; link: length of its target */
    union {
        struct {
            const uint8_t *boot_bytes; /* NULL: none, or `extents` has them */
            struct fs_extent *extents; /* by rising offset; between them are holes */
            uint32_t extent_count;
            uint64_t boot_size; /* of both, still visible: shrinks, never grows */
            uint64_t copied;    /* pages in `pages`, index pages included */
            struct fs_pages pages;
        } file;
        struct {
            struct fs_node *parent; /* the root's is itself */
            struct fs_entry *entry; /* its one name; the root and removed ones have none */
            struct fs_entry *first, *last;
            struct fs_entry *listed; /* the last one that a listing ended with; may be NULL */
            uint64_t next_cookie;
        } directory;
        char *target; /* with an end mark that is not counted */
    };
};

struct fs_entry {
    struct fs_entry *hash_next;
    struct fs_entry *previous, *next; /* in its directory, by rising cookie */
    struct fs_node *directory, *node;
    uint64_t cookie;
    uint16_t length;
    bool boot;
    char name[];
};

struct fs {
    struct fs_node *root;
    struct fs_entry **buckets; /* by directory and name */
    size_t bucket_count;       /* a power of two */
    size_t entries;
    uint64_t nodes;
    uint64_t next_inode;
    uint64_t limit, used; /* bytes */
};

struct fs_attributes {
    uint64_t mode, owner, mtime, atime, size; /* owner: uid | gid << 32 */
};
#define FS_SET_MODE 1
#define FS_SET_UID 2
#define FS_SET_GID 4
#define FS_SET_MTIME 8
#define FS_SET_ATIME 16
#define FS_SET_SIZE 32
#define FS_SET_NO_FOLLOW 64

struct fs_path {
    const char *text; /* claims: any bytes */
    size_t length;
};

int fs_init(struct fs *fs, uint64_t limit);
/* Every node and page; only what is not open may be there. */
void fs_fini(struct fs *fs);

/* --- putting in what came with the machine ------------------------------- */

/* Directories of an absolute path that are missing are made, mode 0755. */
int fs_boot_directory(struct fs *fs, struct fs_path path, struct fs_node **directory);
/* A node that has no name yet; links and sizes are set by what follows. */
struct fs_node *fs_boot_node(struct fs *fs, uint32_t mode);
/* EEXIST: the name is taken; ENOMEM; EINVAL: no name that a file can have. */
int fs_boot_name(
    struct fs *fs, struct fs_node *directory, struct fs_path name, struct fs_node *node);

/* --- paths --------------------------------------------------------------- */

/* What becomes of a last component; those before it are always followed. */
enum fs_walk {
    FS_FOLLOW,    /* a symbolic link is followed; name/ must be a directory */
    FS_NO_FOLLOW, /* it is not, unless as link/ */
    FS_CREATE,    /* followed; name/ is EISDIR */
    FS_EXCLUSIVE, /* not followed; name/ is EISDIR */
    FS_NAME,      /* the name itself counts, name/ alike */
};

/* Where a path leads. `directory` and `name` say where its last component is or
 * would be; `node` is NULL when it is not there. A path that ends at the root or
 * in dots has no name (length 0). */
struct fs_place {
    struct fs_node *directory;
    struct fs_entry *entry;
    struct fs_node *node;
    const char *name; /* valid until the next lookup */
    size_t length;
    int missing;      /* the error for a NULL node: ENOENT or ENAMETOOLONG */
    bool slash;       /* something like name/ */
    bool dot, dotdot; /* what it ended in */
};
/* A missing last component is no error here. */
int fs_lookup(struct fs *fs, struct fs_path path, enum fs_walk how, struct fs_place *place);
/* The same, and a missing last component is ENOENT. */
int fs_find(struct fs *fs, struct fs_path path, bool follow, struct fs_node **node);
struct fs_entry *fs_entry_find(
    const struct fs *fs, const struct fs_node *directory, const char *name, size_t length);
/* The absolute path of a name; 0 when it does not fit. For directories name may be NULL. */
size_t fs_path_of(const struct fs *fs, const struct fs_node *directory, const char *name,
    size_t length, char *buffer, size_t capacity);

/* --- names --------------------------------------------------------------- */

/* Node for Linux open flags, `opens` counted; may_write: flags that write may be used. */
int fs_open(struct fs *fs, struct fs_path path, uint64_t flags, uint32_t mode, bool may_write,
    struct fs_node **node, char *opened_path, size_t *opened_length);
void fs_close(struct fs *fs, struct fs_node *node);
int fs_make(struct fs *fs, struct fs_path path, uint32_t mode, uint64_t device);
int fs_link(struct fs *fs, struct fs_path target, struct fs_path path);
int fs_symlink(struct fs *fs, struct fs_path target, struct fs_path path);
int fs_remove(struct fs *fs, struct fs_path path, bool directory);
int fs_rename(struct fs *fs, struct fs_path from, struct fs_path to, uint64_t flags);

/* --- nodes --------------------------------------------------------------- */

int fs_set(struct fs *fs, struct fs_node *node, unsigned which, const struct fs_attributes *a);
uint64_t fs_blocks(const struct fs_node *node); /* of 512 bytes, as stat(2) counts */

/* At most a page. *bytes is where they are: in place, or gathered in buffer. */
int fs_read(const struct fs_node *node, uint64_t offset, size_t length, uint8_t buffer[FS_PAGE],
    const uint8_t **bytes, size_t *got);
/* At most a page; *written may be less than length when the limit is reached. */
int fs_write(struct fs *fs, struct fs_node *node, uint64_t offset, const uint8_t *bytes,
    size_t length, size_t *written);
int fs_resize(struct fs *fs, struct fs_node *node, uint64_t size);
/* The file's bytes as they lie in the boot module, if none of them was changed. */
const uint8_t *fs_boot_bytes(const struct fs_node *node);
/* Entries as getdents64 lays them out, after a cookie (0: from the start). */
int fs_list(struct fs_node *directory, uint64_t cookie, uint8_t *buffer, size_t capacity,
    size_t *used, uint64_t *next);

/* --- between the files of the tree --------------------------------------- */

bool fs_charge(struct fs *fs, uint64_t bytes); /* false: over the limit, nothing counted */
void fs_uncharge(struct fs *fs, uint64_t bytes);
uint64_t fs_node_cost(const struct fs_node *node); /* without its pages */
uint64_t fs_entry_cost(const struct fs_entry *entry);
static inline bool fs_is_directory(const struct fs_node *node)
{
    return (node->mode & LX_S_IFMT) == LX_S_IFDIR;
}
static inline bool fs_is_regular(const struct fs_node *node)
{
    return (node->mode & LX_S_IFMT) == LX_S_IFREG;
}
static inline bool fs_is_link(const struct fs_node *node)
{
    return (node->mode & LX_S_IFMT) == LX_S_IFLNK;
}
/* A node that is counted against the limit, without a name; NULL: *error says why. */
struct fs_node *fs_node_new(struct fs *fs, uint32_t mode, bool boot, int *error);
void fs_node_put(struct fs *fs, struct fs_node *node); /* free it if nothing needs it */
/* An entry that is in no directory yet, counted. */
struct fs_entry *fs_entry_new(
    struct fs *fs, const char *name, size_t length, bool boot, int *error);
void fs_entry_free(struct fs *fs, struct fs_entry *entry);
/* These two cannot fail. */
void fs_entry_insert(
    struct fs *fs, struct fs_node *directory, struct fs_entry *entry, struct fs_node *node);
void fs_entry_unlink(struct fs *fs, struct fs_entry *entry);

/* Pages: get is NULL where there is none; put makes index pages (ENOSPC, ENOMEM). */
void *fs_pages_get(const struct fs_pages *pages, uint64_t number);
int fs_pages_put(struct fs *fs, struct fs_node *node, uint64_t number, void *page);
/* Free all pages from `first` on. */
void fs_pages_cut(struct fs *fs, struct fs_node *node, uint64_t first);

#endif
