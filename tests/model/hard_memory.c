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

/* A part with an end in each of two large pages; then the page beside it gets another memory. */
static void parts(void)
{
    uint64_t frame = new_frame(4096), other = new_frame(1), at = RT_STORE_BASE;

    phase("16 MiB in large pages are cut, a page of them is copied and one replaced");
    must(address_space_map(RT_SPACE, frame, at, 0, 4096, RW), "map");
    must(address_space_protect(RT_SPACE, at + 300 * PHX_PAGE_SIZE, 1000, PHX_PROT_READ), "protect");
    must(address_space_copy_replace(RT_SPACE, RT_POOL, at + 1700 * PHX_PAGE_SIZE, RW), "copy");
    must(address_space_replace(RT_SPACE, other, at + 2700 * PHX_PAGE_SIZE, 0, RW), "replace");
    must(address_space_unmap(RT_SPACE, at, 4096), "unmap");
    phx_release(frame);
    phx_release(other);
}

/* Shown in another space, sealed, and half of it copied. */
static void clones(void)
{
    struct address_space_populate_out got;
    struct account_new_process_out child;
    uint64_t at = RT_STORE_BASE, frame = new_frame(4096);

    phase("1,000 mappings, and 16 MiB, are cloned, sealed and copied");
    must(account_new_process(rt_cap("account"), 0, PHX_USER_END, &child), "process");
    for (unsigned i = 0; i < MANY; i++)
        must(address_space_populate(RT_SPACE, RT_POOL, at + i * PHX_PAGE_SIZE, 1, RW, &got),
            "populate");
    must(address_space_map(RT_SPACE, frame, at + (64UL << 20), 0, 4096, RW), "map");
    must(address_space_clone(RT_SPACE, child.space, at, 32768), "clone");
    for (unsigned i = 0; i < MANY; i += 2)
        must(address_space_copy_replace(RT_SPACE, RT_POOL, at + i * PHX_PAGE_SIZE, RW), "copy");
    must(frame_seal(frame), "seal");
    must(address_space_unmap(RT_SPACE, at, 32768), "unmap");
    must(process_exit(child.process, 0), "exit");
    phx_release(child.process);
    phx_release(child.space);
    phx_release(frame);
}

/* Asked back from a child that has them in frames of all sizes, mapped here. */
static void reclaims(void)
{
    struct account_create_out account;
    struct account_new_pool_out pool;
    struct frame_pool_alloc_out frame;
    uint64_t at = RT_STORE_BASE;

    phase("8,192 pages in 400 frames are taken from an account");
    must(account_create(rt_cap("account"), 10000, 1000, 0, 0, &account), "account");
    must(account_new_pool(account.account, &pool), "pool");
    for (unsigned i = 0; i < 400; i++) {
        uint64_t pages = i == 0 ? 6144 : i < 5 ? 512 : 1;

        must(frame_pool_alloc(pool.pool, pages, &frame), "frame");
        must(address_space_map(RT_SPACE, frame.frame, at, 0, pages, RW), "map");
        at += pages * PHX_PAGE_SIZE + (i % 2) * PHX_PAGE_SIZE;
        phx_release(frame.frame);
    }
    must(account_reclaim(account.account, 9800, 0), "reclaim");
    must(account_destroy(account.account), "destroy");
    phx_release(pool.pool);
    phx_release(account.account);
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
    phase("1,000 mappings are protected together, and unmapped");
    for (unsigned i = 0; i < 2; i++)
        must(address_space_protect(RT_SPACE, at, 4 * MANY, i ? RW : PHX_PROT_READ), "protect");
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
    parts();
    clones();
    reclaims();
    many_mappings();
    tables();
}
