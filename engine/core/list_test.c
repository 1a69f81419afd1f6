/* SPDX-License-Identifier: MIT */
#include "list.h"

#include "../../tests/harness/test.h"

#define NODES 6

struct item {
    int before;
    struct list link;
};

static bool in_order(const struct list *list, struct item *items, const int *order, size_t count)
{
    const struct list *at = list;

    for (size_t i = 0; i < count; i++) {
        if (at->next != &items[order[i]].link || at->next->prev != at)
            return false;
        at = at->next;
    }
    return at->next == list && list->prev == at;
}

TEST(list, an_empty_list_has_no_first, "and a new node is on no list")
{
    struct list list, node = { NULL, NULL };

    list_init(&list);
    CHECK(list_is_empty(&list));
    CHECK(list_first(&list) == NULL);
    CHECK(!list_is_linked(&node));
    list_remove(&node);
    CHECK(!list_is_linked(&node));
    LIST_FOR_EACH (at, &list)
        CHECK(at == NULL);
}

TEST(list, the_order_is_that_of_a_model, "after any adding and removing at either end")
{
    struct list list;
    struct item items[NODES] = { { 0 } };
    int order[NODES];
    size_t count = 0;

    list_init(&list);
    for (int step = 0; step < 20000; step++) {
        int which = (int)test_below(NODES);
        struct list *node = &items[which].link;

        if (list_is_linked(node)) {
            size_t at = 0;

            while (order[at] != which)
                at++;
            for (count--; at < count; at++)
                order[at] = order[at + 1];
            list_remove(node);
            CHECK(!list_is_linked(node));
        } else if (test_below(2)) {
            order[count++] = which;
            list_add_tail(&list, node);
        } else {
            for (size_t i = count++; i > 0; i--)
                order[i] = order[i - 1];
            order[0] = which;
            list_add_head(&list, node);
        }
        CHECK(in_order(&list, items, order, count));
        CHECK(list_is_empty(&list) == (count == 0));
        CHECK(list_first(&list) == (count ? &items[order[0]].link : NULL));
    }
}

TEST(list, a_walk_may_remove_the_current_node, "and visits every node once, in order")
{
    struct list list;
    struct item items[NODES];
    size_t visited = 0;

    list_init(&list);
    for (size_t i = 0; i < NODES; i++)
        list_add_tail(&list, &items[i].link);
    LIST_FOR_EACH (node, &list) {
        CHECK(CONTAINER(node, struct item, link) == &items[visited]);
        if (visited++ % 2)
            list_remove(node);
    }
    CHECK_EQ(visited, NODES);
    visited = 0;
    LIST_FOR_EACH (node, &list) {
        CHECK(node == &items[visited].link);
        list_remove(node);
        visited += 2;
    }
    CHECK(list_is_empty(&list));
}
