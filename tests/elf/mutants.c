/* SPDX-License-Identifier: MIT */
/*
 * Thousands of damaged Linux programs, one after the other, in one machine.
 *
 *   mutants SEED COUNT
 *
 * Each is written to a file and started from there by the launcher service, as the
 * shell's `run` does it and with what `phoenix run` gives a program without files:
 * three streams, clock, entropy, log. Whatever it is, it ends: by itself, or because
 * its time is over. How goes to stderr, a line each, between what the programs and the
 * libos say there:
 *
 *   mutant 17 status 7 | signal 11 | killed signal 9 | refused REASON
 *
 * Again and again a good program must do what it did before; at the end the machine's
 * memory is what it was, to the page. Then the machine is turned off.
 */
#include "bytes.h"
#include "capnp/stub.h"
#include "fmt/fmt.h"
#include "mutate.h"
#include "proc/package.h"
#include "proc/proc.h"
#include "rt/rt.h"
#include "services.stubs.h"
#include "start.build.h"

#define BASES 2
#define ROOM (1 << 20) /* for one program's file */
#define PIECE 4096
#define PATH "/mutant"
#define WRITE_FLAGS 01101 /* write, create, truncate: Linux's numbers */
#define GOOD_EVERY 100
#define STATUS_VICTIM (7 << 8)
#define TIME_NS UINT64_C(30000000)        /* one program's, at least */
#define TIMES 10                          /* as much as a good one needs */
#define PATIENCE_NS UINT64_C(20000000000) /* for what must come */
#define STATUS_GOOD 10 /* none that an emulator ends with by itself */
#define STATUS_BAD 11

static struct package package;
static struct proc_image bases[BASES];
static uint64_t streams[3];
static uint8_t image[ROOM];
static uint64_t time_limit; /* of one program: the emulator may have other work too */


static uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

/* --- one program ------------------------------------------------------------------ */

static int64_t write_file(uint64_t size)
{
    struct namespace_write_out opened;
    uint64_t file = 0, detail;
    int64_t result = namespace_write(rt_cap("namespace"), WRITE_FLAGS, 0755, PATH, strlen(PATH),
        &file, &opened, &detail);

    for (uint64_t at = 0; result >= 0 && at < size; at += PIECE)
        result = file_write(
            file, at, 0, image + at, size - at < PIECE ? size - at : PIECE, NULL, &detail);
    phx_release(file);
    return result;
}

static int64_t give_file(uint64_t launch)
{
    struct namespace_open_out opened;
    uint64_t file = 0, detail;
    int64_t result =
        namespace_open(rt_cap("namespace"), 0, 0, PATH, strlen(PATH), &file, &opened, &detail);

    if (result >= 0)
        result = launch_grant(launch, 0, "image", 5, file, PHX_CAP_MOVE);
    phx_release(file);
    return result;
}

static int64_t give(uint64_t launch, const char *name, uint64_t capability)
{
    return launch_grant(
        launch, proc_slot(name), name, strlen(name), capability, PHX_CAP_COPY);
}

static int64_t give_all(uint64_t launch)
{
    static const char *const names[] = {"stdin", "stdout", "stderr", "clock", "entropy", "log"};
    int64_t result = give_file(launch);

    for (unsigned i = 0; i < 6 && result >= 0; i++)
        result = give(launch, names[i], i < 3 ? streams[i] : rt_cap(names[i]));
    return result;
}

static int64_t start(uint64_t launch, char reason[256])
{
    static uint64_t buffer[PIECE / 8];
    struct launch_start_out out;
    struct capnp_build build;
    struct startup_builder startup;
    struct capnp_build_list list;
    size_t length = 0;
    int64_t result;

    capnp_build_open(&build, buffer, sizeof buffer, 0);
    startup = startup_build(&build);
    list = startup_init_arguments(startup, 2);
    capnp_put_text(list, 0, "mutant", 6);
    capnp_put_text(list, 1, "argument", 8);
    startup_set_directory(startup, "/", 1);
    startup_set_program(startup, PATH, strlen(PATH));
    result = launch_start(launch, buffer, capnp_build_close(&build, NULL, 8), reason, 255, &length,
        &out);
    reason[result < 0 ? length : 0] = 0;
    return result;
}

/* Wait until then; false: it has not ended. */
static bool wait_until(uint64_t launch, uint64_t deadline, uint64_t *status)
{
    struct phx_message m = {.deadline = deadline};
    bool ended = stub_call(launch, LAUNCH_WAIT, &m, 0, 2) >= 0;

    *status = m.words[0];
    return ended;
}

struct outcome {
    bool started, ended, killed;
    uint64_t status;
    char reason[256]; /* of a refusal by the launcher */
};

static void run_launch(uint64_t launch, uint64_t time, struct outcome *o)
{
    if (give_all(launch) < 0 || start(launch, o->reason) < 0)
        return;
    o->started = true;
    o->ended = wait_until(launch, now() + time, &o->status);
    if (o->ended)
        return;
    o->killed = true;
    launch_signal(launch, 9);
    o->ended = wait_until(launch, now() + PATIENCE_NS, &o->status);
}

/* The first `size` bytes of `image`. */
static struct outcome run(uint64_t size, uint64_t time)
{
    struct outcome o = {.reason = "its file could not be written"};
    uint64_t launch = 0;

