/* SPDX-License-Identifier: MIT */
/*
 * What the services must not let pass, a call each, and that they keep nothing of it.
 * All of them are paid by the same account as this program, so its balance is theirs.
 */
#include "native.h"

#include "bytes.h"
#include "services.stubs.h"
#include "start.build.h"

#define EACCES 13
#define EINVAL 22
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define ROUNDS 100
#define SIGNAL_KILL 9

/* --- Namespace and File --------------------------------------------------------------- */

static int64_t open_kept(uint64_t flags, uint64_t *file, uint64_t *detail)
{
    struct namespace_open_out out;

    return namespace_open(rt_cap("namespace"), flags, 0, "/kept/file", 10, file, &out, detail);
}

static int64_t open_to_write(const char *path, uint64_t flags, uint64_t *file)
{
    struct namespace_write_out out;
    uint64_t detail;

    return namespace_write(
        rt_cap("namespace"), flags, 0600, path, strlen(path), file, &out, &detail);
}

static void files_are_what_they_were_opened_for(void)
{
    uint64_t readable = 0, writable = 0, none = 0, detail = 0, unused;
    struct file_write_out written;
    struct file_read_out read;
    size_t got;
    char byte = 'x';
    bool opened = open_kept(0, &readable, &unused) >= 0 &&
                  open_to_write("/kept/file", O_WRONLY, &writable) >= 0;
    int64_t wrote = file_write(readable, 0, 0, &byte, 1, &written, &unused);
    int64_t saw = file_read(writable, 0, 1, &byte, 1, &got, &read, &unused);
    int64_t through = open_kept(O_WRONLY, &none, &detail);

    check("file_opened_to_read_is_not_written", opened && wrote == -PHX_PERMISSION_DENIED, "%ld",
        wrote);
    check("file_opened_to_write_is_not_read", opened && saw == -PHX_PERMISSION_DENIED, "%ld", saw);
    check("open_with_flags_that_write_is_refused", through < 0 && detail == EACCES,
        "%ld, errno %lu", through, detail);
    phx_release(readable);
    phx_release(writable);
    phx_release(none);
}

/* The first of two paths is as long as it says, and no longer than both are. */
static void two_paths(void)
{
    uint64_t ns = rt_cap("namespace"), linked = 0, renamed = 0;

    namespace_link(ns, 0, 100, "/kept/file/kept/other", 21, &linked);
    namespace_rename(ns, 0, 22, "/kept/file/kept/other", 21, &renamed);
    check("path_longer_than_its_message_is_refused", linked == EINVAL && renamed == EINVAL,
        "errno %lu and %lu", linked, renamed);
}

static uint64_t blocks_free(void)
{
    struct namespace_statistics_out out = {0};
    uint64_t detail;

    namespace_statistics(rt_cap("namespace"), &out, &detail);
    return out.free;
}

/* Removed while it is open, it is there until the last hold of it is gone. */
static void space_comes_back(void)
{
    static const char bytes[4096] = "x";
    uint64_t before = blocks_free(), file = 0, held, after = 0, detail;
    struct file_write_out out;
    bool good = open_to_write("/large", O_RDWR | O_CREAT, &file) >= 0;

    for (uint64_t i = 0; good && i < 64; i++)
        good = file_write(file, i * sizeof bytes, 0, bytes, sizeof bytes, &out, &detail) >= 0;
    good = good && namespace_remove(rt_cap("namespace"), 0, "/large", 6, &detail) >= 0;
    held = blocks_free();
    phx_release(file);
    for (unsigned ms = 0; ms < 1000 && after != before; ms += 5) {
        sleep_ms(5);
        after = blocks_free();
    }
    check("space_of_a_removed_file_comes_back", good && held + 64 <= before && after == before,
        "%lu blocks free, then %lu, then %lu", before, held, after);
}

/* --- what comes with a call, and what nobody takes -------------------------------------- */

static void capabilities_are_not_kept(void)
{
    struct balance before = balance_now(), last = before;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct phx_message m = {.send_caps = 1, .caps = {RT_POOL}, .cap_modes = {PHX_CAP_COPY}};
        struct phx_message n = {.deadline = PHX_FOREVER};

        m.deadline = PHX_FOREVER;
        phx_send_message(PHX_OP_CALL(LAUNCHER_LIST, 1), rt_cap("launcher"), &m);
        stub_send_bytes(&n, "/kept/file", 10);
        phx_send_message(PHX_OP_CALL(NAMESPACE_OPEN, 2), rt_cap("namespace"), &n);
    }
    bool good = balance_returns(&before, &last);
    check("services_keep_nothing_of_what_they_refuse", good,
        "holds %lu, then %lu; pages %lu, then %lu", before.holds, last.holds, before.pages,
        last.pages);
}

/* --- Launcher --------------------------------------------------------------------------- */

static size_t startup_of(const char *role, uint64_t *buffer, size_t capacity)
{
    struct capnp_build build;
    struct startup_builder startup;
    struct capnp_build_list list;

    capnp_build_open(&build, buffer, capacity, 0);
    startup = startup_build(&build);
    list = startup_init_arguments(startup, 2);
    capnp_put_text(list, 0, "native", 6);
    capnp_put_text(list, 1, role, strlen(role));
    startup_set_directory(startup, "/", 1);
    startup_set_program(startup, "native", 6);
    return capnp_build_close(&build, NULL, 8);
}

