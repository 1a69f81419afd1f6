/* SPDX-License-Identifier: MIT */
/* `run`: a program with exactly what it is given. */
#include "shell.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "proc/proc.h"
#include "rt/rt.h"
#include "services.stubs.h"
#include "start.build.h"

#define NAMES_MAX 16
#define PATH_ROOM 300
#define SIGNAL_INTERRUPT 2
#define SIGNAL_KILL 9

/* What the words after `run` ask for. */
struct request {
    char *names[NAMES_MAX]; /* --with */
    size_t name_count;
    bool tap; /* --tap */
    char **arguments; /* the program first */
    size_t argument_count;
};

/* The Launch of the program that runs; the other thread ends it with Ctrl-C. */
static struct rt_lock running_lock;
static uint64_t running;
static bool asked; /* it was asked to end */

static void set_running(uint64_t launch)
{
    rt_lock(&running_lock);
    running = launch;
    asked = false;
    rt_unlock(&running_lock);
}

/* The first time it is asked, the second time it is made to. */
bool run_interrupt(void)
{
    bool was;

    rt_lock(&running_lock);
    was = running != 0;
    if (was)
        launch_signal(running, asked ? SIGNAL_KILL : SIGNAL_INTERRUPT);
    asked = true;
    rt_unlock(&running_lock);
    return was;
}

/* --- what is asked for ---------------------------------------------------------- */

static const char *take_names(struct request *r, char *list)
{
    for (;;) {
        char *name = list;

        while (*list != 0 && *list != ',')
            list++;
        if (list == name)
            return "--with: a name is empty";
        if (r->name_count == NAMES_MAX)
            return "--with: too many names";
        r->names[r->name_count++] = name;
        if (*list == 0)
            return NULL;
        *list++ = 0;
    }
}

static const char *take_request(struct request *r, size_t count, char **words)
{
    const char *problem = NULL;
    size_t i = 1;

    *r = (struct request){.name_count = 0};
    for (; problem == NULL && i < count && words[i][0] == '-'; i++) {
        if (rt_equal(words[i], "--")) {
            i++;
            break;
        }
        if (rt_equal(words[i], "--tap")) {
            r->tap = true;
            continue;
        }
        if (!rt_equal(words[i], "--with"))
            return "only --with and --tap are known before the program; `help run` says more";
        if (++i == count)
            return "--with: no names follow";
        problem = take_names(r, words[i]);
    }
    r->arguments = words + i;
    r->argument_count = count - i;
    if (problem == NULL && i >= count)
        problem = "no program is named; `help run` says more";
    else if (problem == NULL && words[i][0] == 0)
        problem = "the program's name is empty";
    return problem;
}

/* --- the program ------------------------------------------------------------------ */

static bool has_slash(const char *text)
{
    while (*text != 0 && *text != '/')
        text++;
    return *text == '/';
}

static int64_t create(const char *name, uint64_t *launch)
{
    return launcher_create(rt_cap("launcher"), name, strlen(name), launch);
}

/* A Linux program by its path in our own namespace: the launch gets the file. */
static int64_t create_from_file(const char *path, uint64_t *launch)
{
    struct namespace_open_out opened;
    uint64_t file = 0, detail;
    int64_t result =
        namespace_open(rt_cap("namespace"), 0, 0, path, strlen(path), &file, &opened, &detail);

    if (rt_cap("namespace") == 0)
        return -PHX_NOT_FOUND;
    if (result >= 0 && (opened.mode & 0170000) != 0100000) {
        phx_release(file);
        return -PHX_INVALID_ARGUMENT;
    }
    if (result >= 0)
        result = create(path, launch);
    if (result >= 0)
        result = launch_grant(*launch, 0, "image", 5, file, PHX_CAP_MOVE);
    phx_release(file);
    return result;
}

/* *path is where it was found; for a program of the boot package its name. */
static int64_t find_program(const char *name, char path[PATH_ROOM], uint64_t *launch)
{
    static const char *const folders[] = {"/bin/", "/usr/bin/"};
    int64_t result;

    fmt(path, PATH_ROOM, "%s", name);
    if (has_slash(name))
        return create_from_file(name, launch);
    result = create(name, launch);
    for (unsigned i = 0; i < 2 && result == -PHX_NOT_FOUND; i++) {
        fmt(path, PATH_ROOM, "%s%s", folders[i], name);
        result = create_from_file(path, launch);
    }
    return result;
}

/* --- what it is given ---------------------------------------------------------------- */

static int64_t give_streams(uint64_t launch)
{
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    int64_t result = 0;

    for (unsigned i = 0; i < 3 && result >= 0; i++) {
        struct console_stream_out stream = {0};
        struct capability_derive_out plain = {0};

        if (i > 0)
            result = console_stream(rt_cap("console"), i, &stream);
        if (result >= 0) /* not watch: Ctrl-C stays with this shell */
            result = capability_derive(i > 0 ? stream.console : rt_cap("terminal"),
                (i > 0 ? CONSOLE_M_WRITE : TERMINAL_M_READ | TERMINAL_M_INFO) |
                    CAPABILITY_M_IDENTIFY | CAPABILITY_M_TRANSFER | CAPABILITY_M_GRANT,
                0, &plain);
        if (result >= 0)
            result =
                launch_grant(launch, 0, names[i], strlen(names[i]), plain.capability, PHX_CAP_MOVE);
        phx_release(plain.capability);
        phx_release(stream.console);
    }
    return result;
}

