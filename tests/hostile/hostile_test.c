/* SPDX-License-Identifier: MIT */
/*
 * Runs hostile programs from the shell of a booted machine, one after the other.
 *
 *   hostile_test CORES SEED SECONDS PROGRAM.c...
 *
 * What a program is given and what must be said of it stand in the head comment of its
 * source, behind `With` and `Gets` (hostile.h). After each, the shell's `mem` must be
 * what it was before the first, to the page, the row and the thread, and the machine
 * must still do what it is told. Each line says what was used before and after.
 *
 * All of them again until so many seconds have passed. With a seed other than 0 they are
 * told it, and the next round the next one, and what stands behind `Soak`.
 */
#include "../boot/drive.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 60.0 /* seconds, for a program under emulation beside other tests */
#define PROMPT "phoenix> "
#define KEY_US 200000 /* that it runs before the key is typed */
#define SETTLE_TRIES 200
#define SETTLE_US 20000
#define TEXT_ROOM 65536

static struct machine m;
static unsigned cores;
static unsigned long passed, total;

/* --- a program's head comment --------------------------------------------------------- */

struct program {
    char name[64];
    char with[256];
    char gets[TEXT_ROOM]; /* lines, each with its newline */
    char soak[64];        /* further arguments in a soak */
    bool interrupt;       /* `Keys ^C`: it never ends by itself */
};

static void fail(const char *source, const char *why)
{
    printf("FAIL hostile.%s %s\n", source, why);
    exit(1);
}

/* The text of a comment's line behind ` * `; NULL: the comment is over. */
static const char *line_text(char *line)
{
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, " */", 3) == 0)
        return NULL;
    return strncmp(line, " * ", 3) == 0 ? line + 3 : "";
}

static void take_line(struct program *p, const char *text, bool *in_gets)
{
    if (strncmp(text, "With  ", 6) == 0)
        snprintf(p->with, sizeof p->with, "%.200s", text + 6);
    if (strncmp(text, "Soak  ", 6) == 0)
        snprintf(p->soak, sizeof p->soak, "%.60s", text + 6);
    if (strncmp(text, "Keys  ^C", 8) == 0)
        p->interrupt = true;
    *in_gets = strncmp(text, "Gets  ", 6) == 0 || (*in_gets && strncmp(text, "      ", 6) == 0);
    if (*in_gets) {
        strncat(p->gets, text + 6, sizeof p->gets - strlen(p->gets) - 2);
        strcat(p->gets, "\n");
    }
}

static void read_head(const char *source, struct program *p)
{
    FILE *file = fopen(source, "r");
    const char *name = strrchr(source, '/');
    char line[256];
    const char *text = "";
    bool in_gets = false;

    *p = (struct program){0};
    name = name != NULL ? name + 1 : source;
    snprintf(p->name, sizeof p->name, "%.*s", (int)strcspn(name, "."), name);
    if (file == NULL)
        fail(source, "cannot be opened");
    while (text != NULL && fgets(line, sizeof line, file) != NULL)
        if ((text = line_text(line)) != NULL || strstr(line, "SPDX") != NULL)
            take_line(p, text != NULL ? text : (text = ""), &in_gets);
    fclose(file);
    if (p->gets[0] == 0)
        fail(source, "does not say what it must get (` * Gets  ...` in its head comment)");
}

/* Lines of the machine's log begin with the time: what is left is what they say. */
static void drop_times(char *text)
{
    char *to = text;

    for (bool begins = true; *text != 0; begins = *text++ == '\n') {
        const char *end = begins && *text == '[' ? strstr(text, "] ") : NULL;

        if (end != NULL && strspn(text + 1, " .0123456789") == (size_t)(end - text) - 1)
            text += end - text + 2;
        *to++ = *text;
    }
    *to = 0;
}

/* One line: a # of the pattern is a number, as long as it is. */
static bool line_matches(const char *pattern, const char *text)
{
    for (; *pattern != '\n'; pattern++) {
        if (*pattern != '#') {
            if (*text++ != *pattern)
                return false;
            continue;
        }
        if (!isxdigit((unsigned char)*text))
            return false;
        text += strncmp(text, "0x", 2) == 0 ? 2 : 0;
        while (isxdigit((unsigned char)*text))
            text++;
    }
    return *text == '\n';
}

static const char *next_line(const char *text)
{
    return strchr(text, '\n') + 1;
}

static bool is_repeated(const char *pattern)
{
    return strncmp(pattern, "...", 3) == 0;
}

/* Whether one of the repeated lines from here on matches. */
static bool any_matches(const char *pattern, const char *text)
{
    for (; is_repeated(pattern); pattern = next_line(pattern))
        if (line_matches(pattern + 3, text))
            return true;
    return false;
}

static bool matches(const char *pattern, const char *text)
{
    while (*pattern != 0) {
        while (any_matches(pattern, text))
            text = next_line(text);
        while (is_repeated(pattern))
            pattern = next_line(pattern);
        if (*pattern == 0)
            break;
        if (!line_matches(pattern, text))
            return false;
        pattern = next_line(pattern);
        text = next_line(text);
    }
    return *text == 0;
}

/* --- what is used ------------------------------------------------------------------------ */

struct usage {
    unsigned long pages, holds, threads, free;
};

/* The shell's `mem`; all zero: it did not answer. */
static struct usage usage(void)
{
    const char *said = machine_command(&m, "mem", PATIENCE);
    const char *frames = strstr(said, "frames");
    struct usage u = {0};

