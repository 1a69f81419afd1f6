/* SPDX-License-Identifier: MIT */
/* Building processes: what fails leaves nothing, what is handed over is what is there. */
#include "native.h"

#include "bytes.h"
#include "elf/elf.h"
#include "interfaces.h"
#include "phoenix/layout.h"

#define PAGES_ENOUGH 200
#define PT_GNU_STACK 0x6474e551

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

/* Looks at every page below the stack's top until there is none. */
int role_deep(void)
{
    for (uint64_t at = PHX_NATIVE_STACK_TOP - 8;; at -= PHX_PAGE_SIZE)
        (void)*(volatile uint64_t *)at;
}

/* This program, with so much in its PT_GNU_STACK: how many pages of stack it has, 0: it
 * could not be built. */
static uint64_t stack_of(uint8_t *copy, uint64_t bytes)
{
    uint64_t headers, address = 0;
    struct elf_segment header;
    struct proc proc;

    memcpy(&headers, copy + 32, sizeof headers);
    for (uint8_t *at = copy + headers;; at += sizeof header) {
        memcpy(&header, at, sizeof header);
        if (header.type != PT_GNU_STACK)
            continue;
        header.memory_size = bytes;
        memcpy(at, &header, sizeof header);
        break;
    }
    if (!spawn("deep", 0, NULL, 0, &proc))
        return 0;
    wait_dead(&proc, &address);
    return (PHX_NATIVE_STACK_TOP - 8 - address) / PHX_PAGE_SIZE;
}

static void stack_sizes(void)
{
    static const struct {
        uint64_t bytes, pages;
    } wanted[] = {{0, 2}, {1, 1}, {4096, 1}, {4097, 2}, {12 * 4096, 12}, {64 * 4096, 64},
        {64 * 4096 + 1, 0}, {~UINT64_C(0), 0}};
    struct proc_image good_image = native_image;
    uint8_t *copy = rt_alloc(good_image.size);
    struct balance before = balance_now(), last = before;
    uint64_t pages = 0, i = 0;
    bool good = copy != NULL;

    if (good)
        memcpy(copy, good_image.bytes, good_image.size);
    native_image.bytes = copy;
    for (; good && i < sizeof wanted / sizeof wanted[0]; i++) {
        pages = stack_of(copy, wanted[i].bytes);
        good = pages == wanted[i].pages;
    }
    native_image = good_image;
    check("stack_is_as_large_as_the_program_asks", good, "question %lu: %lu pages", i, pages);
    good = balance_returns(&before, &last);
    check("stacks_are_given_back", good, "pages %lu of %lu", last.pages, before.pages);
    rt_free(copy);
}

void test_builds(void)
{
    stack_sizes();
    every_budget();
    every_row_count();
    bad_image();
}
