/* SPDX-License-Identifier: MIT */
/*
 * Readers of the console that time out, are stopped, are too many, take their buffer away,
 * ask for what cannot be; and a driver that is ended while one waits. After each what is
 * typed next is all there. "type WORD" is an order to readers_test, which types.
 *
 *   needs      terminal clock launcher (process)
 */
#include "bytes.h"
#include "phoenix/layout.h"
#include "rt/rt.h"
#include "rt/terminal.h"
#include "services.stubs.h"

#define READERS 32 /* as many as may wait */
#define PATIENCE UINT64_C(20000000000)
#define A_WHILE UINT64_C(30000000)
#define FLOOD 20000u /* bytes */
#define LIFE UINT64_C(1100000000) /* whoever dies younger five times is given up */
#define BUFFER UINT64_C(0x10000000)

static uint64_t terminal;

static void check(const char *name, bool good, int64_t result)
{
    if (good)
        rt_print("ok readers.%s\n", name);
    else
        rt_print("FAIL readers.%s %s\n", name, rt_error_text(result));
}

static uint64_t in(uint64_t ns)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns + ns;
}

static void nap(uint64_t ns)
{
    thread_control_sleep(RT_THREAD, in(ns));
}

/* --- one reader ------------------------------------------------------------------- */

struct reader {
    uint64_t address, length, deadline, got;
    int64_t result;
    uint32_t done;
    uint64_t thread;
};

static void run(void *argument)
{
    struct reader *r = argument;

    r->result = terminal_read_until(terminal, r->address, r->length, r->deadline, &r->got);
    __atomic_store_n(&r->done, 1, __ATOMIC_SEQ_CST);
}

static void begin(struct reader *r)
{
    r->done = 0;
    if (rt_thread(run, r, &r->thread) < 0)
        rt_panic("no thread");
}

/* Waits, or is over within the time; false: it is not. */
static bool over(struct reader *r, uint64_t ns)
{
    uint64_t end = in(ns);

    while (!__atomic_load_n(&r->done, __ATOMIC_SEQ_CST) && in(0) < end)
        nap(1000000);
    return __atomic_load_n(&r->done, __ATOMIC_SEQ_CST);
}

/* A word that is typed comes whole, in however many pieces. */
static void word(const char *name, const char *wanted)
{
    char bytes[32] = {0};
    uint64_t count = 0, got = 1;
    int64_t result = 0;

    rt_print("type %s\n", wanted);
    while (result >= 0 && got > 0 && count < strlen(wanted)) {
        result = terminal_read_until(
            terminal, (uint64_t)bytes + count, sizeof bytes - 1 - count, in(PATIENCE), &got);
        count += got;
    }
    check(name, rt_equal(bytes, wanted), result);
}

/* --- what readers do --------------------------------------------------------------- */

static void deadlines(void)
{
    char byte;
    uint64_t got;
    int64_t result = terminal_read_until(terminal, (uint64_t)&byte, 1, in(A_WHILE), &got);

    check("a_deadline_ends_a_read", result == -PHX_TIMEOUT, result);
    result = terminal_read_until(terminal, (uint64_t)&byte, 1, 0, &got);
    check("who_does_not_wait_is_told", result == -PHX_WOULD_BLOCK, result);
    word("who_timed_out_takes_nothing", "one");
}

static void stopped(void)
{
    static char byte;
    static struct reader r = {(uint64_t)&byte, 1, PHX_FOREVER, 0, 0, 0, 0};

    begin(&r);
    nap(A_WHILE);
    thread_stop(r.thread);
    check("a_reader_waits", !r.done, r.result);
    word("who_was_stopped_takes_nothing", "two");
}

static void too_many(void)
{
    static struct reader readers[READERS + 1];
    static char bytes[READERS + 1];
    unsigned refused = 0;
    int64_t result = 0;

    for (unsigned i = 0; i <= READERS; i++) {
        readers[i] = (struct reader){(uint64_t)&bytes[i], 1, PHX_FOREVER, 0, 0, 0, 0};
        begin(&readers[i]);
    }
    nap(3 * A_WHILE);
    for (unsigned i = 0; i <= READERS; i++) {
        if (readers[i].done)
            result = readers[i].result;
        refused += readers[i].done;
        thread_stop(readers[i].thread);
    }
    check("one_too_many_is_refused", refused == 1 && result == -PHX_LIMIT_EXCEEDED, result);
    word("those_that_are_gone_make_room", "three");
}

