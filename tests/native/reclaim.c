/* SPDX-License-Identifier: MIT */
/*
 * Memory that is asked back from a child with an account of its own: one gives it, one does
 * not, and what that one has is taken and named. And frames at places that were asked for,
 * parts that become one again, and sealed ones.
 */
#include "native.h"

#include "rt/layout.h"

#define PLACE (RT_STORE_BASE + (UINT64_C(8) << 30))
#define TOLD (PLACE - PHX_PAGE_SIZE)
#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)
#define HAS 64 /* pages, of a child */
#define LARGE 512
#define ASKED 1 /* bits */
#define READY 2
#define STATUS_OF(code) ((uint64_t)(code) << 8)
#define GOOD 42

static const struct phx_repossession *const told = (struct phx_repossession *)TOLD;

/* Memory, and a page through which it is told what becomes of it. */
static bool have(struct frame_pool_alloc_out *memory, uint64_t *asked)
{
    struct account_new_notification_out n = {0};
    struct frame_pool_alloc_out page = {0};

    *asked = 0;
    if (account_new_notification(rt_cap("account"), &n) < 0 ||
        frame_pool_alloc(RT_POOL, 1, &page) < 0 ||
        address_space_map(RT_SPACE, page.frame, TOLD, 0, 1, PHX_PROT_READ) < 0 ||
        frame_pool_watch(RT_POOL, n.notification, ASKED, page.frame) < 0 ||
        frame_pool_alloc(RT_POOL, HAS, memory) < 0 ||
        address_space_map(RT_SPACE, memory->frame, PLACE, 0, HAS, READ_WRITE) < 0)
        return false;
    *(volatile uint64_t *)PLACE = 7;
    *asked = n.notification;
    return notification_signal(rt_cap("ready"), READY) >= 0;
}

static bool was_asked(uint64_t notification)
{
    struct notification_wait_out got = {0};

    return notification_wait(notification, ASKED, PHX_FOREVER, &got) >= 0;
}

/* Gives all that it has when it is asked, and goes on without. */
int role_giver(void)
{
    struct frame_pool_alloc_out memory = {0};
    uint64_t asked;

    if (!have(&memory, &asked) || !was_asked(asked) || told->wanted < HAS || told->taken != 0)
        return 1;
    if (address_space_unmap(RT_SPACE, PLACE, HAS) < 0 || phx_release(memory.frame) < 0)
        return 2;
    notification_signal(rt_cap("ready"), READY);
    was_asked(asked); /* for ever: its parent ends it */
    return 3;
}

/* Gives nothing; then it is told what it has no more, and cannot touch it. */
int role_miser(void)
{
    struct frame_pool_alloc_out memory = {0};
    struct frame_info_out info;
    struct address_space_query_out query;
    uint64_t asked;

    if (!have(&memory, &asked))
        return 1;
    while (was_asked(asked) && told->taken == 0)
        ;
    if (told->taken != 1 || told->vector[0].physical != memory.physical ||
        told->vector[0].pages != HAS)
        return 2;
    if (frame_info(memory.frame, &info) != -PHX_REVOKED)
        return 3;
    return address_space_query(RT_SPACE, PLACE, &query) == -PHX_NOT_FOUND ? GOOD : 4;
}

static uint64_t limit_of(uint64_t account)
{
    struct account_balance_out out = {0};

    account_balance(account, RESOURCE_PAGES, &out);
    return out.limit;
}

static uint64_t unused_of(uint64_t account)
{
    struct account_balance_out out = {0};

    account_balance(account, RESOURCE_PAGES, &out);
    return out.limit - out.used;
}

struct asking {
    uint64_t account, ready, pages, by;
    struct proc child;
    bool began;
};

static bool is_ready(const struct asking *a)
{
    struct notification_wait_out got = {0};
    struct clock_now_out now = {0};

    clock_now(rt_cap("clock"), &now);
    return notification_wait(a->ready, READY, now.ns + 5000000000, &got) >= 0;
}

/* A child that has its memory is asked for more than it has unused. */
static int64_t ask(struct asking *a, const char *role, uint64_t ms)
{
    struct account_create_out account = {0};
    struct account_new_notification_out ready = {0};
    struct clock_now_out now = {0};

    account_create(rt_cap("account"), 400, 100, 4, 0, &account);
    account_new_notification(rt_cap("account"), &ready);
    a->account = account.account;
    a->ready = ready.notification;
    struct proc_grant grants[] = {{"ready", a->ready, NOTIFICATION_M_SIGNAL, 0},
        {"account", a->account, ACCOUNT_M_NEW_NOTIFICATION, 0}};
    a->began = spawn(role, a->account, grants, 2, &a->child) && is_ready(a);
    a->pages = unused_of(a->account) + HAS / 2;
    clock_now(rt_cap("clock"), &now);
    a->by = now.ns + ms * 1000000;
    return account_reclaim(a->account, a->pages, a->by);
}

static void end(struct asking *a)
{
    account_destroy(a->account);
    phx_release(a->account);
    phx_release(a->ready);
}

static void asked_and_given(void)
{
    struct asking a = {0};
    int64_t first = ask(&a, "giver", 60000);
    bool gave = a.began && is_ready(&a);
    int64_t second = account_reclaim(a.account, a.pages, a.by);

    check("memory_that_is_asked_back_is_given", first == -PHX_WOULD_BLOCK && gave && second == 0 &&
        limit_of(a.account) == 400 - a.pages, "%ld, gave %u, %ld, limit %lu", first, gave, second,
        limit_of(a.account));
    end(&a);
}

