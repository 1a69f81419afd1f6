/* SPDX-License-Identifier: MIT */
/*
 * Whose time it is: slots, Schedules, lent time, latency credit, yieldTo, slice ends, on one
 * core and on two, under a clock that the test moves from alarm to alarm.
 */
#include "attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_NS UINT64_C(1000000)
#define MOST 120 /* threads that a test looks at */
#define ALL_SLOTS FRAME_BADGE(0, timetable.count * cpu_count)

static struct thread *t; /* alice's first */
static uint64_t slots;   /* alice's hold of all of them */
static uint64_t root;    /* and of the root's Schedule */
static uint64_t nobody;  /* a Schedule that has no time */
static unsigned cores;

/* What each thread had of a core, and of which. */
static struct thread *threads[MOST];
static uint64_t ran[MOST], ran_on[MOST][2];
static unsigned count;

static void begin_cores(unsigned vector, unsigned n)
{
    world_slots(vector, SLICE_NS);
    world_begin();
    t = alice.thread;
    cores = cpu_count = n;
    cpus[1].timer_armed = 0;
    cpus[1].turn_key = UINT32_MAX;
    arch_host.tsc_step = 0;
    slots = world_hold(&alice, &machine, IFACE_TIME_SLICE, TIME_SLICE_M_ALL | CAPABILITY_M_ALL,
        ALL_SLOTS);
    root = world_hold(&alice, &root_schedule.object, IFACE_SCHEDULE, SCHEDULE_M_ALL, 0);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_SCHEDULE), 0);
    nobody = WORD(t, 0);
    count = 0;
    memset(ran, 0, sizeof ran);
    memset(ran_on, 0, sizeof ran_on);
}

static void begin(unsigned vector)
{
    begin_cores(vector, 1);
}

/* All slots are the root's again, whoever has time to say so, and all cores stand still. */
static void end(void)
{
    struct invocation inv = {.thread = t,
        .row = cap_row(&alice.process->table, slots),
        .object = &machine,
        .badge = ALL_SLOTS};

    cpu_count = cores;
    CHECK_EQ(op_time_slice_bind(&inv, &(struct time_slice_bind_in){root}), OK);
    for (unsigned i = 0; i < POSITIONS - 1; i++)
        CHECK_EQ(op_time_slice_spare(&inv, &(struct time_slice_spare_in){0, i}), OK);
    CHECK_EQ(op_time_slice_spare(&inv, &(struct time_slice_spare_in){root, POSITIONS - 1}), OK);
    if (cpus[1].turn)
        object_unref(&cpus[1].turn->object);
    cpus[1].turn = NULL;
    if (cpus[1].current)
        thread_ready(cpus[1].current);
    cpus[1].current = NULL;
    cpu_count = 1;
    arch_host.tsc_step = 1;
    world_end();
}

static uint64_t new_schedule(void)
{
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_SCHEDULE), 0);
    return WORD(t, 0);
}

static uint64_t carve(uint64_t first, uint64_t n)
{
    CHECK_EQ(CALL(t, slots, TIME_SLICE_RANGE, first, n), 0);
    return WORD(t, 0);
}

static void bind(uint64_t first, uint64_t n, uint64_t schedule)
{
    uint64_t part = carve(first, n);

    CHECK_EQ(CALL(t, part, TIME_SLICE_BIND, schedule), 0);
}

/* A hold of a thread; a program's first one, or another. */
static uint64_t hold_of(struct thread *thread)
{
    return world_hold(&alice, &thread->object, IFACE_THREAD, THREAD_M_ALL, 0);
}

static void add(uint64_t schedule, struct thread *thread, unsigned order)
{
    CHECK_EQ(CALL(t, schedule, SCHEDULE_ADD, hold_of(thread), order), 0);
}

/* One more of alice's threads, ready, in that Schedule (0: in none), to be looked at. */
static struct thread *runner(uint64_t schedule, unsigned order)
{
    struct thread *new = another_thread(&alice);

    if (schedule)
        add(schedule, new, order);
    else
        CHECK_EQ(CALL(t, nobody, SCHEDULE_ADD, hold_of(new), 0), 0);
    CHECK(count < MOST);
    threads[count++] = new;
    return new;
}

static unsigned index_of(const struct thread *thread)
{
    unsigned i = 0;

    while (i < count && threads[i] != thread)
        i++;
    return i;
}

