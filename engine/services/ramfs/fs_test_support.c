/* SPDX-License-Identifier: MIT */
/* Memory, time and invariants for the tests of the tree. */
#include "fs.h"

#include "fs_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int test_failures;
int64_t test_fail_after = -1; /* allocations until one fails; -1: never */
int64_t test_outstanding;
static int64_t fake_time = 1000;

void *fs_memory_new(size_t size)
{
    if (test_fail_after >= 0 && test_fail_after-- == 0)
        return NULL;
    test_outstanding++;
    return malloc(size);
}

void fs_memory_free(void *p)
{
    test_outstanding -= p != NULL;
    free(p);
}

void *fs_page_new(void)
{
    void *page = fs_memory_new(FS_PAGE);

    return page == NULL ? NULL : memset(page, 0, FS_PAGE);
}

void fs_page_free(void *page)
{
    fs_memory_free(page);
}

int64_t fs_now(void)
{
    return fake_time++;
}

void test_check(const char *name, bool good, const char *why)
{
    printf("%s %s%s%s\n", good ? "ok" : "FAIL", name, good ? "" : " ", good ? "" : why);
    test_failures += !good;
}

/* --- every invariant ------------------------------------------------------ */

static uint64_t index_pages(void *const *index, unsigned height, uint64_t *pages)
{
    uint64_t sum = 0;

    if (index == NULL)
        return 0;
    if (height == 0)
        ++*pages;
    for (unsigned i = 0; height > 0 && i < 512; i++)
        sum += index_pages(index[i], height - 1, pages);
    return sum + 1;
}

static uint64_t check_node(const struct fs_node *node, bool *good)
{
    uint64_t pages = 0, all;

    if (!fs_is_regular(node))
        return fs_node_cost(node);
    all = index_pages(node->file.pages.root, node->file.pages.height, &pages);
    *good = *good && all == node->file.copied && node->file.boot_size <= node->size;
    return fs_node_cost(node) + all * FS_PAGE;
}

/* What a directory and all below it cost; a file of several names counts as often
 * as its links say, so its share is divided. */
static double check_directory(const struct fs *fs, const struct fs_node *directory, bool *good)
{
    double cost = 0;
    uint64_t names = 0, directories = 0, last = 0;

    for (const struct fs_entry *e = directory->directory.first; e != NULL; e = e->next) {
        names++;
        *good = *good && e->cookie > last && e->directory == directory &&
                fs_entry_find(fs, directory, e->name, e->length) == e;
        last = e->cookie;
        cost += (double)fs_entry_cost(e);
        if (fs_is_directory(e->node)) {
            directories++;
            *good =
                *good && e->node->directory.parent == directory && e->node->directory.entry == e;
            cost += (double)fs_node_cost(e->node) + check_directory(fs, e->node, good);
        } else {
            cost += (double)check_node(e->node, good) / e->node->links;
        }
    }
    *good = *good && names == directory->size && directory->links == directories + 2;
    return cost;
}

bool test_fs_ok(const struct fs *fs, const struct fs_node *const *open, unsigned count)
{
    bool good = true;
    double cost = check_directory(fs, fs->root, &good);

    for (unsigned i = 0; i < count; i++)
        if (open[i] != NULL && open[i]->links == 0) {
            bool again = false;

            for (unsigned j = 0; j < i; j++)
                again = again || open[j] == open[i];
            cost += again ? 0 : (double)check_node(open[i], &good);
        }
    return good && fs->used <= fs->limit && cost > (double)fs->used - 0.5 &&
           cost < (double)fs->used + 0.5;
}
