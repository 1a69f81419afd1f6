/* SPDX-License-Identifier: MIT */
/*
 * The first process: it reads the plan, keeps the workers going, and when all numbers
 * were taken, or as many instructions were done as it was told, ends them all and looks
 * whether everything came back.
 *
 * The plan is a file of the boot package, three lines: `seed N`, `instructions N` (0: no
 * end), and `do FROM-TO FROM-TO ...`, which is what operations there are.
 */
#include "fuzz.h"

#include "bytes.h"

#define STATUS_GOOD 10
#define STATUS_LEAK 11
#define STATUS_PLAN 12
#define DEAD 3
#define TICK_NS 500000
#define PATIENCE 6 /* ticks without an operation */
#define ROWS 120
#define ENDPOINTS 3
#define NOTIFICATIONS 2
#define COMMON_FRAME (ENDPOINTS + NOTIFICATIONS)
#define RANGES 5
#define COMMONS (COMMON_FRAME + 1 + RANGES)
#define LAST_PLACE 63 /* in spare lists: ours, as long as nobody took it from us */
#define BALANCED 3 /* pages, holds, threads; time and energy are spent */

static struct package package;
static struct proc_image image;
static struct shared *shared;
static uint64_t shared_frame, clients[ENDPOINTS], instructions, started;
static struct chance chance;

static struct {
    uint64_t account;
    struct proc proc;
    uint64_t seen, idle;
} workers[WORKERS];

/* What all workers hold a part of; taken back at times. */
static struct {
    const char *name;
    uint64_t cap;
} commons[COMMONS] = {{"end0", 0}, {"end1", 0}, {"end2", 0}, {"note0", 0}, {"note1", 0},
    {"common", 0}, {"ioPort", 0}, {"irq", 0}, {"deviceMemory", 0}, {"pciFunction", 0},
    {"slots", 0}};

/* With all that it made: what is below its account goes with it. */
static void end(unsigned w)
{
    if (workers[w].account == 0)
        return;
    if (chance_one_in(&chance, 2))
        proc_end(&workers[w].proc, 9);
    account_destroy(workers[w].account);
    phx_release(workers[w].account);
    proc_end(&workers[w].proc, 9);
    workers[w].account = 0;
}

/* Nobody is left then, which is the end of the machine and says the status. */
static _Noreturn void stop(unsigned status, const char *why)
{
    for (unsigned w = 0; w < WORKERS; w++)
        end(w);
    rt_print("\nfuzz: %s\n", why);
    rt_exit((int)status);
}

static void must(int64_t result, const char *what)
{
    if (result < 0)
        stop(STATUS_PLAN, what);
}

/* --- the plan ------------------------------------------------------------------------ */

static uint64_t read_number(const char **at)
{
    uint64_t n = 0;

    while (**at != 0 && (**at < '0' || **at > '9'))
        ++*at;
    while (**at >= '0' && **at <= '9')
        n = n * 10 + (uint64_t)(*(*at)++ - '0');
    return n;
}

static const char *find_plan(void)
{
    struct capnp_list trees = system_manifest_trees(package.manifest);

    for (uint32_t i = 0; i < trees.count; i++) {
        struct capnp_list entries = tree_entries(tree_at(trees, i));

        for (uint32_t k = 0; k < entries.count; k++) {
            struct entry_reader e = entry_at(entries, k);

            if (rt_equal(entry_name(e).data, "plan") && entry_content(e).size > 0)
                return (const char *)entry_content(e).data;
        }
    }
    stop(STATUS_PLAN, "the boot package has no plan");
}

/* The file's last page is filled up with zeroes. */
static void read_plan(void)
{
    const char *at = find_plan();

    shared->seed = read_number(&at);
    instructions = read_number(&at);
    for (;;) {
        uint64_t from = read_number(&at), to = *at == '-' ? read_number(&at) : from;

        if (shared->range_count == sizeof shared->ranges / sizeof *shared->ranges)
            stop(STATUS_PLAN, "the plan has too many parts");
        shared->ranges[shared->range_count].from = (uint32_t)from;
        shared->ranges[shared->range_count++].to = (uint32_t)to;
        shared->last = to;
        while (*at == ' ')
            at++;
        if (*at < '0' || *at > '9')
            break;
    }
    chance = chance_of(shared->seed, ~UINT64_C(0));
}

