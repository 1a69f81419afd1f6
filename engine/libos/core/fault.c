/* SPDX-License-Identifier: MIT */
/*
 * Page faults: what appears when the program touches an area.
 */
#include "bytes.h"
#include "kernel.h"
#include "mm_internal.h"
#include "thread.h"
#include "user.h"

#define CLUSTER 16      /* pages that a fault maps */
#define CLUSTER_MAX 256 /* of a program that walks through its memory */
#define BORROW 64       /* a file's own pages cost no memory */
#define PAGES_A_MIB ((1 << 20) / PHX_PAGE_SIZE)
/* Libraries reserve so much and use a little of it (OpenBLAS: 128 MiB a thread). */
#define MODEST (256 * PAGES_A_MIB)

/* The refusal is logged once: a program that asks again and again would fill the log. */
bool mm_may_take(uint64_t pages)
{
    static bool refused_before;
    uint64_t free, total;

    if (pages <= MODEST)
        return true;
    sys_memory(&free, &total);
    if (pages <= total)
        return true;
    if (__atomic_exchange_n(&refused_before, true, __ATOMIC_RELAXED) == false)
        program_log("an area of %lu MiB is refused: the machine has %lu MiB",
                    pages / PAGES_A_MIB, total / PAGES_A_MIB);
    return false;
}

/* Of a fault at `page`: how many pages in a row to map. */
static uint64_t cluster(const struct vma *area, uint64_t page)
{
    uint64_t limit = (area->end - page) / PHX_PAGE_SIZE;

    mm.cluster = page == mm.next_fault ? mm.cluster * 2 : CLUSTER;
    if (mm.cluster > CLUSTER_MAX)
        mm.cluster = CLUSTER_MAX;
    if (limit > mm.cluster)
        limit = mm.cluster;
    return resident_run(&mm.resident, page, limit);
}

/* Fresh pages from `page` on, at most n; how many. A translation that is there
 * without our knowing is what the spawner left: it counts as ours. */
static int64_t populate(uint64_t page, uint64_t n, uint32_t hardware)
{
    int64_t got = sys_populate(page, n, hardware);

    if (got == -E_EXIST && n > 1)
        got = sys_populate(page, 1, hardware);
    if (got == -E_EXIST)
        got = 1;
    if (got > 0)
        resident_set(&mm.resident, page, (uint64_t)got, true, false);
    return got;
}

static int64_t fault_zeroes(const struct vma *area, uint64_t page, uint32_t hardware)
{
    uint64_t n = cluster(area, page), first = page;
    int64_t got;

    if ((area->flags & VMA_GROWS_DOWN) != 0) {
        n = (page - area->start) / PHX_PAGE_SIZE + 1;
        n = resident_run_down(&mm.resident, page, n < CLUSTER ? n : CLUSTER);
        first = page - (n - 1) * PHX_PAGE_SIZE;
    }
    if (!resident_reserve(&mm.resident, first, n))
        return -E_NOMEM;
    got = populate(first, n, hardware);
    if (got > 0 && (uint64_t)got <= (page - first) / PHX_PAGE_SIZE)
        got = populate(page, 1, hardware);
    mm.next_fault = first + (uint64_t)(got > 0 ? got : 0) * PHX_PAGE_SIZE;
    return got < 0 ? got : 0;
}

/* Bytes of the file that belong into [page, page + size); the rest is zeroes. */
static void fill(const struct vma *area, uint64_t page, void *to, uint64_t size)
{
    uint64_t offset = area->offset + (page - area->start);
    uint64_t have = area->backing->length > offset ? area->backing->length - offset : 0;

    memcpy(to, area->backing->content + offset, have < size ? have : size);
}

