/* SPDX-License-Identifier: MIT */
/*
 * mkmanifest: makes a boot module of a manifest, and refuses what would not boot.
 *
 *   mkmanifest [--files FOLDER] [-o MODULE] [--depend FILE] MANIFEST.json
 *
 * The manifest is what tools/mkmanifest/cue.js prints for a manifests/NAME.cue.
 * Files that it names are looked for in FOLDER (by default build/boot). Without -o it is
 * only checked. --depend writes a rule for make: what the module was made from.
 *
 * Exit     0; 1 refused, with one line: what, where, what would be right; 2 usage
 * Tests    tests/build/mkmanifest_test.sh
 */
#include "check.h"
#include "pack.h"
#include "read.h"
#include "refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *unfinished; /* removed when the process gives up */

void refuse(const char *format, ...)
{
    va_list list;

    fputs("mkmanifest: ", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    putc('\n', stderr);
    if (unfinished)
        unlink(unfinished);
    exit(1);
}

static _Noreturn void usage(void)
{
    fprintf(
        stderr, "usage: mkmanifest [--files FOLDER] [-o MODULE] [--depend FILE] MANIFEST.json\n");
    exit(2);
}

static char *read_all(const char *path, size_t *length)
{
    FILE *f = fopen(path, "r");
    size_t size = 65536;
    char *text = must_allocate(size);

    if (!f)
        refuse("cannot read %s: %s", path, strerror(errno));
    *length = 0;
    for (size_t n; (n = fread(text + *length, 1, size - *length, f)) > 0;) {
        *length += n;
        if (*length == size)
            text = must_grow(text, size *= 2, 1);
    }
    if (ferror(f))
        refuse("cannot read %s: %s", path, strerror(errno));
    fclose(f);
    return text;
}

static void write_module(struct package *package, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        refuse("cannot write %s: %s", path, strerror(errno));
    unfinished = path;
    pack_place(package);
    pack_write(package, fd, true);
    if (close(fd) != 0)
        refuse("cannot write %s: %s", path, strerror(errno));
    unfinished = NULL;
}

static void depend_on(FILE *f, const struct blob *blob)
{
    if (blob && blob->path)
        fprintf(f, " \\\n  %s", blob->path);
}

/* For make's -include: a module is older than what went into it. */
static void write_depend(const struct package *package, const char *path, const char *module)
{
    FILE *f = fopen(path, "w");

    if (!f)
        refuse("cannot write %s: %s", path, strerror(errno));
    fprintf(f, "%s:", module);
    for (size_t i = 0; i < package->binary_count; i++)
        depend_on(f, package->binaries[i].blob);
    for (struct tree_node *node = package->tree; node; node = tree_next(node))
        depend_on(f, node->blob);
    putc('\n', f);
    if (fclose(f) != 0)
        refuse("cannot write %s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
    const char *files = "build/boot", *module = NULL, *depend = NULL, *manifest = NULL;
    struct package *package;
    size_t length;
    char *text;

    for (int i = 1; i < argc; i++) {
        const char **value = strcmp(argv[i], "-o") == 0         ? &module
                             : strcmp(argv[i], "--files") == 0  ? &files
                             : strcmp(argv[i], "--depend") == 0 ? &depend
                                                                : NULL;

        if (value && i + 1 < argc)
            *value = argv[++i];
        else if (value || manifest || argv[i][0] == '-')
            usage();
        else
            manifest = argv[i];
    }
    if (!manifest || (depend && !module))
        usage();
    text = read_all(manifest, &length);
    package = package_read(manifest, text, length, files);
    package_check(package);
    if (module)
        write_module(package, module);
    if (depend)
        write_depend(package, depend, module);
    return 0;
}
