/* SPDX-License-Identifier: MIT */
#include "account.h"

#include "account_look_test.h"

#include <stdlib.h>
#include <string.h>

#include "../../tests/harness/test.h"

#define ACCOUNTS 12
#define THINGS 200
#define UNITS 100000

static uint64_t taken;
static int64_t fail_at = -1;

static void *take(struct memory *m, uint64_t pages)
{
    (void)m;
    if (fail_at >= 0 && fail_at-- == 0)
        return NULL;
    taken += pages;
    void *p = aligned_alloc(4096, pages * 4096);
    memset(p, 0xa5, pages * 4096);
    return p;
}

static void give(struct memory *m, void *first, uint64_t pages)
{
    (void)m;
    taken -= pages;
    free(first);
}

static struct memory memory = {.take = take, .give = give};
static struct account root;

static void begin(void)
{
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        memory.size[k] = (uint16_t)(16 * (1 + k * k * 2));
        memory.align[k] = k == KIND_EXTENDED_STATE ? 64 : 16;
    }
    memory.size[KIND_EXTENDED_STATE] = 832; /* a multiple of its alignment, as all are */
    memory.size[KIND_ACCOUNT] = (sizeof(struct account) + 15) & ~15u;
    fail_at = -1;
    taken = 0;
    list_init(&memory.ended);
    account_init(&root, NULL, &memory);
    root.object.refs = 1;
    for (unsigned r = 0; r < RESOURCES; r++)
        root.limit[r] = UNITS;
}

static struct account *new_account(struct account *parent)
{
    void *a;

    CHECK_EQ(object_new(parent, KIND_ACCOUNT, &a), OK);
    account_init(a, parent, &memory);
    ((struct account *)a)->object.refs = 1;
    return a;
}

static void end_all(void)
{
    while (account_free_next(&memory))
        ;
}

static void unref(struct account *a)
{
    if (--a->object.refs == 0)
        account_free(a);
    end_all();
}

/* --- a model: what each account was charged itself, and its limits ------------- */

static struct account *accounts[ACCOUNTS]; /* [0] is the root */
static int parents[ACCOUNTS];
static uint64_t charged[ACCOUNTS][RESOURCES], limits[ACCOUNTS][RESOURCES];

static uint64_t model_used(int i, unsigned r)
{
    uint64_t n = charged[i][r];

    for (int k = 1; k < ACCOUNTS; k++)
        if (accounts[k] && parents[k] == i)
            n += limits[k][r];
    return n;
}

static void check_model(void)
{
    for (int i = 0; i < ACCOUNTS; i++) {
        if (!accounts[i])
            continue;
        CHECK(account_ok(accounts[i]));
        for (unsigned r = 0; r < RESOURCES; r++) {
            if (r == RESOURCE_PAGES) /* those of objects are in it, too */
                continue;
            CHECK_EQ(accounts[i]->limit[r], limits[i][r]);
            CHECK_EQ(accounts[i]->used[r], model_used(i, r));
            CHECK(account_peak(accounts[i], r) >= accounts[i]->used[r]);
        }
    }
}

static int any(void)
{
    int i;

    do
        i = (int)test_below(ACCOUNTS);
    while (!accounts[i]);
    return i;
}

static bool is_above(int i, int k)
{
    for (; k != 0; k = parents[k])
        if (k == i)
            return true;
    return i == 0;
}

/* The way up lowers limits, the way down raises them. */
static void model_transfer(int from, int to, unsigned r, uint64_t n)
{
    for (int i = from; !is_above(i, to); i = parents[i])
        limits[i][r] -= n;
    for (int i = to; !is_above(i, from); i = parents[i])
        limits[i][r] += n;
}

static void step(void)
{
    int i = any(), k = any();
    unsigned r = 1 + (unsigned)test_below(RESOURCES - 1);
    uint64_t n = test_below(3) ? test_below(50) : test_below(UNITS * 2), spare;

    spare = limits[i][r] - model_used(i, r);
    switch (test_below(4)) {
    case 0:
        CHECK_EQ(account_can(accounts[i], r, n), n <= spare ? OK : PHX_LIMIT_EXCEEDED);
        CHECK_EQ(account_charge(accounts[i], r, n), n <= spare ? OK : PHX_LIMIT_EXCEEDED);
        charged[i][r] += n <= spare ? n : 0;
        break;
    case 1:
        n = test_below(charged[i][r] + 1);
        account_refund(accounts[i], r, n);
        charged[i][r] -= n;
        break;
    case 2:
        CHECK_EQ(
            account_transfer(accounts[i], accounts[k], r, n), n <= spare ? OK : PHX_LIMIT_EXCEEDED);
        if (n <= spare)
            model_transfer(i, k, r, n);
        break;
    default:
        for (k = 1; k < ACCOUNTS && accounts[k]; k++)
            ;
        if (k < ACCOUNTS) {
            accounts[k] = new_account(accounts[i]);
            parents[k] = i;
        }
    }
}

