/* SPDX-License-Identifier: MIT */
/*
 * Accounts with limits at the extremes, budget moved in amounts that wrap, to itself, to
 * its parent and to the dead, and resources that are none. What there is stays as much
 * as it is.
 *
 * With  account
 * Gets  # refused, 1000 pages as before
 */
#include "hostile.h"

static const uint64_t extremes[] = {1001, 0x7fffffff, 0xffffffff, 0x100000000, INT64_MAX,
    UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX};
static unsigned refused;

static void refuse(const char *what, int64_t result, int64_t expected)
{
    MUST(result == expected, "%s: %s", what, text_of(result));
    refused++;
}

static uint64_t limit(uint64_t account, unsigned resource)
{
    struct account_balance_out out = {0};

    account_balance(account, resource, &out);
    return out.limit;
}

static void too_much(uint64_t account, uint64_t child)
{
    struct account_create_out out = {0};

    for (unsigned i = 0; i < COUNT(extremes); i++) {
        uint64_t n = extremes[i];

        refuse("pages", account_create(account, n, 0, 0, 0, &out), -PHX_LIMIT_EXCEEDED);
        refuse("holds", account_create(account, 0, n, 0, 0, &out), -PHX_LIMIT_EXCEEDED);
        refuse("threads", account_create(account, 0, 0, n, 0, &out), -PHX_LIMIT_EXCEEDED);
        refuse("energy", account_create(account, 0, 0, 0, n, &out), -PHX_LIMIT_EXCEEDED);
        for (uint64_t resource = 0; resource < 4; resource++) {
            refuse("down", account_transfer(account, child, resource, n), -PHX_LIMIT_EXCEEDED);
            refuse("up", account_transfer(child, account, resource, n), -PHX_LIMIT_EXCEEDED);
        }
    }
}

static void resources(uint64_t account, uint64_t child)
{
    for (unsigned i = 0; i < COUNT(extremes); i++) {
        refuse("balance", account_balance(account, extremes[i], NULL), -PHX_INVALID_ARGUMENT);
        refuse("a transfer of none", account_transfer(account, child, extremes[i], 1),
            -PHX_INVALID_ARGUMENT);
    }
    refuse("the seventh", account_balance(account, 6, NULL), -PHX_INVALID_ARGUMENT);
    refuse("to a pool", account_transfer(account, RT_POOL, 0, 1), -PHX_INVALID_ARGUMENT);
    refuse("to nothing", account_transfer(account, 0, 0, 1), -PHX_INVALID_CAPABILITY);
}

int main(void)
{
    uint64_t account = budget(1000, 100, 10);
    struct account_create_out child = {0};
    int64_t result = account_create(account, 10, 10, 1, 0, &child);

    MUST(result >= 0, "a child: %s", text_of(result));
    too_much(account, child.account);
    resources(account, child.account);
    account_transfer(account, account, 0, 500); /* to itself: nothing, or nothing changes */
    MUST(limit(account, 0) == 1000, "%lu pages after a transfer to itself", limit(account, 0));
    MUST(account_destroy(child.account) >= 0, "destroy");
    result = account_create(child.account, 0, 0, 0, 0, &child);
    MUST(result < 0, "the dead has a child");
    result = account_transfer(account, child.account, 0, 1);
    MUST(result < 0, "the dead is given budget");
    refused += 2;
    rt_print("%u refused, %lu pages as before\n", refused, limit(account, 0));
    return 0;
}