/* Let everybody compute, from alarm to alarm, until then. */
static void run_until(uint64_t end_ns)
{
    while (arch_host.tsc < end_ns) {
        uint64_t next = end_ns;

        for (unsigned c = 0; c < cores; c++)
            if (cpus[c].timer_armed && cpus[c].timer_armed < next)
                next = cpus[c].timer_armed;
        for (unsigned c = 0; c < cores; c++) {
            unsigned i = index_of(cpus[c].current);

            if (cpus[c].current && i < count && next > arch_host.tsc) {
                ran[i] += next - arch_host.tsc;
                ran_on[i][c] += next - arch_host.tsc;
            }
        }
        if (next > arch_host.tsc)
            arch_host.tsc = next;
        for (unsigned c = 0; c < cores; c++) {
            arch_host.cpu = &cpus[c];
            if ((cpus[c].timer_armed && cpus[c].timer_armed <= arch_host.tsc) || cpus[c].resched)
                world_tick();
        }
        arch_host.cpu = &cpus[0];
    }
}

/* Until it is that one's turn. */
static void until_runs(const struct thread *thread)
{
    for (unsigned i = 0; cpus[0].current != thread; i++) {
        CHECK(i < 10000);
        run_until(arch_host.tsc + SLICE_NS / 8);
    }
}

static void runs_in_slot_0(const struct thread *thread)
{
    for (unsigned i = 0; cpus[0].current != thread || cpus[0].turns.at != 0; i++) {
        CHECK(i < 10000);
        run_until(arch_host.tsc + SLICE_NS / 8);
    }
}

/* To the beginning of slot 0 of the next period; the slices of all who prepared things end. */
static void run_to_period(void)
{
    uint64_t period = timetable.count * SLICE_NS;

    for (unsigned c = 0; c < cores; c++) {
        arch_host.cpu = &cpus[c];
        world_tick();
    }
    arch_host.cpu = &cpus[0];
    run_until((arch_host.tsc / period + 2) * period);
    memset(ran, 0, sizeof ran);
    memset(ran_on, 0, sizeof ran_on);
}

/* --- rights --------------------------------------------------------------------------- */

TEST(time, slots_are_given_by_who_may, "to a Schedule that may be given some")
{
    begin(4);
    uint64_t s = new_schedule();
    CHECK_EQ(CALL(t, s, CAPABILITY_DERIVE, SCHEDULE_M_ADD | SCHEDULE_M_CREDIT), 0);
    uint64_t weak = WORD(t, 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_BIND, weak), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, weak, 3), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_BIND, slots), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, hold_of(bob.thread), CAPABILITY_DERIVE, THREAD_M_ALL & ~THREAD_M_AFFINITY), 0);
    uint64_t fixed = WORD(t, 0);
    CHECK_EQ(CALL(t, s, SCHEDULE_ADD, fixed, 0), -PHX_PERMISSION_DENIED);
    end();
}

/* --- shares ------------------------------------------------------------------------ */

TEST(time, shares_are_within_one_slot, "at every boundary, for any vector")
{
    unsigned boundaries = 0;
    uint64_t worst = 0;

    for (unsigned round = 0; round < 60; round++) {
        unsigned vector = 2 + (unsigned)test_below(15), owner[SLOTS_MAX];
        uint64_t schedules[5], due[5] = {0};

        begin(vector);
        for (unsigned s = 0; s < 5; s++) {
            schedules[s] = new_schedule();
            for (unsigned i = 0; i < 3; i++) /* three each, which never yield */
                runner(schedules[s], i == 2 ? 1 : 0);
        }
        for (unsigned i = 0; i < vector; i++) {
            owner[i] = (unsigned)test_below(5);
            bind(i, 1, schedules[owner[i]]);
        }
        run_to_period();
        uint64_t from = arch_host.tsc;
        for (unsigned slot = 0; slot < 3 * vector; slot++, boundaries++) {
            run_until(from + (slot + 1) * SLICE_NS);
            due[owner[slot % vector]] += SLICE_NS;
            for (unsigned s = 0; s < 5; s++) {
                uint64_t had = ran[3 * s] + ran[3 * s + 1];
                uint64_t off = had > due[s] ? had - due[s] : due[s] - had;

                CHECK_EQ(ran[3 * s + 2], 0); /* of the lower order */
                if (off > worst)
                    worst = off;
                CHECK(off <= SLICE_NS);
            }
        }
        end();
    }
    printf("# %u boundaries, at most %lu ns of %lu off\n", boundaries, worst, SLICE_NS);
}