/* --- what is shared ------------------------------------------------------------------- */

/* A capability of the endpoint's, which goes when that is revoked. */
static void mint_client(unsigned i)
{
    struct endpoint_mint_out client;

    phx_release(clients[i]);
    must(endpoint_mint(commons[i].cap, IFACE_CLIENT, ~UINT64_C(0), i, 0, &client), "no client");
    clients[i] = client.capability;
}

/* What all workers hold of one of them is gone. */
static void take_back(unsigned i)
{
    capability_revoke(commons[i].cap, 0);
    if (i < ENDPOINTS)
        mint_client(i);
}

static void make_commons(void)
{
    static const struct {
        const char *name;
        unsigned method;
        uint64_t first, count;
    } ranges[RANGES] = {
        {"ioPort", IO_PORT_RANGE, FUZZ_PORTS, 4},
        {"irq", IRQ_RANGE, FUZZ_LINE, 2},
        {"deviceMemory", DEVICE_MEMORY_RANGE, FUZZ_REGISTERS, 2},
        {"pciFunction", PCI_FUNCTION_RANGE, 0, 3},
        {"slots", TIME_SLICE_RANGE, 1, 2}, /* the others stay the boss's */
    };
    struct account_new_endpoint_out endpoint;
    struct account_new_notification_out notification;
    struct frame_pool_alloc_out frame;

    for (unsigned i = 0; i < ENDPOINTS; i++) {
        must(account_new_endpoint(rt_cap("account"), &endpoint), "no endpoint");
        commons[i].cap = endpoint.endpoint;
        mint_client(i);
    }
    for (unsigned i = 0; i < NOTIFICATIONS; i++) {
        must(account_new_notification(rt_cap("account"), &notification), "no notification");
        commons[ENDPOINTS + i].cap = notification.notification;
    }
    must(frame_pool_alloc(RT_POOL, 4, &frame), "no common frame");
    commons[COMMON_FRAME].cap = frame.frame;
    for (unsigned i = 0; i < RANGES; i++) {
        uint64_t words[PHX_WORDS] = {ranges[i].first, ranges[i].count};

        if (phx_invoke(rt_cap(ranges[i].name), ranges[i].method, words, 2) < 0) {
            words[0] = 0; /* a machine where the timer's line has its own number */
            words[1] = ranges[i].count;
            must(phx_invoke(rt_cap(ranges[i].name), ranges[i].method, words, 2), "no range");
        }
        commons[COMMON_FRAME + 1 + i].cap = words[0];
    }
}

/* Slots that were revoked are nobody's: ours again. */
static void drop_commons(void)
{
    for (unsigned i = 0; i < ENDPOINTS; i++) {
        phx_release(clients[i]);
        clients[i] = 0;
    }
    for (unsigned i = 0; i < COMMONS; i++) {
        capability_revoke(commons[i].cap, 0);
        phx_release(commons[i].cap);
    }
    time_slice_bind(rt_cap("slots"), rt_cap("schedule"));
    time_slice_spare(rt_cap("slots"), rt_cap("schedule"), LAST_PLACE);
}

/* A table keeps the pages that it grew by. */
static void fill_table(void)
{
    uint64_t ids[ROWS];

    for (unsigned i = 0; i < ROWS; i++) {
        struct capability_duplicate_out twin = {0};

        capability_duplicate(rt_cap("clock"), &twin);
        ids[i] = twin.capability;
    }
    for (unsigned i = 0; i < ROWS; i++)
        phx_release(ids[i]);
}

static void make_shared(void)
{
    struct frame_pool_alloc_out frame;

    must(frame_pool_alloc(RT_POOL, SHARED_PAGES, &frame), "no shared frame");
    shared_frame = frame.frame;
    must(address_space_map(RT_SPACE, shared_frame, SHARED, 0, SHARED_PAGES,
             PHX_PROT_READ | PHX_PROT_WRITE),
        "no place for what is shared");
    shared = (struct shared *)SHARED;
}

