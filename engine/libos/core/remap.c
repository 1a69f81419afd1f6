/* SPDX-License-Identifier: MIT */
/*
 * Moving an area: the kernel has no operation that moves translations, so what is
 * there is copied to its new place.
 */
#include "bytes.h"
#include "kernel.h"
#include "mm_internal.h"
#include "user.h"

/* Copy one run of pages that are present and the program's own. */
static int64_t copy_run(const struct vma *area, uint64_t from, uint64_t to, uint64_t n)
{
    uint64_t done = 0;

    if (!resident_reserve(&mm.resident, to, n))
        return -E_NOMEM;
    if (area->protection == 0 && sys_protect(from, n, PHX_PROT_READ) < 0)
        return -E_NOMEM;
    while (done < n) {
        uint64_t offset = done * PHX_PAGE_SIZE;
        int64_t got = sys_populate(to + offset, n - done, PHX_PROT_READ | PHX_PROT_WRITE);

        if (got <= 0)
            return got == 0 ? -E_NOMEM : got;
        resident_set(&mm.resident, to + offset, (uint64_t)got, true, false);
        memcpy((void *)(to + offset), (void *)(from + offset), (uint64_t)got * PHX_PAGE_SIZE);
        done += (uint64_t)got;
    }
    return sys_protect(to, n, mm_hardware(area->protection, PHX_PROT_READ));
}

static int64_t copy_pages(const struct vma *area, uint64_t from, uint64_t to, uint64_t length)
{
    uint64_t done = 0;

    while (done < length) {
        uint64_t n = resident_run(&mm.resident, from + done, (length - done) / PHX_PAGE_SIZE);

        if (resident_is_present(&mm.resident, from + done) &&
            !resident_is_borrowed(&mm.resident, from + done)) {
            int64_t e = copy_run(area, from + done, to + done, n);

            if (e < 0)
                return e;
        }
        done += n * PHX_PAGE_SIZE;
    }
    return 0;
}

static void remove_range(uint64_t start, uint64_t end)
{
    size_t first, last;
    struct backing *backing = NULL;

    mm_drop_pages(start, end);
    vma_cut(&mm.set, start, end, &first, &last);
    if (first < last)
        backing = mm.set.areas[first].backing;
    vma_remove(&mm.set, first, last);
    mm_backing_check(backing);
}

static int64_t move(const struct vma *area, uint64_t from, uint64_t old, uint64_t new, uint64_t to)
{
    struct mm_request request = {
        .address = to,
        .length = new,
        .offset = area->offset + (from - area->start),
        .backing = area->backing,
        .protection = area->protection,
        .flags = area->flags,
        .where = to == 0 ? MM_ANYWHERE : MM_FIXED,
    };
    struct vma copy = *area; /* the array may move under mm_map */
    int64_t at, e;

    if (!vma_reserve(&mm.set, 5))
        return -E_NOMEM;
    at = mm_map_locked(&request);
    if (at < 0)
        return at;
    e = copy_pages(&copy, from, (uint64_t)at, old < new ? old : new);
    if (e < 0) {
        remove_range((uint64_t)at, (uint64_t)at + new);
        return e;
    }
    remove_range(from, from + old);
    return at;
}

/* Longer or shorter where it is; -E_NOMEM: not there. */
static int64_t resize_in_place(const struct vma *area, uint64_t start, uint64_t old, uint64_t new)
{
    struct vma more = *area;

    if (new < old) {
        remove_range(start + new, start + old);
        return (int64_t)start;
    }
    if (new == old)
        return (int64_t)start;
    if (start + old != area->end || !user_range(start, new) ||
        !vma_is_free(&mm.set, area->end, start + new) || area->flags == VMA_GROWS_DOWN)
        return -E_NOMEM;
    more.offset += area->end - area->start;
    more.start = area->end;
    more.end = start + new;
    vma_insert(&mm.set, &more);
    return (int64_t)start;
}

static bool overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
    return a < b + b_length && b < a + a_length;
}

int64_t mm_remap(uint64_t address, uint64_t old_length, uint64_t length, bool may_move, uint64_t to)
{
    uint64_t old = page_up(old_length), new = page_up(length);
    struct vma *area;
    int64_t e;

    if (address % PHX_PAGE_SIZE != 0 || !mm_range_ok(address, length) || old == 0 ||
        !user_range(address, old) || to % PHX_PAGE_SIZE != 0)
        return -E_INVAL;
    if (to != 0 && (!mm_range_ok(to, length) || overlap(address, old, to, new)))
        return -E_INVAL;
    lock_take(&mm.lock);
    e = -E_FAULT;
    area = vma_at(&mm.set, address);
    if (area == NULL || area->end < address + old)
        goto out;
    e = -E_NOMEM;
    if (!vma_reserve(&mm.set, 2) || (new > old && !mm_may_take((new - old) / PHX_PAGE_SIZE)))
        goto out;
    area = vma_at(&mm.set, address);
    if (to == 0)
        e = resize_in_place(area, address, old, new);
    if (e < 0 && (may_move || to != 0))
        e = move(area, address, old, new, to);
out:
    lock_release(&mm.lock);
    return e;
}
