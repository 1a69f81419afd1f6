/* SPDX-License-Identifier: MIT */
/*
 * Memory that two processes have: one of them counts in it, on another core where there is
 * one, and the other takes it away. What was taken away is not written any more when the
 * operation is over, and who goes on dies of it, at that address. And large pages, which are
 * gone where they were taken away and nowhere else.
 */
#include "native.h"

#include "rt/layout.h"

#define SIGNAL_SEGMENT 11
#define PLACE RT_STORE_BASE
#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)
#define LARGE (UINT64_C(1) << 21)
#define HUGE (UINT64_C(1) << 30)

static volatile uint64_t *const place = (uint64_t *)PLACE;

/* Counts as fast as it can in what it was lent, until it dies of it. */
int role_counter(void)
{
    if (address_space_map(RT_SPACE, rt_cap("lent"), PLACE, 0, 1, READ_WRITE) < 0)
        return 3;
    for (;;)
        place[0]++;
}

/* Has a view that it cannot write, by mapping or by protecting; reads until it dies of it. */
int role_viewer(void)
{
    if (address_space_map(RT_SPACE, rt_cap("lent"), PLACE, 0, 1, READ_WRITE) !=
        -PHX_PERMISSION_DENIED)
        return 3;
    if (address_space_map(RT_SPACE, rt_cap("lent"), PLACE, 0, 1, PHX_PROT_READ) < 0)
        return 4;
    if (address_space_protect(RT_SPACE, PLACE, 1, READ_WRITE) != -PHX_PERMISSION_DENIED)
        return 5;
    while (place[0] != 0)
        ;
    return 6;
}

static bool counts_on(void)
{
    uint64_t before = place[0];

    for (unsigned ms = 0; ms < 500 && place[0] == before; ms++)
        sleep_ms(1);
    return place[0] != before;
}

static uint64_t shared_frame(void)
{
    struct frame_pool_alloc_out frame = {0};

    if (frame_pool_alloc(RT_POOL, 1, &frame) < 0 ||
        address_space_map(RT_SPACE, frame.frame, PLACE, 0, 1, READ_WRITE) < 0)
        rt_panic("no frame to share");
    return frame.frame;
}

static void give_up(uint64_t frame)
{
    address_space_unmap(RT_SPACE, PLACE, 1);
    phx_release(frame);
}

/* A counter and a viewer at once: one revoke ends both. */
static void views(void)
{
    uint64_t frame = shared_frame(), status[2] = {0}, address[2] = {0};
    struct proc_grant both = {"lent", frame, ~UINT64_C(0), 0};
    struct proc_grant reads = {"lent", frame, FRAME_M_MAP_READ, 0};
    struct proc counter = {0}, viewer = {0};
    bool began = spawn("counter", 0, &both, 1, &counter) && counts_on() &&
                 spawn("viewer", 0, &reads, 1, &viewer);

    sleep_ms(50);
    capability_revoke(frame, 0);
    uint64_t last = place[0];
    sleep_ms(30);
    bool stopped = place[0] == last;
    status[0] = wait_dead(&counter, &address[0]);
    status[1] = wait_dead(&viewer, &address[1]);
    check("a_revoked_view_is_not_written_any_more", began && stopped, "%lu, then %lu", last,
        place[0]);
    check("who_counts_in_it_dies_of_it", status[0] == SIGNAL_SEGMENT && address[0] == PLACE,
        "status %lx at %lx", status[0], address[0]);
    check("a_view_is_read_only_and_ends_too", status[1] == SIGNAL_SEGMENT && address[1] == PLACE,
        "status %lx at %lx", status[1], address[1]);
    give_up(frame);
}

/* --- large pages ------------------------------------------------------------ */

static uint64_t page_size(uint64_t address)
{
    struct address_space_query_out out = {0};

    return address_space_query(RT_SPACE, address, &out) < 0 ? 0 : out.page_size;
}

/* Written from end to end, a page's number in each page; then the sum of what is read. */
static bool all_there(volatile uint64_t *at, uint64_t pages, uint64_t without)
{
    for (uint64_t i = 0; i < pages; i += pages > 4096 ? 37 : 1)
        if (i != without)
            at[i * 512] = i + 7;
    for (uint64_t i = 0; i < pages; i += pages > 4096 ? 37 : 1)
        if (i != without && at[i * 512] != i + 7)
            return false;
    return true;
}

/* Where no small page was yet: a table of small ones that is there stays. */
static void large(const char *name, uint64_t at, uint64_t size, uint64_t part)
{
    struct frame_pool_alloc_out frame = {0};
    struct balance before = balance_now(), after;
    uint64_t pages = size / PHX_PAGE_SIZE, middle = at + size / 2;
    int64_t result = frame_pool_alloc(RT_POOL, pages, &frame);

    if (result >= 0)
        result = address_space_map(RT_SPACE, frame.frame, at, 0, pages, READ_WRITE);
    uint64_t whole = page_size(at);
    bool there = result >= 0 && all_there((uint64_t *)at, pages, pages);
    if (result >= 0)
        result = address_space_unmap(RT_SPACE, middle, 1);
    uint64_t hole = page_size(middle), beside = page_size(middle - PHX_PAGE_SIZE);
    bool split = result >= 0 && hole == 0 && beside == PHX_PAGE_SIZE && page_size(at) == part &&
                 all_there((uint64_t *)at, pages, pages / 2);
    address_space_unmap(RT_SPACE, at, pages);
    phx_release(frame.frame);
    after = balance_now();
    check(name, result >= 0 && whole == size && there && split && after.pages <= before.pages + 8,
        "%ld: pages of %lu, split: %lu and %lu and %lu, %lu and then %lu used", result, whole,
        page_size(at), beside, hole, before.pages, after.pages);
}

void test_shared(void)
{
    struct frame_pool_info_out pool = {0};

    views();
    large("2_mib_are_one_page_until_one_goes", PLACE + 4 * HUGE, LARGE, PHX_PAGE_SIZE);
    frame_pool_info(RT_POOL, &pool);
    if (pool.largest >= HUGE / PHX_PAGE_SIZE)
        large("1_gib_is_one_page_until_one_goes", PLACE + 8 * HUGE, HUGE, LARGE);
}