/* --- workers ---------------------------------------------------------------------------- */

static size_t grants_of(struct proc_grant *grants, unsigned w)
{
    static const struct {
        const char *name;
        uint64_t methods;
        unsigned slot;
    } devices[] = {
        {"clock", ~UINT64_C(0), SLOT_CLOCK}, {"console", ~UINT64_C(0), SLOT_CONSOLE},
        {"log", ~UINT64_C(0), SLOT_LOG}, {"entropy", ~UINT64_C(0), SLOT_ENTROPY},
        {"bootPackage", ~UINT64_C(0), SLOT_BOOT_PACKAGE},
        {"power", CAPABILITY_M_IDENTIFY | CAPABILITY_M_DUPLICATE, SLOT_POWER},
    };
    static const char *const client_names[ENDPOINTS] = {"client0", "client1", "client2"};
    size_t n = 0;

    grants[n++] = (struct proc_grant){"account", workers[w].account, ~UINT64_C(0), SLOT_ACCOUNT};
    grants[n++] = (struct proc_grant){
        "shared", shared_frame, FRAME_M_MAP_READ | FRAME_M_MAP_WRITE, 0};
    for (unsigned i = 0; i < sizeof devices / sizeof *devices; i++)
        grants[n++] = (struct proc_grant){devices[i].name, rt_cap(devices[i].name),
            devices[i].methods, devices[i].slot};
    for (unsigned i = 0; i < COMMONS; i++)
        grants[n++] = (struct proc_grant){commons[i].name, commons[i].cap, ~UINT64_C(0), 0};
    for (unsigned i = 0; i < ENDPOINTS; i++)
        grants[n++] = (struct proc_grant){client_names[i], clients[i], ~UINT64_C(0), 0};
    if (workers[(w + 1) % WORKERS].proc.process != 0)
        grants[n++] = (struct proc_grant){"peer", workers[(w + 1) % WORKERS].proc.process,
            ~PROCESS_M_EXIT, 0};
    return n;
}

/* A third has plenty; the others meet their limits all the time. */
static uint64_t pages_of_worker(void)
{
    if (chance_one_in(&chance, 3))
        return 1000 + chance_below(&chance, 600);
    return 110 + chance_below(&chance, 90);
}

static void start(unsigned w)
{
    struct proc_grant grants[32];
    char digit[2] = {(char)('0' + w), 0};
    const struct proc_text arguments[] = {{"fuzz", 4}, {"worker", 6}, {digit, 1}};
    struct account_create_out account = {0};
    struct account_new_pool_out pool = {0};
    const char *reason;

    uint64_t pages = pages_of_worker(), threads = 8 + chance_below(&chance, 20);

    if (account_create(rt_cap("account"), pages, pages > 900 ? 900 : 70, threads, 1000,
            &account) < 0 &&
        account_create(rt_cap("account"), 110, 70, threads, 1000, &account) < 0)
        return; /* the others have all there is: later */
    workers[w].account = account.account;
    must(account_new_pool(account.account, &pool), "no pool for a worker");
    struct proc_plan plan = {.account = account.account,
        .pool = pool.pool,
        .image = image,
        .grants = grants,
        .grant_count = grants_of(grants, w),
        .startup = {.arguments = arguments,
            .argument_count = 3,
            .directory = {"/", 1},
            .program = {"fuzz", 4}}};
    must(proc_build(&plan, &workers[w].proc, &reason), reason);
    phx_release(pool.pool);
    must(proc_start(&workers[w].proc), "a worker does not start");
    workers[w].idle = 0;
    started++;
}

static bool is_done(unsigned w)
{
    return shared->next[w] * WORKERS + w > shared->last;
}

static bool is_dead(unsigned w)
{
    struct process_status_out out = {0};

    return process_status(workers[w].proc.process, &out) < 0 || out.state == DEAD;
}

