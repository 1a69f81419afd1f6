/* SPDX-License-Identifier: MIT */
/*
 * Ordered maps that run through the objects themselves, by a 64-bit key.
 *
 * An AVL tree: its height is at most 1.44 log2(n), whatever the order of
 * requests, so that a hostile program cannot make an operation of the kernel
 * long by choosing keys. Equal keys are allowed and stay in order of insertion.
 * The balance lives in the three low bits of the parent's address.
 *
 * Locking  the caller's, over the tree and everything in it
 * Tests    tree_test.c, on the host
 */
#pragma once

#include <stdint.h>

struct tree_node {
    struct tree_node *child[2]; /* keys [0] not greater, [1] not less */
    uintptr_t parent;           /* its address | 2 + height of [1] - height of [0] */
    uint64_t key;               /* the caller's; fixed while in a tree */
};

/* A zeroed one is an empty one. */
struct tree {
    struct tree_node *root;
};

/* The caller has set node->key; the node is in no tree. */
void tree_insert(struct tree *tree, struct tree_node *node);
/* The node is in this tree. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* All of these give NULL where there is none. */
/* The last one with the greatest key that is not greater than `key`. */
struct tree_node *tree_floor(const struct tree *tree, uint64_t key);
/* The first one with the least key that is not less than `key`. */
struct tree_node *tree_ceil(const struct tree *tree, uint64_t key);
