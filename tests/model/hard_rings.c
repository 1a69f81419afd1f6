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

/* A method in a message, as it is in a ring. */
static struct phx_entry entry(uint64_t op, uint64_t cap, uint64_t word0, uint64_t word1)
{
    static struct phx_message m;

    m = (struct phx_message){.words = {word0, word1}};
    return (struct phx_entry){op | 5UL << 24, cap, {(uint64_t)&m}, 0};
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
    struct phx_entry e = entry(OP(ENTROPY_FILL), rt_cap("entropy"), (uint64_t)bytes, 64);

    phase("64 entries that want random bytes");
    make();
    if (e.cap)
        submit(&e, SIZE);
    phase("64 entries that write to the log");
    memset(bytes, 'x', sizeof bytes);
    e = entry(OP(LOG_WRITE), rt_cap("log"), (uint64_t)bytes, PHX_LOG_LINE);
    submit(&e, SIZE);
    phase("64 entries that derive");
    e = entry(OP(CAPABILITY_DERIVE), n, NOTIFICATION_M_ALL, 0);
    submit(&e, SIZE);
    phase("64 entries that revoke");
    e = entry(OP(CAPABILITY_REVOKE), n, 0, 0);
    submit(&e, SIZE);
    phase("64 entries that wait, with deadlines, are cancelled together");
    e = entry(OP(NOTIFICATION_WAIT), n, 1, PHX_FOREVER - 1);
    submit(&e, 0);
    must(ring_destroy(ring_cap), "destroy");
    phx_release(ring_cap);
    phx_release(n);
}
