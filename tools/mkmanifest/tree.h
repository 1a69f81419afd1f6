/* SPDX-License-Identifier: MIT */
/*
 * The tree of files that a module brings: one, from "/", whatever it was put
 * together from. Folders that lead to something and were not given themselves are
 * made, and give way to a folder that is given later.
 *
 * Names are kept in byte order, so that one tree makes one module wherever it is
 * packed and in whatever order a file system lists it.
 *
 * Tests    tests/build/mkmanifest_test.sh
 */
#ifndef MKMANIFEST_TREE_H
#define MKMANIFEST_TREE_H

#include "blob.h"

#include <stdint.h>

struct tree_node {
    char *name; /* "" is the root's */
    struct tree_node *parent, *children, *next;
    bool given; /* not just a folder on the way to something */
    uint32_t mode, uid, gid;
    int64_t mtime; /* ns since 1970 */
    struct blob *blob;
    char *target;
    uint64_t inode; /* equal for hard links; 0: its own */
    size_t index;   /* in the module's list */
};

struct tree_node *tree_new(void);

/* The node at that absolute path, made with the folders before it if need be.
 * Refuses, in the name of `what`, a path through something that is no folder. */
struct tree_node *tree_node_at(struct tree_node *root, const char *path, const char *what);

/* What is to be at a node: it must not have been given before, but for a folder that
 * joins another. */
void tree_give(struct tree_node *node, uint32_t mode, const char *what);

/* Put a file or folder of this host, all that is in it included, at a path. */
void tree_add_host(struct tree_node *root, const char *host, const char *guest, const char *what);

/* How many nodes there are. */
size_t tree_count(const struct tree_node *root);

/* The next node, parents before children and siblings in order; NULL at the end. */
struct tree_node *tree_next(const struct tree_node *node);

#endif
