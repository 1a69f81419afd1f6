/* SPDX-License-Identifier: MIT */
/*
 * Who had a core when, as programs see it: a thread that looks at the clock all the time
 * notes the pieces of time that it had, and main adds them up slot by slot. Runs as init of
 * tests/time/time.cue and cores.cue, with eight slots for each core.
 */
#include "proc/package.h"
#include "proc/proc.h"
#include "rt/rt.h"

#include "bytes.h"
#include "fmt/fmt.h"

#define SLOTS 8
#define GAP_NS 20000 /* longer than an interrupt; shorter than a slot */
#define PIECES 600
#define RUNNERS 110
#define CHAIN 16
#define PERIODS 40 /* on two cores */

static struct runner {
    uint64_t thread;
    uint64_t until;      /* ns: it looks at the clock up to there */
    uint64_t endpoint, client; /* serves, or calls, first; 0: neither */
    unsigned count;
    struct {
        uint64_t from, to;
    } piece[PIECES];
} runners[RUNNERS];
static unsigned runner_count, failures;
static uint64_t slots, root, nobody, slot_ns, cores; /* `nobody` has no slots */
static struct clock_calibration_out clock;

static void check(const char *name, bool good, const char *format, ...)
{
    char why[256] = "";
    va_list arguments;

    va_start(arguments, format);
    vfmt(why, sizeof why, format, arguments);
    va_end(arguments);
    rt_print("%s time.%s%s%s\n", good ? "ok" : "FAIL", name, good ? "" : " ", good ? "" : why);
    rt_print("# %s: %s\n", name, why);
    failures += !good;
}

static void must(int64_t result, const char *what)
{
    if (result < 0) {
        rt_print("FAIL time.%s %s\n", what, rt_error_text(result));
        power_shutdown(rt_cap("power"), 11);
    }
}

static uint64_t now(void)
{
    unsigned __int128 ticks = __builtin_ia32_rdtsc() - clock.tsc_base;

    return clock.ns_base + (uint64_t)(ticks * clock.multiplier >> clock.shift);
}

static void sleep_until(uint64_t ns)
{
    must(thread_control_sleep(RT_THREAD, ns), "sleep");
}

/* --- what a thread had ---------------------------------------------------------- */

static void look_at_the_clock(struct runner *r)
{
    uint64_t last = now(), from = last;

    while (last < r->until && r->count < PIECES) {
        uint64_t at = now();

        if (at - last > GAP_NS) {
            r->piece[r->count].from = from;
            r->piece[r->count++].to = last;
            from = at;
        }
        last = at;
    }
    if (r->count < PIECES) {
        r->piece[r->count].from = from;
        r->piece[r->count++].to = last;
    }
}

static uint64_t had(const struct runner *r, uint64_t from, uint64_t to)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < r->count; i++) {
        uint64_t a = r->piece[i].from > from ? r->piece[i].from : from;
        uint64_t b = r->piece[i].to < to ? r->piece[i].to : to;

        sum += a < b ? b - a : 0;
    }
    return sum;
}

static void run(void *argument)
{
    struct runner *r = argument;
    uint64_t words[PHX_WORDS] = {0}, badge;

    if (r->endpoint)
        phx_receive(r->endpoint, words, &badge);
    if (r->client)
        phx_invoke(r->client, 0, words, 1);
    if (r->until)
        look_at_the_clock(r);
    /* Who serves ends here, and its caller hears that. */
}

static struct runner *new_runner(void)
{
    struct runner *r = &runners[runner_count++];

    r->count = 0;
    r->until = r->endpoint = r->client = 0;
    return r;
}

static void start(struct runner *r)
{
    must(rt_thread(run, r, &r->thread), "thread");
}

static void join_all(void)
{
    struct thread_join_out out;

    for (unsigned i = 0; i < runner_count; i++) {
        must(thread_join(runners[i].thread, PHX_FOREVER, &out), "join");
        phx_release(runners[i].thread);
    }
    runner_count = 0;
}

/* --- slots ------------------------------------------------------------------------- */

static uint64_t new_schedule(void)
{
    struct account_new_schedule_out out = {0};

    must(account_new_schedule(rt_cap("account"), &out), "schedule");
    return out.schedule;
}

static void bind(unsigned slot, uint64_t schedule)
{
    struct time_slice_range_out part = {0};

    must(time_slice_range(slots, slot, 1, &part), "range");
    must(time_slice_bind(part.slice, schedule), "bind");
    phx_release(part.slice);
}

static void all_root(void)
{
    must(time_slice_bind(slots, root), "bind");
}

/* The beginning of a period, so far ahead that everything is prepared by then. */
static uint64_t period_after(uint64_t ns)
{
    return ((now() + ns) / (SLOTS * slot_ns) + 1) * SLOTS * slot_ns;
}

