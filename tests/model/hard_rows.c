/* SPDX-License-Identifier: MIT */
/* Tables with very many rows: alive, dead, and of processes that die. */
#include "hard.h"

#include "bytes.h"

static uint64_t *rows;

static void fill(uint64_t from, bool derived)
{
    for (unsigned i = 0; i < ROWS; i++) {
        struct capability_duplicate_out twin;

        if (derived) {
            rows[i] = derive(from);
            continue;
        }
        must(capability_duplicate(from, &twin), "duplicate");
        rows[i] = twin.capability;
    }
}

static void release_all(void)
{
    for (unsigned i = 0; i < ROWS; i++)
        phx_release(rows[i]);
}

/* At its limit of rows, all of which are dead: each derive sweeps. */
static void dead_rows_at_the_limit(void)
{
    struct account_create_out account;

    must(account_create(rt_cap("account"), 2000, 12000, 4, 0, &account), "account");
    struct proc_grant grants[] = {{"account", account.account, ~0UL, SLOT_ACCOUNT},
        {"clock", rt_cap("clock"), ~0UL, SLOT_CLOCK}};
    struct proc child = start_role("rows", account.account, grants, 2);

    phase("10,000 rows that died at the limit");
    wait_gone(&child);
    must(account_destroy(account.account), "destroy");
    phx_release(account.account);
}

int role_rows(void)
{
    uint64_t n = new_notification();
    struct capability_derive_out out;
    unsigned made = 0;

    for (unsigned round = 0; round < 3; round++) {
        while (capability_derive(n, NOTIFICATION_M_POLL, 0, &out) >= 0)
            made++;
        must(capability_revoke(n, 0), "revoke");
        for (unsigned i = 0; i < 100; i++)
            capability_derive(n, NOTIFICATION_M_POLL, 0, &out);
    }
    while (capability_derive(n, NOTIFICATION_M_POLL, 0, &out) >= 0)
        made++;
    return made > 10000 ? 0 : 1; /* and dies with them */
}

void hard_rows(void)
{
    uint64_t n = new_notification();

    phase("100,000 rows come and go");
    rows = rt_alloc(ROWS * sizeof *rows);
    if (rows == NULL)
        rt_panic("no memory for the list");
    fill(n, false);
    release_all();
    phase("100,000 descendants are revoked");
    fill(n, true);
    must(capability_revoke(n, 0), "revoke");
    fill(n, false);
    release_all();
    sleep_ms(200); /* idle cores sweep */
    phx_release(n);
    rt_free(rows);
    dead_rows_at_the_limit();
}
