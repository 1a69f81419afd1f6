/* SPDX-License-Identifier: MIT */
/*
 * What must become of damaged programs, said beforehand: by the libos's own loader, and
 * by `phoenix run`, which looks at a program before there is a machine.
 *
 *   decide SEED COUNT PROGRAM...
 *
 * The same seeds make the same damage as in the machine. Each that the loader refuses is
 * a line `mutant 17 REASON`. `phoenix run` must refuse exactly those, with one line that
 * names the file; beyond them only a program that says that it is for another system.
 * Its lines are counted on stderr.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"
#include "mkmanifest/refuse.h"
#include "mutate.h"
#include "phoenix/abi.h"
#include "phoenix/layout.h"
#include "phoenix/program.h"
#include "phoenix/say.h"

#define ROOM (1 << 20)

/* --- the launcher, which ends its process when it refuses -------------------------- */

static jmp_buf refused;
static char line[4096];

void say(const char *format, ...)
{
    (void)format;
}

static _Noreturn void give_up(const char *format, va_list list)
{
    vsnprintf(line, sizeof line, format, list);
    longjmp(refused, 1);
}

void fail(int status, const char *format, ...)
{
    va_list list;

    (void)status;
    va_start(list, format);
    give_up(format, list);
}

void refuse(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    give_up(format, list);
}

/* NULL, or the line that it says. */
static const char *launcher_says(const char *path)
{
    if (setjmp(refused) != 0)
        return line;
    free(program_check(path));
    return NULL;
}

/* --- the loader ---------------------------------------------------------------------- */

static const char *loader_says(const uint8_t *image, uint64_t size)
{
    struct load_limits limits = {
        0x10000, (PHX_LIBOS_LOW - ((size + PHX_PAGE_SIZE - 1) & -(uint64_t)PHX_PAGE_SIZE)) &
                     -UINT64_C(0x200000)};
    struct load_plan plan;

    return load_decide(image, size, &limits, &plan);
}

/* --- both ------------------------------------------------------------------------------ */

static struct {
    uint8_t bytes[ROOM];
    uint64_t size;
} bases[8];

static void read_base(unsigned number, const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, bases[number].bytes, ROOM - MUTATE_GROWTH);

    if (got <= 0) {
        perror(path);
        exit(2);
    }
    bases[number].size = (uint64_t)got;
    close(fd);
}

static const char *write_file(const uint8_t *image, uint64_t size)
{
    static char path[64];
    static int fd = -1;

    if (fd >= 0)
        close(fd);
    fd = memfd_create("mutant", 0);
    if (fd < 0 || fchmod(fd, 0755) != 0 || write(fd, image, size) != (ssize_t)size) {
        perror("mutant");
        exit(2);
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

/* Whether the launcher's line is one, names the file and agrees with the loader. */
static bool agree(const char *path, const char *said, const char *wrong)
{
    if (said == NULL)
        return wrong == NULL || strstr(wrong, "that are the system's") != NULL;
    if (strstr(said, path) == NULL || strchr(said, '\n') != NULL)
        return false;
    return wrong != NULL || strstr(said, "for another system") != NULL;
}

int main(int argc, char **argv)
{
    static uint8_t image[ROOM];
    uint64_t seed = argc > 3 ? strtoull(argv[1], NULL, 0) : 0;
    uint64_t count = argc > 3 ? strtoull(argv[2], NULL, 0) : 0;
    unsigned base_count = argc > 3 ? (unsigned)argc - 3 : 0;
    uint64_t by_launcher = 0;

    if (base_count == 0 || base_count > 8) {
        fprintf(stderr, "usage: decide SEED COUNT PROGRAM...\n");
        return 2;
    }
    for (unsigned i = 0; i < base_count; i++)
        read_base(i, argv[3 + i]);
    for (uint64_t i = 0; i < count; i++) {
        unsigned base = (unsigned)(i % base_count);

        memcpy(image, bases[base].bytes, bases[base].size);
        uint64_t capacity = bases[base].size + MUTATE_GROWTH;
        uint64_t size = mutate(image, bases[base].size, capacity, seed + i);
        const char *wrong = loader_says(image, size), *path = write_file(image, size);
        const char *said = launcher_says(path);

        by_launcher += said != NULL;
        if (!agree(path, said, wrong)) {
            fprintf(stderr, "mutant %lu: phoenix run says \"%s\", the loader \"%s\"\n", i,
                said ? said : "", wrong ? wrong : "");
            return 1;
        }
        if (wrong)
            printf("mutant %lu %s\n", i, wrong);
    }
    fprintf(stderr, "%lu of %lu refused by phoenix run\n", by_launcher, count);
    return 0;
}
