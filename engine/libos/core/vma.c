/* SPDX-License-Identifier: MIT */
#include "vma.h"

#include "bytes.h"
#include "phoenix/abi.h"

bool vma_reserve(struct vma_set *set, size_t more)
{
    size_t capacity = set->capacity == 0 ? 32 : set->capacity;
    struct vma *areas;

    if (set->count + more > VMA_MAX)
        return false;
    while (capacity < set->count + more)
        capacity *= 2;
    if (capacity == set->capacity)
        return true;
    areas = set->resize(set->areas, set->capacity, capacity);
    if (areas == NULL)
        return false;
    set->areas = areas;
    set->capacity = capacity;
    return true;
}

size_t vma_index(const struct vma_set *set, uint64_t address)
{
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (set->areas[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct vma *vma_at(const struct vma_set *set, uint64_t address)
{
    size_t i = vma_index(set, address);

    if (i == set->count || set->areas[i].start > address)
        return NULL;
    return &set->areas[i];
}

bool vma_is_free(const struct vma_set *set, uint64_t start, uint64_t end)
{
    size_t i = vma_index(set, start);

    return i == set->count || set->areas[i].start >= end;
}

bool vma_covers(const struct vma_set *set, uint64_t start, uint64_t end)
{
    size_t i = vma_index(set, start);

    while (start < end) {
        if (i == set->count || set->areas[i].start > start)
            return false;
        start = set->areas[i].end;
        i++;
    }
    return true;
}

/* Whether b could be the end of a. */
static bool continues(const struct vma *a, const struct vma *b)
{
    return a->end == b->start && a->protection == b->protection && a->flags == b->flags &&
           a->backing == b->backing &&
           (a->backing == NULL || a->offset + (a->end - a->start) == b->offset);
}

static void open_gap(struct vma_set *set, size_t at)
{
    memmove(&set->areas[at + 1], &set->areas[at], (set->count - at) * sizeof(struct vma));
    set->count++;
}

void vma_remove(struct vma_set *set, size_t first, size_t last)
{
    memmove(&set->areas[first], &set->areas[last], (set->count - last) * sizeof(struct vma));
    set->count -= last - first;
}

void vma_mend(struct vma_set *set, size_t first, size_t last)
{
    size_t i = first == 0 ? 0 : first - 1;

    /* Each join brings the next pair, and the end, one nearer. */
    while (i < last && i + 1 < set->count) {
        if (!continues(&set->areas[i], &set->areas[i + 1])) {
            i++;
            continue;
        }
        set->areas[i].end = set->areas[i + 1].end;
        vma_remove(set, i + 1, i + 2);
        last--;
    }
}

void vma_insert(struct vma_set *set, const struct vma *area)
{
    size_t i = vma_index(set, area->start);

    open_gap(set, i);
    set->areas[i] = *area;
    vma_mend(set, i, i + 1);
}

static void split(struct vma_set *set, uint64_t address)
{
    size_t i = vma_index(set, address);
    struct vma *area = &set->areas[i];

    if (i == set->count || area->start >= address)
        return;
    open_gap(set, i);
    area[1] = area[0];
    area[0].end = address;
    area[1].start = address;
    if (area[1].backing != NULL)
        area[1].offset += address - area[0].start;
}

void vma_cut(struct vma_set *set, uint64_t start, uint64_t end, size_t *first, size_t *last)
{
    split(set, start);
    split(set, end);
    *first = vma_index(set, start);
    *last = vma_index(set, end);
    if (*last < *first)
        *last = *first;
}

uint64_t vma_gap(const struct vma_set *set, uint64_t low, uint64_t high, uint64_t size)
{
    size_t i = vma_index(set, high);

    if (size == 0 || size > high - low)
        return 0;
    if (i < set->count && set->areas[i].start < high)
        high = set->areas[i].start;
    while (i > 0 && high > low && set->areas[i - 1].end > low) {
        if (high - set->areas[i - 1].end >= size)
            return high - size;
        high = set->areas[i - 1].start;
        i--;
    }
    return high > low && high - low >= size ? high - size : 0;
}

bool vma_ok(const struct vma_set *set)
{
    if (set->count > set->capacity)
        return false;
    for (size_t i = 0; i < set->count; i++) {
        const struct vma *area = &set->areas[i];

        if (area->start >= area->end || (area->start | area->end) % PHX_PAGE_SIZE != 0)
            return false;
        if (i == 0)
            continue;
        if (area[-1].end > area->start || continues(&area[-1], area))
            return false;
    }
    return true;
}