/* How far from its due a group of runners was at worst, at any boundary of so many periods. */
static uint64_t worst(const struct runner *const *group, unsigned count, unsigned owned,
    uint64_t from, unsigned periods)
{
    uint64_t due = 0, most = 0;

    for (unsigned slot = 0; slot < periods * SLOTS; slot++) {
        uint64_t sum = 0, off;

        due += owned >> slot % SLOTS & 1 ? slot_ns : 0;
        for (unsigned i = 0; i < count; i++)
            sum += had(group[i], from, from + (slot + 1) * slot_ns);
        off = sum > due ? sum - due : due - sum;
        most = off > most ? off : most;
    }
    return most;
}

static void shares(void)
{
    static const unsigned owned[] = {0x15, 0x22, 0x08}; /* slots 0 2 4, 1 5, 3; 6 nobody's, 7 main's */
    const struct runner *of[3][2];
    uint64_t from, most = 0;

    all_root();
    bind(6, 0);
    for (unsigned s = 0; s < 3; s++) {
        uint64_t schedule = new_schedule();

        for (unsigned i = 0; i < SLOTS; i++)
            if (owned[s] >> i & 1)
                bind(i, schedule);
        for (unsigned i = 0; i < 2; i++) {
            struct runner *r = new_runner();

            of[s][i] = r;
            r->until = now() + 500 * slot_ns;
            start(r);
            must(schedule_add(schedule, r->thread, 0), "add");
        }
    }
    from = period_after(10 * slot_ns);
    sleep_until(from + 400 * slot_ns);
    join_all();
    for (unsigned s = 0; s < 3; s++) {
        uint64_t off = worst(of[s], 2, owned[s], from, 40);

        most = off > most ? off : most;
    }
    check("shares_are_within_one_slot_at_every_boundary", most <= slot_ns,
        "at most %lu ns of %lu off, at 320 boundaries", most, slot_ns);
    all_root();
}

/* --- time that is lent ---------------------------------------------------------------- */

/* r calls what it is given; the caller of all this serves it. */
static void connect(struct runner *client, struct runner *server)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out minted = {0};

    if (server->endpoint == 0) {
        must(account_new_endpoint(rt_cap("account"), &endpoint), "endpoint");
        server->endpoint = endpoint.endpoint;
    }
    must(endpoint_mint(server->endpoint, 100, 1, 7, 0, &minted), "mint");
    client->client = minted.capability;
}

static void live_on_others(struct runner *r)
{
    must(schedule_add(nobody, r->thread, 0), "add");
}

static void chain(void)
{
    uint64_t own = new_schedule(), from = period_after(100 * slot_ns), off;
    struct runner *links[CHAIN + 1];
    const struct runner *last[1];

    for (unsigned i = 0; i <= CHAIN; i++)
        links[i] = new_runner();
    for (unsigned i = 0; i < CHAIN; i++)
        connect(links[i], links[i + 1]);
    links[CHAIN]->until = from + 410 * slot_ns;
    for (unsigned i = CHAIN; i > 0; i--) {
        start(links[i]);
        thread_control_yield(RT_THREAD);
        live_on_others(links[i]);
    }
    all_root();
    bind(1, own);
    bind(2, own);
    start(links[0]);
    must(schedule_add(own, links[0]->thread, 0), "add");
    sleep_until(from + 420 * slot_ns); /* all is over by then */
    all_root();
    join_all();
    last[0] = links[CHAIN];
    off = worst(last, 1, 0x6, from, 40);
    check("the_sixteenth_server_has_its_first_caller_s_slots", off <= slot_ns,
        "%lu of 100 slots, at most %lu ns off", had(last[0], from, from + 400 * slot_ns) / slot_ns,
        off);
}

static void later_callers(void)
{
    uint64_t from = period_after(100 * slot_ns), off, alone;
    struct runner *server = new_runner(), *clients[3];
    const struct runner *group[1] = {server};

    server->until = from + 410 * slot_ns;
    for (unsigned i = 0; i < 3; i++)
        connect(clients[i] = new_runner(), server);
    start(server);
    thread_control_yield(RT_THREAD);
    live_on_others(server);
    all_root();
    for (unsigned i = 0; i < 3; i++) { /* the third waits behind the second, and lends nothing */
        uint64_t schedule = new_schedule();

        bind(i, schedule);
        start(clients[i]);
        must(schedule_add(schedule, clients[i]->thread, 0), "add");
        if (i == 0)
            sleep_until(from + 80 * slot_ns);
    }
    sleep_until(from + 420 * slot_ns); /* the server is over by then */
    alone = had(server, from, from + 80 * slot_ns);
    off = worst(group, 1, 0x3, from + 88 * slot_ns, 35);
    /* The two that still wait hear that it is gone. */
    for (unsigned i = 1; i < 3; i++)
        must(thread_stop(clients[i]->thread), "stop");
    check("a_server_is_helped_by_the_next_caller", alone <= 10 * slot_ns && off <= slot_ns,
        "10 periods alone: %lu slots; with a second caller at most %lu ns off two slots of eight",
        alone / slot_ns, off);
    all_root();
    for (unsigned i = 1; i < 3; i++) {
        must(schedule_add(root, clients[i]->thread, 0), "add");
        must(thread_start(clients[i]->thread), "start");
    }
    join_all();
}

