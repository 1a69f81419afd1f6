/* SPDX-License-Identifier: MIT */
/* The command line; see options.h. */
#include "options.h"

#include "help.h"
#include "mkmanifest/refuse.h"
#include "mount.h"
#include "say.h"
#include "size.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_LIMIT 64

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
    uint64_t n = number_parse("--smp", text, &end);

    if (*end || n < 1 || n > CPUS_LIMIT)
        fail(STATUS_FAILED, "--smp: `%s` is not between 1 and %d", text, CPUS_LIMIT);
    return (unsigned)n;
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
        text = must_format("%s=%s", text, value);
    }
    for (size_t i = 0; i < options->environment_count; i++) {
        /* The last one given counts. */
        if (strncmp(options->environment[i], text, strcspn(text, "=") + 1) == 0) {
            options->environment[i] = text;
            return;
        }
    }
    options->environment = must_grow(
        options->environment, options->environment_count + 1, sizeof *options->environment);
    options->environment[options->environment_count++] = text;
}

static const char *const machines[] = {"microvm", "q35", "pc", NULL};
static const char *const accels[] = {"auto", "tcg", "kvm", NULL};

enum option {
    RO, SCRATCH, ENV, CWD, MEM, SMP, MACHINE, ACCEL, TIMEOUT, LOG, TRACE_CALLS, STATS, OPTIONS
};

static const struct {
    const char *name;
    bool run_only;
    bool bare; /* it has no value */
} option_table[OPTIONS] = {
    [RO] = {"--ro", true, false},
    [SCRATCH] = {"--scratch", true, false},
    [ENV] = {"--env", true, false},
    [CWD] = {"--cwd", true, false},
    [MEM] = {"--mem", false, false},
    [SMP] = {"--smp", false, false},
    [MACHINE] = {"--machine", false, false},
    [ACCEL] = {"--accel", false, false},
    [TIMEOUT] = {"--timeout", false, false},
    [LOG] = {"--log", false, false},
    [TRACE_CALLS] = {"--trace-calls", true, true},
    [STATS] = {"--stats", true, true},
};

static void option_set(struct options *options, enum option option, char *value)
{
    switch (option) {
    case RO:
        options->mounts =
            must_grow(options->mounts, options->mount_count + 1, sizeof *options->mounts);
        options->mounts[options->mount_count++] = mount_parse(value);
        break;
    case SCRATCH:
        options->scratch = size_parse("--scratch", value);
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
        options->memory = size_parse("--mem", value);
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
    case TRACE_CALLS:
        options->trace_calls = true;
        break;
    case STATS:
        options->stats = true;
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
        print_and_end(version_text);
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
        if (value && option_table[option].bare)
            fail(STATUS_FAILED, "%s: takes no value", option_table[option].name);
        if (!option_table[option].bare && !value && !(value = argv[++i]))
            fail(STATUS_FAILED, "%s: its value is missing", option_table[option].name);
        option_set(options, option, value);
    }
    if (strcmp(options->directory, "/") != 0 && !options->mount_count && !options->scratch)
        fail(STATUS_FAILED, "--cwd: there is no folder %s without --ro or --scratch",
            options->directory);
    if (options->command == COMMAND_RUN) {
        if (i >= argc)
            fail(STATUS_FAILED, "say which program: phoenix run [OPTION]... PROGRAM [ARG]...");
        options->program = argv + i;
    } else if (i < argc) {
        fail(STATUS_FAILED, "`phoenix shell` takes no program: %s", argv[i]);
    }
}
