/* SPDX-License-Identifier: MIT */
/*
 * ramfs: a service that keeps files in memory.
 *
 *   arguments     --scratch SIZE   bytes that may be written (0: read-only); without
 *                                  it a quarter of the memory that is free at the start
 *   needs         endpoint account bootPackage; clock for times, log for complaints
 *   provides      namespace
 *
 * One thread serves one call after another; a second one does nothing but tell the
 * first which files nobody holds any more.
 */
#include "ramfs.h"

#include "page_store.h"
#include "rt/layout.h"
#include "rt/rt.h"

struct fs ramfs;
struct package ramfs_package;
uint64_t ramfs_endpoint;

static struct page_store store;
static uint64_t clock;

void *fs_memory_new(size_t size)
{
    return rt_alloc(size);
}

void fs_memory_free(void *p)
{
    rt_free(p);
}

void *fs_page_new(void)
{
    return page_store_new(&store);
}

void fs_page_free(void *page)
{
    page_store_free(&store, page);
}

bool store_map(void *address, unsigned pages)
{
    return rt_populate(
               RT_SPACE, RT_POOL, (uint64_t)address, pages, PHX_PROT_READ | PHX_PROT_WRITE) == 0;
}

void store_unmap(void *address, unsigned pages)
{
    address_space_unmap(RT_SPACE, (uint64_t)address, pages);
}

int64_t fs_now(void)
{
    struct clock_realtime_out out = {0};

    if (clock == 0 || clock_realtime(clock, &out) < 0)
        return 0;
    return (int64_t)out.ns;
}

static uint64_t free_bytes(void)
{
    struct frame_pool_info_out info = {0};

    return frame_pool_info(RT_POOL, &info) < 0 ? 0 : info.free * PHX_PAGE_SIZE;
}

static uint64_t scratch(int argc, char **argv)
{
    uint64_t size = free_bytes() / 4;

    for (int i = 1; i + 1 < argc; i++)
        if (rt_equal(argv[i], "--scratch") && !rt_number(argv[i + 1], &size))
            rt_panic("--scratch %s: not a number of bytes", argv[i + 1]);
    return size;
}

static unsigned handle(struct rt_call *call)
{
    if (call->badge == BADGE_NAMESPACE)
        return namespace_handle(call);
    return call->badge == BADGE_RELAY ? files_relayed(call) : files_handle(call);
}

/* What cannot be is said and ends the service: half a file system helps nobody. */
static void must(const char *what, const char *problem)
{
    if (problem != NULL)
        rt_panic("%s: %s", what, problem);
}

int main(int argc, char **argv)
{
    clock = rt_cap("clock");
    ramfs_endpoint = rt_cap("endpoint");
    page_store_init(&store, (void *)RT_STORE_BASE);
    must("boot package", package_open(&ramfs_package, rt_cap("bootPackage")));
    if (fs_init(&ramfs, scratch(argc, argv)) != 0)
        rt_panic("no memory to begin with");
    must("trees", load_trees(&ramfs, &ramfs_package));
    must("account", files_init(rt_cap("account")));
    rt_serve(ramfs_endpoint, 0, handle);
}
