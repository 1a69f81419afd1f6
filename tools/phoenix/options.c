/* SPDX-License-Identifier: MIT */
/* The command line; see options.h. */
#include "options.h"

#include "say.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "phoenix 0.1"
#define CPUS_LIMIT 64
#define MEMORY_LIMIT (UINT64_C(1) << 40)

static const char help_text[] =
    "usage: phoenix run [OPTION]... [--] PROGRAM [ARG]...\n"
    "       phoenix shell [OPTION]...\n"
    "       phoenix --help | --version\n"
    "\n"
    "run    start a machine with one static Linux program from this host, and with\n"
    "       nothing but what the options grant; stdin, stdout and stderr are yours\n"
    "shell  start a machine with a Phoenix shell (Ctrl-] ends the machine)\n"
    "\n"
    "What the program may touch (run only)\n"
    "  --ro HOSTPATH[:GUESTPATH]  a copy of this file or folder, to read (default: at\n"
    "                             the same absolute path); may be repeated;\n"
    "                             pipes, sockets and devices of a folder stay here\n"
    "  --scratch SIZE             that much memory to write files in, gone at the end\n"
    "  --env NAME[=VALUE]         a variable (without VALUE: as it is here)\n"
    "  --cwd DIR                  the working directory (default /)\n"
    "\n"
    "The machine\n"
    "  --mem SIZE                 memory (default: what is loaded, and 64M)\n"
    "  --smp N                    processors, 1 to 64 (default 1)\n"
    "  --machine microvm|q35|pc   (default microvm)\n"
    "  --accel auto|tcg|kvm       (default auto: kvm where it works, else tcg)\n"
    "  --timeout SECONDS          end the machine then, with status 124\n"
    "  --log FILE                 write the kernel's log there\n"
    "\n"
    "SIZE is a number with K, M or G behind it (of bytes without).\n"
    "\n"
    "Exit status: the program's; 128+N when signal N ended it; 124 after --timeout;\n"
    "125 when Phoenix itself failed; 126 when PROGRAM cannot run here (dynamic, a\n"
    "script, for another machine); 127 when it is not there.\n";

static uint64_t parse_number(const char *option, const char *text, char **end)
{
    unsigned long long n;

    errno = 0;
    n = strtoull(text, end, 10);
    if (*end == text || text[0] == '-' || errno)
        fail(STATUS_FAILED, "%s: `%s` is not a number", option, text);
    return n;
}

static uint64_t parse_size(const char *option, const char *text)
{
    static const char units[] = "KMG";
    char *end;
    uint64_t n = parse_number(option, text, &end);
    unsigned shift = 0;

    if (*end) {
        const char *unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);

        if (!unit || end[1])
            fail(STATUS_FAILED, "%s: `%s` is not a size such as 64M or 2G", option, text);
        shift = 10 * (unsigned)(unit - units + 1);
    }
    if (n == 0 || n > MEMORY_LIMIT >> shift)
        fail(STATUS_FAILED, "%s: %s is not between 1 and 1024G", option, text);
    return n << shift;
}

static unsigned parse_choice(const char *option, const char *text, const char *const *choices)
{
    for (unsigned i = 0; choices[i]; i++)
        if (strcmp(text, choices[i]) == 0)
            return i;
    fail(STATUS_FAILED, "%s: `%s` is not one of %s, %s, %s", option, text, choices[0], choices[1],
        choices[2]);
}

static uint64_t parse_timeout(const char *text)
{
    char *end;
    double seconds;

    errno = 0;
    seconds = strtod(text, &end);
    if (end == text || *end || errno || !(seconds > 0) || seconds > 1e9)
        fail(STATUS_FAILED, "--timeout: `%s` is not a number of seconds above 0", text);
    return (uint64_t)ceil(seconds * 1000);
}

static unsigned parse_cpus(const char *text)
{
    char *end;
    uint64_t n = parse_number("--smp", text, &end);

    if (*end || n < 1 || n > CPUS_LIMIT)
        fail(STATUS_FAILED, "--smp: `%s` is not between 1 and %d", text, CPUS_LIMIT);
    return (unsigned)n;
}

static void *must(void *p)
{
    if (!p)
        fail(STATUS_FAILED, "out of memory");
    return p;
}

static char *concatenate(const char *a, const char *b, const char *c)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *s = must(malloc(size));

    snprintf(s, size, "%s%s%s", a, b, c);
    return s;
}

/* Resolve `.`, `..` and doubled slashes of an absolute path by its text, in place. */
static void path_normalize(char *path)
{
    char *out = path, *in = path;

    while (*in) {
        size_t n = strcspn(in, "/");

        if (n == 2 && in[0] == '.' && in[1] == '.') {
            while (out > path && *--out != '/')
                ;
        } else if (n != 0 && !(n == 1 && in[0] == '.')) {
            *out++ = '/';
            memmove(out, in, n);
            out += n;
        }
        in += n;
        while (*in == '/')
            in++;
    }
    if (out == path)
        *out++ = '/';
    *out = 0;
}

static char *path_absolute(const char *path)
{
    char here[PATH_MAX];
    char *absolute;

    if (path[0] == '/')
        absolute = must(strdup(path));
    else if (getcwd(here, sizeof here))
        absolute = concatenate(here, "/", path);
    else
        fail(STATUS_FAILED, "cannot tell the current folder: %s", strerror(errno));
    path_normalize(absolute);
    return absolute;
}

