/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include "../../tests/harness/test.h"

#define NODES 200

/* A node with the number of its insertion, to see the order of equal keys. */
struct item {
    struct tree_node node;
    uint64_t turn;
    bool in;
};

/* Height of a subtree that is balanced and knows its parents; -1 if it is not. */
static int height(const struct tree_node *node, const struct tree_node *parent)
{
    int low, high;

    if (!node)
        return 0;
    if ((node->parent & ~(uintptr_t)7) != (uintptr_t)parent)
        return -1;
    low = height(node->child[0], node);
    high = height(node->child[1], node);
    if (low < 0 || high < 0 || high - low != (int)(node->parent & 7) - 2 || high - low > 1 ||
        low - high > 1)
        return -1;
    return 1 + (low > high ? low : high);
}

/* Does a come before b? */
static bool before(const struct item *a, const struct item *b)
{
    return a->node.key < b->node.key || (a->node.key == b->node.key && a->turn < b->turn);
}

/* The one of a plain array that a tree should answer with: the last not after `key`
 * or the first not before it. */
static struct tree_node *nearest(struct item *items, uint64_t key, bool floor)
{
    struct item *best = NULL;

    for (size_t i = 0; i < NODES; i++) {
        struct item *at = &items[i];

        if (!at->in || (floor ? at->node.key > key : at->node.key < key))
            continue;
        if (!best || (floor ? before(best, at) : before(at, best)))
            best = at;
    }
    return best ? &best->node : NULL;
}

/* Counts what is below `node`, which is in order and comes after `last`. */
static size_t walk(const struct tree_node *node, const struct item **last)
{
    size_t seen;

    if (!node)
        return 0;
    seen = walk(node->child[0], last);
    CHECK(!*last || before(*last, (const struct item *)node));
    *last = (const struct item *)node;
    return seen + 1 + walk(node->child[1], last);
}

static void check_tree(const struct tree *tree, struct item *items, size_t count)
{
    const struct item *last = NULL;

    CHECK(height(tree->root, NULL) >= 0);
    CHECK(tree_ceil(tree, 0) == nearest(items, 0, false));
    CHECK_EQ(walk(tree->root, &last), count);
}

TEST(tree, an_empty_tree_answers_null, "to every question")
{
    struct tree tree = {0};

    CHECK(!tree_ceil(&tree, 0));
    CHECK(!tree_floor(&tree, UINT64_MAX) && !tree_ceil(&tree, 0));
}

TEST(tree, answers_are_those_of_a_plain_array, "and the tree is balanced after each step")
{
    static struct item items[NODES];
    const uint64_t ranges[] = {3, 40, 1000, UINT64_MAX};

    for (size_t range = 0; range < 4; range++) {
        struct tree tree = {0};
        size_t count = 0;

        for (size_t i = 0; i < NODES; i++)
            items[i].in = false;
        for (uint64_t step = 0; step < 2000; step++) {
            struct item *item = &items[test_below(NODES)];
            uint64_t key = test_below(ranges[range]);

            if (item->in) {
                tree_remove(&tree, &item->node);
                item->in = false;
                count--;
            } else {
                item->node.key = key;
                item->turn = step;
                tree_insert(&tree, &item->node);
                item->in = true;
                count++;
            }
            check_tree(&tree, items, count);
            CHECK(tree_floor(&tree, key) == nearest(items, key, true));
            CHECK(tree_ceil(&tree, key) == nearest(items, key, false));
        }
    }
}

TEST(tree, the_ends_of_the_key_range_are_keys, "like any other")
{
    struct tree tree = {0};
    struct tree_node low = {.key = 0}, high = {.key = UINT64_MAX};

    tree_insert(&tree, &high);
    CHECK(!tree_floor(&tree, UINT64_MAX - 1) && tree_floor(&tree, UINT64_MAX) == &high);
    CHECK(tree_ceil(&tree, UINT64_MAX) == &high);
    tree_insert(&tree, &low);
    CHECK(tree_floor(&tree, 0) == &low && tree_ceil(&tree, 0) == &low);
    CHECK(tree_ceil(&tree, 1) == &high && tree_floor(&tree, UINT64_MAX - 1) == &low);
    tree_remove(&tree, &high);
    tree_remove(&tree, &low);
    CHECK(!tree.root);
}

TEST(tree, the_height_stays_logarithmic, "for keys that ascend, descend or meet in the middle")
{
    enum { MANY = 1 << 14 };
    static struct tree_node nodes[MANY];

    for (int shape = 0; shape < 3; shape++) {
        struct tree tree = {0};

        for (uint64_t i = 0; i < MANY; i++) {
            nodes[i].key = shape == 0 ? i : shape == 1 ? MANY - i : i % 2 ? i : 2 * MANY - i;
            tree_insert(&tree, &nodes[i]);
        }
        CHECK(height(tree.root, NULL) >= 14 && height(tree.root, NULL) <= 20);
        for (uint64_t i = 0; i < MANY; i += 2)
            tree_remove(&tree, &nodes[i]);
        CHECK(height(tree.root, NULL) >= 13 && height(tree.root, NULL) <= 19);
    }
}
