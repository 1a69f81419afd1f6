/* SPDX-License-Identifier: MIT */
/* What the machine took; see stats.h. */
#define _GNU_SOURCE
#include "stats.h"

#include "mkmanifest/refuse.h"
#include "qemu/counts.h"
#include "qemu/processors.h"
#include "say.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a QEMU that loads plugins has in its file. */
#define PLUGIN_SYMBOL "qemu_plugin_register_vcpu_tb_trans_cb"

struct stats {
    int plugin; /* the file; -1: it is not there */
    unsigned cpus;
    int file; /* of the counts; -1: there is none */
    struct counts *counts;
    const char *uncounted; /* why; NULL: they are counted */
    uint64_t started, ended;
    uint64_t processors; /* ns that they ran; 0: nobody knows */
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct stats *stats_new(const struct options *options, const char *images)
{
    struct stats *stats;
    char *plugin;

    if (!options->stats)
        return NULL;
    stats = must_allocate(sizeof *stats);
    plugin = must_format("%s/tools/count.so", images);
    *stats = (struct stats){.plugin = open(plugin, O_RDONLY | O_CLOEXEC),
        .cpus = options->cpus,
        .file = memfd_create("counts", MFD_CLOEXEC),
        .counts = MAP_FAILED,
        .started = now_ns()};
    if (stats->file >= 0 && ftruncate(stats->file, sizeof *stats->counts) == 0)
        stats->counts = mmap(NULL, sizeof *stats->counts, PROT_READ, MAP_SHARED, stats->file, 0);
    free(plugin);
    return stats;
}

/* A script that starts some QEMU is taken at its word. */
static bool loads_plugins(const char *qemu)
{
    int fd = open(qemu, O_RDONLY | O_CLOEXEC);
    struct stat status;
    bool yes = false;
    char *file;

    if (fd < 0 || fstat(fd, &status) != 0)
        return false;
    file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED)
        return false;
    yes = (status.st_size > 2 && file[0] == '#' && file[1] == '!') ||
          memmem(file, (size_t)status.st_size, PLUGIN_SYMBOL, strlen(PLUGIN_SYMBOL)) != NULL;
    munmap(file, (size_t)status.st_size);
    return yes;
}

char *stats_plugin(struct stats *stats, const char *qemu, bool kvm)
{
    if (kvm)
        stats->uncounted = "the machine is not emulated";
    else if (stats->counts == MAP_FAILED)
        stats->uncounted = "there is no memory for it";
    else if (stats->plugin < 0)
        stats->uncounted = "tools/count.so is missing; `make` builds it";
    else if (!loads_plugins(qemu))
        stats->uncounted = "this QEMU loads no plugins";
    if (stats->uncounted)
        return NULL;
    /* By its descriptor: a comma in its name would mean something else here. */
    return must_format("/proc/self/fd/%d,counts=/proc/self/fd/%d,cpus=%u", stats->plugin,
        stats->file, stats->cpus);
}

void stats_inherit(const struct stats *stats)
{
    fcntl(stats->file, F_SETFD, 0);
    if (stats->plugin >= 0)
        fcntl(stats->plugin, F_SETFD, 0);
}

void stats_look(struct stats *stats, pid_t machine)
{
    stats->ended = now_ns();
    stats->processors = processors_time(machine);
}

/* --- what is told ------------------------------------------------------------------ */

static void print_instructions(const struct counts *counts)
{
    uint64_t of[COUNT_KINDS] = {0}, before = 0, all = 0;

    for (unsigned kind = 0; kind < COUNT_KINDS; kind++) {
        for (unsigned cpu = 0; cpu < COUNTS_CPUS; cpu++)
            of[kind] += counts->executed[cpu][kind];
        if (!counts->begun)
            before += of[kind];
        else
            before += counts->before[kind];
        of[kind] -= counts->begun ? counts->before[kind] : of[kind];
        all += of[kind];
    }
    say("instructions: %" PRIu64 " (program %" PRIu64 ", libos %" PRIu64 ", services %" PRIu64
        ", kernel %" PRIu64 "), and %" PRIu64 " before it was started",
        all, of[COUNT_PROGRAM], of[COUNT_LIBOS], of[COUNT_SERVICES], of[COUNT_KERNEL], before);
}

void stats_print(const struct stats *stats)
{
    uint64_t lasted = (stats->ended - stats->started) / 1000;
    uint64_t ran = stats->processors;

    /* One that ended by itself told it in its last moment, if it has the plugin. */
    if (!ran && !stats->uncounted)
        ran = stats->counts->processors;
    ran /= 1000;
    if (ran)
        say("machine: %" PRIu64 ".%06" PRIu64 " s, of which its processors ran %" PRIu64
            ".%06" PRIu64 " s",
            lasted / 1000000, lasted % 1000000, ran / 1000000, ran % 1000000);
    else
        say("machine: %" PRIu64 ".%06" PRIu64 " s", lasted / 1000000, lasted % 1000000);
    if (stats->uncounted)
        say("instructions: not counted: %s", stats->uncounted);
    else
        print_instructions(stats->counts);
}
