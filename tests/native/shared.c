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

/* --- fork ------------------------------------------------------------------- */

#define FORKED 64 /* pages at PLACE that both write */
#define CHILD_STACK (PLACE + HUGE)
#define CHILD_GOOD 42

/* engine/user/bench/handlers.S: a fault gives its page a memory of its own. */
void bench_copy_entry(void);
const uint64_t bench_copy[3] = {PHX_OP_CALL(ADDRESS_SPACE_COPY_REPLACE, 3), RT_SPACE, RT_POOL};

static void copy_on_write(void)
{
    struct phx_thread_page *page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;

    page->entry = (uint64_t)bench_copy_entry;
    __asm__ volatile("wrgsbase %0" : : "r"(page));
}

/* Every second page is written, and all of them are as they were or as they were written. */
static bool forked_half(uint64_t odd, uint64_t before, uint64_t mine)
{
    for (uint64_t i = odd; i < FORKED; i += 2)
        place[i * 512] = mine + i;
    for (uint64_t i = 0; i < FORKED; i++)
        if (place[i * 512] != (i % 2 == odd ? mine : before) + i)
            return false;
    return true;
}

/* What the child does, in a copy of the parent's memory, on a stack of its own. */
static void child_main(void)
{
    copy_on_write();
    process_exit(RT_PROCESS, (forked_half(1, 1000, 3000) ? CHILD_GOOD : 1) << 8);
    for (;;)
        ;
}

static bool child_gets(const struct account_new_process_out *child)
{
    const struct { uint64_t cap, slot; } given[] = {
        {child->process, SLOT_PROCESS}, {child->space, SLOT_SPACE}, {RT_POOL, SLOT_POOL}};
    struct address_space_populate_out stack = {0};
    struct frame_pool_alloc_out page = {0};
    struct process_new_thread_out thread = {0};
    struct capability_grant_out id;
    bool good = true;

    for (unsigned i = 0; i < 3; i++)
        good = good && capability_grant(given[i].cap, child->process,
                           i == 1   ? ADDRESS_SPACE_M_ALL
                           : i == 0 ? PROCESS_M_EXIT
                                    : FRAME_POOL_M_ALLOC,
                           given[i].slot, &id) >= 0;
    good = good && address_space_populate(child->space, RT_POOL, CHILD_STACK, 2, READ_WRITE,
                       &stack) >= 0 &&
           frame_pool_alloc(RT_POOL, 1, &page) >= 0 &&
           address_space_map(child->space, page.frame, PHX_NATIVE_THREAD_PAGE, 0, 1, READ_WRITE) >=
               0 &&
           address_space_clone(RT_SPACE, child->space, 0x200000,
               (PHX_NATIVE_THREAD_PAGE - 0x200000) / PHX_PAGE_SIZE) >= 0 &&
           address_space_clone(RT_SPACE, child->space, PLACE, FORKED) >= 0 &&
           process_new_thread(child->process, (uint64_t)child_main, CHILD_STACK + 8184, 0,
               page.frame, PHX_NATIVE_THREAD_PAGE, &thread) >= 0 &&
           thread_start(thread.thread) >= 0;
    phx_release(page.frame);
    phx_release(thread.thread);
    return good;
}

/* The whole program twice: image, data and stack are copied on write, by both. */
static void forks(void)
{
    struct address_space_populate_out memory = {0};
    struct account_new_process_out child = {0};
    struct balance before = balance_now(), after;
    uint64_t status = 0;
    struct proc proc = {0};

    copy_on_write();
    bool good = address_space_populate(RT_SPACE, RT_POOL, PLACE, FORKED, READ_WRITE, &memory) >= 0 &&
                memory.pages == FORKED &&
                account_new_process(rt_cap("account"), 0, PHX_USER_END, &child) >= 0;
    for (uint64_t i = 0; good && i < FORKED; i++)
        place[i * 512] = 1000 + i;
    good = good && child_gets(&child);
    bool mine = good && forked_half(0, 1000, 2000);
    proc.process = child.process;
    if (good)
        status = wait_dead(&proc, NULL);
    bool still = good;
    for (uint64_t i = 0; good && i < FORKED; i++)
        still = still && place[i * 512] == (i % 2 ? 1000 : 2000) + i;
    phx_release(child.space);
    address_space_unmap(RT_SPACE, PLACE, FORKED);
    after = balance_now();
    check("a_fork_s_child_has_its_own_copy", status == CHILD_GOOD << 8, "status %lx, began %u",
        status, good);
    check("a_fork_s_parent_keeps_its_own", mine && still, "after the fork %u, at the end %u", mine,
        still);
    check("a_fork_s_pages_come_back", after.pages <= before.pages + 24, "%lu, then %lu",
        before.pages, after.pages);
    rt_print("# fork: %lu pages before, %lu after\n", before.pages, after.pages);
}

void test_shared(void)
{
    struct frame_pool_info_out pool = {0};

    views();
    forks();
    large("2_mib_are_one_page_until_one_goes", PLACE + 4 * HUGE, LARGE, PHX_PAGE_SIZE);
    frame_pool_info(RT_POOL, &pool);
    if (pool.largest >= HUGE / PHX_PAGE_SIZE)
        large("1_gib_is_one_page_until_one_goes", PLACE + 8 * HUGE, HUGE, LARGE);
}