TEST(time, equals_take_turns, "and nobody of a hundred who never yield is starved")
{
    uint64_t least = UINT64_MAX, most = 0;

    begin(1);
    CHECK_EQ(CALL(boss.thread, SLOT(ACCOUNT), ACCOUNT_TRANSFER, alice.account_id, RESOURCE_THREADS,
                 100),
        0);
    for (unsigned i = 0; i < 100; i++)
        runner(root, 0);
    run_until(arch_host.tsc + 400 * SLICE_NS);
    memset(ran, 0, sizeof ran);
    run_until(arch_host.tsc + 206 * SLICE_NS); /* and alice, bob and the boss compute, too */
    for (unsigned i = 0; i < 100; i++) {
        least = ran[i] < least ? ran[i] : least;
        most = ran[i] > most ? ran[i] : most;
    }
    printf("# of 206 slices each of 100 had between %lu and %lu\n", least / SLICE_NS, most / SLICE_NS);
    CHECK_EQ(least, 2 * SLICE_NS);
    CHECK_EQ(most, 2 * SLICE_NS);
    end();
}

TEST(time, a_slot_comes_back, "from who was given it by what was revoked")
{
    begin(2);
    uint64_t s = new_schedule(), part = carve(0, 1);
    struct thread *a = runner(s, 0);
    CHECK_EQ(CALL(t, part, CAPABILITY_DERIVE, TIME_SLICE_M_ALL), 0);
    uint64_t lent = WORD(t, 0);
    CHECK_EQ(CALL(t, lent, TIME_SLICE_BIND, s), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, s, 0), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, 0, 0), 0);
    run_to_period();
    run_until(arch_host.tsc + 4 * SLICE_NS);
    CHECK_EQ(ran[0], 2 * SLICE_NS);
    until_runs(t);
    CHECK_EQ(CALL(t, part, CAPABILITY_REVOKE, 0), 0);
    CHECK_EQ(CALL(t, lent, TIME_SLICE_INFO), -PHX_REVOKED);
    run_to_period();
    run_until(arch_host.tsc + 4 * SLICE_NS);
    CHECK_EQ(ran[0], 0);
    until_runs(t);
    CHECK_EQ(((struct schedule *)object_of(&alice, s))->share.slots, 0);
    CHECK_EQ(a->state, THREAD_READY);
    end();
}

TEST(time, a_place_comes_back, "in the spare list, from who was given it by what was revoked")
{
    begin(2);
    uint64_t s = new_schedule();
    runner(s, 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_BIND, 0), 0);
    CHECK_EQ(CALL(t, slots, CAPABILITY_DERIVE, TIME_SLICE_M_ALL), 0);
    uint64_t lent = WORD(t, 0);
    CHECK_EQ(CALL(t, lent, TIME_SLICE_SPARE, s, 5), 0);
    run_until(arch_host.tsc + 4 * SLICE_NS);
    CHECK(ran[0] >= 3 * SLICE_NS); /* it is before the root's */
    CHECK_EQ(t->state, THREAD_READY);
    /* nobody else runs any more: the test takes it back itself */
    cap_revoke_children(&kernel.caps, cap_row(&alice.process->table, slots));
    run_until(arch_host.tsc + 2 * SLICE_NS);
    memset(ran, 0, sizeof ran);
    run_until(arch_host.tsc + 4 * SLICE_NS);
    CHECK_EQ(ran[0], 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, new_schedule(), 5), 0);
    end();
}

/* A Schedule for each of some slots, which stands in a spare list too, by what is lent of all of
 * them. Nothing of them is ready, and nothing else names them: no core ever comes to them. */
static void give_unused(unsigned n)
{
    CHECK_EQ(CALL(t, slots, CAPABILITY_DERIVE, TIME_SLICE_M_ALL), 0);
    uint64_t lent = WORD(t, 0);
    for (unsigned i = 0; i < n; i++) {
        uint64_t s = new_schedule();

        CHECK_EQ(CALL(t, lent, TIME_SLICE_RANGE, i, 1), 0);
        uint64_t part = WORD(t, 0);
        CHECK_EQ(CALL(t, part, TIME_SLICE_BIND, s), 0);
        CHECK_EQ(CALL(t, part, TIME_SLICE_SPARE, s, i), 0);
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, part), 0);
        CHECK_EQ(SYS(t, PHX_OP_RELEASE, s), 0);
    }
    CHECK_EQ(SYS(t, PHX_OP_RELEASE, lent), 0);
}

