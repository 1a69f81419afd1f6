/* SPDX-License-Identifier: MIT */
/*
 * An AVL tree without recursion. Left and right are the two values of `side`, so
 * that nothing is written twice; a subtree that grew or shrank is repaired by the
 * same walk to the root. Until a node is repaired its balance is 2 or -2, and a
 * rotation is right for any balances, so that a double one is just two of them.
 */
#include "tree.h"

#include <stdbool.h>
#include <stddef.h>

#define BALANCE UINT64_C(7) /* the bits of node->parent that are not the address */

static struct tree_node *parent_of(const struct tree_node *node)
{
    return (struct tree_node *)(node->parent & ~BALANCE);
}

static void set_parent(struct tree_node *node, struct tree_node *parent)
{
    if (node)
        node->parent = (uintptr_t)parent | (node->parent & BALANCE);
}

/* How much higher that side is than the other. */
static int lean(const struct tree_node *node, bool side)
{
    int balance = (int)(node->parent & BALANCE) - 2;

    return side ? balance : -balance;
}

static void set_lean(struct tree_node *node, bool side, int value)
{
    node->parent = (node->parent & ~BALANCE) | (uintptr_t)(2 + (side ? value : -value));
}

static bool side_of(const struct tree_node *parent, const struct tree_node *node)
{
    return parent && parent->child[1] == node;
}

/* `node`, or nothing if NULL, where `old` was below `parent`. */
static void replace(struct tree *tree, struct tree_node *parent, const struct tree_node *old,
                    struct tree_node *node)
{
    if (parent)
        parent->child[side_of(parent, old)] = node;
    else
        tree->root = node;
    set_parent(node, parent);
}

/* top's child of that side takes top's place, and top becomes its child of the other. */
static struct tree_node *rotate(struct tree *tree, struct tree_node *top, bool side)
{
    struct tree_node *up = top->child[side], *inner = up->child[!side];
    int up_lean = lean(up, side);
    int top_lean = lean(top, side) - 1 - (up_lean > 0 ? up_lean : 0);

    replace(tree, parent_of(top), top, up);
    top->child[side] = inner;
    set_parent(inner, top);
    up->child[!side] = top;
    set_parent(top, up);
    set_lean(top, side, top_lean);
    set_lean(up, side, up_lean - 1 + (top_lean < 0 ? top_lean : 0));
    return up;
}

/* That side of node became higher (change 1) or lower (-1) by one. */
static void retrace(struct tree *tree, struct tree_node *node, bool side, int change)
{
    while (node) {
        struct tree_node *parent = parent_of(node);

        node->parent += side ? (uintptr_t)change : -(uintptr_t)change; /* its balance */
        unsigned now = node->parent & BALANCE;
        bool node_side = side_of(parent, node);
        if (now == 0 || now == 4) {
            bool high = now == 4;
            if (lean(node->child[high], high) < 0)
                rotate(tree, node->child[high], !high);
            node = rotate(tree, node, high);
            now = node->parent & BALANCE;
        }
        /* Even now: what grew did so on its lower side (or was repaired) and is as high
         * as before; what shrank did so on its higher side, and is lower. */
        if ((now == 2) == (change > 0))
            return;
        node = parent;
        side = node_side;
    }
}

void tree_insert(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = NULL, **at = &tree->root;
    bool side = false;

    while (*at) {
        parent = *at;
        side = node->key >= parent->key;
        at = &parent->child[side];
    }
    *at = node;
    node->child[0] = node->child[1] = NULL;
    node->parent = (uintptr_t)parent;
    set_lean(node, true, 0);
    retrace(tree, parent, side, 1);
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
    struct tree_node *out = node;

    /* With two children, the next node leaves its place for this one's. */
    if (node->child[0] && node->child[1])
        for (out = node->child[1]; out->child[0];)
            out = out->child[0];
    struct tree_node *parent = parent_of(out);
    bool side = side_of(parent, out);
    replace(tree, parent, out, out->child[out->child[0] == NULL]);
    retrace(tree, parent, side, -1);
    if (out == node)
        return;
    *out = (struct tree_node){ { node->child[0], node->child[1] }, node->parent, out->key };
    set_parent(out->child[0], out);
    set_parent(out->child[1], out);
    replace(tree, parent_of(node), node, out);
}

/* The nearest key on one side of `key`; of equal ones the nearest to the other side. */
static struct tree_node *nearest(const struct tree *tree, uint64_t key, bool above)
{
    struct tree_node *best = NULL, *at = tree->root;

    while (at) {
        bool fits = above ? at->key >= key : at->key <= key;

        if (fits)
            best = at;
        at = at->child[fits != above];
    }
    return best;
}

struct tree_node *tree_floor(const struct tree *tree, uint64_t key)
{
    return nearest(tree, key, false);
}

struct tree_node *tree_ceil(const struct tree *tree, uint64_t key)
{
    return nearest(tree, key, true);
}
