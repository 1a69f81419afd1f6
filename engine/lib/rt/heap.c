/* SPDX-License-Identifier: MIT */
#include "rt/heap.h"

#include "bytes.h"

#define IN_USE 1
#define HEADER sizeof(struct heap_block)
#define SMALLEST sizeof(struct heap_free_block)
#define TRIM_LEAST (4 * HEAP_STEP)
#define SALT UINT64_C(0x70686f656e697821)

static size_t size_of(const struct heap_block *block)
{
    return block->size & ~(size_t)IN_USE;
}

static uint64_t check_of(const struct heap_block *block)
{
    return SALT ^ (uint64_t)block ^ block->size << 17 ^ block->previous << 40;
}

static void seal(struct heap_block *block)
{
    block->check = check_of(block);
}

static void look(const struct heap *heap, const struct heap_block *block)
{
    if (block->check != check_of(block))
        heap->broken("heap: something was written over the head of a block");
}

static struct heap_block *after(const struct heap *heap, struct heap_block *block)
{
    uint8_t *next = (uint8_t *)block + size_of(block);

    return next < heap->base + heap->size ? (struct heap_block *)next : NULL;
}

static struct heap_block *before(struct heap_block *block)
{
    return block->previous == 0 ? NULL : (struct heap_block *)((uint8_t *)block - block->previous);
}

static unsigned bin_of(size_t size)
{
    return 63 - (unsigned)__builtin_clzl(size);
}

static void bin_put(struct heap *heap, struct heap_block *block)
{
    struct heap_free_block *free = (struct heap_free_block *)block;
    struct heap_free_block **head = &heap->bins[bin_of(size_of(block))];

    free->next = *head;
    free->before = NULL;
    if (*head != NULL)
        (*head)->before = free;
    *head = free;
}

static void bin_take(struct heap *heap, struct heap_block *block)
{
    struct heap_free_block *free = (struct heap_free_block *)block;

    if (free->before != NULL)
        free->before->next = free->next;
    else
        heap->bins[bin_of(size_of(block))] = free->next;
    if (free->next != NULL)
        free->next->before = free->before;
}

static void set_size(struct heap *heap, struct heap_block *block, size_t size, size_t use)
{
    struct heap_block *next;

    block->size = size | use;
    seal(block);
    next = after(heap, block);
    if (next != NULL) {
        next->previous = size;
        seal(next);
    } else {
        heap->last = block;
    }
}

/* More memory at the end: a free block, joined with a free one before it. */
static bool more(struct heap *heap, size_t size)
{
    size_t least = (size + HEAP_STEP - 1) & ~(HEAP_STEP - 1);
    size_t bytes = (size + heap->size / 8 + HEAP_STEP - 1) & ~(HEAP_STEP - 1);
    struct heap_block *last = heap->last, *block;

    if (least > heap->capacity - heap->size)
        return false;
    if (bytes > heap->capacity - heap->size || !heap->grow(heap->base + heap->size, bytes)) {
        bytes = least;
        if (!heap->grow(heap->base + heap->size, bytes))
            return false;
    }
    block = (struct heap_block *)(heap->base + heap->size);
    heap->size += bytes;
    block->previous = last == NULL ? 0 : size_of(last);
    if (last != NULL && !(last->size & IN_USE)) {
        bin_take(heap, last);
        bytes += size_of(last);
        block = last;
    }
    set_size(heap, block, bytes, 0);
    bin_put(heap, block);
    return true;
}

static struct heap_block *find(struct heap *heap, size_t size)
{
    for (unsigned bin = bin_of(size); bin < HEAP_BINS; bin++)
        for (struct heap_free_block *free = heap->bins[bin]; free != NULL; free = free->next)
            if (size_of(&free->block) >= size)
                return &free->block;
    return NULL;
}

