/* SPDX-License-Identifier: MIT */
/* Building processes: what fails leaves nothing, what is handed over is what is there. */
#include "native.h"

#include "bytes.h"
#include "interfaces.h"

#define PAGES_ENOUGH 200

/* With every budget from nothing up to what is enough. */
static void every_budget(void)
{
    struct balance before = balance_now(), last = before;
    unsigned failed = 0;
    bool good = true, built = false;

    for (uint64_t pages = 1; good && !built && pages < PAGES_ENOUGH; pages++) {
        struct account_create_out account = {0};
        struct proc proc = {0};

        if (account_create(rt_cap("account"), pages, 40, 2, 0, &account) < 0)
            break;
        built = spawn("wait", account.account, NULL, 0, &proc);
        failed += !built;
        account_destroy(account.account);
        if (built)
            wait_dead(&proc, NULL);
        phx_release(account.account);
        good = balance_returns(&before, &last);
    }
    check("build_that_fails_leaves_nothing", good && built && failed > 5,
        "after %u failures: pages %lu of %lu, holds %lu of %lu", failed, last.pages, before.pages,
        last.holds, before.holds);
    rt_print("# a process of this program needs %u pages\n", failed + 1);
}

/* The same with too few rows in the table. */
static void every_row_count(void)
{
    struct balance before = balance_now(), last = before;
    bool good = true, built = false;

    for (uint64_t holds = 0; good && !built && holds < 40; holds++) {
        struct account_create_out account = {0};
        struct proc proc = {0};

        if (account_create(rt_cap("account"), PAGES_ENOUGH, holds, 2, 0, &account) < 0)
            break;
        built = spawn("wait", account.account, NULL, 0, &proc);
        account_destroy(account.account);
        if (built)
            wait_dead(&proc, NULL);
        phx_release(account.account);
        good = balance_returns(&before, &last);
    }
    check("build_without_rows_leaves_nothing", good && built,
        "built %d: pages %lu of %lu, holds %lu of %lu", built, last.pages, before.pages, last.holds,
        before.holds);
}

/* An image that is none: refused with a reason, and nothing stays. */
static void bad_image(void)
{
    struct balance before = balance_now(), last = before;
    static uint8_t copy[4096];
    struct proc_image good_image = native_image;
    struct proc proc;
    bool refused = true;

    for (unsigned at = 0; refused && at < 64; at++) {
        if (at < 16 || (at >= 18 && at < 20) || (at >= 24 && at < 40)) {
            memcpy(copy, good_image.bytes, sizeof copy);
            copy[at] ^= 0x40;
            native_image = (struct proc_image){copy, sizeof copy, good_image.frame};
            refused = (at >= 8 && at < 16) || !spawn("wait", 0, NULL, 0, &proc);
        }
    }
    native_image = good_image;
    check("damaged_images_are_refused", refused && balance_returns(&before, &last),
        "refused %d, pages %lu of %lu", refused, last.pages, before.pages);
}

void test_builds(void)
{
    every_budget();
    every_row_count();
    bad_image();
}
