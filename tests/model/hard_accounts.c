/* SPDX-License-Identifier: MIT */
/* Trees of accounts that are destroyed, with processes in them. */
#include "hard.h"

#define WIDE 300
#define DEEP 14
#define PROCESSES 20

static uint64_t new_account(uint64_t parent, uint64_t pages, uint64_t holds)
{
    struct account_create_out out;

    must(account_create(parent, pages, holds, 50, 0, &out), "account");
    return out.account;
}

static void new_process(uint64_t account)
{
    struct account_new_process_out out;

    must(account_new_process(account, 0x1000, PHX_USER_END, &out), "process");
    phx_release(out.process);
    phx_release(out.space);
}

static void wide(void)
{
    uint64_t top = new_account(rt_cap("account"), 20000, 20000);

    phase("an account with 300 children, a process each, is destroyed");
    for (unsigned i = 0; i < WIDE; i++) {
        struct account_create_out child;

        must(account_create(top, 40, 10, 0, 0, &child), "account");
        new_process(child.account);
        phx_release(child.account);
    }
    must(account_destroy(top), "destroy");
    phx_release(top);
}

static void deep(void)
{
    uint64_t top = new_account(rt_cap("account"), 30000, 30000), at = top;

    phase("a line of 14 accounts, 20 processes each, is destroyed");
    for (unsigned depth = 0; depth < DEEP; depth++) {
        for (unsigned i = 0; i < PROCESSES; i++)
            new_process(at);
        uint64_t child = new_account(at, 28000 - 1500 * depth, 28000 - 1500 * depth);
        if (at != top)
            phx_release(at);
        at = child;
    }
    phx_release(at);
    must(account_destroy(top), "destroy");
    phx_release(top);
    sleep_ms(50);
}

void hard_accounts(void)
{
    wide();
    deep();
}
