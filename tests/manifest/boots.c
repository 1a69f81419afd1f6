/* SPDX-License-Identifier: MIT */
#include "boots.h"

#include "../boot/drive.h"
#include "manifest.capnp.h"
#include "mutate.h"
#include "phoenix/boot.h"
#include "verdict.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ABORTED "crashed: signal 6" /* rt_panic: a service that does not find what it needs */
#define REFUSED 125
#define PROMPT "phoenix> "
#define PATIENCE 30 /* seconds; a tenth of one is usual */
#define KINDS_MAX 96

static struct base base;
static struct mutant mutant;
static struct verdict verdict;
static struct machine machine;
static char file[64]; /* in the build folder */
static int failures;
static uint64_t seed = MUTATE_SEED;

static const char *const arguments[] = {"-M", "microvm,acpi=on,isa-serial=on", "-m", "64M",
    "-append", "console=raw exit=0xf4 loglevel=2", NULL};

/* --- what became of them -------------------------------------------------------- */

static struct {
    char name[FIELD_TEXT + 32];
    unsigned count;
} kinds[KINDS_MAX];

static void count(const char *what, const char *name)
{
    char key[FIELD_TEXT + 32];
    unsigned i = 0;

    snprintf(key, sizeof key, "%s%s", what, name);
    while (i < KINDS_MAX - 1 && kinds[i].count != 0 && strcmp(kinds[i].name, key) != 0)
        i++;
    strcpy(kinds[i].name, key);
    kinds[i].count++;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void print_counts(void)
{
    unsigned n = 0;

    while (n < KINDS_MAX && kinds[n].count != 0)
        n++;
    qsort(kinds, n, sizeof kinds[0], by_name);
    for (unsigned i = 0; i < n; i++)
        printf("# %6u %s\n", kinds[i].count, kinds[i].name);
}

static void wrong(const char *test, const char *why)
{
    size_t from = machine.length > 1500 ? machine.length - 1500 : 0;

    printf("FAIL manifest.%s %s (%s, %s: %s)\n%s\n", test, why, base.name, mutant.what,
        verdict.by == BOTH_ACCEPT ? "accepted" : verdict.text, machine.said + from);
    fflush(stdout);
    failures++;
}

/* --- one machine ------------------------------------------------------------------ */

static void start(void)
{
    char path[512];
    const char *build = getenv("B");
    int fd;

    snprintf(path, sizeof path, "%s/%s", build != NULL ? build : "build", file);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, mutant.bytes, mutant.size) != (ssize_t)mutant.size) {
        perror(path);
        exit(1);
    }
    close(fd);
    machine_start(&machine, file, arguments);
}

static bool said(const char *text)
{
    return strstr(machine.said, text) != NULL;
}

/* The console may show bytes that are no characters in another way. */
static bool said_begin_of(const char *before, const char *text)
{
    char wanted[600];
    size_t length = (size_t)snprintf(wanted, sizeof wanted, "%s%s", before, text);

    for (size_t i = 0; i < length && i < sizeof wanted; i++)
        if (wanted[i] < ' ' || wanted[i] > '~')
            wanted[i] = 0;
    return said(wanted);
}

static void must_refuse(const char *test)
{
    bool kernel = verdict.by == KERNEL_REFUSES;
    int status = machine_end(&machine, PATIENCE);
    char name[FIELD_TEXT] = "(header or segments)";

    names_field(verdict.text, name);
    if (status != REFUSED)
        wrong(test, "did not end with 125");
    else if (!said_begin_of(kernel ? "Phoenix stopped: " : "manifest refused: ", verdict.text))
        wrong(test, "said something else than the check did here");
    else
        count(kernel ? "refused by the kernel: " : "refused by init: ", name);
}

/* What only shows when something is started; the field is named there too. */
static bool refused_later(int status)
{
    const char *at = strstr(machine.said, "phoenix: ");
    char name[FIELD_TEXT];

    if (status != REFUSED || at == NULL || !names_field(at + strlen("phoenix: "), name))
        return false;
    count("refused when started: ", name);
    return true;
}

/* --- systems of services ------------------------------------------------------------ */

static bool all_started(void)
{
    struct capnp_message message;
    struct capnp_list services;
    char line[128];

    capnp_open(&message, mutant.bytes + PHX_BOOT_MANIFEST, mutant.size - PHX_BOOT_MANIFEST,
        CAPNP_LIMIT);
    services = system_manifest_services(system_manifest_root(&message));
    for (uint32_t i = 0; i < services.count; i++) {
        snprintf(line, sizeof line, "init: %s started", service_name(service_at(services, i)).data);
        if (!said(line))
            return false;
    }
    return true;
}

static bool has_ended(void)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)machine.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