/* A copy that no other thread can see before it is whole: made elsewhere. */
static int64_t copy_aside(const struct vma *area, uint64_t page, uint32_t hardware)
{
    uint64_t frame, where;
    int64_t e = sys_frame(1, &frame);

    if (e < 0)
        return e;
    e = -E_NOMEM;
    where = region_map(frame, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    if (where != 0) {
        fill(area, page, (void *)where, PHX_PAGE_SIZE);
        region_free(where, 1);
        if (resident_is_present(&mm.resident, page))
            sys_unmap(page, 1);
        e = sys_map(frame, page, 0, 1, hardware);
        resident_set(&mm.resident, page, 1, e == 0, false);
    }
    sys_release(frame);
    return e;
}

static int64_t copy_in_place(const struct vma *area, uint64_t page, uint64_t n, uint32_t hardware)
{
    int64_t got = populate(page, n, PHX_PROT_READ | PHX_PROT_WRITE);

    if (got < 0)
        return got;
    fill(area, page, (void *)page, (uint64_t)got * PHX_PAGE_SIZE);
    if (hardware != (PHX_PROT_READ | PHX_PROT_WRITE))
        return sys_protect(page, (uint64_t)got, hardware);
    return 0;
}

static int64_t borrow(const struct vma *area, uint64_t page, uint64_t n, uint32_t hardware)
{
    uint64_t offset = area->offset + (page - area->start);
    int64_t e = sys_map(area->backing->frame, page, offset / PHX_PAGE_SIZE, n, hardware);

    if (e == 0)
        resident_set(&mm.resident, page, n, true, true);
    return e;
}

static int64_t fault_file(const struct vma *area, uint64_t page, uint32_t hardware)
{
    uint64_t offset = area->offset + (page - area->start);
    uint64_t n = (page_up(area->backing->length) - offset) / PHX_PAGE_SIZE;

    if (offset >= page_up(area->backing->length))
        return -E_IO;
    if (n > (area->end - page) / PHX_PAGE_SIZE)
        n = (area->end - page) / PHX_PAGE_SIZE;
    n = resident_run(&mm.resident, page, n < BORROW ? n : BORROW);
    if (!resident_reserve(&mm.resident, page, n))
        return -E_NOMEM;
    if (area->backing->frame != 0 && (area->protection & PHX_PROT_WRITE) == 0)
        return borrow(area, page, n, hardware);
    if (thread_is_alone())
        return copy_in_place(area, page, n < CLUSTER ? n : CLUSTER, hardware);
    return copy_aside(area, page, hardware);
}

/* There is a translation. Another thread may have made it since; only if it is still
 * not one for this access, it is turned over: of an area that is to be writable and
 * executable, or where a change of protection once failed half way. */
static int64_t fault_present(const struct vma *area, uint64_t address, uint32_t access,
                             uint32_t hardware)
{
    const uint32_t both = PHX_PROT_WRITE | PHX_PROT_EXECUTE;
    uint64_t page = address & -(uint64_t)PHX_PAGE_SIZE;
    bool again = mm.last_present == address;

    if (resident_is_borrowed(&mm.resident, page) && access == PHX_PROT_WRITE)
        return copy_aside(area, page, hardware);
    mm.last_present = address;
    if (!again && (area->protection & both) != both)
        return 0;
    return sys_protect(page, 1, hardware);
}

int64_t mm_fault(uint64_t address, uint32_t access)
{
    uint64_t page = address & -(uint64_t)PHX_PAGE_SIZE;
    struct vma *area;
    uint32_t allowed;
    int64_t e = -E_FAULT;

    lock_take(&mm.lock);
    area = vma_at(&mm.set, address);
    if (area == NULL)
        goto out;
    e = -E_ACCES;
    allowed = area->protection == 0 ? 0 : area->protection | PHX_PROT_READ;
    if ((allowed & access) == 0)
        goto out;
    allowed = mm_hardware(area->protection, access);
    if (resident_is_present(&mm.resident, page))
        e = fault_present(area, address, access, allowed);
    else if (area->backing == NULL)
        e = fault_zeroes(area, page, allowed);
    else
        e = fault_file(area, page, allowed);
out:
    lock_release(&mm.lock);
    return e;
}
