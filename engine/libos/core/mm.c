/* SPDX-License-Identifier: MIT */
#include "mm.h"

#include "bytes.h"
#include "heap.h"
#include "kernel.h"
#include "lock.h"
#include "mm_internal.h"
#include "resident.h"
#include "user.h"

static struct vma *resize(struct vma *old, size_t old_capacity, size_t capacity)
{
    struct vma *areas = heap_alloc(capacity * sizeof(*areas));

    if (areas != NULL && old != NULL) {
        memcpy(areas, old, old_capacity * sizeof(*areas));
        heap_free(old, old_capacity * sizeof(*areas));
    }
    return areas;
}

static void *chunk_alloc(size_t size)
{
    return heap_alloc(size);
}

struct mm mm = {.set = {.resize = resize}, .resident = {.alloc = chunk_alloc}};

void mm_init(uint64_t low)
{
    mm.low = low;
    mm.gap_high = LIBOS_LOW;
}

void mm_set_high(uint64_t high)
{
    mm.gap_high = high;
}

void mm_reserve(uint64_t address, uint64_t length)
{
    struct vma area = {address & -(uint64_t)PHX_PAGE_SIZE,
                       page_up(address + length), PHX_PROT_READ, VMA_SHARED, NULL, 0};
    uint64_t pages = (area.end - area.start) / PHX_PAGE_SIZE;

    if (vma_is_free(&mm.set, area.start, area.end) && vma_reserve(&mm.set, 1) &&
        resident_reserve(&mm.resident, area.start, pages)) {
        vma_insert(&mm.set, &area);
        resident_set(&mm.resident, area.start, pages, true, false);
    }
}

/* --- backings ------------------------------------------------------------- */

static bool is_used(const struct backing *backing)
{
    for (size_t i = 0; i < mm.set.count; i++)
        if (mm.set.areas[i].backing == backing)
            return true;
    return false;
}

void mm_backing_check(struct backing *backing)
{
    if (backing != NULL && backing->pins == 0 && !is_used(backing))
        backing->free(backing);
}

void backing_pin(struct backing *backing)
{
    lock_take(&mm.lock);
    backing->pins++;
    lock_release(&mm.lock);
}

void backing_unpin(struct backing *backing)
{
    lock_take(&mm.lock);
    backing->pins--;
    mm_backing_check(backing);
    lock_release(&mm.lock);
}

/* --- mapping and unmapping ------------------------------------------------ */

void mm_drop_pages(uint64_t start, uint64_t end)
{
    while (start < end) {
        uint64_t n = resident_run(&mm.resident, start, (end - start) / PHX_PAGE_SIZE);

        if (resident_is_present(&mm.resident, start)) {
            sys_unmap(start, n);
            resident_set(&mm.resident, start, n, false, false);
        }
        start += n * PHX_PAGE_SIZE;
    }
}

/* Needs room for 2 areas. */
static void unmap(uint64_t start, uint64_t end)
{
    size_t first, last;

    vma_cut(&mm.set, start, end, &first, &last);
    mm_drop_pages(start, end);
    while (first < last) {
        struct backing *backing = mm.set.areas[first].backing;

        vma_remove(&mm.set, first, first + 1);
        last--;
        mm_backing_check(backing);
    }
}

bool mm_range_ok(uint64_t address, uint64_t length)
{
    return address % PHX_PAGE_SIZE == 0 && length != 0 && user_range(address, length) &&
           user_range(address, page_up(length));
}

int64_t mm_unmap(uint64_t address, uint64_t length)
{
    int64_t e = 0;

    if (!mm_range_ok(address, length))
        return -E_INVAL;
    lock_take(&mm.lock);
    if (vma_reserve(&mm.set, 2))
        unmap(address, address + page_up(length));
    else
        e = -E_NOMEM;
    lock_release(&mm.lock);
    return e;
}

/* Where a request goes; negative: nowhere. */
static int64_t place(const struct mm_request *r, uint64_t length)
{
    uint64_t address = r->address & -(uint64_t)PHX_PAGE_SIZE;
    uint64_t high = mm.gap_high;

    if (r->where != MM_ANYWHERE) {
        if (r->address % PHX_PAGE_SIZE != 0 || !user_range(address, length))
            return r->address % PHX_PAGE_SIZE != 0 ? -E_INVAL : -E_NOMEM;
        if (address < MM_LOWEST)
            return -E_PERM;
        if (r->where == MM_FIXED_FREE && !vma_is_free(&mm.set, address, address + length))
            return -E_EXIST;
        return (int64_t)address;
    }
    if (address >= MM_LOWEST && user_range(address, length) &&
        vma_is_free(&mm.set, address, address + length))
        return (int64_t)address;
    address = vma_gap(&mm.set, mm.low, high, length);
    if (address == 0)
        address = vma_gap(&mm.set, MM_LOWEST, LIBOS_LOW, length);
    return address == 0 ? -E_NOMEM : (int64_t)address;
}

int64_t mm_map_locked(const struct mm_request *r)
{
    uint64_t length = page_up(r->length);
    int64_t at;
    struct vma area;

    if (r->length == 0)
        return -E_INVAL;
    if (length < r->length || length > LIBOS_LOW)
        return -E_NOMEM;
    at = place(r, length);
    if (at < 0)
        return at;
    if (!vma_reserve(&mm.set, 3))
        return -E_NOMEM;
    area = (struct vma){(uint64_t)at, (uint64_t)at + length, r->protection,
                        r->flags, r->backing, r->offset};
    if (r->where == MM_FIXED)
        unmap(area.start, area.end);
    vma_insert(&mm.set, &area);
    return at;
}

