/* SPDX-License-Identifier: MIT */
/*
 * Circular doubly linked lists that run through the objects themselves.
 *
 * A list is a node that belongs to no object; an object on no list has a node that points
 * nowhere, as in memory that is zero. So removing needs no knowledge of the list, and removing
 * twice does no harm.
 *
 * Locking  the caller's, over the list and everything on it
 * Tests    list_test.c, on the host
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Holds between calls: node->next->prev == node and node->prev->next == node; or `next` is
 * NULL, and nothing is said of `prev`. */
struct list {
    struct list *next, *prev;
};

/* The object of which `pointer` is the address of its field `member`. */
#define CONTAINER(pointer, type, member) \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/* An empty list; nothing may be linked to it. */
static inline void list_init(struct list *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline bool list_is_linked(const struct list *node)
{
    return node->next;
}

/* The node must be on no list. */
static inline void list_add_tail(struct list *list, struct list *node)
{
    node->prev = list->prev;
    node->next = list;
    list->prev->next = node;
    list->prev = node;
}

/* The node must be on no list: the tail of the list as its first node sees it. */
static inline void list_add_head(struct list *list, struct list *node)
{
    list_add_tail(list->next, node);
}

/* Also right for a node that is on no list. */
static inline void list_remove(struct list *node)
{
    if (!node->next)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = NULL;
}

static inline void list_move_tail(struct list *list, struct list *node)
{
    list_remove(node);
    list_add_tail(list, node);
}

/* NULL when the list is empty. */
static inline struct list *list_first(const struct list *list)
{
    return list_is_empty(list) ? NULL : list->next;
}

/*
 * From first to last. The body may remove `node` (or free it), but not the one
 * after it, which has been looked at already.
 */
#define LIST_FOR_EACH(node, head)                                      \
    for (struct list *node = (head)->next, *node##_next = node->next;  \
         node != (head); node = node##_next, node##_next = node->next)
