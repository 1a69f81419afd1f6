/* SPDX-License-Identifier: MIT */
/* Rings full of what is dear, and of waits that end together. */
#include "hard.h"

#include "bytes.h"
#include "rt/ring.h"

#define PAGES 8
#define SIZE 64
#define OP(method) PHX_OP_CALL((uint64_t)(method), 0)

static struct rt_ring ring;
static uint64_t ring_cap;
static uint8_t bytes[PHX_PAGE_SIZE];

static void make(void)
{
    struct frame_pool_alloc_out frame;
    struct thread_control_new_ring_out made;
    struct phx_ring *shared;

    must(frame_pool_alloc(RT_POOL, PAGES, &frame), "frame");
    shared = rt_window(frame.frame, PAGES, PHX_PROT_READ | PHX_PROT_WRITE);
    must(thread_control_new_ring(RT_THREAD, frame.frame, SIZE, SIZE, 0, &made), "ring");
    rt_ring_init(&ring, shared);
    ring_cap = made.ring;
    phx_release(frame.frame);
}

/* SIZE times the same; wait for so many. */
static void submit(const struct phx_entry *what, unsigned complete)
{
    struct ring_enter_out out;

    for (unsigned i = 0; i < SIZE; i++)
        *rt_ring_entry(&ring) = *what;
    rt_ring_submit(&ring);
    must(ring_enter(ring_cap, SIZE, complete, PHX_FOREVER, &out), "enter");
    while (rt_ring_completion(&ring))
        rt_ring_seen(&ring);
}

void hard_rings(void)
{
    uint64_t n = new_notification();
    struct phx_entry e = {OP(ENTROPY_FILL), rt_cap("entropy"), {(uint64_t)bytes, sizeof bytes}, 0};

    phase("64 entries that fill a page with random bytes");
    make();
    if (e.cap)
        submit(&e, SIZE);
    phase("64 entries that write to the log");
    memset(bytes, 'x', sizeof bytes);
    e = (struct phx_entry){OP(LOG_WRITE), rt_cap("log"), {(uint64_t)bytes, PHX_LOG_LINE}, 0};
    submit(&e, SIZE);
    phase("64 entries that derive");
    e = (struct phx_entry){OP(CAPABILITY_DERIVE), n, {NOTIFICATION_M_ALL, 0}, 0};
    submit(&e, SIZE);
    phase("64 entries that revoke");
    e = (struct phx_entry){OP(CAPABILITY_REVOKE), n, {0}, 0};
    submit(&e, SIZE);
    phase("64 entries that wait, with deadlines, are cancelled together");
    e = (struct phx_entry){OP(NOTIFICATION_WAIT), n, {1, PHX_FOREVER - 1}, 0};
    submit(&e, 0);
    must(ring_destroy(ring_cap), "destroy");
    phx_release(ring_cap);
    phx_release(n);
}