static int64_t launch(uint64_t launch, uint64_t *pid)
{
    static uint64_t buffer[512];
    struct launch_start_out out = {0};
    char reason[64];
    size_t length, told = 0;
    int64_t result;

    length = startup_of("wait", buffer, sizeof buffer);
    result = launch_start(launch, buffer, length, reason, sizeof reason, &told, &out);
    *pid = out.pid;
    return result;
}

static int64_t grant(uint64_t launch, uint64_t slot, const char *name)
{
    struct capability_duplicate_out copy = {0};
    int64_t result;

    capability_duplicate(rt_cap("clock"), &copy);
    result = launch_grant(launch, slot, name, strlen(name), copy.capability, PHX_CAP_COPY);
    phx_release(copy.capability);
    return result;
}

/* What a process has of its own, and what must be of a kind, is nobody's to grant. */
static void grants_are_checked(void)
{
    uint64_t launch = 0;
    int64_t own = 0, again, image, namespace;

    launcher_create(rt_cap("launcher"), "native", 6, &launch);
    for (uint64_t slot = SLOT_PROCESS; slot <= SLOT_POOL; slot++)
        if (grant(launch, slot, "it") != -PHX_EXISTS)
            own = (int64_t)slot;
    grant(launch, 0, "time");
    again = grant(launch, 0, "time");
    image = grant(launch, 0, "image");
    namespace = grant(launch, 0, "namespace");
    check("launch_s_own_slots_are_not_granted", own == 0, "slot %ld", own);
    check("launch_s_names_are_granted_once", again == -PHX_EXISTS, "%ld", again);
    check("launch_s_file_is_a_file",
        image == -PHX_INVALID_ARGUMENT && namespace == -PHX_INVALID_ARGUMENT, "%ld, %ld", image,
        namespace);
    phx_release(launch);
}

static bool is_listed(uint64_t pid)
{
    struct launcher_list_out out = {0};
    char name[64];
    size_t length;

    while (launcher_list(rt_cap("launcher"), out.next, name, sizeof name, &length, &out) >= 0)
        if (out.pid == pid)
            return true;
    return false;
}

static void signals_are_checked(void)
{
    uint64_t id = 0, pid = 0, again;
    struct launch_wait_out ended = {0}, told = {0};
    int64_t early, none, large, waited, twice;

    launcher_create(rt_cap("launcher"), "native", 6, &id);
    early = launch_signal(id, SIGNAL_KILL);
    launch(id, &pid);
    none = launch_signal(id, 0);
    large = launch_signal(id, 64);
    bool ran = is_listed(pid);
    launch_signal(id, SIGNAL_KILL);
    waited = launch_wait(id, &ended);
    twice = launch_wait(id, &told);
    check("launch_takes_signals_that_there_are",
        early == -PHX_INVALID_STATE && none == -PHX_INVALID_ARGUMENT &&
            large == -PHX_INVALID_ARGUMENT && ran,
        "%ld, %ld, %ld, ran %d", early, none, large, ran);
    check("launch_tells_of_its_end_as_often_as_it_is_asked",
        waited >= 0 && twice >= 0 && ended.status == SIGNAL_KILL && told.status == SIGNAL_KILL,
        "%ld %lu, %ld %lu", waited, ended.status, twice, told.status);
    twice = launch(id, &again);
    check("launch_runs_once", twice == -PHX_INVALID_STATE, "%ld", twice);
    phx_release(id);
}

/* Nobody could ask for it any more, or end it. */
static void nobody_s_program_ends(void)
{
    uint64_t id = 0, pid = 0;
    bool ran, listed = true;

    launcher_create(rt_cap("launcher"), "native", 6, &id);
    launch(id, &pid);
    ran = is_listed(pid);
    phx_release(id);
    for (unsigned ms = 0; ms < 2000 && listed; ms += 5) {
        sleep_ms(5);
        listed = is_listed(pid);
    }
    check("program_that_nobody_holds_is_ended", ran && !listed, "ran %d, listed %d", ran, listed);
}

/* What it keeps for later it has by now. */
static void launcher_gives_back(void)
{
    struct balance before = balance_now(), last = before;

    for (unsigned i = 0; i < 5; i++) {
        struct launch_wait_out ended = {0};
        uint64_t id = 0, pid = 0;

        launcher_create(rt_cap("launcher"), "native", 6, &id);
        grant(id, 0, "time");
        if (launch(id, &pid) >= 0 && launch_signal(id, SIGNAL_KILL) >= 0)
            launch_wait(id, &ended);
        phx_release(id);
    }
    bool good = balance_returns(&before, &last);
    check("launcher_gives_all_back", good,
        "pages %lu, then %lu; holds %lu, then %lu; threads %lu, then %lu", before.pages, last.pages,
        before.holds, last.holds, before.threads, last.threads);
}

void test_services(void)
{
    files_are_what_they_were_opened_for();
    two_paths();
    space_comes_back();
    capabilities_are_not_kept();
    grants_are_checked();
    signals_are_checked();
    nobody_s_program_ends();
    launcher_gives_back();
}
