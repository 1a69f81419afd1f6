/* SPDX-License-Identifier: MIT */
/*
 * A ring between three threads, in every execution that C11's memory model allows
 * with at most three preemptions: engine/kernel/ring.c on one side, rt/ring.h on the
 * other (relacy.h says how they get here). Relacy enumerates the executions and
 * says how many they were.
 *
 *   sides   one thread submits, one reads completions, one is the kernel, at its
 *           timer's ticks or in Ring.enter. Nothing but the ring orders them.
 *   cores   one thread is the program; on one core the kernel takes entries, on
 *           another it completes, later, those that wait.
 *
 *   poll    one thread is the program, one polls: who has stopped looking is woken, or
 *           everything waits for ever.
 *
 * Rings have one or two places and two entries to take. Every execution with at most
 * three preemptions is tried, and in each of them each entry arrives once and whole, and
 * no memory is touched by two sides at once.
 */
#include "relacy.h"

#include <cstdio>
#include <iostream>

extern "C" {
#define restrict __restrict
#define __atomic_thread_fence(order) fence_of(KERNEL_FENCE, order)
#include "ring.c"
#undef __atomic_thread_fence
#define __atomic_thread_fence(order) fence_of(PROGRAM_FENCE, order)
#include "rt/ring.h"
}

#define EXECUTIONS_MAX 1000000000
#define ENTRIES 2
#define PLACES_MAX 2
#define OP_NONE PHX_OP_NOP
#define OP_AT_ONCE 1000
#define OP_WAITS 1001

/* --- the kernel around ring.c -------------------------------------------------- */

struct kernel_side {
    struct ring ring;
    struct thread thread;
    struct object frame;
    struct record records[PLACES_MAX];
    struct waiter *waiting;      /* an entry that is answered later */
    rl::generic_event *happened; /* for which it waits */
    unsigned asked;
};
static struct kernel_side kernel_side;

extern "C" {

/* The frame is never revoked here. */
struct kernel kernel;
bool pin_look(struct pin *) { return true; }
bool dispatch_interrupt_safe(const struct phx_entry *) { return true; }

/* Entries come in the order of their numbers, each whole. (No-ops may not come here.) */
err_t dispatch_entry(struct waiter *w, struct phx_entry *e, uint64_t out[5], uint64_t)
{
    struct kernel_side *k = &kernel_side;
    uint64_t op = e->op;

    RL_ASSERT(w->user >= k->asked && e->cap == w->user + 10 && e->words[4] == w->user + 20);
    k->asked = (unsigned)w->user + 1;
    out[0] = op == OP_NONE ? 0 : (uint64_t)e->cap;
    out[1] = op;
    if (op != OP_WAITS)
        return OK;
    k->waiting = w;
    k->happened->set($);
    return BLOCKED;
}

/* As wait.c has it. */
void wait_answer_words(struct waiter *w, err_t err, const uint64_t *out)
{
    if (w->form == FORM_WORDS)
        ring_complete(w, -(int64_t)err, out);
}
void wait_end(struct waiter *) {}
void wait_begin(struct waiter *, enum wait_state, struct object *, struct list *, uint64_t) {}
void wait_cancel(struct waiter *, err_t) {}
void thread_attend(struct thread *) {}
void thread_ready(struct thread *) {}
void sched_yield_current() {}
void object_unref(struct object *) {}
struct arch_host arch_host;
struct arch_clock arch_clock;

} /* extern "C" */

/* --- what both tests have -------------------------------------------------------- */

struct shared_ring {
    struct phx_ring shared;
    struct phx_entry entries[PLACES_MAX];
    struct phx_completion completions[PLACES_MAX];
    uint64_t operation[ENTRIES];
    unsigned seen;
    bool seen_number[ENTRIES];

    /* The kernel's part, as newRing leaves it. */
    void begin(unsigned places)
    {
        struct kernel_side *k = &kernel_side;

        memset((void *)k, 0, sizeof *k);
        shared.submissions = shared.completions = places;
        k->thread.state = THREAD_RUNNING;
        k->thread.ring = &k->ring;
        k->ring.thread = &k->thread;
        k->ring.frame.object = &k->frame;
        k->ring.shared = &shared;
        k->ring.entries = entries;
        k->ring.completions = completions;
        k->ring.logic.submissions = k->ring.logic.completions = places;
        list_init(&k->ring.free);
        list_init(&k->ring.pending);
        for (unsigned i = 0; i < places; i++) {
            k->records[i].waiter.thread = &k->thread;
            k->records[i].waiter.ring = &k->ring;
            list_add_tail(&k->ring.free, &k->records[i].waiter.link);
        }
        seen = 0;
        memset(seen_number, 0, sizeof seen_number);
    }

    struct rt_ring user_side()
    {
        struct rt_ring user = { &shared, entries, completions, 0, 0 };

        return user;
    }