/* Who waits for what never comes is told so first. */
static bool is_stuck(unsigned w)
{
    if (workers[w].seen != shared->next[w]) {
        workers[w].seen = shared->next[w];
        workers[w].idle = 0;
        return false;
    }
    if (++workers[w].idle == PATIENCE / 3)
        thread_interrupt(workers[w].proc.thread, 1);
    if (workers[w].idle == PATIENCE / 2) {
        thread_stop(workers[w].proc.thread);
        thread_start(workers[w].proc.thread);
    }
    return workers[w].idle >= PATIENCE;
}

/* Whether there is something left to do. */
static bool tend(void)
{
    bool is_busy = false;

    for (unsigned w = 0; w < WORKERS; w++) {
        if (is_done(w))
            continue;
        is_busy = true;
        if (workers[w].account != 0 && !is_dead(w) && !is_stuck(w)) {
            if (chance_one_in(&chance, 4))
                thread_interrupt(workers[w].proc.thread, chance_word(&chance));
            continue;
        }
        end(w);
        start(w);
    }
    if (chance_one_in(&chance, 40))
        take_back((unsigned)chance_below(&chance, COMMONS));
    return is_busy;
}

/* --- the end ------------------------------------------------------------------------------ */

static uint64_t used(unsigned resource)
{
    struct account_balance_out out = {0};

    account_balance(rt_cap("account"), resource, &out);
    return out.used;
}

static void pause_ns(uint64_t ns)
{
    struct clock_now_out now = {0};

    clock_now(rt_cap("clock"), &now);
    thread_control_sleep(RT_THREAD, now.ns + ns);
}

/* As before the first worker began; deaths are worked off behind them. */
static bool all_came_back(const uint64_t before[BALANCED])
{
    for (unsigned tries = 0; tries < 2000; tries++) {
        unsigned same = 0;

        for (unsigned r = 0; r < BALANCED; r++)
            same += used(r) == before[r];
        if (same == BALANCED)
            return true;
        pause_ns(TICK_NS);
    }
    for (unsigned r = 0; r < BALANCED; r++)
        rt_print("\nfuzz: resource %u: %lu before, %lu now\n", r, before[r], used(r));
    return false;
}

/* This kernel's clock of the day says how many instructions were done. */
static bool is_time(void)
{
    struct clock_realtime_out out = {0};

    if (instructions == 0)
        return false;
    clock_realtime(rt_cap("clock"), &out);
    return out.ns >= instructions;
}

static _Noreturn void finish(const uint64_t before[BALANCED])
{
    uint64_t done = 0;

    for (unsigned w = 0; w < WORKERS; w++) {
        end(w);
        done += shared->next[w];
    }
    drop_commons();
    rt_print("\nfuzz: %lu operations, %lu lives\n", done, started);
    if (!all_came_back(before))
        stop(STATUS_LEAK, "not everything came back");
    stop(STATUS_GOOD, "everything came back");
}

/* Begin and end all; false: those that had plenty left no room for another beside them. */
static bool all_at_once(void)
{
    bool is_all = true;

    for (unsigned w = 0; w < WORKERS; w++) {
        start(w);
        is_all &= workers[w].account != 0;
    }
    for (unsigned w = 0; w < WORKERS; w++)
        end(w);
    return is_all;
}

int main(int argc, char **argv)
{
    uint64_t before[BALANCED];
    const char *problem;

    if (argc > 1 && rt_equal(argv[1], "worker"))
        return worker();
    problem = package_open(&package, rt_cap("bootPackage"));
    if (problem == NULL)
        problem = package_image(&package, "fuzz", &image);
    if (problem != NULL)
        stop(STATUS_PLAN, problem);
    make_shared();
    read_plan();
    /* Once for what stays: room in the table, tables for pages. */
    fill_table();
    make_commons();
    while (!all_at_once())
        ;
    drop_commons();
    pause_ns(20 * TICK_NS);
    for (unsigned r = 0; r < BALANCED; r++)
        before[r] = used(r);
    make_commons();
    while (tend() && !is_time())
        pause_ns(TICK_NS);
    finish(before);
}
