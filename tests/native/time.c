/* SPDX-License-Identifier: MIT */
/* Time: a ring that the timer drains, and processors that are taken from who computes. */
#include "native.h"
#include "rt/ring.h"

#define ENTRIES 16
#define USER_NOP 101
#define USER_SIGNAL 102
#define USER_CALL 103
#define PATIENCE_NS UINT64_C(3000000000)
#define OP_SIGNAL PHX_OP(PHX_KIND_TRANSPORT, PHX_T_SIGNAL, 0, 0)

static uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

/* --- a ring ------------------------------------------------------------------------ */

static struct drained {
    uint64_t notification, bits;
    bool made, completed, call_waited, call_done;
    uint32_t submit_head, stop; /* atomic */
} drained;

static struct rt_ring ends;
static struct phx_message asked; /* what the call in the ring says, and hears */

static uint32_t completed(const struct phx_ring *ring)
{
    return __atomic_load_n(&ring->complete_tail, __ATOMIC_ACQUIRE);
}

/* No system call in here: only the timer takes the processor. */
static bool spin_until_completed(const struct phx_ring *ring, uint32_t count)
{
    while (completed(ring) < count && !__atomic_load_n(&drained.stop, __ATOMIC_ACQUIRE))
        __builtin_ia32_pause();
    return completed(ring) == count;
}

static void submit(struct phx_ring *ring)
{
    const struct phx_entry entries[] = {
        {.op = PHX_OP_NOP, .user = USER_NOP},
        {.op = OP_SIGNAL, .cap = drained.notification, .words = {4}, .user = USER_SIGNAL},
        {.op = PHX_OP_CALL(CLOCK_NOW, 0),
            .cap = rt_cap("clock"),
            .words = {(uint64_t)&asked},
            .user = USER_CALL},
        {.op = PHX_OP_NOP, .user = USER_NOP},
    };

    rt_ring_init(&ends, ring);
    for (unsigned i = 0; i < 4; i++)
        *rt_ring_entry(&ends) = entries[i];
    rt_ring_submit(&ends);
}

/* Is it the next one? */
static bool next_completion(uint64_t user)
{
    const struct phx_completion *c = rt_ring_completion(&ends);
    bool right = c != NULL && c->user == user && c->result >= 0;

    if (c != NULL)
        rt_ring_seen(&ends);
    return right;
}

/* A call in a ring could do anything, so it waits to be asked for, and what is behind it. */
static void use_ring(struct phx_ring *ring, uint64_t ring_id)
{
    struct ring_enter_out entered = {0};

    submit(ring);
    drained.completed = spin_until_completed(ring, 2) && next_completion(USER_NOP) &&
                        next_completion(USER_SIGNAL);
    for (uint64_t from = now(); now() - from < UINT64_C(20000000);)
        for (unsigned i = 0; i < 100000; i++)
            __builtin_ia32_pause();
    drained.submit_head = __atomic_load_n(&ring->submit_head, __ATOMIC_ACQUIRE);
    drained.call_waited = completed(ring) == 2 && drained.submit_head == 2;
    ring_enter(ring_id, 2, 4, now() + PATIENCE_NS, &entered);
    drained.call_done = entered.submitted == 2 && completed(ring) == 4 &&
                        next_completion(USER_CALL) && asked.words[0] > 0 &&
                        next_completion(USER_NOP);
}

static void ring_thread(void *argument)
{
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_new_ring_out made = {0};
    struct phx_ring *ring;

    (void)argument;
    frame_pool_alloc(RT_POOL, 1, &frame);
    ring = rt_window(frame.frame, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    drained.made = ring != NULL && thread_control_new_ring(RT_THREAD, frame.frame, ENTRIES, ENTRIES,
                                       0, &made) >= 0;
    if (drained.made) {
        use_ring(ring, made.ring);
        ring_destroy(made.ring);
    }
    if (ring != NULL)
        rt_window_close(ring, 1);
    phx_release(made.ring);
    phx_release(frame.frame);
}

static void timer_drains_a_ring(void)
{
    struct account_new_notification_out notification = {0};
    struct notification_wait_out bits = {0};
    struct thread_join_out joined;
    uint64_t thread = 0;

    drained = (struct drained){0};
    asked = (struct phx_message){.deadline = PHX_FOREVER};
    account_new_notification(rt_cap("account"), &notification);
    drained.notification = notification.notification;
    rt_thread(ring_thread, NULL, &thread);
    notification_wait(notification.notification, 4, now() + PATIENCE_NS, &bits);
    if (bits.bits == 0)
        __atomic_store_n(&drained.stop, 1, __ATOMIC_RELEASE);
    thread_join(thread, PHX_FOREVER, &joined);
    phx_release(thread);
    phx_release(notification.notification);
    check("timer_drains_a_ring", drained.made && drained.completed && bits.bits == 4,
        "made %d, completed %d, bits %lx", drained.made, drained.completed, bits.bits);
    check("call_in_a_ring_waits_for_enter", drained.call_waited && drained.call_done,
        "waited %d (head %u), done %d", drained.call_waited, drained.submit_head,
        drained.call_done);
}

/* --- preemption ---------------------------------------------------------------------- */

#define SPINNERS 2
#define NAP_MS 20

static uint32_t woken, finished; /* atomic */

/* Computes, and never enters the kernel, until the sleeper has woken. */
static void spin(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&woken, __ATOMIC_ACQUIRE))
        ;
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
}

static void nap(void *argument)
{
    (void)argument;
    sleep_ms(NAP_MS);
    __atomic_store_n(&woken, 1, __ATOMIC_RELEASE);
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
}

static void sleeper_wakes_beside_spinners(void)
{
    uint64_t thread[SPINNERS + 1] = {0};
    bool good = true;

    woken = finished = 0;
    for (unsigned i = 0; i <= SPINNERS; i++)
        good = rt_thread(i == 0 ? nap : spin, NULL, &thread[i]) >= 0 && good;
    for (unsigned i = 0; i <= SPINNERS; i++) {
        struct thread_join_out joined;

        good = thread_join(thread[i], now() + 2 * PATIENCE_NS, &joined) >= 0 && good;
        phx_release(thread[i]);
    }
    check("sleeper_wakes_beside_threads_that_compute", good && finished == SPINNERS + 1,
        "woken %u, finished %u", woken, finished);
    __atomic_store_n(&woken, 1, __ATOMIC_RELEASE);
}

void test_time(void)
{
    timer_drains_a_ring();
    sleeper_wakes_beside_spinners();
}
