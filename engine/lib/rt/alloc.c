/* SPDX-License-Identifier: MIT */
/* The program's heap and its mappings, out of its own pool and space. */
#include "rt/rt.h"

#include "bytes.h"
#include "rt/heap.h"
#include "rt/layout.h"

int64_t rt_populate(
    uint64_t space, uint64_t pool, uint64_t address, uint64_t pages, unsigned protection)
{
    uint64_t done = 0;

    while (done < pages) {
        struct address_space_populate_out out = {0};
        int64_t result = address_space_populate(
            space, pool, address + done * PHX_PAGE_SIZE, pages - done, protection, &out);

        if (result < 0) {
            if (done > 0)
                address_space_unmap(space, address, done);
            return result;
        }
        done += out.pages;
    }
    return 0;
}

static bool grow(void *address, size_t bytes)
{
    return rt_populate(RT_SPACE, RT_POOL, (uint64_t)address, bytes / PHX_PAGE_SIZE,
               PHX_PROT_READ | PHX_PROT_WRITE) == 0;
}

static void shrink(void *address, size_t bytes)
{
    address_space_unmap(RT_SPACE, (uint64_t)address, bytes / PHX_PAGE_SIZE);
}

static void broken(const char *what)
{
    rt_panic("%s", what);
}

static struct heap heap = {
    .base = (uint8_t *)RT_HEAP_BASE,
    .capacity = RT_HEAP_CAPACITY,
    .grow = grow,
    .shrink = shrink,
    .broken = broken,
};
static struct rt_lock heap_lock;

void *rt_alloc(size_t size)
{
    void *p;

    rt_lock(&heap_lock);
    p = heap_alloc(&heap, size);
    rt_unlock(&heap_lock);
    return p;
}

void *rt_alloc_zeroed(size_t size)
{
    void *p = rt_alloc(size);

    return p == NULL ? NULL : memset(p, 0, size);
}

void *rt_resize(void *p, size_t size)
{
    rt_lock(&heap_lock);
    p = heap_resize(&heap, p, size);
    rt_unlock(&heap_lock);
    return p;
}

void rt_free(void *p)
{
    rt_lock(&heap_lock);
    heap_free(&heap, p);
    rt_unlock(&heap_lock);
}

size_t rt_heap_used(void)
{
    return heap.used;
}

char *rt_copy(const char *text, size_t length)
{
    char *copy = rt_alloc(length + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

/* Windows lie one after another, and begin again when none is open, so that a
 * program that opens many one by one needs page tables for a few. */
static struct {
    struct rt_lock lock;
    uint64_t next;
    unsigned open;
} windows = {.next = RT_WINDOW_BASE};

void *rt_window(uint64_t frame, uint64_t pages, unsigned protection)
{
    uint64_t address;

    if (pages == 0)
        return NULL;
    rt_lock(&windows.lock);
    address = windows.next;
    windows.next += (pages + 1) * PHX_PAGE_SIZE;
    windows.open++;
    rt_unlock(&windows.lock);
    if (address_space_map(RT_SPACE, frame, address, 0, pages, protection) >= 0)
        return (void *)address;
    rt_window_close((void *)address, 0);
    return NULL;
}

void rt_window_close(void *window, uint64_t pages)
{
    if (pages > 0)
        address_space_unmap(RT_SPACE, (uint64_t)window, pages);
    rt_lock(&windows.lock);
    if (--windows.open == 0)
        windows.next = RT_WINDOW_BASE;
    rt_unlock(&windows.lock);
}