static bool give_named(uint64_t launch, const struct request *r)
{
    for (size_t i = 0; i < r->name_count; i++) {
        const char *name = r->names[i];
        uint64_t capability = rt_cap(name);
        unsigned slot = proc_slot(name);
        int64_t result;

        if (capability == 0 || (slot != 0 && slot <= SLOT_POOL)) {
            say_wrong(
                "run: --with %s: this shell has nothing of that name to give; see `caps`", name);
            return false;
        }
        result = launch_grant(launch, slot, name, strlen(name), capability, PHX_CAP_COPY);
        if (result < 0) {
            say_wrong("run: --with %s: %s", name, rt_error_text(result));
            return false;
        }
    }
    return true;
}

/* --- start and wait -------------------------------------------------------------------- */

static size_t build_startup(
    void *buffer, size_t capacity, const struct request *r, const char *path)
{
    static const char *const environment[] = {"PATH=/bin:/usr/bin", "HOME=/", "TERM=vt100"};
    struct capnp_build build;
    struct startup_builder startup;
    struct capnp_build_list list;

    capnp_build_open(&build, buffer, capacity, 0);
    startup = startup_build(&build);
    list = startup_init_arguments(startup, (uint32_t)r->argument_count);
    for (uint32_t i = 0; i < r->argument_count; i++)
        capnp_put_text(list, i, r->arguments[i], strlen(r->arguments[i]));
    list = startup_init_environment(startup, 3);
    for (uint32_t i = 0; i < 3; i++)
        capnp_put_text(list, i, environment[i], strlen(environment[i]));
    /* This shell reads keys: whoever reads lines edits them. */
    startup_set_flags(startup, PROC_RAW_TERMINAL);
    startup_set_directory(startup, "/", 1);
    startup_set_program(startup, path, strlen(path));
    return capnp_build_close(&build, NULL, 8);
}

static bool start(uint64_t launch, const struct request *r, const char *path, uint64_t *pid)
{
    static uint64_t buffer[PHX_PAGE_SIZE / 8];
    static char reason[256];
    struct launch_start_out out;
    size_t length = build_startup(buffer, sizeof buffer, r, path), reason_length = 0;
    int64_t result;

    if (length == 0) {
        say_wrong("run: the arguments are too long");
        return false;
    }
    result = launch_start(launch, buffer, length, reason, sizeof reason, &reason_length, &out);
    if (result < 0)
        say_wrong("run: %s: %s%s%.*s", r->arguments[0], rt_error_text(result),
            reason_length > 0 ? ": " : "", (int)reason_length, reason);
    *pid = out.pid;
    return result >= 0;
}

static void say_end(const char *name, const struct launch_wait_out *end)
{
    static const char *const names[32] = {[2] = "interrupted",
        [4] = "illegal instruction",
        [6] = "aborted",
        [7] = "bus error",
        [8] = "arithmetic error",
        [9] = "killed",
        [11] = "segmentation fault",
        [15] = "terminated",
        [31] = "bad system call"};
    unsigned signal = end->status & 0x7f;

    if (signal == 0 && end->status >> 8 != 0)
        say_wrong("run: %s: status %lu", name, end->status >> 8 & 0xff);
    else if (signal != 0 && end->fault_address != 0)
        say_wrong("run: %s: signal %u at address 0x%lx", name, signal, end->fault_address);
    else if (signal != 0)
        say_wrong("run: %s: %s", name,
            signal < 32 && names[signal] != NULL ? names[signal] : "ended by a signal");
}

static void run_launch(uint64_t launch, const struct request *r, const char *path)
{
    struct launch_wait_out end = {0};
    uint64_t pid = 0, tap = 0, position = 0;
    int64_t result;

    if (give_streams(launch) < 0) {
        say_wrong("run: the console cannot be shared");
        return;
    }
    if (!give_named(launch, r) || !start(launch, r, path, &pid))
        return;
    set_running(launch);
    if (r->tap)
        tap = tap_open("run: --tap", pid);
    result = launch_wait(launch, &end);
    set_running(0);
    tap_close(tap, &position);
    if (result >= 0)
        say_end(r->arguments[0], &end);
    else
        say_wrong("run: %s: the launcher lost it: %s", r->arguments[0], rt_error_text(result));
}

void run_command(size_t count, char **words)
{
    struct request request;
    const char *problem = take_request(&request, count, words);
    char path[PATH_ROOM];
    uint64_t launch = 0;
    int64_t result;

    if (problem != NULL) {
        say_wrong("run: %s", problem);
        return;
    }
    if (rt_cap("launcher") == 0) {
        say_wrong("run: this shell was not handed `launcher`");
        return;
    }
    result = find_program(request.arguments[0], path, &launch);
    if (result < 0)
        say_wrong("run: %s: %s", request.arguments[0],
            result == -PHX_NOT_FOUND ? "no such program" : rt_error_text(result));
    else
        run_launch(launch, &request, path);
    phx_release(launch);
}
