/* SPDX-License-Identifier: MIT */
/* Rings: the cases of tests/ring/cases.h in a machine, and rings of the greatest size. */
#include "native.h"

#include "bytes.h"

#include "../ring/cases.h"

#define PATIENCE_NS UINT64_C(3000000000)
#define OP_SLEEP PHX_OP_NYX(67UL)

static uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

/* --- the table ------------------------------------------------------------------------ */

static struct ring_player player;

static void play_enter(uint64_t submit, uint64_t complete)
{
    struct ring_enter_out out = {0};

    ring_enter(player.ring_cap, submit, complete, now() + PATIENCE_NS, &out);
}

static void play_signal(uint64_t bits) { notification_signal(player.notification, bits); }

static void play_cancel(uint64_t user, uint64_t all)
{
    struct ring_cancel_out out = {0};

    ring_cancel(player.ring_cap, user, all, &out);
}

static void play_pass(void) { thread_control_sleep(RT_THREAD, player.near + 1000000); }

static void play_pass_if_none_is_near(void)
{
    if (player.near == ~UINT64_C(0))
        sleep_ms(30);
    else
        play_pass();
}

/* The timer finds this thread computing. */
static void play_pass_outside(void)
{
    volatile const uint32_t *tail = &player.ring.shared->complete_tail;
    uint32_t seen = *tail, still = 0;

    while (still < 60000000 && (*tail == seen || still < 20000000)) {
        __builtin_ia32_pause();
        still++;
    }
}

static void play_release(uint64_t cap) { phx_release(cap); }

/* NULL: right; else what was wanted. */
static const char *play(const struct ring_case *c)
{
    struct account_new_notification_out notification = {0};
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_new_ring_out made = {0};
    const char *wrong = "a ring";

    player = (struct ring_player){.now = now, .enter = play_enter, .signal = play_signal,
        .cancel = play_cancel, .pass = play_pass_if_none_is_near,
        .pass_outside = play_pass_outside, .release = play_release, .pool = RT_POOL};
    account_new_notification(rt_cap("account"), &notification);
    player.notification = notification.notification;
    frame_pool_alloc(RT_POOL, CASES_PAGES, &frame);
    struct phx_ring *ring = rt_window(frame.frame, CASES_PAGES, PHX_PROT_READ | PHX_PROT_WRITE);
    if (ring != NULL && thread_control_new_ring(RT_THREAD, frame.frame, CASES_ENTRIES,
                            CASES_ENTRIES, 0, &made) >= 0) {
        player.ring_cap = made.ring;
        rt_ring_init(&player.ring, ring);
        wrong = case_play(&player, c->script);
        ring_destroy(made.ring);
    }
    if (ring != NULL)
        rt_window_close(ring, CASES_PAGES);
    phx_release(made.ring);
    phx_release(frame.frame);
    phx_release(notification.notification);
    return wrong;
}

/* A deadline that came early, because others had the processor, says nothing. */
static void cases(void)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < RING_CASES; i++) {
        const char *wanted;

        for (unsigned n = 0; (wanted = play(&ring_cases[i])) && player.late && n < 20; n++)
            continue;
        if (wanted)
            check("ring_case", false, "%s: \"%s\": came \"%s\", wanted \"%s\"", ring_cases[i].name,
                ring_cases[i].script, player.came, wanted);
        wrong += wanted != NULL;
    }
    check("ring_cases", wrong == 0 && RING_CASES >= 60, "%u of %lu are wrong", wrong, RING_CASES);
}

/* --- the greatest ------------------------------------------------------------------------ */

#define SUBMISSIONS 32768
#define COMPLETIONS 65536
#define BYTES (sizeof(struct phx_ring) + SUBMISSIONS * sizeof(struct phx_entry) + \
               COMPLETIONS * sizeof(struct phx_completion))
#define PAGES ((BYTES + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE)

/* Sleeps that never end, as many as there is room for; true: all are in flight. */
static bool fill(struct rt_ring *ends, uint64_t ring)
{
    struct ring_info_out info = {0};
    struct ring_enter_out out = {0};
    struct phx_entry *e;

    for (unsigned round = 0; round < COMPLETIONS / SUBMISSIONS; round++) {
        while ((e = rt_ring_entry(ends)) != NULL)
            *e = (struct phx_entry){.op = OP_SLEEP, .words = {PHX_FOREVER}, .user = round};
        rt_ring_submit(ends);
        ring_enter(ring, SUBMISSIONS, 0, 0, &out);
    }
    ring_info(ring, &info);
    return info.in_flight == COMPLETIONS;
}

/* All of one round, or of both, come as cancelled. */
static bool cancelled(struct rt_ring *ends, unsigned wanted, uint64_t user)
{
    const struct phx_completion *c;
    unsigned n = 0;

    while ((c = rt_ring_completion(ends)) != NULL) {
        n += c->result == -PHX_CANCELLED && c->user == user;
        rt_ring_seen(ends);
    }
    return n == wanted;
}

