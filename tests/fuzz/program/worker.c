/* SPDX-License-Identifier: MIT */
/* A worker: it makes its world, then does the operations whose turn it is. */
#include "fuzz.h"

#include "bytes.h"
#include "rt/layout.h"

#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)
#define ENTRIES 24 /* of the scripts that random threads find in the buffers */

static struct shared *const shared = (struct shared *)SHARED;
static unsigned number;
static struct lane lanes[THREADS];
static struct phx_message messages[THREADS];
static struct phx_entry entries[THREADS];
static uint8_t upcall_stacks[THREADS][4096] __attribute__((aligned(16)));

static bool is_planned(uint64_t n)
{
    uint32_t low = 0, high = shared->range_count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (shared->ranges[middle].to < n)
            low = middle + 1;
        else
            high = middle;
    }
    return low < shared->range_count && shared->ranges[low].from <= n;
}

static void work(void *argument)
{
    struct lane *lane = argument;

    for (;;) {
        uint64_t n = __atomic_fetch_add(&shared->next[number], 1, __ATOMIC_RELAXED) * WORKERS +
                     number;
        struct chance c = chance_of(shared->seed, n);

        if (n > shared->last)
            break;
        if (is_planned(n))
            operation(&c, lane);
    }
    for (;;)
        thread_control_sleep(RT_THREAD, PHX_FOREVER);
}

/* Upcalls, where the thread has a page. */
static struct phx_thread_page *lane_page(unsigned i, uint64_t *frame)
{
    uint64_t address = RINGS + 0x100000 + i * 0x10000UL;
    struct frame_pool_alloc_out out = {0};

    *frame = 0;
    if (frame_pool_alloc(RT_POOL, 1, &out) < 0 ||
        address_space_map(RT_SPACE, out.frame, address, 0, 1, READ_WRITE) < 0)
        return NULL;
    *frame = out.frame;
    return (struct phx_thread_page *)address;
}

static void lane_entry(uint64_t i);

static void lane_start(struct chance *c, unsigned i)
{
    struct process_new_thread_out thread = {0};
    uint64_t frame, stack = RT_THREADS_BASE + (i + 1) * 0x100000UL;
    struct phx_thread_page *page = lane_page(i, &frame);

    if (page == NULL ||
        rt_populate(RT_SPACE, RT_POOL, stack - 4 * PHX_PAGE_SIZE, 4, READ_WRITE) < 0)
        return;
    page_fill(page, (uint64_t)fuzz_child, (uint64_t)upcall_stacks[i] + 4096);
    lanes[i].page = page;
    if (process_new_thread(RT_PROCESS, (uint64_t)lane_entry, stack - 8, i, frame, (uint64_t)page,
            &thread) >= 0)
        thread_start(thread.thread);
    known_add(c, thread.thread, IFACE_THREAD);
    known_add(c, frame, IFACE_FRAME);
}

static void lane_entry(uint64_t i)
{
    work(&lanes[i]);
}

static void make_code(void)
{
    struct frame_pool_alloc_out frame = {0};

    if (frame_pool_alloc(RT_POOL, 1, &frame) < 0 ||
        address_space_map(RT_SPACE, frame.frame, CODE, 0, 1, READ_WRITE) < 0)
        rt_exit(2);
    memcpy((void *)CODE, fuzz_child, (size_t)(fuzz_child_end - fuzz_child));
    address_space_protect(RT_SPACE, CODE, 1, PHX_PROT_READ | PHX_PROT_EXECUTE);
    code_frame = frame.frame;
}

int worker(void)
{
    struct phx_thread_page *own = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;
    struct address_space_populate_out out = {0};
    struct rt_capability cap;
    uint64_t stands;
    struct chance c;

    rt_number(rt_argv[2], &stands);
    number = (unsigned)stands;
    if (address_space_map(RT_SPACE, rt_cap("shared"), SHARED, 0, SHARED_PAGES, READ_WRITE) < 0)
        return 2;
    c = chance_of(shared->seed, ~shared->next[number]);
    /* The mapping stays; by the capability it could be mapped where operations write. */
    phx_release(rt_cap("shared"));
    for (unsigned i = 0; rt_cap_at(i, &cap); i++)
        if (!rt_equal(cap.name, "shared"))
            known_add(&c, cap.id, cap.interface);
    make_code();
    address_space_populate(RT_SPACE, RT_POOL, PLAY, 16, READ_WRITE, &out);
    for (unsigned i = 0; i < THREADS; i++) {
        lanes[i] = (struct lane){.number = i, .message = &messages[i], .entry = &entries[i]};
        script_fill(&c, (uint64_t *)buffers[i], ENTRIES, false);
    }
    page_fill(own, (uint64_t)fuzz_child, (uint64_t)upcall_stacks[0] + 4096);
    lanes[0].page = own;
    for (unsigned i = 1; i < THREADS; i++)
        lane_start(&c, i);
    work(&lanes[0]);
    return 0;
}
