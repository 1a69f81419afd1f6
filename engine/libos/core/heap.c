/* SPDX-License-Identifier: MIT */
#include "heap.h"

#include "bytes.h"
#include "lock.h"
#include "phoenix/abi.h"

#define CLASS_MIN_SHIFT 5 /* 32 bytes */
#define CLASSES 7         /* up to 2048 */
#define GROW_PAGES 16

struct piece {
    struct piece *next;
};

/* A free run of pages, in its own first bytes; runs ascend by address. */
struct run {
    struct run *next;
    size_t pages;
};

static struct lock heap_lock;
static struct piece *pieces[CLASSES];
static struct run *runs;

static unsigned class_of(size_t size)
{
    unsigned c = 0;

    while (((size_t)1 << (CLASS_MIN_SHIFT + c)) < size)
        c++;
    return c;
}

static void give_run(void *memory, size_t pages)
{
    struct run *run = memory, **at = &runs, *before = NULL;

    while (*at != NULL && *at < run) {
        before = *at;
        at = &(*at)->next;
    }
    run->pages = pages;
    run->next = *at;
    *at = run;
    if (run->next != NULL && (char *)run + pages * PHX_PAGE_SIZE == (char *)run->next) {
        run->pages += run->next->pages;
        run->next = run->next->next;
    }
    if (before != NULL && (char *)before + before->pages * PHX_PAGE_SIZE == (char *)run) {
        before->pages += run->pages;
        before->next = run->next;
    }
}

/* The end of the first run that is long enough, so that the run itself stays. */
static void *take_run(size_t pages)
{
    for (struct run **at = &runs; *at != NULL; at = &(*at)->next) {
        struct run *run = *at;

        if (run->pages < pages)
            continue;
        run->pages -= pages;
        if (run->pages == 0)
            *at = run->next;
        return (char *)run + run->pages * PHX_PAGE_SIZE;
    }
    return NULL;
}

static void *alloc_pages(size_t pages)
{
    void *memory = take_run(pages);
    size_t got;

    if (memory != NULL)
        return memory;
    memory = heap_grow(pages > GROW_PAGES ? pages : GROW_PAGES, &got);
    if (memory == NULL)
        return NULL;
    give_run(memory, got);
    return take_run(pages);
}

static void *alloc_piece(unsigned class)
{
    size_t size = (size_t)1 << (CLASS_MIN_SHIFT + class);
    struct piece *piece = pieces[class];

    if (piece == NULL) {
        char *page = alloc_pages(1);

        if (page == NULL)
            return NULL;
        for (size_t i = 0; i < PHX_PAGE_SIZE; i += size) {
            piece = (void *)(page + i);
            piece->next = pieces[class];
            pieces[class] = piece;
        }
    }
    pieces[class] = piece->next;
    return piece;
}

static size_t pages_of(size_t size)
{
    return (size + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
}

void *heap_alloc_buffer(size_t size)
{
    unsigned class = class_of(size);
    void *memory;

    lock_take(&heap_lock);
    memory = class < CLASSES ? alloc_piece(class) : alloc_pages(pages_of(size));
    lock_release(&heap_lock);
    return memory;
}

void *heap_alloc(size_t size)
{
    void *memory = heap_alloc_buffer(size);

    if (memory != NULL)
        memset(memory, 0, size);
    return memory;
}

void heap_free(void *memory, size_t size)
{
    unsigned class = class_of(size);
    struct piece *piece = memory;

    if (memory == NULL)
        return;
    lock_take(&heap_lock);
    if (class < CLASSES) {
        piece->next = pieces[class];
        pieces[class] = piece;
    } else {
        give_run(memory, pages_of(size));
    }
    lock_release(&heap_lock);
}
