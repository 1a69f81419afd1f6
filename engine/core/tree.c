/* SPDX-License-Identifier: MIT */
/*
 * An AVL tree without recursion. Left and right are the two values of `side`, so
 * that nothing is written twice; a subtree that grew or shrank is repaired by the
 * same walk to the root.
 */
#include "tree.h"

#include <stdbool.h>
#include <stddef.h>

static struct tree_node *parent_of(const struct tree_node *node)
{
    return (struct tree_node *)(node->parent & ~(uintptr_t)3);
}

static void set_parent(struct tree_node *node, struct tree_node *parent)
{
    if (node)
        node->parent = (uintptr_t)parent | (node->parent & 3);
}

/* Height of child[1] minus that of child[0]: -1, 0 or 1. */
static int balance(const struct tree_node *node)
{
    return (int)(node->parent & 3) - 1;
}

static void set_balance(struct tree_node *node, int value)
{
    node->parent = (node->parent & ~(uintptr_t)3) | (uintptr_t)(value + 1);
}

static bool side_of(const struct tree_node *parent, const struct tree_node *node)
{
    return parent && parent->child[1] == node;
}

static void replace(struct tree *tree, struct tree_node *parent, struct tree_node *old,
                    struct tree_node *node)
{
    if (parent)
        parent->child[side_of(parent, old)] = node;
    else
        tree->root = node;
    set_parent(node, parent);
}

/* A rotation: top's child of that side takes top's place and top becomes its child
 * of the other side. */
static void lift(struct tree *tree, struct tree_node *top, bool side)
{
    struct tree_node *up = top->child[side], *inner = up->child[!side];

    replace(tree, parent_of(top), top, up);
    top->child[side] = inner;
    set_parent(inner, top);
    up->child[!side] = top;
    set_parent(top, up);
}

/* That side of top is higher by 2. True if the whole subtree got lower. */
static bool repair(struct tree *tree, struct tree_node *top, bool side)
{
    int lean = side ? 1 : -1;
    struct tree_node *up = top->child[side];
    int up_balance = balance(up);

    if (up_balance == -lean) {
        struct tree_node *inner = up->child[!side];
        int inner_balance = balance(inner);

        lift(tree, up, !side);
        lift(tree, top, side);
        set_balance(top, inner_balance == lean ? -lean : 0);
        set_balance(up, inner_balance == -lean ? lean : 0);
        set_balance(inner, 0);
        return true;
    }
    lift(tree, top, side);
    set_balance(top, up_balance ? 0 : lean);
    set_balance(up, up_balance ? 0 : -lean);
    return up_balance != 0;
}

/* That side of node became higher (change 1) or lower (-1) by one. */
static void retrace(struct tree *tree, struct tree_node *node, bool side, int change)
{
    while (node) {
        struct tree_node *parent = parent_of(node);
        bool node_side = side_of(parent, node);
        int now = balance(node) + (side ? change : -change);

        if (now == 2 || now == -2) {
            /* What grew by one and was repaired is as high as before it grew. */
            if (repair(tree, node, now > 0) == (change > 0))
                return;
        } else {
            set_balance(node, now);
            if ((now == 0) == (change > 0))
                return;
        }
        node = parent;
        side = node_side;
    }
}

void tree_insert(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = NULL, *at = tree->root;
    bool side = false;

    while (at) {
        parent = at;
        side = node->key >= at->key;
        at = at->child[side];
    }
    node->child[0] = node->child[1] = NULL;
    node->parent = (uintptr_t)parent | 1;
    if (parent)
        parent->child[side] = node;
    else
        tree->root = node;
    retrace(tree, parent, side, 1);
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = parent_of(node), *from = parent, *next;
    bool side = side_of(parent, node);

    if (!node->child[0] || !node->child[1]) {
        replace(tree, parent, node, node->child[0] ? node->child[0] : node->child[1]);
        retrace(tree, from, side, -1);
        return;
    }
    /* The next node takes the place of this one. */
    next = tree_next(node);
    from = parent_of(next);
    side = from == node;
    if (side) {
        from = next;
    } else {
        from->child[0] = next->child[1];
        set_parent(next->child[1], from);
        next->child[1] = node->child[1];
        set_parent(next->child[1], next);
    }
    next->child[0] = node->child[0];
    set_parent(next->child[0], next);
    set_balance(next, balance(node));
    replace(tree, parent, node, next);
    retrace(tree, from, side, -1);
}

static struct tree_node *outermost(struct tree_node *node, bool side)
{
    while (node && node->child[side])
        node = node->child[side];
    return node;
}

static struct tree_node *neighbour(const struct tree_node *node, bool side)
{
    struct tree_node *parent;

    if (node->child[side])
        return outermost(node->child[side], !side);
    while ((parent = parent_of(node)) && side_of(parent, node) == side)
        node = parent;
    return parent;
}

struct tree_node *tree_first(const struct tree *tree)
{
    return outermost(tree->root, false);
}

struct tree_node *tree_last(const struct tree *tree)
{
    return outermost(tree->root, true);
}

struct tree_node *tree_next(const struct tree_node *node)
{
    return neighbour(node, true);
}

struct tree_node *tree_prev(const struct tree_node *node)
{
    return neighbour(node, false);
}

struct tree_node *tree_floor(const struct tree *tree, uint64_t key)
{
    struct tree_node *best = NULL, *at = tree->root;

    while (at) {
        bool fits = at->key <= key;

        if (fits)
            best = at;
        at = at->child[fits];
    }
    return best;
}

struct tree_node *tree_ceil(const struct tree *tree, uint64_t key)
{
    struct tree_node *best = NULL, *at = tree->root;

    while (at) {
        bool fits = at->key >= key;

        if (fits)
            best = at;
        at = at->child[!fits];
    }
    return best;
}