TEST(time, what_was_revoked_keeps_nothing, "of who had it, though its turn never comes")
{
    uint64_t used = 0;

    begin_cores(16, 2);
    for (unsigned round = 0; round < 4; round++) {
        unsigned n = round % 2 ? 32 : 5; /* more than share a page */
        give_unused(n);
        uint64_t full = alice.account->used[RESOURCE_PAGES];
        CHECK_EQ(CALL(t, slots, CAPABILITY_REVOKE, 0), 0);
        CHECK(alice.account->used[RESOURCE_PAGES] < full);
        for (unsigned i = 0; i < n; i++) { /* nobody stands there */
            CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, nobody, i), 0);
            CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, 0, i), 0);
        }
        if (round > 1)
            CHECK_EQ(alice.account->used[RESOURCE_PAGES], used);
        used = alice.account->used[RESOURCE_PAGES];
    }
    end();
}

/* --- time that is lent -------------------------------------------------------------- */

#define CHAIN WAIT_CHAIN_MAX

static uint64_t chain_endpoints[CHAIN];

/* alice's thread i + 1 serves what thread i calls; all wait but the last, which serves. */
static void call_chain(unsigned links)
{
    for (unsigned i = 0; i < links; i++) {
        uint64_t client = make_client(&alice, chain_endpoints[i] = make_endpoint(&alice), 1, 0);

        CHECK_EQ(SYS(threads[i + 1], PHX_OP_RECV, chain_endpoints[i]), WAITS);
        CHECK_EQ(SYS(threads[i], PHX_OP_CALL(0, 0), client), WAITS);
    }
}

/* Servers that live on what they are lent. */
static void make_servers(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        runner(root, 0);
}

static void leave_root(unsigned first, unsigned n)
{
    for (unsigned i = first; i < first + n; i++)
        CHECK_EQ(CALL(t, nobody, SCHEDULE_ADD, hold_of(threads[i]), 0), 0);
}

TEST(time, an_owner_s_slots_reach_the_sixteenth_server, "and are charged to the owner")
{
    begin(4);
    uint64_t s = new_schedule();
    make_servers(CHAIN + 1);
    call_chain(CHAIN);
    leave_root(1, CHAIN);
    add(s, threads[0], 0);
    bind(1, 1, s);
    bind(2, 1, s);
    run_to_period();
    uint64_t had = alice.account->ran;
    run_until(arch_host.tsc + 10 * 4 * SLICE_NS);
    for (unsigned i = 0; i < CHAIN; i++)
        CHECK_EQ(ran[i], 0);
    printf("# the last of %u servers ran %lu of its caller's 20 slots\n", CHAIN,
        ran[CHAIN] / SLICE_NS);
    CHECK_EQ(ran[CHAIN], 20 * SLICE_NS);
    CHECK(alice.account->ran - had >= 20 * SLICE_NS);
    /* It answers: the one before it goes on, on the same time. */
    CHECK_EQ(threads[CHAIN]->state, THREAD_READY);
    end();
}

TEST(time, a_server_is_helped_by_later_callers, "who wait in its queue, one after the other")
{
    begin(4);
    uint64_t client = make_client(&alice, chain_endpoints[0] = make_endpoint(&alice), 1, 0);
    uint64_t s[3];
    make_servers(4); /* 3 serves 0, 1 and 2 */
    for (unsigned i = 0; i < 3; i++)
        bind(i, 1, s[i] = new_schedule());
    bind(3, 1, 0);
    CHECK_EQ(SYS(threads[3], PHX_OP_RECV, chain_endpoints[0]), WAITS);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(SYS(threads[i], PHX_OP_CALL(0, 0), client), WAITS);
    leave_root(3, 1);
    for (unsigned i = 0; i < 3; i++)
        add(s[i], threads[i], 0);
    run_to_period();
    run_until(arch_host.tsc + 10 * 4 * SLICE_NS);
    printf("# with one call served and two queued, the server had %lu of 10 periods' 30 slots\n",
        ran[3] / SLICE_NS);
    CHECK_EQ(ran[3], 20 * SLICE_NS); /* of the one served, and of the first that waits */
    end();
}

