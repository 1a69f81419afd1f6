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

/* Windows, by address. A new one goes into the first gap, with a page that is nobody's behind
 * it: so a program needs page tables for as many as are open at once, and no more for those
 * that it had. */
struct window {
    struct window *next;
    uint64_t address, pages;
};
static struct window *windows;
static struct rt_lock windows_lock;

static uint64_t window_end(uint64_t address, uint64_t pages)
{
    return address + (pages + 1) * PHX_PAGE_SIZE;
}

static void forget_window(uint64_t address)
{
    struct window **at = &windows, *window;

    rt_lock(&windows_lock);
    while ((*at)->address != address)
        at = &(*at)->next;
    window = *at;
    *at = window->next;
    rt_unlock(&windows_lock);
    rt_free(window);
}

void *rt_window(uint64_t frame, uint64_t pages, unsigned protection)
{
    struct window **at = &windows, *window = rt_alloc(sizeof *window);
    uint64_t address = RT_WINDOW_BASE;

    if (window == NULL)
        return NULL;
    rt_lock(&windows_lock);
    for (; *at != NULL && (*at)->address < window_end(address, pages); at = &(*at)->next)
        address = window_end((*at)->address, (*at)->pages);
    *window = (struct window){*at, address, pages};
    *at = window;
    rt_unlock(&windows_lock);
    if (address_space_map(RT_SPACE, frame, address, 0, pages, protection) >= 0)
        return (void *)address;
    forget_window(address);
    return NULL;
}

void rt_window_close(void *window, uint64_t pages)
{
    address_space_unmap(RT_SPACE, (uint64_t)window, pages);
    forget_window((uint64_t)window);
}
