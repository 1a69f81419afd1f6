/* SPDX-License-Identifier: MIT */
/* Large frames, many mappings, and spaces full of tables. */
#include "hard.h"

#include "rt/layout.h"

#define LARGE 16384 /* pages: 64 MiB */
#define RW (PHX_PROT_READ | PHX_PROT_WRITE)

static uint64_t new_frame(uint64_t pages)
{
    struct frame_pool_alloc_out out;

    must(frame_pool_alloc(RT_POOL, pages, &out), "frame");
    return out.frame;
}

static void large(void)
{
    uint64_t frame, at = RT_STORE_BASE;
    struct address_space_populate_out got;

    phase("a frame of 64 MiB comes, is mapped, protected, revoked, freed");
    frame = new_frame(LARGE);
    must(address_space_map(RT_SPACE, frame, at, 0, LARGE, RW), "map");
    must(address_space_protect(RT_SPACE, at, LARGE, PHX_PROT_READ), "protect");
    must(address_space_unmap(RT_SPACE, at, LARGE), "unmap");
    uint64_t child = derive(frame);
    must(address_space_map(RT_SPACE, child, at, 0, LARGE, RW), "map");
    must(capability_revoke(frame, 0), "revoke");
    phx_release(frame);
    phx_release(child);

    phase("64 MiB are populated, unmapped page by page and as a whole");
    must(address_space_populate(RT_SPACE, RT_POOL, at, LARGE, RW, &got), "populate");
    for (unsigned i = 0; i < MANY; i++)
        must(address_space_unmap(RT_SPACE, at + 2 * i * PHX_PAGE_SIZE, 1), "unmap");
    must(address_space_protect(RT_SPACE, at + (LARGE / 2) * PHX_PAGE_SIZE, LARGE / 2, 0),
        "protect");
    must(address_space_unmap(RT_SPACE, at, LARGE), "unmap");
}

static void many_mappings(void)
{
    uint64_t frame = new_frame(4), child = derive(frame), at = RT_STORE_BASE;

    phase("1,000 mappings of one frame are revoked");
    for (unsigned i = 0; i < MANY; i++)
        must(address_space_map(RT_SPACE, child, at + 4 * i * PHX_PAGE_SIZE, 0, 4, RW), "map");
    must(capability_revoke(frame, 0), "revoke");
    phase("1,000 mappings of one frame stay while another hold of it is revoked");
    child = derive(frame);
    for (unsigned i = 0; i < MANY; i++)
        must(address_space_map(RT_SPACE, frame, at + 4 * i * PHX_PAGE_SIZE, 0, 4, RW), "map");
    must(capability_revoke(frame, 0), "revoke");
    phase("1,000 mappings are unmapped together");
    must(address_space_unmap(RT_SPACE, at, 4 * MANY), "unmap");
    phx_release(frame);
}

/* A page at the beginning of every 2 MiB, and of every GiB. */
int role_mapper(void)
{
    struct address_space_populate_out got;
    uint64_t at = RT_STORE_BASE;

    for (unsigned i = 0; i < MANY; i++)
        must(address_space_populate(RT_SPACE, RT_POOL, at + ((uint64_t)i << 21), 1, RW, &got),
            "populate");
    for (unsigned i = 0; i < 200; i++)
        must(address_space_populate(
                 RT_SPACE, RT_POOL, at + ((uint64_t)(i + 4) << 30), 1, RW, &got),
            "populate");
    return 0;
}

static void tables(void)
{
    struct proc child;

    phase("a space of 1,200 mappings and 1,400 tables dies");
    child = start_role("mapper", rt_cap("account"), NULL, 0);
    wait_gone(&child);
}

void hard_memory(void)
{
    large();
    many_mappings();
    tables();
}