TEST(account, budget_is_moved_and_never_made, "whatever is charged, refunded and transferred")
{
    begin();
    memset(accounts, 0, sizeof accounts);
    memset(charged, 0, sizeof charged);
    memset(limits, 0, sizeof limits);
    accounts[0] = &root;
    for (unsigned r = 0; r < RESOURCES; r++)
        limits[0][r] = UNITS;
    for (unsigned i = 0; i < 20000; i++) {
        step();
        check_model();
        /* Objects of a child are paid in pages, which the steps leave alone. */
        for (int k = 1; k < ACCOUNTS; k++)
            if (accounts[k] && accounts[k]->limit[0] < 20)
                CHECK_EQ(account_transfer(&root, accounts[k], 0, 20), OK);
    }
    for (int k = ACCOUNTS - 1; k > 0; k--) {
        if (!accounts[k])
            continue;
        for (unsigned r = 0; r < RESOURCES; r++)
            account_refund(accounts[k], r, charged[k][r]);
    }
    for (int k = ACCOUNTS - 1; k > 0; k--)
        if (accounts[k])
            unref(accounts[k]);
    CHECK_EQ(root.object.refs, 1);
    CHECK_EQ(taken, 0);
    CHECK_EQ(root.used[RESOURCE_PAGES], 0);
}

TEST(account, time_is_paid_by_the_nearest_budget, "and counted where it was run")
{
    begin();
    struct account *a = new_account(&root), *b;
    CHECK_EQ(account_transfer(&root, a, RESOURCE_PAGES, 100), OK);
    CHECK_EQ(account_transfer(&root, a, RESOURCE_TIME, 100), OK);
    b = new_account(a);
    CHECK_EQ(account_transfer(a, b, RESOURCE_TIME, 30), OK);

    account_ran(b, 20);
    CHECK_EQ(b->used[RESOURCE_TIME], 20);
    account_ran(b, 25); /* 10 of its own, 15 of a's */
    CHECK_EQ(b->used[RESOURCE_TIME], 30);
    CHECK_EQ(a->used[RESOURCE_TIME], 30 + 15);
    CHECK_EQ(account_transfer(b, a, RESOURCE_TIME, 1), PHX_LIMIT_EXCEEDED);
    account_ran(b, 60); /* 55 of a's, 5 of the root's */
    CHECK_EQ(a->used[RESOURCE_TIME], 100);
    CHECK_EQ(root.used[RESOURCE_TIME], 100 + 5);
    CHECK_EQ(b->ran, 105);
    CHECK_EQ(a->ran, 0);
    CHECK(account_ok(&root) && account_ok(a) && account_ok(b));
    account_ran(b, UNITS); /* nobody has any left: it is counted all the same */
    CHECK_EQ(root.used[RESOURCE_TIME], UNITS);
    CHECK_EQ(b->ran, 105 + UNITS);
    CHECK(account_ok(&root));
    unref(b);
    unref(a);
    CHECK_EQ(root.used[RESOURCE_TIME], UNITS); /* what was spent does not come back */
    CHECK_EQ(taken, 0);
}

TEST(account, what_is_closed_goes_home, "and what is still charged when it is refunded")
{
    begin();
    struct account *a = new_account(&root), *b, *c;
    CHECK_EQ(account_transfer(&root, a, RESOURCE_PAGES, 100), OK);
    b = new_account(a);
    CHECK_EQ(account_transfer(a, b, RESOURCE_PAGES, 50), OK);
    c = new_account(b);
    CHECK_EQ(account_transfer(b, c, RESOURCE_PAGES, 20), OK);
    CHECK_EQ(account_charge(c, RESOURCE_PAGES, 7), OK);
    uint64_t before = root.used[RESOURCE_PAGES];

    account_close(c);
    CHECK_EQ(b->used[RESOURCE_PAGES], 1 + 7);
    CHECK_EQ(account_charge(c, RESOURCE_PAGES, 1), PHX_LIMIT_EXCEEDED);
    account_close(b);
    account_close(a);
    CHECK_EQ(root.used[RESOURCE_PAGES], 1 + 1 + 1 + 7);
    CHECK(before > root.used[RESOURCE_PAGES]);
    CHECK(account_ok(&root) && account_ok(a) && account_ok(b) && account_ok(c));
    account_refund(c, RESOURCE_PAGES, 7);
    CHECK_EQ(root.used[RESOURCE_PAGES], 3);
    unref(a);
    unref(b);
    CHECK_EQ(taken, 3); /* a child names its parent */
    unref(c);
    CHECK_EQ(taken, 0);
    CHECK_EQ(root.used[RESOURCE_PAGES], 0);
}

