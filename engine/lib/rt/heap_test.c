/* SPDX-License-Identifier: MIT */
/* The heap: random use with every invariant after each step, and what must end it. */
#include "rt/heap.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static jmp_buf broke;
static bool refuse;
static size_t mapped;

static void check(const char *name, bool good)
{
    printf("%s %s%s\n", good ? "ok" : "FAIL", name, good ? "" : " an invariant does not hold");
    failures += !good;
}

static bool grow(void *address, size_t bytes)
{
    if (refuse)
        return false;
    memset(address, 0, bytes);
    mapped += bytes;
    return true;
}

static void shrink(void *address, size_t bytes)
{
    memset(address, 0xee, bytes);
    mapped -= bytes;
}

static void broken(const char *what)
{
    (void)what;
    longjmp(broke, 1);
}

static struct heap heap_new(size_t capacity)
{
    return (struct heap){.base = aligned_alloc(4096, capacity),
        .capacity = capacity,
        .grow = grow,
        .shrink = shrink,
        .broken = broken};
}

enum { SLOTS = 200 };
static uint8_t *slot[SLOTS];
static size_t slot_size[SLOTS];

static bool is_filled(unsigned i)
{
    for (size_t k = 0; k < slot_size[i]; k++)
        if (slot[i][k] != (uint8_t)(i + 1))
            return false;
    return true;
}

static size_t random_size(void)
{
    return (size_t)rand() % (rand() % 20 == 0 ? 200000 : rand() % 4 == 0 ? 5000 : 200);
}

static bool step(struct heap *heap)
{
    unsigned i = (unsigned)rand() % SLOTS;
    size_t size = random_size();
    uint8_t *p;

    if (slot[i] != NULL && rand() % 2) {
        if (!is_filled(i))
            return false;
        heap_free(heap, slot[i]);
        slot[i] = NULL;
        return true;
    }
    if (slot[i] != NULL && !is_filled(i))
        return false;
    p = slot[i] == NULL ? heap_alloc(heap, size) : heap_resize(heap, slot[i], size);
    if (p == NULL)
        return true; /* full: what was there stays */
    if ((uintptr_t)p % 16 != 0)
        return false;
    if (slot[i] != NULL)
        for (size_t k = 0; k < size && k < slot_size[i]; k++)
            if (p[k] != (uint8_t)(i + 1))
                return false;
    slot[i] = p;
    slot_size[i] = size;
    memset(p, (int)(i + 1), size);
    return true;
}

static void random_use(void)
{
    struct heap heap = heap_new((size_t)4 << 20);
    bool good = true;

    srand(11);
    for (unsigned i = 0; good && i < 60000; i++) {
        refuse = i / 5000 % 4 == 3;
        good = step(&heap) && (i % 16 || heap_ok(&heap)) && mapped == heap.size;
    }
    refuse = false;
    for (unsigned i = 0; i < SLOTS; i++) {
        heap_free(&heap, slot[i]);
        slot[i] = NULL;
    }
    check("heap.random_use_keeps_every_block", good && heap_ok(&heap) && heap.used == 0);
    check("heap.gives_memory_back", mapped <= 16 * HEAP_STEP);
    free(heap.base);
}

static bool ends(struct heap *heap, void *p)
{
    if (setjmp(broke) != 0)
        return true;
    heap_free(heap, p);
    return false;
}

static void mistakes_are_found(void)
{
    struct heap heap = heap_new((size_t)256 << 10);
    uint8_t *a = heap_alloc(&heap, 100), *b = heap_alloc(&heap, 100), *c = heap_alloc(&heap, 100);
    bool good;

    heap_free(&heap, b);
    good = ends(&heap, b);
    check("heap.freed_twice_ends_the_program", good);
    b = heap_alloc(&heap, 100);
    memset(b, 0xff, 140);
    check("heap.written_over_the_end_ends_the_program", ends(&heap, c));
    check("heap.too_much_is_refused",
        heap_alloc(&heap, SIZE_MAX - 5) == NULL && heap_alloc(&heap, (size_t)257 << 10) == NULL);
    (void)a;
    free(heap.base);
}

int main(void)
{
    random_use();
    mistakes_are_found();
    return failures != 0;
}