/* HOST[:GUEST]; only a colon before a slash parts them, so names may have colons. */
static void mount_add(struct options *options, char *text)
{
    char *colon = strrchr(text, ':');
    struct mount *mount;

    options->mounts =
        must(realloc(options->mounts, (options->mount_count + 1) * sizeof *options->mounts));
    mount = &options->mounts[options->mount_count++];
    if (colon && colon[1] == '/') {
        *colon = 0;
        mount->guest = path_absolute(colon + 1);
    } else if (colon && colon[1] == 0) {
        fail(STATUS_FAILED, "--ro: `%s` has no path behind the colon", text);
    } else {
        mount->guest = path_absolute(text);
    }
    if (!*text)
        fail(STATUS_FAILED, "--ro: no path of this host is given");
    mount->host = text;
}

/* NAME=VALUE, or NAME for the value it has here (none: nothing is set). */
static void environment_add(struct options *options, char *text)
{
    const char *value;

    if (text[0] == 0 || text[0] == '=')
        fail(STATUS_FAILED, "--env: `%s` has no name", text);
    if (!strchr(text, '=')) {
        value = getenv(text);
        if (!value)
            return;
        text = concatenate(text, "=", value);
    }
    for (size_t i = 0; i < options->environment_count; i++) {
        /* The last one given counts. */
        if (strncmp(options->environment[i], text, strcspn(text, "=") + 1) == 0) {
            options->environment[i] = text;
            return;
        }
    }
    options->environment = must(realloc(
        options->environment, (options->environment_count + 1) * sizeof *options->environment));
    options->environment[options->environment_count++] = text;
}

static const char *const machines[] = {"microvm", "q35", "pc", NULL};
static const char *const accels[] = {"auto", "tcg", "kvm", NULL};

enum option { RO, SCRATCH, ENV, CWD, MEM, SMP, MACHINE, ACCEL, TIMEOUT, LOG, OPTIONS };

static const struct {
    const char *name;
    bool run_only;
} option_table[OPTIONS] = {
    [RO] = {"--ro", true},
    [SCRATCH] = {"--scratch", true},
    [ENV] = {"--env", true},
    [CWD] = {"--cwd", true},
    [MEM] = {"--mem", false},
    [SMP] = {"--smp", false},
    [MACHINE] = {"--machine", false},
    [ACCEL] = {"--accel", false},
    [TIMEOUT] = {"--timeout", false},
    [LOG] = {"--log", false},
};

static void option_set(struct options *options, enum option option, char *value)
{
    switch (option) {
    case RO:
        mount_add(options, value);
        break;
    case SCRATCH:
        options->scratch = parse_size("--scratch", value);
        break;
    case ENV:
        environment_add(options, value);
        break;
    case CWD:
        if (value[0] != '/')
            fail(STATUS_FAILED, "--cwd: `%s` does not begin with a slash", value);
        options->directory = path_absolute(value);
        break;
    case MEM:
        options->memory = parse_size("--mem", value);
        break;
    case SMP:
        options->cpus = parse_cpus(value);
        break;
    case MACHINE:
        options->machine = parse_choice("--machine", value, machines);
        break;
    case ACCEL:
        options->accel = parse_choice("--accel", value, accels);
        break;
    case TIMEOUT:
        options->timeout_ms = parse_timeout(value);
        break;
    case LOG:
        options->log = value;
        break;
    case OPTIONS:
        break;
    }
}

/* The option that `word` names; *value is what stands behind its `=`, or NULL. */
static enum option option_find(const struct options *options, const char *word, char **value)
{
    size_t n = strcspn(word, "=");

    for (enum option i = 0; i < OPTIONS; i++) {
        if (strlen(option_table[i].name) != n || memcmp(option_table[i].name, word, n) != 0)
            continue;
        if (option_table[i].run_only && options->command != COMMAND_RUN)
            fail(STATUS_FAILED, "%s is an option of `phoenix run` only", option_table[i].name);
        *value = word[n] ? strchr(word, '=') + 1 : NULL;
        return i;
    }
    fail(STATUS_FAILED, "no such option: %s (phoenix --help lists them)", word);
}

static void print_and_end(const char *text)
{
    fputs(text, stdout);
    if (fflush(stdout))
        fail(STATUS_FAILED, "cannot write: %s", strerror(errno));
    exit(0);
}

static enum command parse_command(const char *word)
{
    if (!word)
        fail(STATUS_FAILED, "say what to do: phoenix run PROGRAM, or phoenix shell (--help)");
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        print_and_end(help_text);
    if (strcmp(word, "--version") == 0)
        print_and_end(VERSION "\n");
    if (strcmp(word, "run") == 0)
        return COMMAND_RUN;
    if (strcmp(word, "shell") == 0)
        return COMMAND_SHELL;
    fail(STATUS_FAILED, "no such command: %s (run and shell are; --help explains)", word);
}

void options_parse(struct options *options, int argc, char **argv)
{
    int i = 2;

    *options = (struct options){.directory = "/", .cpus = 1};
    options->command = parse_command(argc > 1 ? argv[1] : NULL);
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        char *value;
        enum option option;

        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            print_and_end(help_text);
        option = option_find(options, argv[i], &value);
        if (!value && !(value = argv[++i]))
            fail(STATUS_FAILED, "%s: its value is missing", option_table[option].name);
        option_set(options, option, value);
    }
    if (options->command == COMMAND_RUN) {
        if (i >= argc)
            fail(STATUS_FAILED, "say which program: phoenix run [OPTION]... PROGRAM [ARG]...");
        options->program = argv + i;
    } else if (i < argc) {
        fail(STATUS_FAILED, "`phoenix shell` takes no program: %s", argv[i]);
    }
}
