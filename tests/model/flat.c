/* SPDX-License-Identifier: MIT */
/*
 * What operations cost does not grow with what exists: the same figures with a handful of
 * processes and holds, and with thousands and hundreds of thousands; and a revoke costs the same
 * however many descend.
 *
 * The init of flat.cue, under -icount, where a tick of the TSC is an instruction.
 */
#include "../../engine/user/bench/bench.h"
#include "bytes.h"
#include "rt/layout.h"
#include "user.h"

#ifndef PROCESSES
#define PROCESSES 150
#define MANY_HOLDS 60000
#endif
#define SERVED 100
#define DESCENDANTS 100000

static uint64_t notification, frame, client, spare;

static uint64_t null_op(void)
{
    return MEASURE(100, {
        uint64_t op = PHX_OP_NOP;
        __asm__ volatile("syscall" : "+a"(op) : : "rcx", "r11", "memory");
    });
}

static uint64_t call_reply(void)
{
    uint64_t words[PHX_WORDS] = {0};

    return MEASURE(100, must(phx_invoke(client, 0, words, 1), "call"));
}

static void derive_one(void)
{
    struct capability_derive_out out;

    must(capability_derive(notification, NOTIFICATION_M_POLL, 0, &out), "derive");
    spare = out.capability;
}

static uint64_t derive(void)
{
    return ONCE(phx_release(spare), derive_one());
}

static uint64_t copy(void)
{
    struct capability_duplicate_out out = {0};

    return ONCE(phx_release(out.capability),
        must(capability_duplicate(notification, &out), "duplicate"));
}

static uint64_t release(void)
{
    return ONCE(derive_one(), phx_release(spare));
}

static uint64_t signal(void)
{
    return MEASURE(100, must(notification_signal(notification, 1), "signal"));
}

static uint64_t map(void)
{
    return ONCE(address_space_unmap(RT_SPACE, RT_STORE_BASE, 1),
        must(address_space_map(RT_SPACE, frame, RT_STORE_BASE, 0, 1, PHX_PROT_READ), "map"));
}

static uint64_t unmap(void)
{
    address_space_unmap(RT_SPACE, RT_STORE_BASE, 1);
    return ONCE(must(address_space_map(RT_SPACE, frame, RT_STORE_BASE, 0, 1, PHX_PROT_READ), "map"),
        must(address_space_unmap(RT_SPACE, RT_STORE_BASE, 1), "unmap"));
}

static uint64_t revoke(void)
{
    return ONCE(
        {
            phx_release(spare);
            derive_one();
        },
        must(capability_revoke(notification, 0), "revoke"));
}

static const struct {
    const char *name;
    uint64_t (*measure)(void);
} figures[] = {{"null_op", null_op}, {"call_reply", call_reply}, {"cap_derive", derive},
    {"cap_copy", copy}, {"cap_release", release}, {"signal_alone", signal}, {"map_page", map},
    {"unmap_page_alone", unmap}, {"revoke_1", revoke}};
#define FIGURES (sizeof figures / sizeof figures[0])

static void measure_all(uint64_t values[FIGURES])
{
    for (unsigned i = 0; i < FIGURES; i++) {
        (void)figures[i].measure(); /* what is made at a first time is made */
        values[i] = figures[i].measure();
    }
}

static int serve(void)
{
    uint64_t words[PHX_WORDS] = {0}, badge, endpoint = rt_cap("endpoint");
    int64_t got = phx_receive(endpoint, words, &badge);

    while (got >= 0)
        got = phx_return_receive(endpoint, 0, words, 1, &badge);
    return 1;
}

static int idle(void)
{
    struct notification_wait_out out;

    return (int)notification_wait(rt_cap("wait"), 1, PHX_FOREVER, &out);
}

