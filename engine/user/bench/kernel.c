/* SPDX-License-Identifier: MIT */
/* What the kernel does for one program alone: operations, rings, holds, pages. */
#include "bench.h"
#include "rt/layout.h"

#define HOLDS 64
#define PAGES 16
#define MANY 100000

/* --- operations ------------------------------------------------------------ */

PART null_op(void)
{
    bench_report("null_op", MEASURE(200, {
        uint64_t op = PHX_OP_NOP;
        __asm__ volatile("syscall" : "+a"(op) : : "rcx", "r11", "memory");
    }));
}

static struct phx_ring *ring;
static uint64_t ring_cap;

static void ring_batch(unsigned n)
{
    struct phx_entry *entries = (struct phx_entry *)(ring + 1);
    uint32_t tail = ring->submit_tail;
    struct ring_enter_out out;

    for (unsigned i = 0; i < n; i++, tail++) {
        struct phx_entry *e = &entries[tail & (ring->submissions - 1)];

        e->op = PHX_OP_NOP;
        e->user = tail;
    }
    __atomic_store_n(&ring->submit_tail, tail, __ATOMIC_RELEASE);
    must(ring_enter(ring_cap, n, n, PHX_FOREVER, &out), "ring");
    if (out.submitted != n)
        rt_panic("ring took %lu of %u", out.submitted, n);
    __atomic_store_n(&ring->complete_head, ring->complete_tail, __ATOMIC_RELEASE);
}

PART rings(void)
{
    struct frame_pool_alloc_out frame;
    struct thread_control_new_ring_out made;

    must(frame_pool_alloc(RT_POOL, 8, &frame), "ring frame");
    ring = rt_window(frame.frame, 8, PHX_PROT_READ | PHX_PROT_WRITE);
    if (ring == NULL)
        rt_panic("no window for the ring");
    must(thread_control_new_ring(RT_THREAD, frame.frame, 256, 256, 0, &made), "new ring");
    ring_cap = made.ring;
    bench_report("ring_1", MEASURE(200, ring_batch(1)));
    bench_report("ring_32", (MEASURE(20, ring_batch(32)) + 16) / 32);
    bench_report("ring_256", (MEASURE(5, ring_batch(256)) + 128) / 256);
}

/* --- capabilities ---------------------------------------------------------- */

static uint64_t holds[HOLDS];

static void derive_all(uint64_t from, unsigned count)
{
    struct capability_derive_out child;

    for (unsigned i = 0; i < count; i++) {
        must(capability_derive(from, NOTIFICATION_M_POLL, 0, &child), "derive");
        holds[i] = child.capability;
    }
}

static void copy_all(uint64_t from)
{
    struct capability_duplicate_out twin;

    for (unsigned i = 0; i < HOLDS; i++) {
        must(capability_duplicate(from, &twin), "duplicate");
        holds[i] = twin.capability;
    }
}

static void release_all(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        phx_release(holds[i]);
        holds[i] = 0;
    }
}

PART capabilities(void)
{
    struct account_new_notification_out n;

    must(account_new_notification(rt_cap("account"), &n), "notification");
    derive_all(n.notification, HOLDS);
    bench_report("cap_derive", ONCE(release_all(HOLDS), derive_all(n.notification, HOLDS)) / HOLDS);
    bench_report("cap_copy", ONCE(release_all(HOLDS), copy_all(n.notification)) / HOLDS);
    bench_report("cap_release", ONCE(copy_all(n.notification), release_all(HOLDS)) / HOLDS);
    release_all(HOLDS);
    bench_report("revoke_1",
        ONCE(derive_all(n.notification, 1), must(capability_revoke(n.notification, 0), "revoke")));
}

/* --- memory ---------------------------------------------------------------- */

static void map(uint64_t frame, unsigned page, unsigned pages)
{
    must(address_space_map(RT_SPACE, frame, RT_STORE_BASE + page * PHX_PAGE_SIZE, page, pages,
             PHX_PROT_READ | PHX_PROT_WRITE),
        "map");
}

static void unmap(unsigned pages)
{
    must(address_space_unmap(RT_SPACE, RT_STORE_BASE, pages), "unmap");
}

/* A page each, the last of the frame first, so that each is a mapping of its own. */
static void map_list(uint64_t frame)
{
    struct address_space_map_in list[PAGES];
    struct address_space_map_list_out out;

    for (unsigned i = 0; i < PAGES; i++)
        list[i] = (struct address_space_map_in){frame, RT_STORE_BASE + i * PHX_PAGE_SIZE, PAGES - 1 - i, 1,
            PHX_PROT_READ | PHX_PROT_WRITE};
    must(address_space_map_list(RT_SPACE, (uint64_t)list, PAGES, &out), "map list");
}

/* Children of a frame, a page each; mapped or not. */
static void carve_all(uint64_t frame, bool mapped)
{
    struct frame_carve_out child;

    for (unsigned i = 0; i < PAGES; i++) {
        must(frame_carve(frame, i, 1, &child), "carve");
        holds[i] = child.frame;
        if (mapped)
            must(address_space_map(
                     RT_SPACE, child.frame, RT_STORE_BASE + i * PHX_PAGE_SIZE, 0, 1, PHX_PROT_READ),
                "map");
    }
}

PART memory(void)
{
    struct frame_pool_alloc_out frame;
    uint64_t bare;

    must(frame_pool_alloc(RT_POOL, PAGES, &frame), "frame");
    map(frame.frame, 0, 1); /* from here on the tables are there */
    bench_report("map_page", ONCE(unmap(1), map(frame.frame, 0, 1)));
    unmap(1);
    bench_report("unmap_page_alone", ONCE(map(frame.frame, 0, 1), unmap(1)));
    bench_report("map_page_list", ONCE(unmap(PAGES), map(frame.frame, 0, PAGES)) / PAGES);
    unmap(PAGES);
    bench_report("unmap_page", ONCE(map(frame.frame, 0, PAGES), unmap(PAGES)) / PAGES);
    unmap(PAGES);
    bench_report("map_list_frames", ONCE(unmap(PAGES), map_list(frame.frame)) / PAGES);
    bench_report("protect_page",
        ONCE(
            {
                unmap(PAGES);
                map(frame.frame, 0, PAGES);
            },
            must(address_space_protect(RT_SPACE, RT_STORE_BASE, PAGES, PHX_PROT_READ), "protect")) /
            PAGES);
    unmap(PAGES);
    bare = ONCE(
        {
            release_all(PAGES);
            carve_all(frame.frame, false);
        },
        must(capability_revoke(frame.frame, 0), "revoke"));
    bench_report("revoke_unmap", (ONCE(
                                      {
                                          release_all(PAGES);
                                          carve_all(frame.frame, true);
                                      },
                                      must(capability_revoke(frame.frame, 0), "revoke")) -
                                     bare) /
                                     PAGES);
    release_all(PAGES);
}

void bench_kernel(void)
{
    null_op();
    rings();
    capabilities();
    memory();
}

/* The revoke alone, of so many at once; last of all, since the table is large from then on. */
void bench_revoke(void)
{
    struct account_new_notification_out n;
    struct capability_derive_out child;

    must(account_new_notification(rt_cap("account"), &n), "notification");
    for (unsigned i = 0; i < MANY; i++)
        must(capability_derive(n.notification, NOTIFICATION_M_POLL, 0, &child), "derive");
    uint64_t empty = bench_stamp(), from = bench_stamp();
    must(capability_revoke(n.notification, 0), "revoke");
    bench_report("revoke_100k", bench_stamp() - from - (from - empty));
}