    if (frames == NULL ||
        sscanf(said,
            " USED PEAK LIMIT pages %lu %*u %*u holds %lu %*u %*u "
            "threads %lu",
            &u.pages, &u.holds, &u.threads) != 3 ||
        sscanf(frames, "frames %lu", &u.free) != 1)
        return (struct usage){0};
    return u;
}

static bool same(const struct usage *a, const struct usage *b)
{
    return a->pages == b->pages && a->holds == b->holds && a->threads == b->threads &&
           a->free == b->free;
}

/* What a program had is taken down behind its end: wait until it is. */
static struct usage settle(const struct usage *before)
{
    struct usage u = usage();

    for (unsigned i = 0; i < SETTLE_TRIES && u.pages != 0 && !same(&u, before); i++) {
        usleep(SETTLE_US);
        u = usage();
    }
    return u;
}

/* --- one after the other ------------------------------------------------------------------ */

static const char *said_of(const struct program *p, unsigned long seed)
{
    static char between[TEXT_ROOM];
    char command[512], numbers[96] = "";
    const char *from;

    if (seed != 0)
        snprintf(numbers, sizeof numbers, " %lu %s", seed, p->soak);
    snprintf(command, sizeof command, "run %s%s%s%s%s", p->with[0] ? "--with " : "", p->with,
        p->with[0] ? " " : "", p->name, numbers);
    if (!p->interrupt)
        return machine_command(&m, command, PATIENCE);
    machine_type(&m, command);
    machine_type(&m, "\r");
    if (!machine_expect(&m, "\n", PATIENCE) || !machine_expect(&m, "begun\n", PATIENCE))
        return "";
    usleep(KEY_US);
    from = m.said + m.seen;
    machine_type(&m, "\003");
    if (!machine_expect(&m, PROMPT, PATIENCE))
        return "";
    snprintf(between, sizeof between, "%.*s", (int)(m.said + m.seen - strlen(PROMPT) - from), from);
    return between;
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)(t.tv_sec - begin->tv_sec) + (double)(t.tv_nsec - begin->tv_nsec) / 1e9;
}

/* One line: what was used before and after, how long it took, the last that was said. */
static void report(const struct program *p, bool good, const struct usage *before,
    const struct usage *after, double seconds, const char *said)
{
    size_t length = strlen(said), from = length > 0 ? length - 1 : 0;

    while (from > 0 && said[from - 1] != '\n')
        from--;
    printf("%s hostile.smp%u.%s pages %lu/%lu rows %lu/%lu threads %lu/%lu free %lu/%lu, %.1f s: "
           "%.*s\n",
        good ? "ok" : "FAIL", cores, p->name, before->pages, after->pages, before->holds,
        after->holds, before->threads, after->threads, before->free, after->free, seconds,
        (int)strcspn(said + from, "\n"), said + from);
    test_failures += !good;
    total++;
    passed += good;
}

static bool run_one(const struct program *p, unsigned long seed, const struct usage *before)
{
    static char said[TEXT_ROOM];
    struct usage after;
    struct timespec begin;
    double seconds;
    bool expected;

    if (m.seen == m.length) /* room for what it says */
        m.seen = m.length = 0;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    snprintf(said, sizeof said, "%s", said_of(p, seed));
    seconds = seconds_since(&begin);
    drop_times(said);
    expected = matches(p->gets, said);
    after = settle(before);
    report(p, expected && same(before, &after), before, &after, seconds, said);
    if (!expected)
        printf("  %s must get:\n%s  and got:\n%s", p->name, p->gets, said);
    fflush(stdout);
    return after.pages != 0;
}

static bool boot(const char *const *arguments, struct usage *before)
{
    machine_start(&m, "hostile.manifest", arguments);
    if (!machine_expect(&m, PROMPT, PATIENCE))
        return false;
    /* The first programs make the services' tables and heaps as big as they get. */
    for (unsigned i = 0; i < 3; i++)
        machine_command(&m, "run --with account,clock,entropy,log caps", PATIENCE);
    *before = usage();
    *before = settle(before);
    return before->pages != 0;
}

int main(int argc, char **argv)
{
    char number[16];
    const char *arguments[] = {
        "-M", "microvm,acpi=on,isa-serial=on,rtc=on", "-m", "48M", "-smp", number, NULL};
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
    double limit = argc > 3 ? strtod(argv[3], NULL) : 0;
    struct timespec begin;
    struct usage before, after;
    bool alive;

    if (argc < 5) {
        fprintf(stderr, "usage: hostile_test CORES SEED SECONDS PROGRAM.c...\n");
        return 2;
    }
    cores = (unsigned)strtoul(argv[1], NULL, 0);
    snprintf(number, sizeof number, "%u", cores);
    alive = boot(arguments, &before);
    test_check(&m, "hostile.the_machine_boots", alive);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do
        for (int i = 4; alive && i < argc; i++) {
            static struct program p;

            read_head(argv[i], &p);
            alive = run_one(&p, seed, &before);
        }
    while (alive && seed != 0 && ++seed && seconds_since(&begin) < limit);
    after = alive ? usage() : (struct usage){0};
    machine_type(&m, "exit 42\r");
    printf("%lu of %lu got what they must on %u core(s); pages used before %lu, after %lu; "
           "pages free before %lu, after %lu\n",
        passed, total, cores, before.pages, after.pages, before.free, after.free);
    test_check(&m, "hostile.the_machine_ends_well", machine_end(&m, PATIENCE) == 42);
    return test_failures != 0;
}