static void unmapped(void)
{
    static struct reader r = {BUFFER, 16, PHX_FOREVER, 0, 0, 0, 0};

    if (rt_populate(RT_SPACE, RT_POOL, BUFFER, 1, PHX_PROT_READ | PHX_PROT_WRITE) < 0)
        rt_panic("no memory");
    begin(&r);
    nap(A_WHILE);
    address_space_unmap(RT_SPACE, BUFFER, 1);
    rt_print("type x\n");
    check("a_buffer_that_is_gone_is_its_readers_error",
        over(&r, PATIENCE) && r.result == -PHX_BAD_ADDRESS, r.result);
    word("and_nobody_elses", "four");
}

/* More than the driver has room for, while nobody reads. */
static void flooded(void)
{
    static char bytes[FLOOD];
    uint64_t count = 0, got = 1;
    int64_t result = 0;
    bool same = true;

    rt_print("flood %u\n", FLOOD);
    nap(20 * A_WHILE);
    while (result >= 0 && got > 0 && count < FLOOD) {
        result = terminal_read_until(
            terminal, (uint64_t)bytes + count, FLOOD - count < 4096 ? FLOOD - count : 4096,
            in(PATIENCE), &got);
        count += got;
    }
    for (unsigned i = 0; i < FLOOD; i++)
        same = same && bytes[i] == 'a' + (char)(i * 7 % 26);
    check("what_finds_no_room_waits_outside", same && count == FLOOD, result);
}

static void nonsense(void)
{
    uint64_t words[PHX_WORDS] = {0};
    int64_t result = phx_invoke(terminal, TERMINAL_READ, words, 2);

    check("a_read_of_nothing", result == -PHX_INVALID_ARGUMENT, result);
    result = terminal_watch(terminal, 1, rt_cap("clock"), PHX_CAP_COPY);
    check("what_is_no_notification_is_told_nothing", result == -PHX_INVALID_ARGUMENT, result);
    check("it_is_a_terminal", terminal_look(terminal) == (7 | 80 << 8 | 24UL << 24), 0);
}

/* --- the driver's end ---------------------------------------------------------------- */

static uint64_t driver(void)
{
    struct launcher_list_out out = {0};
    uint64_t process = 0, pid = 0;
    char name[64];
    size_t length;

    while (launcher_list(rt_cap("launcher"), out.next, name, sizeof name, &length, &out) >= 0)
        if (length == 7 && memcmp(name, "console", 7) == 0)
            pid = out.pid;
    if (pid == 0 || launcher_process(rt_cap("launcher"), pid, &process) < 0)
        rt_panic("there is no driver");
    return process;
}

/* Its endpoint, without which it serves nobody. */
static int64_t end_driver(void)
{
    struct phx_hold holds[PHX_HOLDS];
    struct process_holds_out out = {0};
    uint64_t process = driver();
    int64_t result = -PHX_NOT_FOUND;

    process_holds(process, 0, (uint64_t)holds, &out);
    for (uint64_t i = 0; i < out.count; i++)
        if (holds[i].interface == IFACE_ENDPOINT)
            result = process_revoke(process, holds[i].id, 1);
    phx_release(process);
    return result;
}

static void restarts(void)
{
    static char bytes[16];
    static struct reader r = {(uint64_t)bytes, 1, PHX_FOREVER, 0, 0, 0, 0};

    for (unsigned i = 0; i < 3; i++) {
        int64_t result;

        begin(&r);
        nap(LIFE);
        result = end_driver();
        check("a_driver_is_ended", result >= 0 && !r.done, result);
        nap(A_WHILE);
        rt_print("type y\n");
        check("a_reader_outlives_the_driver",
            over(&r, PATIENCE) && r.result >= 0 && r.got == 1 && bytes[0] == 'y', r.result);
    }
    word("and_so_does_what_is_typed_later", "five");
}

int main(void)
{
    terminal = rt_cap("terminal");
    nonsense();
    deadlines();
    stopped();
    too_many();
    unmapped();
    flooded();
    restarts();
    rt_print("ok readers.all\n");
    return 0;
}