/* --- latency credit ------------------------------------------------------------------ */

TEST(time, who_has_credit_runs_when_it_wakes, "until that is used up, and pays it back")
{
    begin(4);
    uint64_t s = new_schedule(), n = make_notification(&alice);
    struct thread *driver = runner(root, 0);
    for (unsigned i = 0; i < 30; i++)
        runner(root, 0);
    bind(0, 3, 0);
    bind(3, 1, s);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, 0, POSITIONS - 1), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, root, 5), 0); /* without credit it comes first */
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, s, 10), 0);
    CHECK_EQ(CALL(t, s, SCHEDULE_CREDIT, SLICE_NS / 2), 0);
    CHECK_EQ(CALL(driver, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    add(s, driver, 0);
    runs_in_slot_0(t);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 1), 0);
    CHECK(cpus[0].current == driver); /* at once */
    CHECK_EQ(root_schedule.share.borrowed, 0); /* who was there before ran on nobody's credit */
    CHECK_EQ(t->state, THREAD_READY);
    struct share *share = &((struct schedule *)object_of(&alice, s))->share;
    run_until(arch_host.tsc + SLICE_NS / 2);
    CHECK(cpus[0].current != driver); /* its credit is used up */
    CHECK_EQ(ran[0], SLICE_NS / 2);
    CHECK_EQ(share->borrowed, SLICE_NS / 2);
    do
        run_until(cpus[0].turns.end);
    while (cpus[0].turns.at != 3);
    CHECK_EQ(ran[0], SLICE_NS / 2);
    CHECK_EQ(share->borrowed, 0);
    CHECK(cpus[0].current == driver); /* its slot, and what it had of it before is not its own */
    CHECK_EQ(cpus[0].slice_end, cpus[0].turns.end - SLICE_NS / 2);
    end();
}

TEST(time, without_credit_it_waits_for_its_place, "in the list or for its slot")
{
    begin(4);
    uint64_t s = new_schedule(), n = make_notification(&alice);
    struct thread *driver = runner(root, 0);
    bind(0, 3, root);
    bind(3, 1, s);
    CHECK_EQ(CALL(driver, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    add(s, driver, 0);
    runs_in_slot_0(t);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 1), 0);
    CHECK(cpus[0].current == t);
    run_until(cpus[0].turns.end + 2 * SLICE_NS);
    CHECK_EQ(cpus[0].turns.at, 3);
    CHECK(cpus[0].current == driver);
    end();
}

