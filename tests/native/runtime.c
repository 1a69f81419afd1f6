/* SPDX-License-Identifier: MIT */
/* The runtime in a machine: memory, threads, and init's restarts. */
#include "native.h"

#include "bytes.h"

#define THREADS 4
#define ROUNDS 2000
#define WINDOWS 1000 /* more than one table of leaves has room for */

static void memory(void)
{
    size_t big = 40 << 20;
    uint8_t *p = rt_alloc_zeroed(100), *q = rt_alloc(big);
    struct account_balance_out with = {0}, without = {0};
    bool good = p != NULL && q != NULL;

    if (good) {
        q[0] = q[big - 1] = 1;
        account_balance(rt_cap("account"), RESOURCE_PAGES, &with);
    }
    rt_free(q);
    rt_free(p);
    account_balance(rt_cap("account"), RESOURCE_PAGES, &without);
    check("heap_gives_big_blocks_back", good && with.used - without.used >= big / 4096 - 64,
        "used %lu, then %lu", with.used, without.used);
    check("heap_refuses_what_is_not_there", rt_alloc(UINT64_C(1) << 39) == NULL, "it does not");
}

/* One is open all the while, as many a service has one. */
static void windows(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct account_balance_out before = {0}, after = {0};
    uint8_t *open, *last = NULL;
    bool good;

    frame_pool_alloc(RT_POOL, 3, &frame);
    open = rt_window(frame.frame, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    account_balance(rt_cap("account"), RESOURCE_PAGES, &before);
    good = open != NULL;
    for (unsigned i = 0; good && i < WINDOWS; i++) {
        uint64_t pages = 1 + i % 3; /* the one before has 3, 1, 2 */
        uint8_t *window = rt_window(frame.frame, pages, PHX_PROT_READ | PHX_PROT_WRITE);

        good = window != NULL;
        if (good && i == 0)
            window[0] = 77;
        if (last != NULL)
            rt_window_close(last, i % 3 ? i % 3 : 3);
        last = window;
    }
    account_balance(rt_cap("account"), RESOURCE_PAGES, &after);
    check("windows_go_where_others_were", good && open[0] == 77 && after.used == before.used,
        "opened %d, pages %lu, then %lu", good, before.used, after.used);
    rt_window_close(last, WINDOWS % 3 ? WINDOWS % 3 : 3);
    rt_window_close(open, 1);
    phx_release(frame.frame);
}

static struct rt_lock lock;
static uint64_t counter;
static uint32_t ended;

static void count(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        rt_lock(&lock);
        counter++;
        rt_unlock(&lock);
        if (i % 100 == 0)
            thread_control_yield(RT_THREAD);
    }
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
}

static void threads(void)
{
    uint64_t thread[THREADS] = {0};
    bool good = true;

    for (unsigned i = 0; i < THREADS; i++)
        good = good && rt_thread(count, NULL, &thread[i]) >= 0;
    for (unsigned i = 0; i < THREADS; i++) {
        struct thread_join_out out;

        good = good && thread_join(thread[i], PHX_FOREVER, &out) >= 0;
        phx_release(thread[i]);
    }
    check("threads_take_turns_with_a_lock", good && ended == THREADS && counter == THREADS * ROUNDS,
        "%u ended, counted %lu", ended, counter);
}

/* Ends at once, each time: every other time by a fault. */
int role_flaky(void)
{
    rt_log("flaky lives");
    return role_fault();
}

static unsigned occurrences(const char *text, size_t length, const char *what)
{
    size_t size = strlen(what);
    unsigned n = 0;

    for (size_t i = 0; i + size <= length; i++)
        n += memcmp(text + i, what, size) == 0;
    return n;
}

static void restarts(void)
{
    static char text[16384];
    struct log_read_out out = {0};
    size_t length = 0;
    unsigned lives, crashes;

    do {
        if (log_read(rt_cap("log"), out.next, (uint64_t)text + length, 4096, &out) < 0)
            break;
        length += out.got;
    } while (out.got > 0 && length + 4096 <= sizeof text);
    lives = occurrences(text, length, "flaky lives");
    crashes = occurrences(text, length, "flaky crashed: signal 11 at address 0x10");
    check("service_that_crashes_is_started_again", lives == 5 && crashes == 5,
        "%u lives, %u crashes", lives, crashes);
    check("service_that_dies_at_once_is_given_up",
        occurrences(text, length, "flaky: given up") == 1, "it is not");
}

void test_runtime(void)
{
    restarts();
    memory();
    windows();
    threads();
}
