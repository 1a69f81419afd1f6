/* SPDX-License-Identifier: MIT */
/*
 * `phoenix run`: one Linux program, and the machine ends with it.
 *
 * It is handed three streams (what it reads is served by the console's driver), clock,
 * entropy, the right to write the log, and, if the manifest has files or scratch space, a
 * Namespace. There are no more processes than these, so all of them share init's account.
 */
#include "init.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "rt/rt.h"
#include "services.capnp.h"

#define PROGRAM_GRANTS_MAX 8
#define DEATH_PROGRAM 1
#define DEATH_RAMFS 2
#define DEATH_DRIVER 4
#define SERIAL_LINE 4 /* COM1's interrupt */
#define DRIVERS_MAX 5 /* one after the other */

static uint64_t deaths; /* notification */

struct grants {
    struct proc_grant list[PROGRAM_GRANTS_MAX];
    size_t count;
};

static void add(struct grants *grants, const char *name, uint64_t capability, uint64_t methods)
{
    if (capability != 0)
        grants->list[grants->count++] =
            (struct proc_grant){name, capability, methods, proc_slot(name)};
}

_Noreturn static void fail(const char *what, const char *why)
{
    complain("%s: %s", what, why);
    power_off(STATUS_PHOENIX);
}

/* What is served to the program, and by whom. */
static void start_service(const char *name, const struct proc_text *arguments, size_t count,
    const struct grants *grants, uint64_t death, struct proc *proc)
{
    struct proc_plan plan = {.account = rt_cap("account"),
        .pool = RT_POOL,
        .grants = grants->list,
        .grant_count = grants->count,
        .startup = {.arguments = arguments,
            .argument_count = count,
            .directory = {"/", 1},
            .program = arguments[0]}};
    const char *problem = package_image(&package, name, &plan.image);

    if (problem != NULL || proc_build(&plan, proc, &problem) < 0)
        fail(name, problem);
    process_watch(proc->process, deaths, death);
    proc_start(proc);
}

static uint64_t new_endpoint(void)
{
    struct account_new_endpoint_out endpoint = {0};

    if (account_new_endpoint(rt_cap("account"), &endpoint) < 0)
        fail("init", "no memory for an endpoint");
    return endpoint.endpoint;
}

static uint64_t client_of(uint64_t endpoint, unsigned interface, uint64_t methods)
{
    struct endpoint_mint_out out = {0};

    if (endpoint_mint(endpoint, interface, methods, 0, 0, &out) < 0)
        fail("init", "no memory for a client");
    return out.capability;
}

/* --- the console's driver ------------------------------------------------------- */

static struct proc driver;
static uint64_t driver_endpoint; /* kept, so that the next one serves the same readers */
static unsigned drivers;

static void start_driver(void)
{
    static const struct proc_text arguments[] = {{"console", 7}};
    struct grants grants = {.count = 0};
    struct irq_range_out line = {0};

    if (drivers++ == DRIVERS_MAX || irq_range(rt_cap("irq"), SERIAL_LINE, 1, &line) < 0)
        fail("console", "its driver cannot be started; the log says why");
    add(&grants, "endpoint", driver_endpoint, ~UINT64_C(0));
    add(&grants, "account", rt_cap("account"), ACCOUNT_M_NEW_NOTIFICATION);
    add(&grants, "console", rt_cap("console"), CONSOLE_M_ALL);
    add(&grants, "irq", line.irq, IRQ_M_BIND | IRQ_M_ACK);
    add(&grants, "log", rt_cap("log"), LOG_M_WRITE);
    start_service("console", arguments, 1, &grants, DEATH_DRIVER, &driver);
    phx_release(line.irq);
}

static void look_after_driver(void)
{
    uint64_t status, address;

    if (!process_ended(driver.process, &status, &address))
        return;
    rt_log("the console's driver ended with status %lu", status);
    proc_end(&driver, 0);
    start_driver();
}

/* --- the memory file system ---------------------------------------------------- */

static struct proc ramfs; /* process 0: there is none */

static void start_ramfs(uint64_t endpoint, uint64_t size)
{
    char number[24];
    const struct proc_text arguments[] = {
        {"ramfs", 5}, {"--scratch", 9}, {number, fmt(number, sizeof number, "%lu", size)}};
    struct grants grants = {.count = 0};

    add(&grants, "endpoint", endpoint, ~UINT64_C(0));
    add(&grants, "account", rt_cap("account"), ACCOUNT_M_NEW_NOTIFICATION);
    add(&grants, "clock", rt_cap("clock"), CLOCK_M_ALL);
    add(&grants, "log", rt_cap("log"), LOG_M_WRITE);
    add(&grants, "bootPackage", rt_cap("bootPackage"), BOOT_PACKAGE_M_ALL);
    start_service("ramfs", arguments, 3, &grants, DEATH_RAMFS, &ramfs);
}