int64_t mm_map(const struct mm_request *request)
{
    int64_t e;

    lock_take(&mm.lock);
    e = mm_map_locked(request);
    lock_release(&mm.lock);
    return e;
}

/* --- protection ----------------------------------------------------------- */

uint32_t mm_hardware(uint32_t protection, uint32_t access)
{
    uint32_t p = protection;

    if ((p & PHX_PROT_WRITE) != 0 && (p & PHX_PROT_EXECUTE) != 0)
        p &= access == PHX_PROT_EXECUTE ? ~(uint32_t)PHX_PROT_WRITE : ~(uint32_t)PHX_PROT_EXECUTE;
    return p == 0 ? 0 : p | PHX_PROT_READ;
}

static int64_t protect_pages(uint64_t start, uint64_t end, uint32_t protection)
{
    while (start < end) {
        uint64_t n = resident_run(&mm.resident, start, (end - start) / PHX_PAGE_SIZE);
        uint32_t hardware = mm_hardware(protection, PHX_PROT_READ);

        if (resident_is_borrowed(&mm.resident, start)) {
            /* Of a file's page nothing is lost by forgetting it. */
            sys_unmap(start, n);
            resident_set(&mm.resident, start, n, false, false);
        } else if (resident_is_present(&mm.resident, start)) {
            int64_t e = sys_protect(start, n, hardware);

            if (e < 0)
                return e;
        }
        start += n * PHX_PAGE_SIZE;
    }
    return 0;
}

int64_t mm_protect(uint64_t address, uint64_t length, uint32_t protection)
{
    uint64_t end = address + page_up(length);
    size_t first, last;
    int64_t e;

    if (address % PHX_PAGE_SIZE != 0)
        return -E_INVAL;
    if (length == 0)
        return 0;
    if (!mm_range_ok(address, length))
        return -E_NOMEM;
    lock_take(&mm.lock);
    e = -E_NOMEM;
    if (!vma_covers(&mm.set, address, end) || !vma_reserve(&mm.set, 2))
        goto out;
    vma_cut(&mm.set, address, end, &first, &last);
    e = protect_pages(address, end, protection);
    for (size_t i = first; i < last; i++)
        mm.set.areas[i].protection = protection;
    vma_mend(&mm.set, first, last);
out:
    lock_release(&mm.lock);
    return e;
}

int64_t mm_discard(uint64_t address, uint64_t length)
{
    uint64_t end = address + page_up(length);
    int64_t e = 0;

    if (address % PHX_PAGE_SIZE != 0)
        return -E_INVAL;
    if (length == 0)
        return 0;
    if (!mm_range_ok(address, length))
        return -E_NOMEM;
    lock_take(&mm.lock);
    if (!vma_covers(&mm.set, address, end))
        e = -E_NOMEM;
    for (size_t i = vma_index(&mm.set, address); i < mm.set.count; i++) {
        const struct vma *area = &mm.set.areas[i];

        if (area->start >= end)
            break;
        if ((area->flags & VMA_SHARED) == 0)
            mm_drop_pages(area->start > address ? area->start : address,
                          area->end < end ? area->end : end);
    }
    lock_release(&mm.lock);
    return e;
}

bool mm_is_mapped(uint64_t address, uint64_t length)
{
    bool mapped;

    lock_take(&mm.lock);
    mapped = vma_covers(&mm.set, address, address + length);
    lock_release(&mm.lock);
    return mapped;
}

int64_t mm_resident(uint64_t address, uint64_t pages, uint8_t *vector)
{
    int64_t e = 0;

    lock_take(&mm.lock);
    if (!vma_covers(&mm.set, address, address + pages * PHX_PAGE_SIZE))
        e = -E_NOMEM;
    for (uint64_t i = 0; i < pages && e == 0; i++)
        vector[i] = resident_is_present(&mm.resident, address + i * PHX_PAGE_SIZE);
    lock_release(&mm.lock);
    return e;
}

/* Without the lock: it only ever grows, and is asked for when the process ends, from
 * wherever that happens. */
uint64_t mm_peak_pages(void)
{
    return __atomic_load_n(&mm.resident.most, __ATOMIC_RELAXED);
}

/* --- the break ------------------------------------------------------------ */

void mm_set_break(uint64_t start)
{
    mm.break_start = mm.break_end = start;
}

uint64_t mm_break(uint64_t wish)
{
    uint64_t old, new = page_up(wish);
    struct vma area = {.protection = PHX_PROT_READ | PHX_PROT_WRITE};

    lock_take(&mm.lock);
    old = page_up(mm.break_end);
    if (wish < mm.break_start || !user_range(wish, PHX_PAGE_SIZE) || !vma_reserve(&mm.set, 2))
        goto out;
    if (new > old) {
        if (!vma_is_free(&mm.set, old, new) || !mm_may_take((new - old) / PHX_PAGE_SIZE))
            goto out;
        area.start = old;
        area.end = new;
        vma_insert(&mm.set, &area);
    } else if (new < old) {
        unmap(new, old);
    }
    mm.break_end = wish;
out:
    wish = mm.break_end;
    lock_release(&mm.lock);
    return wish;
}