    if (write_file(size) < 0)
        return o;
    if (launcher_create(rt_cap("launcher"), PATH, strlen(PATH), &launch) >= 0)
        run_launch(launch, time, &o);
    phx_release(launch);
    return o;
}

/* --- all of them -------------------------------------------------------------------- */

static bool good_ones_work(void)
{
    time_limit = TIME_NS;
    for (unsigned i = 0; i < BASES; i++) {
        uint64_t began = now(), took;

        memcpy(image, bases[i].bytes, bases[i].size);
        struct outcome o = run(bases[i].size, PATIENCE_NS);

        if (!o.ended || o.killed || o.status != STATUS_VICTIM) {
            rt_print("FAIL elf.good_programs_run program %u: started %d ended %d status 0x%lx %s\n",
                i, o.started, o.ended, o.status, o.reason);
            return false;
        }
        took = now() - began;
        time_limit = took * TIMES > time_limit ? took * TIMES : time_limit;
    }
    return true;
}

/* Between what the programs themselves say there. */
static void report(uint64_t number, const struct outcome *o)
{
    char line[400];
    size_t n = fmt(line, sizeof line, "\nmutant %lu ", number);

    if (!o->started)
        n += fmt(line + n, sizeof line - n, "refused %s\n", o->reason);
    else if (!o->ended)
        n += fmt(line + n, sizeof line - n, "never ended\n");
    else if ((o->status & 0x7f) != 0)
        n += fmt(line + n, sizeof line - n, "%ssignal %lu\n", o->killed ? "killed " : "",
            o->status & 0x7f);
    else
        n += fmt(line + n, sizeof line - n, "status %lu\n", o->status >> 8 & 0xff);
    rt_write(streams[2], line, n);
}

static bool run_mutant(uint64_t number, uint64_t seed)
{
    const struct proc_image *base = &bases[number % BASES];
    struct outcome o;

    memcpy(image, base->bytes, base->size);
    o = run(mutate(image, base->size, base->size + MUTATE_GROWTH, seed + number),
        time_limit);
    report(number, &o);
    return !o.started || o.ended;
}

struct memory {
    uint64_t used[3], free;
};

/* What the shell's `mem` shows. */
static struct memory memory_now(void)
{
    struct memory memory = {.free = 0};
    struct frame_pool_info_out pool = {0};

    for (unsigned i = 0; i < 3; i++) {
        struct account_balance_out out = {0};

        account_balance(rt_cap("account"), i, &out);
        memory.used[i] = out.used;
    }
    frame_pool_info(RT_POOL, &pool);
    memory.free = pool.free;
    return memory;
}

/* Teardown goes on behind a death: it is over when nothing has changed ten times. */
static struct memory memory_settled(void)
{
    struct memory last = memory_now(), memory;

    for (unsigned same = 0; same < 10; last = memory) {
        thread_control_sleep(RT_THREAD, now() + 10000000);
        memory = memory_now();
        same = memcmp(&memory, &last, sizeof last) == 0 ? same + 1 : 0;
    }
    return last;
}

static bool same_memory(const struct memory *before)
{
    struct memory after = memory_settled();
    bool same = memcmp(&after, before, sizeof after) == 0;

    rt_print("%s elf.memory_is_what_it_was before and after: %lu, %lu pages, %lu, %lu holds, "
             "%lu, %lu threads, %lu, %lu frames free\n",
        same ? "ok" : "FAIL", before->used[0], after.used[0], before->used[1], after.used[1],
        before->used[2], after.used[2], before->free, after.free);
    return same;
}

static bool run_all(uint64_t seed, uint64_t count)
{
    struct memory before;

    if (!good_ones_work() || !good_ones_work())
        return false;
    before = memory_settled();
    for (uint64_t i = 0; i < count; i++)
        if (!run_mutant(i, seed) || (i % GOOD_EVERY == 0 && !good_ones_work()))
            return false;
    if (!good_ones_work())
        return false;
    rt_print("ok elf.good_programs_run\n");
    return same_memory(&before);
}

static bool prepare(void)
{
    static const char *const names[BASES] = {"victim", "victim-pie"};
    const char *problem = package_open(&package, rt_cap("bootPackage"));

    for (unsigned i = 0; i < BASES && problem == NULL; i++) {
        problem = package_image(&package, names[i], &bases[i]);
        if (problem == NULL && bases[i].size > ROOM - MUTATE_GROWTH)
            problem = "a program is too large";
    }
    streams[0] = rt_cap("terminal");
    for (unsigned i = 1; i < 3 && problem == NULL; i++) {
        struct console_stream_out out = {0};

        if (console_stream(rt_cap("console"), i, &out) < 0)
            problem = "a stream cannot be had";
        streams[i] = out.console;
    }
    if (problem != NULL)
        rt_print("FAIL elf.begins %s\n", problem);
    return problem == NULL;
}

int main(int argc, char **argv)
{
    uint64_t seed = 0, count = 0;
    bool good = argc == 3 && rt_number(argv[1], &seed) && rt_number(argv[2], &count) && prepare() &&
                run_all(seed, count);

    power_shutdown(rt_cap("power"), good ? STATUS_GOOD : STATUS_BAD);
    return 1;
}