TEST(time, a_higher_order_goes_first, "at once when it wakes, where it is of the same Schedule")
{
    begin(1);
    uint64_t n = make_notification(&alice);
    struct thread *low = runner(root, 1), *high = runner(root, 0);
    CHECK_EQ(CALL(high, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(t, nobody, SCHEDULE_ADD, hold_of(bob.thread), 0), 0);
    CHECK_EQ(CALL(t, nobody, SCHEDULE_ADD, hold_of(boss.thread), 0), 0);
    add(root, t, 1);
    until_runs(low);
    CHECK_EQ(CALL(low, n, NOTIFICATION_SIGNAL, 1), 0);
    CHECK(cpus[0].current == high);
    run_until(arch_host.tsc + 20 * SLICE_NS);
    CHECK(cpus[0].current == high);
    CHECK_EQ(CALL(high, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    until_runs(t);
    add(root, boss.thread, 0);
    end();
}

/* --- yieldTo, and the end of a slice --------------------------------------------------- */

TEST(time, yield_to_gives_the_rest, "and whose turn it is pays")
{
    begin(1);
    uint64_t n = make_notification(&alice);
    struct thread *other = runner(0, 0), *waits = runner(root, 0), *last = runner(0, 0);
    uint64_t to = hold_of(other), to_last = hold_of(last), to_waiting = hold_of(waits);
    CHECK_EQ(CALL(waits, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    until_runs(t);
    CHECK_EQ(CALL(t, to_waiting, THREAD_YIELD_TO), -PHX_WOULD_BLOCK);
    CHECK_EQ(CALL(t, hold_of(t), THREAD_YIELD_TO), -PHX_WOULD_BLOCK); /* it runs already */
    uint64_t slice_end = cpus[0].slice_end;
    struct thread *turn = cpus[0].turn;
    arch_host.tsc += SLICE_NS / 4;
    CHECK_EQ(CALL(t, to, THREAD_YIELD_TO), 0);
    CHECK(cpus[0].current == other && cpus[0].turn == turn);
    CHECK_EQ(CALL(other, to_last, THREAD_YIELD_TO), 0); /* and on */
    CHECK(cpus[0].current == last && cpus[0].turn == turn);
    CHECK_EQ(cpus[0].slice_end, slice_end);
    uint64_t had = alice.account->ran;
    run_until(slice_end + 1);
    CHECK_EQ(alice.account->ran - had, SLICE_NS);
    CHECK_EQ(last->state, THREAD_READY); /* without a turn of its own */
    run_until(arch_host.tsc + 20 * SLICE_NS);
    CHECK_EQ(last->state, THREAD_READY);
    CHECK_EQ(CALL(t, to, THREAD_STOP), 0);
    CHECK_EQ(CALL(t, to, THREAD_YIELD_TO), -PHX_INVALID_STATE);
    end();
}

TEST(time, yield_to_who_calls_helps_who_serves, "the end of its chain")
{
    begin(1);
    uint64_t client = make_client(&alice, chain_endpoints[0] = make_endpoint(&alice), 1, 0);
    make_servers(2);
    CHECK_EQ(SYS(threads[1], PHX_OP_RECV, chain_endpoints[0]), WAITS);
    CHECK_EQ(SYS(threads[0], PHX_OP_CALL(0, 0), client), WAITS);
    leave_root(0, 2);
    until_runs(t);
    CHECK_EQ(CALL(t, hold_of(threads[0]), THREAD_YIELD_TO), 0);
    CHECK(cpus[0].current == threads[1]);
    end();
}

static struct thread *with_page(uint64_t schedule)
{
    uint64_t frame = make_frame(&alice, 1);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, 0x200000, 0, 1, READ_WRITE), 0);
    CHECK_EQ(CALL(t, SLOT(PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000, 0, frame, 0x200000), 0);
    uint64_t id = WORD(t, 0);
    CHECK_EQ(CALL(t, id, THREAD_START), 0);
    CHECK_EQ(CALL(t, schedule, SCHEDULE_ADD, id, 0), 0);
    struct thread *new = CONTAINER(object_of(&alice, id), struct thread, object);
    new->page->entry = 0x3000;
    new->page->stack = 0x91000;
    threads[count++] = new;
    return new;
}

TEST(time, who_asked_is_told_of_its_slice_s_end, "and has 2000 ns, then the core is taken")
{
    begin(2);
    uint64_t s = new_schedule();
    struct thread *told = with_page(s);
    bind(0, 1, s);
    CHECK_EQ(CALL(t, s, SCHEDULE_WATCH_SLICE_END, 0x40), 0);
    run_to_period();
    CHECK(cpus[0].current == told);
    told->page->pending = told->page->depth = 0;
    told->page->disabled = 0;
    uint64_t over = cpus[0].slice_end;
    run_until(over);
    CHECK(cpus[0].current == told);
    CHECK_EQ(told->page->pending, 0x40);
    CHECK_EQ(told->page->depth, 1);
    CHECK_EQ(told->regs.rip, 0x3000);
    run_until(over + 1999);
    CHECK(cpus[0].current == told);
    run_until(over + 2000);
    CHECK(cpus[0].current != told);
    CHECK_EQ(told->state, THREAD_READY);
    /* It may go by itself before. */
    told->page->pending = told->page->depth = 0;
    told->page->disabled = 0;
    run_until(cpus[0].turns.end);
    CHECK(cpus[0].current == told);
    over = cpus[0].slice_end;
    run_until(over);
    CHECK_EQ(told->page->depth, 1);
    CHECK_EQ(CALL(told, SLOT(THREAD), THREAD_CONTROL_YIELD), 0);
    CHECK(cpus[0].current != told);
    /* Disabled, it is not entered, and the core is taken all the same. */
    told->page->pending = told->page->depth = 0;
    told->page->disabled = 1;
    run_until(cpus[0].turns.end);
    over = cpus[0].slice_end;
    run_until(over);
    CHECK_EQ(told->page->pending, 0x40);
    CHECK_EQ(told->page->depth, 0);
    run_until(over + 2000);
    CHECK(cpus[0].current != told);
    end();
}

/* --- cores ------------------------------------------------------------------------- */

TEST(time, each_core_runs_its_own, "and nobody else's, where their slots are")
{
    begin_cores(4, 2);
    uint64_t a = new_schedule(), b = new_schedule();
    runner(a, 0);
    runner(b, 0);
    bind(0, 4, a);
    bind(4, 4, b);
    run_to_period();
    run_until(arch_host.tsc + 400 * SLICE_NS);
    printf("# of 400 slots core 0 ran its own thread in %lu, core 1 in %lu\n",
        ran_on[0][0] / SLICE_NS, ran_on[1][1] / SLICE_NS);
    CHECK_EQ(ran_on[0][0], 400 * SLICE_NS);
    CHECK_EQ(ran_on[1][1], 400 * SLICE_NS);
    CHECK_EQ(ran_on[0][1] + ran_on[1][0], 0);
    end();
}

TEST(time, a_core_without_work_sleeps, "without a timer, and is woken for what it may run")
{
    begin_cores(4, 2);
    uint64_t a = new_schedule(), n = make_notification(&alice);
    struct thread *one = runner(a, 0);
    CHECK_EQ(CALL(t, carve(4, 4), TIME_SLICE_SPARE, 0, POSITIONS - 1), 0); /* none of the root's */
    bind(4, 4, 0);
    bind(6, 1, a);
    CHECK_EQ(CALL(t, root, SCHEDULE_ADD, hold_of(one), 0), 0);
    CHECK_EQ(CALL(one, n, NOTIFICATION_WAIT, 1, PHX_FOREVER), WAITS);
    add(a, one, 0);
    run_to_period();
    CHECK(!cpus[1].current);
    cpus[1].timer_armed = 0;
    arch_host.wakeups[1] = 0;
    arch_host.cpu = &cpus[1];
    world_tick(); /* it looks, and finds nothing to look for again */
    arch_host.cpu = &cpus[0];
    run_until(arch_host.tsc + 8 * SLICE_NS);
    CHECK(!cpus[1].current);
    CHECK_EQ(cpus[1].timer_armed, 0);
    CHECK_EQ(arch_host.wakeups[1], 0); /* all who were ready are the root's */
    /* It wakes for who has its slot there, and looks again when that begins. */
    runs_in_slot_0(t);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 1), 0);
    CHECK_EQ(arch_host.wakeups[1], 1);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 1), 0);
    CHECK_EQ(arch_host.wakeups[1], 1);
    run_until(cpus[0].turns.end);
    CHECK(!cpus[1].current);
    run_until(cpus[0].turns.end);
    CHECK_EQ(cpus[1].turns.at, 2);
    CHECK(cpus[1].current == one);
    end();
}