static bool use_greatest(struct phx_ring *shared, uint64_t frame)
{
    struct thread_control_new_ring_out made = {0};
    struct ring_cancel_out out = {0};
    struct rt_ring ends;

    if (thread_control_new_ring(RT_THREAD, frame, SUBMISSIONS, COMPLETIONS, 0, &made) < 0)
        return false;
    rt_ring_init(&ends, shared);
    bool good = fill(&ends, made.ring) && ring_cancel(made.ring, 0, 0, &out) >= 0 &&
                out.cancelled == SUBMISSIONS && cancelled(&ends, SUBMISSIONS, 0);
    ring_destroy(made.ring);
    good = good && cancelled(&ends, SUBMISSIONS, 1);
    phx_release(made.ring);
    return good;
}

static void greatest(void)
{
    struct account_balance_out before = {0}, after = {0};
    struct frame_pool_alloc_out frame = {0};
    uint64_t account = rt_cap("account"), began = now();
    bool good = false;

    frame_pool_alloc(RT_POOL, PAGES, &frame);
    account_balance(account, RESOURCE_PAGES, &before);
    struct phx_ring *shared = rt_window(frame.frame, PAGES, PHX_PROT_READ | PHX_PROT_WRITE);
    if (shared != NULL) {
        good = use_greatest(shared, frame.frame);
        rt_window_close(shared, PAGES);
    }
    account_balance(account, RESOURCE_PAGES, &after);
    phx_release(frame.frame);
    check("greatest_ring", good && after.used <= before.used + 8,
        "good %d, pages %lu then %lu", good, before.used, after.used);
    rt_print("# a ring of %u and %u: %lu pages at most, all in flight and cancelled in %lu ms\n",
        SUBMISSIONS, COMPLETIONS, after.peak - before.used, (now() - began) / 1000000);
}

/* --- polling ------------------------------------------------------------------------------- */

#define ROUNDS 200
#define BATCH 4

static struct poller {
    uint64_t ring, bell, polls, taken;
    uint32_t stop; /* atomic */
} poller;

/* Polls whenever it is woken. */
static void poll_and_sleep(void *unused)
{
    struct notification_wait_out bits = {0};
    struct ring_poll_out out = {0};

    (void)unused;
    while (!__atomic_load_n(&poller.stop, __ATOMIC_ACQUIRE)) {
        if (ring_poll(poller.ring, poller.bell, 1, &out) < 0)
            break;
        poller.polls++;
        poller.taken += out.taken;
        notification_wait(poller.bell, 1, now() + PATIENCE_NS, &bits);
    }
}

/* A batch, without entering but to wake; true: all of it was done. */
static bool polled_batch(struct rt_ring *ends, unsigned *wakes)
{
    const struct phx_completion *c;
    uint64_t since = now();

    for (uint64_t i = 0; i < BATCH; i++)
        *rt_ring_entry(ends) =
            (struct phx_entry){.op = OP_SLEEP, .user = i}; /* over at once; no timer takes it */
    rt_ring_submit(ends);
    if (rt_ring_needs_wakeup(ends)) {
        ++*wakes;
        ring_wake(poller.ring);
    }
    for (uint64_t i = 0; i < BATCH; i++) {
        while ((c = rt_ring_completion(ends)) == NULL)
            if (now() - since > PATIENCE_NS)
                return false;
        if (c->user != i || c->result != 0)
            return false;
        rt_ring_seen(ends);
    }
    return true;
}

static bool use_polled(struct phx_ring *shared)
{
    struct thread_join_out joined = {0};
    uint64_t thread = 0;
    struct rt_ring ends;
    unsigned wakes = 0, done = 0;

    rt_ring_init(&ends, shared);
    bool good = rt_thread(poll_and_sleep, NULL, &thread) >= 0;
    for (; good && done < ROUNDS && polled_batch(&ends, &wakes); done++)
        if (done % 50 == 49)
            sleep_ms(10);
    sleep_ms(50);
    good = good && done == ROUNDS && rt_ring_needs_wakeup(&ends);
    __atomic_store_n(&poller.stop, 1, __ATOMIC_RELEASE);
    notification_signal(poller.bell, 1);
    thread_join(thread, now() + 2 * PATIENCE_NS, &joined);
    phx_release(thread);
    rt_print("# %u batches polled, %lu of %u entries by %lu polls, woken %u times\n", done,
        poller.taken, done * BATCH, poller.polls, wakes);
    return good && wakes > 0 && poller.taken > 0;
}

static void polling(void)
{
    struct account_new_notification_out bell = {0};
    struct frame_pool_alloc_out frame = {0};
    struct thread_control_new_ring_out made = {0};
    bool good = false;

    account_new_notification(rt_cap("account"), &bell);
    frame_pool_alloc(RT_POOL, 1, &frame);
    struct phx_ring *shared = rt_window(frame.frame, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    if (shared != NULL && thread_control_new_ring(RT_THREAD, frame.frame, 16, 16,
                              PHX_RING_SQPOLL, &made) >= 0) {
        poller = (struct poller){.ring = made.ring, .bell = bell.notification};
        good = use_polled(shared);
        ring_destroy(made.ring);
    }
    if (shared != NULL)
        rt_window_close(shared, 1);
    phx_release(made.ring);
    phx_release(frame.frame);
    phx_release(bell.notification);
    check("polled_ring", good, "%lu taken by %lu polls", poller.taken, poller.polls);
}

void test_rings(void)
{
    cases();
    greatest();
    polling();
}
