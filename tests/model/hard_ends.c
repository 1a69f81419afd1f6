/* SPDX-License-Identifier: MIT */
/* Processes that die with the last holds of what is dear to take down, many of a kind. */
#include "hard.h"

#define ENDS 56 /* a page of rows */

static void frames(unsigned i)
{
    struct frame_pool_alloc_out out;

    if (i < 14) /* pages in as many runs as there can be */
        must(frame_pool_alloc(RT_POOL, 1023, &out), "frame");
}

static void accounts(unsigned i)
{
    struct account_create_out out;

    (void)i;
    must(account_create(rt_cap("account"), 4, 4, 1, 0, &out), "account");
}

static void endpoints(unsigned i)
{
    (void)i;
    must(endpoint_mailbox(new_endpoint(), 16, 1024, 4), "mailbox");
}

static void badges(unsigned i)
{
    static uint64_t endpoint;

    if (i == 0)
        endpoint = new_endpoint();
    (void)client_of(endpoint, i + 1);
}

static void notifications(unsigned i)
{
    (void)i;
    (void)new_notification();
}

static void processes(unsigned i)
{
    struct account_new_process_out out;

    (void)i;
    must(account_new_process(rt_cap("account"), 0x1000, PHX_USER_END, &out), "process");
}

static const struct {
    const char *role, *title;
    void (*make)(unsigned i);
} kinds[] = {
    {"frames", "a process ends with 14 frames of 1,023 pages", frames},
    {"accounts", "a process ends with 56 accounts", accounts},
    {"endpoints", "a process ends with 56 endpoints with mailboxes", endpoints},
    {"badges", "a process ends with 56 badges", badges},
    {"notifications", "a process ends with 56 notifications", notifications},
    {"processes", "a process ends with 56 processes that never ran", processes},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* -1: it is not one of these roles. */
int role_ends(const char *role)
{
    for (unsigned k = 0; k < KINDS; k++)
        if (rt_equal(role, kinds[k].role)) {
            for (unsigned i = 0; i < ENDS; i++)
                kinds[k].make(i);
            return 0;
        }
    return -1;
}

void hard_ends(void)
{
    struct account_create_out account;
    struct proc child;

    for (unsigned k = 0; k < KINDS; k++) {
        must(account_create(rt_cap("account"), 20000, 5000, 200, 0, &account), "account");
        struct proc_grant grants[] = {{"account", account.account, ~0UL, SLOT_ACCOUNT}};
        phase(kinds[k].title);
        child = start_role(kinds[k].role, account.account, grants, 1);
        if (wait_gone(&child) != 0)
            rt_panic("%s", kinds[k].title);
        must(account_destroy(account.account), "destroy");
        phx_release(account.account);
        sleep_ms(5);
    }
}
