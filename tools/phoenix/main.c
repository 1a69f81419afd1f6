/* SPDX-License-Identifier: MIT */
/*
 * The launcher: one command starts a machine with one program from this host and
 * exactly what the command line grants, or with a shell.
 *
 * It decides, then does: options, the program and the files are looked at first,
 * and whatever is wrong with them ends it before there is a machine. After that
 * three things live, the emulator, the module in memory and the raw terminal, and
 * each of them ends with this process, however that ends.
 *
 * Exit     see the help text in options.c
 * Tests    tests/launcher/, on the host
 */
#define _GNU_SOURCE
#include "machine.h"
#include "mkmanifest/refuse.h"
#include "options.h"
#include "program.h"
#include "relay.h"
#include "say.h"
#include "trees.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define MEMORY_SPARE (64 * MIB) /* what a system and a small program work in */
#define MEMORY_LEAST (2 * MIB)  /* less beside what is loaded cannot start */
#define LOADED_PER_BYTE 64      /* a byte of page tables and frames for so many loaded */
#define ENTRY_BYTES 256         /* what ramfs keeps of a name */
#define MACHINE_LEAST (7 * MIB) /* nor can the kernel in less than this */

/* The packer gives up as the launcher does. */
void refuse(const char *format, ...)
{
    va_list list;
    char *line;

    va_start(list, format);
    if (vasprintf(&line, format, list) < 0)
        line = NULL;
    va_end(list);
    fail(STATUS_FAILED, "%s", line ? line : "out of memory");
}

/* The build folder: where this program lies in tools/. */
static char *find_images(void)
{
    const char *given = getenv("PHOENIX_IMAGES");
    static char path[PATH_MAX];
    ssize_t n;

    if (given && *given)
        return must_copy(given);
    n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0)
        fail(STATUS_FAILED, "cannot tell where this program lies: %s", strerror(errno));
    path[n] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');

        if (slash)
            *slash = 0;
    }
    return path;
}

static uint64_t file_size(const char *path)
{
    struct stat status;

    if (access(path, R_OK) != 0 || stat(path, &status) != 0)
        part_refuse(path);
    return (uint64_t)status.st_size;
}

static void open_system(struct module *module, const char *images)
{
    char *path = must_format("%s/system.manifest", images);

    *module = (struct module){.head_bytes = file_size(path), .trees = -1};
    module->head = open(path, O_RDONLY | O_CLOEXEC);
    if (module->head < 0)
        part_refuse(path);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* As much as was asked for, else what it takes; in whole MiB, as QEMU counts. */
static uint64_t memory_size(
    const struct options *options, uint64_t kernel, const struct module *module)
{
    uint64_t loaded = kernel + module_bytes(module) + module->entries * ENTRY_BYTES;
    uint64_t least = loaded + loaded / LOADED_PER_BYTE + options->scratch + MEMORY_LEAST;
    uint64_t wanted = options->memory;

    least = larger(larger(least, MACHINE_LEAST), module_end(module));
    if (!wanted)
        wanted = larger(loaded + options->scratch + MEMORY_SPARE, least);
    wanted = (wanted + MIB - 1) / MIB * MIB;
    if (wanted < least)
        fail(STATUS_FAILED, "--mem: %" PRIu64 "M is too little; this run needs %" PRIu64 "M",
            wanted / MIB, (least + MIB - 1) / MIB);
    return wanted;
}

/* A stream that we were not given must not become one of our own files. Input ends at
 * once then, and whatever is written fails as it would have. */
static void open_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDONLY); /* takes the lowest number that is free */
}

int main(int argc, char **argv)
{
    struct options options;
    struct machine_process machine;
    struct relay *relay;
    char *images, *kernel;
    struct module module;
    uint64_t memory;

    open_streams();
    options_parse(&options, argc, argv);
    images = find_images();
    kernel = must_format("%s/phoenix.elf", images);
    if (options.command == COMMAND_RUN)
        module_for_program(&module, &options, program_check(options.program[0]), images);
    else
        open_system(&module, images);
    memory = memory_size(&options, file_size(kernel), &module);
    if (module.trees >= 0)
        trees_extend(module.trees, memory);
    relay = relay_new(&options, kernel);
    machine.stats = stats_new(&options, images);
    machine_start(&machine, &options, kernel, &module, memory);
    close(module.head);
    if (module.trees >= 0)
        close(module.trees);
    return relay_run(relay, &machine);
}