/* A shell that was not granted what it needs shows none, and nothing tells that. */
static bool wait_for_prompt(void)
{
    int halves = 2 * PATIENCE;

    while (halves > 0 && !has_ended()) {
        if (machine_expect(&machine, PROMPT, 0.5))
            return true;
        halves = all_started() && halves > 4 ? 4 : halves - 1;
    }
    return false;
}

static void services_must_start(const char *test)
{
    bool prompt = wait_for_prompt();
    int status;

    if (prompt)
        machine_type(&machine, "exit\r");
    status = machine_end(&machine, prompt ? PATIENCE : 0.5);
    if (said("Phoenix stopped") || (said("crashed") && !said(ABORTED)))
        wrong(test, "stopped or crashed");
    else if (refused_later(status))
        ;
    else if (!all_started())
        wrong(test, "not all was started");
    else if (prompt)
        count(status == 0 ? "up, and ended by its shell" : "up, and its shell ended", "");
    else
        count(status == 0 ? "up, and ended by itself" : "up, its shell without a console", "");
}

/* --- a program ------------------------------------------------------------------------ */

static void program_must_run(const char *test)
{
    int status = machine_end(&machine, PATIENCE);
    char what[64];

    if (said("Phoenix stopped")) {
        wrong(test, "stopped");
    } else if (!refused_later(status)) {
        snprintf(what, sizeof what, "the program's status %d", status);
        count(status < 0 ? "the program does not end" : what, "");
        if (status == REFUSED)
            wrong(test, "ended with 125, and no field was named");
    }
}

/* --- all -------------------------------------------------------------------------------- */

static void open_all(const char *name)
{
    const char *build = getenv("B");
    char path[512];

    snprintf(path, sizeof path, "%s/tests/manifest/real/%s.module", build != NULL ? build : "build",
        name);
    base_open(&base, name, path);
    mutant_open(&mutant, &base);
    snprintf(file, sizeof file, "tests/manifest/mutant.%d", (int)getpid());
}

static int close_all(const char *test, unsigned boots)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", getenv("B") != NULL ? getenv("B") : "build", file);
    unlink(path);
    if (failures == 0)
        printf("ok manifest.%s\n", test);
    printf("# %u machines with changes of `%s`, seed %lu\n", boots, base.name, (unsigned long)seed);
    print_counts();
    return failures != 0;
}

int boot_changes(const char *name, unsigned accepted, unsigned refused)
{
    static char test[64];
    unsigned boots = 0;

    snprintf(test, sizeof test, "machines_do_what_the_checks_say_of_%s", name);
    if (getenv("TEST_SEED") != NULL)
        seed = strtoull(getenv("TEST_SEED"), NULL, 0);
    if (getenv("TIMES") != NULL)
        accepted = refused = (unsigned)atoi(getenv("TIMES")) / 2;
    open_all(name);
    for (uint64_t number = 0; accepted + refused > 0 && failures < 10; number++) {
        if (strcmp(mutate_base(number), name) != 0)
            continue;
        mutate(&mutant, &base, seed, number);
        judge(&verdict, mutant.bytes, mutant.size);
        unsigned *left = verdict.by == BOTH_ACCEPT ? &accepted : &refused;
        if (*left == 0)
            continue;
        --*left;
        boots++;
        start();
        if (verdict.by != BOTH_ACCEPT)
            must_refuse(test);
        else if (strcmp(name, "run") == 0)
            program_must_run(test);
        else
            services_must_start(test);
    }
    return close_all(test, boots);
}

/* A blob's name: of the struct that its content's field is in. */
static void blob_name(const char *field, char name[FIELD_TEXT])
{
    const char *dot = strstr(field, ".extents");
    int prefix = (int)((dot != NULL ? dot : strstr(field, ".content")) - field);

    for (uint32_t i = 0; i < base.map.count; i++) {
        const struct site *site = &base.map.sites[i];

        if (site->kind == SITE_TEXT && strncmp(site->field, field, (size_t)prefix) == 0 &&
            strcmp(site->field + prefix, ".name") == 0)
            snprintf(name, FIELD_TEXT, "`%.40s`", (const char *)base.bytes + site->at);
    }
}

int boot_blobs(void)
{
    static const char test[] = "each_changed_blob_is_refused_by_its_name";
    char name[FIELD_TEXT];
    unsigned boots = 0;

    open_all("services");
    for (unsigned nth = 0; mutate_blob(&mutant, &base, nth, 0) != NULL; nth++)
        for (unsigned change = 0; change < BLOB_CHANGES && failures < 10; change++, boots++) {
            blob_name(mutate_blob(&mutant, &base, nth, change), name);
            judge(&verdict, mutant.bytes, mutant.size);
            start();
            if (verdict.by == BOTH_ACCEPT) {
                machine_end(&machine, 0.1);
                wrong(test, "accepted");
                continue;
            }
            must_refuse(test);
            if (strstr(verdict.text, name) == NULL)
                wrong(test, "the blob is not named");
        }
    return close_all(test, boots);
}
