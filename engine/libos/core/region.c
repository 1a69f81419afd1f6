/* SPDX-License-Identifier: MIT */
/*
 * The libos's own address range: its heap, stacks, thread pages, and the files
 * that it reads by mapping them.
 */
#include "bytes.h"
#include "heap.h"
#include "kernel.h"
#include "lock.h"
#include "mm.h"
#include "user.h"

/* Below are image, start block and what else the spawner placed. */
#define REGION_LOW (LIBOS_LOW + 0x1000000)
#define REGION_AREAS 512

static struct vma areas[REGION_AREAS];

static struct vma *resize(struct vma *old, size_t old_capacity, size_t capacity)
{
    (void)old, (void)old_capacity, (void)capacity;
    return NULL;
}

static struct lock region_lock;
static struct vma_set regions = {areas, 0, REGION_AREAS, resize};

/* A free range, marked as used; 0: none. */
static uint64_t take(uint64_t pages, uint32_t flags)
{
    struct vma area = {.protection = PHX_PROT_READ, .flags = flags};

    if (!vma_reserve(&regions, 1))
        return 0;
    area.start = vma_gap(&regions, REGION_LOW, LIBOS_HIGH, pages * PHX_PAGE_SIZE);
    area.end = area.start + pages * PHX_PAGE_SIZE;
    if (area.start != 0)
        vma_insert(&regions, &area);
    return area.start;
}

static void give(uint64_t address, uint64_t pages)
{
    size_t first, last;

    /* The range lies within one area: a cut makes at most two more. Without room
     * for them the addresses stay used, which costs nothing but addresses. */
    if (!vma_reserve(&regions, 2))
        return;
    vma_cut(&regions, address, address + pages * PHX_PAGE_SIZE, &first, &last);
    vma_remove(&regions, first, last);
}

void region_reserve(uint64_t address, uint64_t pages)
{
    uint64_t end = address + pages * PHX_PAGE_SIZE;

    lock_take(&region_lock);
    for (; address < end; address += PHX_PAGE_SIZE) {
        struct vma area = {address, address + PHX_PAGE_SIZE, PHX_PROT_READ, 0, NULL, 0};

        if (vma_is_free(&regions, area.start, area.end) && vma_reserve(&regions, 1))
            vma_insert(&regions, &area);
    }
    lock_release(&region_lock);
}

/* 0, or -E_*, and then nothing of it is there. */
static int64_t populate_all(uint64_t address, uint64_t pages)
{
    uint64_t done = 0;
    int64_t got = 0;

    while (done < pages) {
        got = sys_populate(address + done * PHX_PAGE_SIZE, pages - done,
                           PHX_PROT_READ | PHX_PROT_WRITE);
        if (got <= 0)
            break;
        done += (uint64_t)got;
    }
    if (done == pages)
        return 0;
    if (done > 0)
        sys_unmap(address, done);
    return got == 0 ? -E_NOMEM : got;
}

/* `guard` pages that stay empty, and above them the pages: where these begin. */
static uint64_t pages_above(uint64_t guard, uint64_t pages)
{
    uint64_t address;
    int64_t e = -E_EXIST;

    lock_take(&region_lock);
    /* What the spawner placed here without a word stays marked as used. */
    do {
        address = take(guard + pages, 0);
        if (address != 0)
            e = populate_all(address + guard * PHX_PAGE_SIZE, pages);
    } while (address != 0 && e == -E_EXIST);
    if (address != 0 && e < 0) {
        give(address, guard + pages);
        address = 0;
    }
    lock_release(&region_lock);
    return address == 0 ? 0 : address + guard * PHX_PAGE_SIZE;
}

uint64_t region_pages(uint64_t pages)
{
    return pages_above(0, pages);
}

uint64_t region_stack(uint64_t pages)
{
    return pages_above(1, pages);
}

void region_free_stack(uint64_t address, uint64_t pages)
{
    region_free(address - PHX_PAGE_SIZE, pages + 1);
}

uint64_t region_map(uint64_t frame, uint64_t pages, uint32_t protection)
{
    uint64_t address;

    lock_take(&region_lock);
    address = take(pages, VMA_SHARED);
    if (address != 0 && sys_map(frame, address, 0, pages, protection) < 0) {
        give(address, pages);
        address = 0;
    }
    lock_release(&region_lock);
    return address;
}

void region_free(uint64_t address, uint64_t pages)
{
    lock_take(&region_lock);
    sys_unmap(address, pages);
    give(address, pages);
    lock_release(&region_lock);
}

void *heap_grow(size_t pages, size_t *got)
{
    uint64_t address = region_pages(pages);

    *got = pages;
    return (void *)address;
}