/* --- many -------------------------------------------------------------------------------- */

static void hundred(void)
{
    uint64_t from = now() + 150 * slot_ns, least = ~UINT64_C(0), most = 0;

    all_root();
    for (unsigned i = 0; i < 100; i++) {
        struct runner *r = new_runner();

        r->until = from + 430 * slot_ns;
        start(r);
        must(schedule_add(root, r->thread, 1), "order"); /* behind main, who starts them */
    }
    sleep_until(from + 430 * slot_ns);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t ns = had(&runners[i], from, from + 400 * slot_ns);

        least = ns < least ? ns : least;
        most = ns > most ? ns : most;
    }
    join_all();
    check("nobody_of_a_hundred_is_starved", least + GAP_NS >= 3 * slot_ns && most <= 5 * slot_ns,
        "of 400 slots each had %lu to %lu us", least / 1000, most / 1000);
}

/* --- two cores ------------------------------------------------------------------------------ */

/* A process of this program, with an account of its own, that computes until `until`. */
static uint64_t spinner(const struct proc_image *image, uint64_t schedule, uint64_t until)
{
    struct account_create_out account = {0};
    struct account_new_pool_out pool = {0};
    char number[24];
    size_t length = fmt(number, sizeof number, "%lu", until);
    const struct proc_text arguments[] = {{"time", 4}, {number, length}};
    const struct proc_grant grants[] = {{"clock", rt_cap("clock"), CLOCK_M_ALL, SLOT_CLOCK}};
    const char *reason = "";
    struct proc proc = {0};

    must(account_create(rt_cap("account"), 800, 100, 4, 0, &account), "account");
    must(account_new_pool(account.account, &pool), "pool");
    const struct proc_plan plan = {.account = account.account,
        .pool = pool.pool,
        .image = *image,
        .grants = grants,
        .grant_count = 1,
        .startup = {.arguments = arguments, .argument_count = 2, .program = {"time", 4}}};
    must(proc_build(&plan, &proc, &reason), reason);
    must(schedule_add(schedule, proc.thread, 0), "add");
    must(proc_start(&proc), "start");
    return account.account;
}

static uint64_t time_of(uint64_t account)
{
    struct account_balance_out out = {0};

    must(account_balance(account, RESOURCE_TIME, &out), "balance");
    return out.peak;
}

/* By the kernel's own count, which says whose turn it was also while the host let neither
 * core run. */
static void two_cores(void)
{
    static struct package package;
    struct proc_image image = {0};
    uint64_t from = period_after(20 * slot_ns), until = from + PERIODS * SLOTS * slot_ns;
    uint64_t account[2], share[2], own;
    const char *problem = package_open(&package, rt_cap("bootPackage"));

    if (problem == NULL)
        problem = package_image(&package, "time", &image);
    if (problem != NULL)
        rt_panic("module: %s", problem);
    all_root();
    for (unsigned i = 0; i < 2; i++) {
        share[i] = new_schedule();
        account[i] = spinner(&image, share[i], until);
    }
    for (unsigned i = 0; i < 2 * SLOTS; i++)
        bind(i, share[i / SLOTS]);
    from = now();
    own = time_of(rt_cap("account"));
    sleep_until(until);
    own = time_of(rt_cap("account")) - own; /* until it slept, on one of them */
    for (unsigned i = 0; i < 2; i++)
        share[i] = (time_of(account[i]) + own) * 1000 / (until - from);
    check("each_of_two_cores_runs_its_own_thread", share[0] >= 975 && share[1] >= 975,
        "in %lu and %lu thousandths of its %lu slots; main had %lu us of one", share[0], share[1],
        (until - from) / slot_ns, own / 1000);
}

/* What a process that main made does. */
static void spin(const char *until)
{
    uint64_t ns = 0;

    for (; *until; until++)
        ns = ns * 10 + (uint64_t)(*until - '0');
    while (now() < ns)
        ;
}

int main(int argc, char **argv)
{
    struct time_slice_info_out info = {0};

    must(clock_calibration(rt_cap("clock"), &clock), "clock");
    if (argc > 1) {
        spin(argv[1]);
        return 0;
    }
    slots = rt_cap("slots");
    root = rt_cap("schedule");
    must(time_slice_info(slots, &info), "info");
    nobody = new_schedule();
    slot_ns = info.length;
    cores = info.count / info.each;
    if (cores == 1) {
        shares();
        chain();
        later_callers();
        hundred();
    } else {
        two_cores();
    }
    power_shutdown(rt_cap("power"), failures ? 11 : 10);
    return 1;
}