static void asked_and_taken(void)
{
    struct asking a = {0};
    int64_t first = ask(&a, "miser", 30);
    int64_t early = account_reclaim(a.account, a.pages, a.by);

    sleep_ms(60);
    int64_t late = account_reclaim(a.account, a.pages, a.by);
    uint64_t status = wait_dead(&a.child, NULL), limit = limit_of(a.account);
    check("memory_that_is_not_given_is_taken", first == -PHX_WOULD_BLOCK && late == 0 &&
        limit == 400 - a.pages, "%ld, %ld, %ld, limit %lu", first, early, late, limit);
    check("who_had_it_is_told_what_was_taken", status == STATUS_OF(GOOD), "status %lx", status);
    end(&a);
}

/* --- frames ----------------------------------------------------------------- */

/* Two halves of what a large page shows, mapped by one hold of both. */
static void merged(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct frame_carve_out low = {0}, high = {0};
    struct address_space_query_out out = {0};

    frame_pool_alloc(RT_POOL, LARGE, &frame);
    frame_carve(frame.frame, 0, LARGE / 2, &low);
    frame_carve(frame.frame, LARGE / 2, LARGE / 2, &high);
    int64_t result = address_space_map(RT_SPACE, low.frame, PLACE, 0, LARGE, READ_WRITE);
    int64_t one = frame_merge(low.frame, high.frame);
    int64_t two = address_space_map(RT_SPACE, low.frame, PLACE, 0, LARGE, READ_WRITE);
    address_space_query(RT_SPACE, PLACE, &out);
    for (uint64_t i = 0; two >= 0 && i < LARGE; i++)
        ((volatile uint64_t *)PLACE)[i * 512] = i;
    check("merged_parts_are_one_large_page", result == -PHX_INVALID_ARGUMENT && one == 0 &&
        two == 0 && out.page_size == LARGE * PHX_PAGE_SIZE, "%ld, %ld, %ld, pages of %lu", result,
        one, two, out.page_size);
    check("the_part_that_was_merged_is_gone", phx_release(high.frame) == -PHX_INVALID_CAPABILITY,
        "it is there");
    address_space_unmap(RT_SPACE, PLACE, LARGE);
    phx_release(low.frame);
    phx_release(frame.frame);
}

/* The place of a frame that is gone is asked for, and given once. */
static void at_a_place(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct frame_pool_alloc_at_out again = {0}, other = {0};
    struct balance before = balance_now(), after;

    frame_pool_alloc(RT_POOL, 16, &frame);
    int64_t taken = frame_pool_alloc_at(RT_POOL, frame.physical, 16, &other);
    phx_release(frame.frame);
    int64_t got = frame_pool_alloc_at(RT_POOL, frame.physical, 16, &again);
    after = balance_now();
    check("a_place_is_given_once", taken == -PHX_OUT_OF_MEMORY && got == 0 &&
        again.physical == frame.physical && after.pages >= before.pages + 16,
        "%ld, %ld, at %lx not %lx", taken, got, again.physical, frame.physical);
    phx_release(again.frame);
}

int role_reader(void)
{
    if (address_space_map(RT_SPACE, rt_cap("lent"), PLACE, 0, 1, READ_WRITE) !=
        -PHX_PERMISSION_DENIED)
        return 1;
    if (address_space_map(RT_SPACE, rt_cap("lent"), PLACE, 0, 1, PHX_PROT_READ) < 0)
        return 2;
    return *(volatile uint64_t *)PLACE == 99 ? GOOD : 3;
}

/* Sealed, it is another's to read; and its owner's to write once nobody else has it. */
static void sealed(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct proc proc = {0};
    uint64_t status = 0;

    frame_pool_alloc(RT_POOL, 1, &frame);
    address_space_map(RT_SPACE, frame.frame, PLACE, 0, 1, READ_WRITE);
    *(volatile uint64_t *)PLACE = 99;
    int64_t seal = frame_seal(frame.frame);
    int64_t write = address_space_protect(RT_SPACE, PLACE, 1, READ_WRITE);
    struct proc_grant lent = {"lent", frame.frame, ~UINT64_C(0), 0};
    if (spawn("reader", 0, &lent, 1, &proc))
        status = wait_dead(&proc, NULL);
    address_space_unmap(RT_SPACE, PLACE, 1);
    int64_t claim = frame_claim(frame.frame);
    int64_t again = address_space_map(RT_SPACE, frame.frame, PLACE, 0, 1, READ_WRITE);
    if (again >= 0)
        *(volatile uint64_t *)PLACE = 100;
    check("a_sealed_frame_is_read_by_others", seal == 0 && write == -PHX_PERMISSION_DENIED &&
        status == STATUS_OF(GOOD), "%ld, %ld, status %lx", seal, write, status);
    check("a_claimed_frame_is_written_again", claim == 0 && again == 0, "%ld, %ld", claim, again);
    address_space_unmap(RT_SPACE, PLACE, 1);
    phx_release(frame.frame);
}

void test_reclaim(void)
{
    asked_and_given();
    asked_and_taken();
    merged();
    at_a_place();
    sealed();
}