    bool submit(struct rt_ring *user, unsigned i)
    {
        struct phx_entry *e = rt_ring_entry(user);

        if (!e)
            return false;
        e->op = operation[i];
        e->cap = i + 10;
        e->words[4] = i + 20;
        e->user = i;
        rt_ring_submit(user);
        return true;
    }

    /* Which came? -1: none was there. */
    int read(struct rt_ring *user)
    {
        const struct phx_completion *c = rt_ring_completion(user);

        if (!c)
            return -1;
        uint64_t i = c->user;
        RL_ASSERT(i < ENTRIES && !seen_number[i]);
        RL_ASSERT(c->words[0] == (operation[i] == OP_NONE ? 0 : i + 10) && c->result == 0);
        rt_ring_seen(user);
        seen_number[i] = true;
        seen++;
        return (int)i;
    }
};

static void give_way() { rl::yield(1, $); }

/* --- sides ----------------------------------------------------------------------- */

template <unsigned places, bool enters> struct sides_test
    : rl::test_suite<sides_test<places, enters>, 3> {
    struct shared_ring m;

    /* Every other one is a no-op: the kernel takes those in another way, at Ring.enter. */
    void before()
    {
        m.begin(places);
        for (unsigned i = 0; i < ENTRIES; i++)
            m.operation[i] = enters && i % 2 == 0 ? OP_NONE : OP_AT_ONCE;
    }

    void kernel()
    {
        struct kernel_side *k = &kernel_side;

        while (k->ring.logic.complete_tail < ENTRIES) {
            uint32_t before = k->ring.logic.complete_tail;

            k->thread.ring_submit = places;
            if (enters)
                ring_continue(&k->thread);
            else
                ring_poll(&k->thread);
            if (k->ring.logic.complete_tail == before)
                give_way();
        }
    }

    void thread(unsigned index)
    {
        struct rt_ring user = m.user_side();

        if (index == 0) {
            for (unsigned i = 0; i < ENTRIES;)
                if (m.submit(&user, i))
                    i++;
                else
                    give_way();
        } else if (index == 1) {
            for (int wanted = 0, got; wanted < ENTRIES; wanted++) {
                while ((got = m.read(&user)) < 0)
                    give_way();
                RL_ASSERT(got == wanted);
            }
        } else {
            kernel();
        }
    }

    void after() { RL_ASSERT(m.seen == ENTRIES && kernel_side.ring.logic.in_flight == 0); }
};

/* --- cores ----------------------------------------------------------------------- */

template <unsigned places> struct cores_test : rl::test_suite<cores_test<places>, 3> {
    struct shared_ring m;
    rl::mutex lock; /* the kernel's */

    rl::generic_event happened;

    void before()
    {
        m.begin(places);
        for (unsigned i = 0; i < ENTRIES; i++)
            m.operation[i] = i == 1 ? OP_WAITS : OP_AT_ONCE;
        happened.init(false, false, $);
        kernel_side.happened = &happened;
    }

    /* Submits as it reads; the second of its entries is the one that waits. */
    void program()
    {
        struct rt_ring user = m.user_side();
        unsigned i = 0;

        while (m.seen < ENTRIES) {
            if (i < ENTRIES && m.submit(&user, i))
                i++;
            else if (m.read(&user) < 0)
                give_way();
        }
    }

    /* The timer's ticks. */
    void core_that_takes()
    {
        struct kernel_side *k = &kernel_side;

        while (k->asked < ENTRIES) {
            unsigned before = k->asked;

            lock.lock($);
            ring_poll(&k->thread);
            lock.unlock($);
            if (k->asked == before)
                give_way();
        }
    }

    /* What the waiting entry waited for happens here. */
    void core_that_completes()
    {
        struct kernel_side *k = &kernel_side;
        const uint64_t words[2] = { 11, 0 };

        k->happened->wait(false, false, $);
        lock.lock($);
        ring_complete(k->waiting, 0, words);
        lock.unlock($);
    }

    void thread(unsigned index)
    {
        if (index == 0)
            program();
        else if (index == 1)
            core_that_takes();
        else
            core_that_completes();
    }

    void after()
    {
        happened.deinit($);
        RL_ASSERT(m.seen == ENTRIES && kernel_side.ring.logic.in_flight == 0);
    }
};

/* --- poll ------------------------------------------------------------------------ */