/* A Namespace, or 0 where the manifest has no files. */
static uint64_t make_namespace(struct run_reader run)
{
    uint64_t endpoint, methods = NAMESPACE_M_ALL;

    if (system_manifest_trees(package.manifest).count == 0 && run_scratch(run) == 0)
        return 0;
    if (run_scratch(run) == 0)
        methods &= ~(NAMESPACE_M_WRITE | NAMESPACE_F_WRITE);
    endpoint = new_endpoint();
    start_ramfs(endpoint, run_scratch(run));
    return client_of(endpoint, IFACE_NAMESPACE, methods);
}

/* --- the program ------------------------------------------------------------------ */

static struct proc_text *texts_of(struct capnp_list list)
{
    struct proc_text *texts = rt_alloc((list.count + 1) * sizeof *texts);

    if (texts == NULL)
        fail("init", "no memory for the arguments");
    for (uint32_t i = 0; i < list.count; i++)
        texts[i] = (struct proc_text){capnp_list_text(list, i).data, capnp_list_text(list, i).size};
    return texts;
}

static void add_streams(struct grants *grants)
{
    static const char *const names[3] = {"stdin", "stdout", "stderr"};

    add(grants, names[0], client_of(driver_endpoint, IFACE_TERMINAL, TERMINAL_M_ALL),
        (TERMINAL_M_ALL & ~CAPABILITY_M_ALL) | CAPABILITY_M_IDENTIFY);
    for (unsigned i = 1; i < 3; i++) {
        struct console_stream_out stream = {0};

        if (console_stream(rt_cap("console"), i, &stream) < 0)
            fail("console", "a stream cannot be had");
        add(grants, names[i], stream.console, CONSOLE_M_WRITE | CAPABILITY_M_IDENTIFY);
    }
}

static void build_program(struct run_reader run, uint64_t namespace, struct proc *proc)
{
    const char *problem;
    struct capnp_text directory = run_directory(run),
                      argv0 = capnp_list_text(run_arguments(run), 0);
    struct grants grants = {.count = 0};
    struct proc_plan plan = {
        .account = rt_cap("account"),
        .pool = RT_POOL,
        .startup =
            {
                .arguments = texts_of(run_arguments(run)),
                .argument_count = run_arguments(run).count,
                .environment = texts_of(run_environment(run)),
                .environment_count = run_environment(run).count,
                .directory = {directory.data, directory.size},
                .program = {argv0.data, argv0.size},
                .flags = (run_trace_calls(run) ? PROC_TRACE : 0) |
                         (run_stats(run) ? PROC_STATS : 0),
            },
    };

    problem = package_image(&package, "libos", &plan.image);
    if (problem != NULL)
        fail("binaries: libos", problem);
    problem = package_image(&package, run_program(run).data, &plan.linux_program);
    if (problem != NULL)
        fail("run.program", problem);
    add_streams(&grants);
    add(&grants, "clock", rt_cap("clock"), CLOCK_M_ALL);
    add(&grants, "entropy", rt_cap("entropy"), ENTROPY_M_ALL);
    add(&grants, "log", rt_cap("log"), LOG_M_WRITE);
    add(&grants, "namespace", namespace, ~UINT64_C(0));
    plan.grants = grants.list;
    plan.grant_count = grants.count;
    if (proc_build(&plan, proc, &problem) < 0)
        fail("run", problem);
}

/* wait(2)'s status as a shell shows it. */
static unsigned exit_status(uint64_t status)
{
    return (unsigned)((status & 0x7f) == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f));
}

/* The program would wait for its files for ever. */
static void look_after_ramfs(void)
{
    uint64_t status, address;

    if (ramfs.process != 0 && process_ended(ramfs.process, &status, &address))
        fail("ramfs", "the memory file system ended; the log says why");
}

/* What all processes, the kernel's objects and files had at once: nobody but who
 * holds the account can tell. What was loaded is not in it. */
static void tell_memory(void)
{
    struct account_balance_out pages = {0};

    if (account_balance(rt_cap("account"), RESOURCE_PAGES, &pages) >= 0)
        complain("memory of the system: %lu KiB at most, beside what was loaded",
            pages.peak * PHX_PAGE_SIZE / 1024);
}

_Noreturn void run_program_only(void)
{
    struct run_reader run = system_manifest_run(package.manifest);
    struct account_new_notification_out notification = {0};
    struct notification_wait_out out = {0};
    uint64_t status = 0, address = 0;
    struct proc proc;

    if (account_new_notification(rt_cap("account"), &notification) < 0)
        fail("init", "no memory to begin with");
    deaths = notification.notification;
    driver_endpoint = new_endpoint();
    build_program(run, make_namespace(run), &proc);
    process_watch(proc.process, deaths, DEATH_PROGRAM);
    proc_start(&proc);
    thread_control_yield(RT_THREAD); /* it begins; what it asks for waits for the driver */
    start_driver();
    while (!process_ended(proc.process, &status, &address)) {
        look_after_ramfs();
        look_after_driver();
        if (notification_wait(deaths, ~UINT64_C(0), PHX_FOREVER, &out) < 0)
            fail("init", "cannot wait for the program");
    }
    if (address != 0)
        rt_log("%s ended by signal %lu at address 0x%lx", run_program(run).data, status & 0x7f,
            address);
    if (run_stats(run))
        tell_memory();
    power_off(exit_status(status));
}
