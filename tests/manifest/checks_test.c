/* SPDX-License-Identifier: MIT */
/*
 * Ten thousand changes to the structure of two good manifests, one with services and one
 * with a program, looked at by the kernel's check (which only notices when the module is
 * shorter than it was) and by init's, with the sanitizers in.
 *
 * What is refused is refused with the name of a field of the schema; where a single
 * pointer was changed and a damaged one is found, with that pointer's. Another reader
 * with rules of its own (oracle.h) has to accept what they accept, and nothing else. How
 * often each field was named is printed. What becomes of accepted ones, boots.c shows.
 *
 *   checks_test [SEED]     other numbers than usual, TIMES of them
 *   checks_test show BASE NUMBER...    what these change, and what is said
 */
#include "mutate.h"
#include "oracle.h"
#include "phoenix/boot.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#define FIELDS_MAX 128

static int failures;

static void report(const char *name, bool good, const char *why)
{
    printf("%s manifest.%s%s%s\n", good ? "ok" : "FAIL", name, good ? "" : " ", good ? "" : why);
    fflush(stdout);
    failures += !good;
}

/* --- counts ---------------------------------------------------------------------- */

static struct {
    char name[FIELD_TEXT + 16];
    unsigned count;
} fields[FIELDS_MAX];

static void count(const char *by, const char *name)
{
    char key[FIELD_TEXT + 16];
    unsigned i = 0;

    snprintf(key, sizeof key, "%s %s", by, name);
    while (i < FIELDS_MAX - 1 && fields[i].count != 0 && strcmp(fields[i].name, key) != 0)
        i++;
    strcpy(fields[i].name, key);
    fields[i].count++;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void print_counts(void)
{
    unsigned n = 0;

    while (n < FIELDS_MAX && fields[n].count != 0)
        n++;
    qsort(fields, n, sizeof fields[0], by_name);
    for (unsigned i = 0; i < n; i++)
        printf("# %6u %s\n", fields[i].count, fields[i].name);
}

/* --- one mutant -------------------------------------------------------------------- */

/* The one field leads to the other, or is it. */
static bool is_related(const char *a, const char *b)
{
    size_t length = strcspn(b, ": ("), own = strlen(a);

    return strncmp(a, b, own < length ? own : length) == 0;
}

static void wrong(const struct base *base, uint64_t number, const struct mutant *m,
    const struct verdict *v, const char *why)
{
    char text[1024];

    snprintf(text, sizeof text, "%s (%s %llu, %s: %s)", why, base->name,
        (unsigned long long)number, m->what, v->text);
    report("each_is_refused_with_its_field_or_accepted", false, text);
}

static void look_at(const struct base *base, uint64_t number, const struct mutant *m)
{
    static const char header[] = "boot header: bytes ";
    struct verdict v;
    char name[FIELD_TEXT], why[256] = "";
    bool valid = oracle_accepts(m->bytes, m->size, why);

    judge(&v, m->bytes, m->size);
    if (valid != (v.by == BOTH_ACCEPT))
        wrong(base, number, m, &v, valid ? "the oracle accepts it" : why);
    if (v.by == BOTH_ACCEPT) {
        count("accepted:", base->name);
        return;
    }
    /* Of these changes the kernel notices one: the module is not all there. */
    if (v.by == KERNEL_REFUSES && (m->size < PHX_BOOT_MANIFEST ||
                                      strncmp(v.text, header, strlen(header)) == 0))
        strcpy(name, "(header)");
    else if (strcmp(v.text, NO_MESSAGE) == 0)
        strcpy(name, "(segments)");
    else if (v.by == KERNEL_REFUSES || !names_field(v.text, name))
        wrong(base, number, m, &v, "no field is named");
    else if (m->only != NULL && m->only->kind <= SITE_PAD && m->only->kind != SITE_SEGMENT &&
             strstr(v.text, ": damaged") != NULL && !is_related(m->only->field, v.text) &&
             strcmp(m->only->field, "SystemManifest") != 0)
        wrong(base, number, m, &v, "another field is named");
    count(v.by == KERNEL_REFUSES ? "refused by the kernel:" : "refused by init:", name);
}

/* --- all --------------------------------------------------------------------------- */

static struct base bases[2];
static struct mutant mutants[2];

static void open_bases(void)
{
    static const char *const names[2] = {"services", "run"};
    const char *build = getenv("B");
    char path[512];

    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/tests/manifest/tiny/%s.module",
            build != NULL ? build : "build", names[i]);
        base_open(&bases[i], names[i], path);
        mutant_open(&mutants[i], &bases[i]);
    }
}

static void change_all(uint64_t seed, unsigned times)
{
    int before = failures;

    for (uint64_t number = 0; number < times && failures < before + 10; number++) {
        unsigned b = strcmp(mutate_base(number), "run") == 0;
        struct mutant *m = &mutants[b];

        mutate(m, &bases[b], seed, number);
        ASAN_POISON_MEMORY_REGION(m->bytes + m->size, bases[b].size - m->size);
        look_at(&bases[b], number, m);
        ASAN_UNPOISON_MEMORY_REGION(m->bytes, bases[b].size);
    }
    if (failures == before)
        report("each_is_refused_with_its_field_or_accepted", true, "");
}

/* Each `name @1 :Text` of the schema is a field that was mapped. */
static void all_fields_are_known(void)
{
    const struct shape *shape = NULL;
    char line[512], name[64];
    FILE *f = fopen("schema/manifest.capnp", "r");
    unsigned found = 0, number;

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "struct %63[A-Za-z]", name) == 1)
            for (shape = shapes; shape < shapes + SHAPES && strcmp(shape->name, name) != 0;)
                shape++;
        if (sscanf(line, " %63[A-Za-z0-9] @%u :", name, &number) != 2)
            continue;
        const struct field *field = shape->fields;
        while (field->name != NULL && strcmp(field->name, name) != 0)
            field++;
        if (field->name == NULL)
            report("every_field_of_the_schema_is_changed", false, line);
        found++;
    }
    for (shape = shapes; shape < shapes + SHAPES; shape++)
        for (const struct field *field = shape->fields; field->name != NULL; field++)
            found--;
    report("every_field_of_the_schema_is_changed", f != NULL && found == 0,
        "another number of them");
    if (f != NULL)
        fclose(f);
}

static void show(const char *name, uint64_t number)
{
    unsigned b = strcmp(name, "run") == 0;
    struct verdict v;

    mutate(&mutants[b], &bases[b], MUTATE_SEED, number);
    judge(&v, mutants[b].bytes, mutants[b].size);
    printf("%llu: %s\n    %s\n", (unsigned long long)number, mutants[b].what,
        v.by == BOTH_ACCEPT ? "accepted" : v.text);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc == 2 ? strtoull(argv[1], NULL, 0) : MUTATE_SEED;
    unsigned times = getenv("TIMES") != NULL ? (unsigned)atoi(getenv("TIMES")) : 10000;
    struct verdict v;

    open_bases();
    for (int i = 3; i < argc; i++)
        show(argv[2], strtoull(argv[i], NULL, 0));
    if (argc > 2)
        return 0;
    for (unsigned b = 0; b < 2; b++) {
        memcpy(mutants[b].bytes, bases[b].bytes, bases[b].size);
        judge(&v, mutants[b].bytes, bases[b].size);
        report(b ? "the_good_program_is_accepted" : "the_good_services_are_accepted",
            v.by == BOTH_ACCEPT, v.text);
    }
    all_fields_are_known();
    printf("# seed %llu, %u changes\n", (unsigned long long)seed, times);
    change_all(seed, times);
    print_counts();
    return failures != 0;
}