template <unsigned places> struct poll_test : rl::test_suite<poll_test<places>, 2> {
    struct shared_ring m;
    struct process process;
    struct thread poller;
    rl::generic_event bell;

    void before()
    {
        m.begin(places);
        memset((void *)&process, 0, sizeof process);
        memset((void *)&poller, 0, sizeof poller);
        poller.process = &process;
        arch_clock.multiplier = 1;
        arch_host.tsc_step = 2 * POLL_NS; /* a while goes by between two steps */
        for (unsigned i = 0; i < ENTRIES; i++)
            m.operation[i] = OP_AT_ONCE;
        bell.init(false, false, $);
    }

    void program()
    {
        struct rt_ring user = m.user_side();

        for (unsigned i = 0; m.seen < ENTRIES;) {
            bool did = i < ENTRIES && m.submit(&user, i);

            i += did;
            did = m.read(&user) >= 0 || did;
            if (did && rt_ring_needs_wakeup(&user))
                bell.set($);
            if (!did)
                give_way();
        }
    }

    /* Ring.poll, which stops at once when there is nothing new, again and again. */
    void polls()
    {
        struct ring *r = &kernel_side.ring;

        while (r->logic.complete_tail < ENTRIES) {
            struct work w = {};

            w.object = &r->object;
            say(r, 0);
            while (!poll_step(&poller, &w))
                give_way();
            if (r->logic.complete_tail < ENTRIES)
                bell.wait(false, false, $);
        }
    }

    void thread(unsigned index)
    {
        if (index == 0)
            program();
        else
            polls();
    }

    void after()
    {
        bell.deinit($);
        RL_ASSERT(m.seen == ENTRIES && kernel_side.ring.logic.in_flight == 0);
    }
};

/* --- all of them ------------------------------------------------------------------- */

struct outcome {
    bool right;
    unsigned long long executions;
    const char *said; /* why not */
};

/* `history`, where the steps of a wrong execution go, must not allocate: Relacy
 * watches that too. */
template <typename test> static outcome explore(unsigned bound, std::ostream *history)
{
    std::ostream nowhere(nullptr);
    rl::test_params params;

    params.search_type = rl::fair_context_bound_scheduler_type;
    params.context_bound = bound;
    params.iteration_count = EXECUTIONS_MAX;
    params.output_stream = history ? history : &nowhere;
    params.progress_stream = &nowhere;
    bool right = rl::simulate<test>(params);
    return { right, params.stop_iteration, rl::test_result_str(params.test_result) };
}

/* All of the executions, and each of them right. */
template <typename test> static bool holds(const char *name, unsigned bound)
{
    outcome o = explore<test>(bound, &std::cout);
    bool right = o.right && o.executions < EXECUTIONS_MAX;

    if (right)
        printf("ok relacy.%s\n  %llu executions of 3 threads: all there are with %u preemptions\n",
               name, o.executions, bound);
    else
        printf("FAIL relacy.%s %s in execution %llu\n", name, o.right ? "no end" : o.said,
               o.executions);
    fflush(stdout);
    return right;
}

/* Each edge of the ring, made weak on either side, is missed. */
static bool weak_orders_are_found()
{
    static const char *const names[RING_WORDS] = { "submit_head", "complete_tail", "submit_tail",
                                                   "complete_head" };
    bool right = true;

    for (int i = 0; i < 2 * RING_WORDS; i++) {
        weak_word = i / 2;
        weak_store = i % 2;
        outcome polled = explore<sides_test<1, false>>(3, nullptr);
        outcome entered = explore<sides_test<1, true>>(3, nullptr);
        const outcome &o = polled.right ? polled : entered;
        const char *end = weak_store ? "store" : "load";

        right &= !o.right;
        if (o.right)
            printf("FAIL relacy.relaxed_%s_of_%s is not found\n", end, names[weak_word]);
        else
            printf("ok relacy.relaxed_%s_of_%s_is_found\n  %s in execution %llu of the timer's, "
                   "%llu of enter's\n",
                   end, names[weak_word], o.said, polled.executions, entered.executions);
    }
    weak_word = RING_WORDS;
    return right;
}

/* Without either fence somebody sleeps for ever. */
static bool missing_fences_are_found()
{
    static const char *const sides[FENCES] = { "kernel", "program" };
    bool right = true;

    for (int i = 0; i < FENCES; i++) {
        missing_fence = i;
        outcome o = explore<poll_test<2>>(3, nullptr);

        right &= !o.right;
        if (o.right)
            printf("FAIL relacy.missing_fence_of_%s is not found\n", sides[i]);
        else
            printf("ok relacy.missing_fence_of_%s_is_found\n  %s in execution %llu\n", sides[i],
                   o.said, o.executions);
    }
    missing_fence = FENCES;
    return right;
}

int main()
{
    bool right = weak_orders_are_found();

    right &= missing_fences_are_found();

    right &= holds<sides_test<1, false>>("sides_with_one_place_by_the_timer", 3);
    right &= holds<sides_test<2, false>>("sides_with_two_places_by_the_timer", 3);
    right &= holds<sides_test<1, true>>("sides_with_one_place_at_enter", 3);
    right &= holds<sides_test<2, true>>("sides_with_two_places_at_enter", 3);
    right &= holds<cores_test<1>>("cores_with_one_place", 3);
    right &= holds<cores_test<2>>("cores_with_two_places", 3);
    right &= holds<poll_test<1>>("who_polls_is_woken_with_one_place", 3);
    right &= holds<poll_test<2>>("who_polls_is_woken_with_two_places", 3);
    return !right;
}