/* --- accounts ------------------------------------------------------------------------ */

TEST(time, what_ran_is_charged, "to whose turn it was, and adds up to the clock")
{
    begin(1);
    uint64_t sum = kernel.root.ran + alice.account->ran + bob.account->ran;
    CHECK_EQ(CALL(boss.thread, SLOT(ACCOUNT), ACCOUNT_TRANSFER, alice.account_id, RESOURCE_TIME,
                 5 * SLICE_NS),
        0);
    run_until(arch_host.tsc + 3 * SLICE_NS);
    uint64_t used = alice.account->used[RESOURCE_TIME], from = cpus[0].turn_began;
    uint64_t paid = kernel.root.used[RESOURCE_TIME];
    sum = kernel.root.ran + alice.account->ran + bob.account->ran;
    run_until(arch_host.tsc + 30 * SLICE_NS);
    uint64_t took = cpus[0].turn_began - from;
    CHECK_EQ(kernel.root.ran + alice.account->ran + bob.account->ran - sum, took);
    CHECK(took >= 29 * SLICE_NS);
    CHECK_EQ(alice.account->used[RESOURCE_TIME], 5 * SLICE_NS); /* the rest was the root's */
    CHECK_EQ(kernel.root.used[RESOURCE_TIME] - paid + 5 * SLICE_NS - used, took);
    until_runs(t);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_BALANCE, RESOURCE_TIME), 0);
    CHECK_EQ(WORD(t, 1), 5 * SLICE_NS);
    CHECK_EQ(WORD(t, 2), alice.account->ran);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_BALANCE, RESOURCE_COUNT), -PHX_INVALID_ARGUMENT);
    end();
}
