/* SPDX-License-Identifier: MIT */
/*
 * Of an account with little: endpoints, clients of as many badges, notifications, pools,
 * processes and accounts, each until it refuses. The account's end takes all of it down.
 *
 * With  account
 * Gets  endpoints: the account's limit is reached
 *       badges: the account's limit is reached
 *       notifications: the account's limit is reached
 *       pools: the account's limit is reached
 *       processes: the account's limit is reached
 *       accounts: the account's limit is reached
 *       accounts in accounts: derived too deeply (at most 16 levels)
 */
#include "hostile.h"

#define PAGES 300
#define MANY 100000

static uint64_t account;

static int64_t endpoint(unsigned i)
{
    struct account_new_endpoint_out out = {0};

    (void)i;
    return account_new_endpoint(account, &out);
}

static int64_t badge(unsigned i)
{
    static uint64_t server;
    struct account_new_endpoint_out made = {0};
    struct endpoint_mint_out out = {0};

    if (i == 0 && account_new_endpoint(account, &made) >= 0)
        server = made.endpoint;
    return endpoint_mint(server, 64, 1, i + 1, 0, &out);
}

static int64_t notification(unsigned i)
{
    struct account_new_notification_out out = {0};

    (void)i;
    return account_new_notification(account, &out);
}

static int64_t pool(unsigned i)
{
    struct account_new_pool_out out = {0};

    (void)i;
    return account_new_pool(account, &out);
}

static int64_t process(unsigned i)
{
    struct account_new_process_out out = {0};

    (void)i;
    return account_new_process(account, 0, USER_END, &out);
}

static int64_t child(unsigned i)
{
    struct account_create_out out = {0};

    (void)i;
    return account_create(account, 0, 0, 0, 0, &out);
}

static int64_t grandchild(unsigned i)
{
    static uint64_t parent;
    struct account_create_out out = {0};
    int64_t result = account_create(i == 0 ? account : parent, 20 - i, 0, 0, 0, &out);

    parent = out.account;
    return result;
}

static void bomb(const char *name, int64_t (*make)(unsigned))
{
    int64_t result = 0;
    unsigned made = 0;

    account = budget(PAGES, 0, 0);
    while (made < MANY && (result = make(made)) >= 0)
        made++;
    MUST(made > 10, "%u %s, then: %s", made, name, text_of(result));
    MUST(used(account, RESOURCE_PAGES) <= PAGES, "more than its limit");
    rt_print("%s: %s\n", name, text_of(result));
    result = account_destroy(account);
    MUST(result >= 0, "destroy: %s", text_of(result));
}

int main(void)
{
    bomb("endpoints", endpoint);
    bomb("badges", badge);
    bomb("notifications", notification);
    bomb("pools", pool);
    bomb("processes", process);
    bomb("accounts", child);
    bomb("accounts in accounts", grandchild);
    return 0;
}