TEST(account, the_last_page_of_objects_keeps_it, "and takes it along, with its parents")
{
    begin();
    struct account *a = new_account(&root), *b;
    void *object;
    CHECK_EQ(account_transfer(&root, a, RESOURCE_PAGES, 100), OK);
    b = new_account(a);
    CHECK_EQ(account_transfer(a, b, RESOURCE_PAGES, 50), OK);
    CHECK_EQ(object_new(b, KIND_FRAME, &object), OK);
    unref(b);
    unref(a);
    CHECK_EQ(taken, 3);
    CHECK(object_payer(object) == b);
    object_free(object);
    for (unsigned left = 2; left > 0; left--) { /* one step each, from below */
        CHECK_EQ(taken, left);
        CHECK(account_free_next(&memory));
    }
    CHECK(!account_free_next(&memory));
    CHECK_EQ(taken, 0);
    CHECK_EQ(root.object.refs, 1);
    CHECK_EQ(root.used[RESOURCE_PAGES], 0);
}

TEST(account, objects_are_apart_and_zero, "of all kinds, in any order")
{
    static struct {
        void *at;
        enum kind kind;
        uint64_t tag;
    } things[THINGS];
    begin();
    memset(things, 0, sizeof things);
    for (unsigned i = 0; i < 20000; i++) {
        unsigned k = (unsigned)test_below(THINGS);
        uint64_t *p = things[k].at;
        if (p) {
            uint64_t words = memory.size[things[k].kind] / 8;
            for (uint64_t w = 0; w < words; w++)
                CHECK_EQ(p[w], things[k].tag);
            object_free(p);
            things[k].at = NULL;
        } else {
            things[k].kind = (enum kind)test_below(KIND_COUNT);
            things[k].tag = test_rand();
            CHECK_EQ(object_new(&root, things[k].kind, &things[k].at), OK);
            p = things[k].at;
            CHECK_EQ((uintptr_t)p % memory.align[things[k].kind], 0);
            CHECK(((uintptr_t)p & 4095) + memory.size[things[k].kind] <= 4096);
            for (uint64_t w = 0; w < memory.size[things[k].kind] / 8; w++) {
                CHECK_EQ(p[w], 0);
                p[w] = things[k].tag;
            }
        }
        CHECK_EQ(root.used[RESOURCE_PAGES], taken);
    }
    for (unsigned k = 0; k < THINGS; k++)
        if (things[k].at)
            object_free(things[k].at);
    CHECK_EQ(taken, 0);
    CHECK_EQ(root.object.refs, 1);
}

TEST(account, what_does_not_fit_changes_nothing, "for want of budget or of memory")
{
    begin();
    void *p = NULL;
    CHECK_EQ(account_pages(&root, UNITS + 1, &p), PHX_LIMIT_EXCEEDED);
    CHECK_EQ(account_can(&root, RESOURCE_PAGES, UINT64_MAX), PHX_LIMIT_EXCEEDED);
    fail_at = 0;
    CHECK_EQ(account_pages(&root, 2, &p), PHX_OUT_OF_MEMORY);
    fail_at = 0;
    CHECK_EQ(object_new(&root, KIND_NODE, &p), PHX_OUT_OF_MEMORY);
    CHECK(p == NULL || taken == 0);
    CHECK_EQ(root.used[RESOURCE_PAGES], 0);
    CHECK_EQ(root.object.refs, 1);
    root.limit[RESOURCE_PAGES] = 0;
    CHECK_EQ(object_new(&root, KIND_NODE, &p), PHX_LIMIT_EXCEEDED);
    CHECK_EQ(taken, 0);
}

TEST(account, a_run_costs_each_of_its_pages, "taken and given back")
{
    begin();
    void *run = NULL, *page = NULL;
    CHECK_EQ(account_pages(&root, 7, &run), OK);
    CHECK_EQ(root.used[RESOURCE_PAGES], 7);
    CHECK_EQ(account_zero_page(&root, &page), OK);
    for (unsigned i = 0; i < 4096; i++)
        CHECK_EQ(((char *)page)[i], 0);
    CHECK_EQ(root.used[RESOURCE_PAGES], 8);
    CHECK_EQ(account_peak(&root, RESOURCE_PAGES), 8);
    account_give_pages(&root, run, 7);
    account_give_pages(&root, page, 1);
    CHECK_EQ(root.used[RESOURCE_PAGES], 0);
    CHECK_EQ(account_peak(&root, RESOURCE_PAGES), 8);
    CHECK_EQ(taken, 0);
}

TEST(account, strangers_exchange_nothing, "where they have no ancestor in common")
{
    struct account other;
    begin();
    account_init(&other, NULL, &memory);
    CHECK_EQ(account_transfer(&root, &other, RESOURCE_HOLDS, 1), PHX_INVALID_ARGUMENT);
    CHECK_EQ(root.limit[RESOURCE_HOLDS], UNITS);
}