/* Cut a block that is in no list down to size; the rest becomes a free block. */
static void use(struct heap *heap, struct heap_block *block, size_t size)
{
    size_t rest = size_of(block) - size;

    if (rest < SMALLEST) {
        set_size(heap, block, size + rest, IN_USE);
        return;
    }
    set_size(heap, block, size, IN_USE);
    struct heap_block *tail = (struct heap_block *)((uint8_t *)block + size);
    tail->previous = size;
    set_size(heap, tail, rest, 0);
    bin_put(heap, tail);
}

void *heap_alloc(struct heap *heap, size_t size)
{
    struct heap_block *block;

    if (size > heap->capacity)
        return NULL;
    size = (size + HEADER + 15) & ~(size_t)15;
    if (size < SMALLEST)
        size = SMALLEST;
    block = find(heap, size);
    if (block == NULL) {
        if (!more(heap, size))
            return NULL;
        block = find(heap, size);
    }
    look(heap, block);
    bin_take(heap, block);
    use(heap, block, size);
    heap->used += size_of(block);
    return block + 1;
}

/* Give back whole steps when the last block is free and bigger than a quarter of what
 * is used; an eighth stays, so that who allocates and frees in turn rarely asks. */
static void trim(struct heap *heap)
{
    struct heap_block *last = heap->last;
    size_t keep = heap->used / 8 + HEAP_STEP, size = size_of(last), bytes;

    if ((last->size & IN_USE) || size < 2 * keep + TRIM_LEAST)
        return;
    bytes = (size - keep) & ~(HEAP_STEP - 1);
    bin_take(heap, last);
    heap->size -= bytes;
    set_size(heap, last, size - bytes, 0);
    bin_put(heap, last);
    heap->shrink(heap->base + heap->size, bytes);
}

void heap_free(struct heap *heap, void *p)
{
    struct heap_block *block, *neighbour;

    if (p == NULL)
        return;
    block = (struct heap_block *)p - 1;
    look(heap, block);
    if (!(block->size & IN_USE))
        heap->broken("heap: a block was freed twice");
    heap->used -= size_of(block);
    block->size &= ~(size_t)IN_USE;
    neighbour = after(heap, block);
    if (neighbour != NULL && !(neighbour->size & IN_USE)) {
        look(heap, neighbour);
        bin_take(heap, neighbour);
        block->size += size_of(neighbour);
        neighbour->check = 0;
    }
    neighbour = before(block);
    if (neighbour != NULL && !(neighbour->size & IN_USE)) {
        look(heap, neighbour);
        bin_take(heap, neighbour);
        neighbour->size += size_of(block);
        block->check = 0;
        block = neighbour;
    }
    set_size(heap, block, size_of(block), 0);
    bin_put(heap, block);
    trim(heap);
}

void *heap_resize(struct heap *heap, void *p, size_t size)
{
    struct heap_block *block;
    size_t have;
    void *to;

    if (p == NULL)
        return heap_alloc(heap, size);
    block = (struct heap_block *)p - 1;
    look(heap, block);
    have = size_of(block) - HEADER;
    if (size <= have && size >= have / 2)
        return p;
    to = heap_alloc(heap, size);
    if (to == NULL)
        return size <= have ? p : NULL;
    memcpy(to, p, size < have ? size : have);
    heap_free(heap, p);
    return to;
}

bool heap_ok(const struct heap *heap)
{
    size_t used = 0, previous = 0, free = 0, listed = 0;
    bool was_free = false;

    for (size_t at = 0; at < heap->size; at += previous) {
        const struct heap_block *block = (const struct heap_block *)(heap->base + at);
        bool is_free = !(block->size & IN_USE);

        if (block->check != check_of(block) || block->previous != previous ||
            size_of(block) < HEADER || size_of(block) > heap->size - at || (is_free && was_free))
            return false;
        previous = size_of(block);
        was_free = is_free;
        free += is_free;
        used += is_free ? 0 : previous;
    }
    for (unsigned bin = 0; bin < HEAP_BINS; bin++)
        for (const struct heap_free_block *f = heap->bins[bin]; f != NULL; f = f->next)
            listed += bin_of(size_of(&f->block)) == bin && !(f->block.size & IN_USE);
    return used == heap->used && listed == free;
}
