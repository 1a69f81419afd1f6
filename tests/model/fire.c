/* SPDX-License-Identifier: MIT */
/*
 * Revocation under fire: two threads call through the descendants of a frame, one, 1,000 and
 * 100,000 of them, and touch the pages that were mapped through them, while it is revoked. Once
 * that has completed no call succeeds and no touch finds a page; and the revoke's own
 * instructions are as many for all (flat.c has those).
 *
 * A touch is a load of two bytes of code: where nothing is mapped the bench's upcall entry goes
 * on behind it, and the register is what it was.
 */
#include "bytes.h"
#include "race.h"
#include "rt/layout.h"

#define MOST 100000
#ifndef MAPPED
#define MAPPED 100 /* of them, in `make test`: each step of the revoke waits for the other core */
#endif
#define AT(i) (RT_STORE_BASE + (uint64_t)(i) * PHX_PAGE_SIZE)
#define FOUND 0x5a
#define RW (PHX_PROT_READ | PHX_PROT_WRITE)

void bench_upcall_entry(void);

static uint64_t *below;
static unsigned count, mapped;
static volatile bool firing, revoked;

static struct shooter {
    uint8_t stack[4 * PHX_PAGE_SIZE], upcall_stack[PHX_PAGE_SIZE];
    struct phx_thread_page *page;
    uint64_t page_frame;
    volatile uint64_t shots, hits, touches, late;
    volatile bool done;
} shooters[2] __attribute__((aligned(16)));

static bool touch(uint64_t address)
{
    uint64_t value = 0;

    __asm__ volatile("mov (%%rdi), %%al" : "+a"(value) : "D"(address) : "memory");
    return value == FOUND;
}

static void be_ready_for_faults(struct shooter *s)
{
    s->page->stack = (uint64_t)(s->upcall_stack + sizeof s->upcall_stack);
    s->page->entry = (uint64_t)bench_upcall_entry;
    __asm__ volatile("wrgsbase %0" : : "r"(s->page));
}

/* In any order that reaches all of them; after the revoke nothing may succeed. */
static void shoot(struct shooter *s)
{
    be_ready_for_faults(s);
    for (uint64_t i = (uint64_t)(s - shooters); firing; i += 7919) {
        struct frame_info_out out;
        bool was_revoked = revoked;
        bool hit = frame_info(below[i % count], &out) >= 0, found = touch(AT(i % mapped));

        s->shots++;
        s->hits += hit;
        s->touches += found;
        s->late += was_revoked && (hit || found);
    }
    s->done = true;
    thread_control_exit(RT_THREAD, 0);
}

static void begin_shooter(struct shooter *s)
{
    struct process_new_thread_out out;
    struct frame_pool_alloc_out frame;

    if (!s->page) {
        must(frame_pool_alloc(RT_POOL, 1, &frame), "frame");
        s->page_frame = frame.frame;
        s->page = rt_window(frame.frame, 1, RW);
    }
    s->shots = s->hits = s->touches = s->late = 0;
    s->done = false;
    memset(s->page, 0, PHX_PAGE_SIZE);
    must(process_new_thread(RT_PROCESS, (uint64_t)shoot, (uint64_t)(s->stack + sizeof s->stack - 8),
             (uint64_t)s, s->page_frame, (uint64_t)s->page, &out),
        "thread");
    must(thread_start(out.thread), "start");
    phx_release(out.thread);
}

static void wait_for_shots(uint64_t more)
{
    uint64_t so_far[2] = {shooters[0].shots, shooters[1].shots};

    while (shooters[0].shots < so_far[0] + more || shooters[1].shots < so_far[1] + more)
        sleep_ms(1);
}

static uint64_t clock_ns(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

static void map_descendants(uint64_t frame)
{
    struct capability_derive_out child;

    for (unsigned i = 0; i < count; i++) {
        must(capability_derive(frame, FRAME_M_ALL, 0, &child), "derive");
        if (i < mapped)
            must(address_space_map(RT_SPACE, child.capability, AT(i), 0, 1, RW), "map");
        below[i] = child.capability;
    }
    *(volatile uint8_t *)AT(0) = FOUND;
}

static void revoke_of(unsigned n)
{
    struct frame_pool_alloc_out frame;
    struct frame_info_out out;
    unsigned alive = 0, remain = 0;

    must(frame_pool_alloc(RT_POOL, 1, &frame), "frame");
    count = n;
    mapped = n < MAPPED ? n : MAPPED;
    map_descendants(frame.frame);
    revoked = false;
    firing = true;
    for (unsigned i = 0; i < 2; i++)
        begin_shooter(&shooters[i]);
    wait_for_shots(1000);
    uint64_t before = clock_ns();
    must(capability_revoke(frame.frame, 0), "revoke");
    uint64_t took = clock_ns() - before;
    __atomic_store_n(&revoked, true, __ATOMIC_SEQ_CST);
    wait_for_shots(1000);
    firing = false;
    while (!shooters[0].done || !shooters[1].done)
        sleep_ms(1);
    for (unsigned i = 0; i < n; i++) {
        alive += frame_info(below[i], &out) >= 0;
        remain += i < mapped && touch(AT(i));
        phx_release(below[i]);
    }
    uint64_t hits = shooters[0].hits + shooters[1].hits;
    uint64_t touches = shooters[0].touches + shooters[1].touches;
    uint64_t late = shooters[0].late + shooters[1].late;
    rt_print("# revoke of %u under fire, %u mapped: %lu us; of %lu shots %lu hit and %lu touched before it\n",
        n, mapped, took / 1000, shooters[0].shots + shooters[1].shots, hits, touches);
    check("nothing_succeeds_after_a_revoke", late == 0 && alive == 0 && hits > 0,
        "%lu late, %u alive, %lu hits", late, alive, hits);
    check("no_mapping_remains_after_a_revoke", remain == 0 && touches > 0, "%u of %u, %lu touched",
        remain, mapped, touches);
    phx_release(frame.frame);
}

void fire(void)
{
    static const unsigned sizes[] = {1, 1000, MOST};
    static struct shooter self;

    self.page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;
    be_ready_for_faults(&self);
    below = rt_alloc(MOST * sizeof *below);
    for (unsigned i = 0; i < 3; i++)
        revoke_of(sizes[i]);
}
