/* SPDX-License-Identifier: MIT */
/*
 * `top`: who had a core, and who has memory, by Account.
 *
 * A line is an account, under the name of the process that the launcher shows for it;
 * what has no account of its own is part of whose it shares. Time is that of the
 * account's own threads, whoever's budget paid for it.
 */
#include "shell.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "rt/rt.h"
#include "services.stubs.h"

#define SEEN_MAX 96
#define SECOND_NS UINT64_C(1000000000)
#define TABLES_MAX 3600

struct seen {
    uint64_t pid, ran;
};

static struct seen seen[SEEN_MAX];
static size_t seen_count;
static uint64_t seen_at; /* ns; 0: never, so all since the machine began counts */

static uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

static uint64_t ran_before(uint64_t pid)
{
    for (size_t i = 0; i < seen_count; i++)
        if (seen[i].pid == pid)
            return seen[i].ran;
    return 0;
}

static void print_line(uint64_t pid, uint64_t account, uint64_t since, const char *name,
    size_t length, struct seen *after)
{
    struct account_balance_out time = {0}, pages = {0}, holds = {0}, threads = {0};
    uint64_t tenths;

    account_balance(account, RESOURCE_TIME, &time);
    account_balance(account, RESOURCE_PAGES, &pages);
    account_balance(account, RESOURCE_HOLDS, &holds);
    account_balance(account, RESOURCE_THREADS, &threads);
    *after = (struct seen){pid, time.peak};
    tenths = since ? (time.peak - ran_before(pid)) * 1000 / since : 0;
    rt_print("%5lu %4lu.%lu %6lu.%02lu %8lu %8lu %7lu %7lu  %.*s\n", pid, tenths / 10, tenths % 10,
        time.peak / SECOND_NS, time.peak % SECOND_NS / (SECOND_NS / 100), pages.used, pages.limit,
        holds.used, threads.used, (int)length, name);
}

/* False, and one line: what it needs is not there. */
static bool print_table(uint64_t launcher)
{
    static struct seen after[SEEN_MAX];
    struct launcher_list_out out = {0};
    uint64_t at = now(), since = at - seen_at;
    size_t count = 0, length;
    char name[256];

    rt_print("%5s %6s %9s %8s %8s %7s %7s  %s\n", "PID", "CORE%", "SECONDS", "PAGES", "LIMIT",
        "HOLDS", "THREADS", "ACCOUNT OF");
    while (count < SEEN_MAX &&
           launcher_list(launcher, out.next, name, sizeof name, &length, &out) >= 0) {
        uint64_t account = 0;
        int64_t result = launcher_account(launcher, out.pid, &account);

        if (result == -PHX_PERMISSION_DENIED) {
            say_wrong("top: this shell may not look at accounts");
            return false;
        }
        if (result >= 0)
            print_line(out.pid, account, since, name, length, &after[count++]);
        phx_release(account);
    }
    memcpy(seen, after, count * sizeof *after);
    seen_count = count;
    seen_at = at;
    return true;
}

void top_command(size_t count, char **words)
{
    uint64_t launcher = rt_cap("launcher"), tables = 0;
    bool refreshes = count == 1 && is_terminal();

    if (count > 2 || (count == 2 && (!rt_number(words[1], &tables) || tables == 0 ||
                                        tables > TABLES_MAX))) {
        say_wrong("top: takes how many tables, 1 to %u, or nothing", TABLES_MAX);
        return;
    }
    if (launcher == 0 || rt_cap("clock") == 0) {
        say_wrong("top: this shell was not handed `%s`", launcher == 0 ? "launcher" : "clock");
        return;
    }
    seen_count = 0;
    seen_at = 0;
    for (uint64_t n = 1;; n++) {
        if (refreshes)
            rt_print("\033[H\033[J");
        if (!print_table(launcher) || (!refreshes && n >= tables))
            return;
        if (refreshes)
            rt_print("a key ends this\n");
        if (wait_key(seen_at + SECOND_NS))
            return;
    }
}