static void begin(void)
{
    struct account_new_notification_out n;
    struct account_new_endpoint_out e;
    struct endpoint_mint_out minted;
    struct frame_pool_alloc_out f;

    user_begin("flat");
    must(account_new_notification(rt_cap("account"), &n), "notification");
    must(account_new_endpoint(rt_cap("account"), &e), "endpoint");
    must(endpoint_mint(e.endpoint, SERVED, 1, 1, 0, &minted), "mint");
    must(frame_pool_alloc(RT_POOL, 1, &f), "frame");
    notification = n.notification;
    client = minted.capability;
    frame = f.frame;
    struct proc_grant grants[] = {{"endpoint", e.endpoint, ~0UL, 0}};
    (void)start_role("serve", rt_cap("account"), grants, 1);
}

/* Half of the holds are of frames, each of a page of its own. */
static void make_many(void)
{
    struct account_new_notification_out n;
    struct frame_pool_alloc_out large;
    struct capability_duplicate_out twin;
    struct frame_carve_out child;

    must(account_new_notification(rt_cap("account"), &n), "notification");
    struct proc_grant grants[] = {{"wait", n.notification, ~0UL, 0}};
    for (unsigned i = 0; i < PROCESSES; i++)
        (void)start_role("idle", rt_cap("account"), grants, 1);
    must(frame_pool_alloc(RT_POOL, 1024, &large), "frame");
    for (unsigned i = 0; i < MANY_HOLDS / 2; i++) {
        must(capability_duplicate(n.notification, &twin), "duplicate");
        must(frame_carve(large.frame, i % 1024, 1, &child), "carve");
    }
    for (unsigned i = 0; i < 8; i++) /* those that have just been started run until they wait */
        must(thread_control_yield(RT_THREAD), "yield");
    sleep_ms(200);
}

static void say_what_there_is(void)
{
    struct account_balance_out pages, holds, threads;

    must(account_balance(rt_cap("account"), RESOURCE_PAGES, &pages), "balance");
    must(account_balance(rt_cap("account"), RESOURCE_HOLDS, &holds), "balance");
    must(account_balance(rt_cap("account"), RESOURCE_THREADS, &threads), "balance");
    rt_print("# %lu pages, %lu holds, %lu threads in use\n", pages.used, holds.used, threads.used);
}

static void compare(const uint64_t few[FIGURES], const uint64_t many[FIGURES])
{
    rt_print("# %-18s %8s %8s\n", "", "few", "many");
    for (unsigned i = 0; i < FIGURES; i++) {
        rt_print("# %-18s %8lu %8lu\n", figures[i].name, few[i], many[i]);
        check(figures[i].name, many[i] * 10 <= few[i] * 11 + 50, "%lu with few, %lu with many",
            few[i], many[i]);
    }
}

/* The revoke alone, however many there are below. */
static uint64_t revoke_of(unsigned n)
{
    struct account_new_notification_out made;
    struct capability_derive_out child;

    must(account_new_notification(rt_cap("account"), &made), "notification");
    for (unsigned i = 0; i < n; i++)
        must(capability_derive(made.notification, NOTIFICATION_M_POLL, 0, &child), "derive");
    uint64_t empty = bench_stamp(), from = bench_stamp();
    must(capability_revoke(made.notification, 0), "revoke");
    uint64_t took = bench_stamp() - from - (from - empty);
    phx_release(made.notification);
    return took;
}

int main(int argc, char **argv)
{
    uint64_t few[FIGURES], many[FIGURES];

    if (argc > 1)
        return rt_equal(argv[1], "serve") ? serve() : idle();
    begin();
    uint64_t one = revoke_of(1), thousand = revoke_of(1000), most = revoke_of(DESCENDANTS);
    rt_print("# revoke_1 %lu revoke_1k %lu revoke_100k %lu\n", one, thousand, most);
    check("a_revoke_costs_the_same", thousand * 10 <= one * 11 && most * 10 <= one * 11,
        "%lu, %lu, %lu", one, thousand, most);
    say_what_there_is();
    measure_all(few);
    make_many();
    say_what_there_is();
    measure_all(many);
    compare(few, many);
    check_end();
}
