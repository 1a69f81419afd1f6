/* SPDX-License-Identifier: MIT */
/* `ps`, `mem`, `log`, `exit`: the machine, as far as this shell may see it. */
#include "shell.h"

#include "bytes.h"
#include "rt/rt.h"
#include "services.stubs.h"

#define NOT_KNOWN (~UINT64_C(0))

/* False, and one line, when there are arguments or the capability is missing. */
static bool begin(size_t count, char **words, const char *name, uint64_t *capability)
{
    *capability = rt_cap(name);
    if (count > 1)
        say_wrong("%s: takes no arguments", words[0]);
    else if (*capability == 0)
        say_wrong("%s: this shell was not handed `%s`", words[0], name);
    return count == 1 && *capability != 0;
}

static const char *state_text(uint64_t state)
{
    static const char *const texts[] = {"new", "running", "ending", "dead"};

    return state < 4 ? texts[state] : "?";
}

static void print_number(uint64_t number)
{
    if (number == NOT_KNOWN)
        rt_print(" %7s", "-");
    else
        rt_print(" %7lu", number);
}

void ps_command(size_t count, char **words)
{
    uint64_t launcher, cookie = 0;
    char name[256];
    size_t length;
    struct launcher_list_out out;

    if (!begin(count, words, "launcher", &launcher))
        return;
    rt_print("%5s %-8s %7s %7s %7s  %s\n", "PID", "STATE", "THREADS", "PAGES", "HOLDS", "NAME");
    while (launcher_list(launcher, cookie, name, sizeof name, &length, &out) >= 0) {
        rt_print("%5lu %-8s", out.pid, state_text(out.state));
        print_number(out.threads);
        print_number(out.pages);
        print_number(out.holds);
        rt_print("  %.*s\n", (int)length, name);
        if (out.next <= cookie)
            break;
        cookie = out.next;
    }
}

void mem_command(size_t count, char **words)
{
    static const char *const names[] = {"pages", "holds", "threads"};
    struct frame_pool_info_out pool = {0};
    uint64_t account;

    if (!begin(count, words, "account", &account))
        return;
    rt_print("%-8s %10s %10s %10s\n", "", "USED", "PEAK", "LIMIT");
    for (unsigned i = 0; i < 3; i++) {
        struct account_balance_out out = {0};

        if (account_balance(account, i, &out) >= 0)
            rt_print("%-8s %10lu %10lu %10lu\n", names[i], out.used, out.peak, out.limit);
    }
    if (frame_pool_info(RT_POOL, &pool) >= 0)
        rt_print("frames   %lu of %lu pages free, at most %lu in a row\n", pool.free, pool.total,
            pool.largest);
}

void log_command(size_t count, char **words)
{
    static char text[4096];
    struct log_read_out out = {0};
    uint64_t log;

    if (!begin(count, words, "log", &log))
        return;
    while (log_read(log, out.next, (uint64_t)text, sizeof text, &out) >= 0 && out.got > 0)
        rt_write(rt_cap("console"), text, out.got);
}

void exit_command(size_t count, char **words)
{
    uint64_t status = 0;
    int64_t result;

    if (count > 2 || (count == 2 && (!rt_number(words[1], &status) || status > 255))) {
        say_wrong("exit: takes one number from 0 to 255");
        return;
    }
    result = power_shutdown(rt_cap("power"), status);
    if (rt_cap("power") == 0 || result < 0)
        rt_exit((int)status);
}
