/* SPDX-License-Identifier: MIT */
/*
 * Damaged boot headers, looked at by the kernel's check with the sanitizers in: every field
 * of a good one in turn, with each of its bits flipped and with values that are near to
 * something; then several fields at once. An oracle that finds the fields by their offsets
 * and has rules of its own says which of them must be refused. Where one field was changed
 * the refusal names it, with its index. Behind the header's page no byte is read.
 *
 *   header_test [SEED]     other numbers than usual, TIMES of those with several fields
 */
#include "verdict.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define FIELDS_MAX 512
#define LOW UINT64_C(0x200000)
#define HIGH UINT64_C(0x3ff000) /* the thread page */

static int failures;

static void report(const char *name, bool good, const char *why)
{
    printf("%s manifest.header_%s%s%s\n", good ? "ok" : "FAIL", name, good ? "" : " ",
        good ? "" : why);
    fflush(stdout);
    failures += !good;
}

/* --- the layout, written down once more ------------------------------------------------ */

enum { MAGIC = 0, VERSION = 8, SLOTS = 12, SLOT_NS = 16, BYTES = 24, ENTRY = 32, SEGMENTS = 40,
       CAPABILITIES = 44, SEGMENT = 48, CAPABILITY = 560 };
enum { ADDRESS = 0, OFFSET = 8, COUNT = 16, PAGES = 24, PROTECTION = 28, SEGMENT_SIZE = 32 };

static uint64_t get(const uint8_t *page, unsigned at, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, page + at, size);
    return value;
}

static struct field_at {
    char name[32], list[32]; /* "protection", "segments[3]" */
    unsigned at, size;
} fields[FIELDS_MAX];
static unsigned field_count;

static void add_field(const char *name, const char *list, unsigned index, unsigned at, unsigned size)
{
    struct field_at *f = &fields[field_count++];

    *f = (struct field_at){.at = at, .size = size};
    strcpy(f->name, name);
    if (list != NULL)
        snprintf(f->list, sizeof f->list, "%s[%u]", list, index);
}

/* Those of one entry more than the header has are there too: nobody may care for them. */
static void list_fields(const uint8_t *good)
{
    add_field("boot header", NULL, 0, MAGIC, 8);
    add_field("version", NULL, 0, VERSION, 4);
    add_field("slots", NULL, 0, SLOTS, 4);
    add_field("slot_ns", NULL, 0, SLOT_NS, 8);
    add_field("bytes", NULL, 0, BYTES, 8);
    add_field("entry", NULL, 0, ENTRY, 8);
    add_field("segment_count", NULL, 0, SEGMENTS, 4);
    add_field("capability_count", NULL, 0, CAPABILITIES, 4);
    for (unsigned i = 0; i <= get(good, SEGMENTS, 4); i++) {
        unsigned at = SEGMENT + i * SEGMENT_SIZE;

        add_field("address", "segments", i, at + ADDRESS, 8);
        add_field("offset", "segments", i, at + OFFSET, 8);
        add_field("bytes", "segments", i, at + COUNT, 8);
        add_field("pages", "segments", i, at + PAGES, 4);
        add_field("protection", "segments", i, at + PROTECTION, 4);
    }
    for (unsigned i = 0; i <= get(good, CAPABILITIES, 4); i++) {
        add_field("interface", "capabilities", i, CAPABILITY + i * 4, 2);
        add_field("slot", "capabilities", i, CAPABILITY + i * 4 + 2, 2);
    }
}

/* --- the oracle ------------------------------------------------------------------------- */

/* Each page of the first process is somebody's, and whoever comes later lies behind. */
static bool segments_are_good(const uint8_t *page)
{
    bool taken[(HIGH - LOW) / PAGE] = {false}, starts = false;
    uint64_t entry = get(page, ENTRY, 8);
    size_t free = 0;

    for (unsigned i = 0; i < get(page, SEGMENTS, 4); i++) {
        const uint8_t *s = page + SEGMENT + i * SEGMENT_SIZE;
        uint64_t address = get(s, ADDRESS, 8), offset = get(s, OFFSET, 8), bytes = get(s, COUNT, 8);
        uint64_t pages = get(s, PAGES, 4), protection = get(s, PROTECTION, 4);

        if (address % PAGE != 0 || address < LOW || address >= HIGH || pages == 0)
            return false;
        if (pages > (HIGH - address) / PAGE || bytes > pages * PAGE)
            return false;
        if (offset % PAGE != 0 || __builtin_add_overflow(offset, bytes, &offset) ||
            offset > get(page, BYTES, 8))
            return false;
        if (strchr("\1\3\5", (int)protection) == NULL || protection == 0 || protection > 5)
            return false;
        if ((address - LOW) / PAGE < free)
            return false;
        for (uint64_t p = 0; p < pages; p++) {
            if (taken[(address - LOW) / PAGE + p])
                return false;
            taken[(address - LOW) / PAGE + p] = true;
        }
        free = (address - LOW) / PAGE + pages;
        if (protection == 5 && entry >= address && entry < address + pages * PAGE)
            starts = true;
    }
    return starts;
}

/* By schema/kernel.capnp: of each kind one at most, in rows that are there. */
static bool capabilities_are_good(const uint8_t *page)
{
    static const unsigned kinds[] = {1, 2, 4, 5, 7, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 25};
    bool given[65536] = {false}, used[65536] = {true};
    unsigned further = 16;

    for (unsigned i = 0; i < get(page, CAPABILITIES, 4); i++) {
        unsigned kind = (unsigned)get(page, CAPABILITY + i * 4, 2);
        unsigned slot = (unsigned)get(page, CAPABILITY + i * 4 + 2, 2), k = 0;

        while (k < sizeof kinds / sizeof kinds[0] && kinds[k] != kind)
            k++;
        if (k == sizeof kinds / sizeof kinds[0] || given[kind] || used[slot] || slot > further)
            return false;
        given[kind] = used[slot] = true;
        further += slot == further;
    }
    return true;
}

static bool is_good(const uint8_t *page, uint64_t size)
{
    uint64_t length = get(page, SLOT_NS, 8);

    return size >= 2 * PAGE && memcmp(page, "phxboot", 8) == 0 && get(page, VERSION, 4) == 1 &&
           get(page, SLOTS, 4) >= 1 && get(page, SLOTS, 4) <= 16 && length >= 100000 &&
           length <= 1000000000 && get(page, BYTES, 8) <= size && get(page, SEGMENTS, 4) <= 16 &&
           get(page, CAPABILITIES, 4) <= 32 && segments_are_good(page) &&
           capabilities_are_good(page);
}

/* --- damage ------------------------------------------------------------------------------ */

static struct {
    uint8_t bytes[PAGE];
    uint64_t size;
} base;
static uint8_t *page; /* a copy of the header, and nothing behind it */
static uint64_t state;
static struct { unsigned accepted, refused; } counts;

static uint64_t random_bits(void)
{
    uint64_t x = state += 0x9e3779b97f4a7c15;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

#define NEAR 40
/* Something that this field could be confused with, or that overflows. */
static uint64_t near_value(const struct field_at *f, unsigned nth)
{
    const uint64_t fixed[NEAR] = {0, 1, 2, 3, 4, 5, 6, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 99999,
        100000, 1000000000, 1000000001, PAGE, LOW, LOW - PAGE, HIGH, HIGH - PAGE, 0x3e0000, 0x3f0000,
        base.size, base.size - PAGE, base.size + PAGE, base.size / PAGE, -(uint64_t)PAGE, UINT64_MAX,
        UINT64_C(1) << 52, (UINT64_C(1) << 52) + 1, UINT64_C(0x7ffffffff000), 511, 512, 21};

    return fixed[nth] & (f->size == 8 ? UINT64_MAX : (UINT64_C(1) << f->size * 8) - 1);
}

static void change(const struct field_at *f, uint64_t value)
{
    memcpy(page + f->at, &value, f->size);
}

/* A page that is one too many may show in the next segment, or nowhere to begin. */
static bool is_named(const struct field_at *f, const char *text)
{
    unsigned index;
    char next[32] = "";

    if (sscanf(f->list, "segments[%u]", &index) == 1)
        snprintf(next, sizeof next, "segments[%u]: address", index + 1);
    if (strstr(text, f->list) != NULL && strstr(text, f->name) != NULL)
        return true;
    if (strcmp(f->name, "capability_count") == 0 || strcmp(f->name, "segment_count") == 0)
        return strstr(text, "capabilities[") || strstr(text, "segments[") || strstr(text, "entry");
    if (strcmp(f->name, "bytes") == 0 && f->list[0] == 0)
        return strstr(text, "module's 0x") != NULL;
    if (next[0] != 0 && strstr(text, next) != NULL)
        return true;
    /* What was executed is elsewhere, or is not executed; a row is somebody else's. */
    return (next[0] != 0 && strstr(text, "entry") != NULL) ||
           (strcmp(f->name, "slot") == 0 && strstr(text, "slot") != NULL) ||
           (strcmp(f->name, "interface") == 0 && strstr(text, "interface") != NULL);
}

static void look(const struct field_at *only, uint64_t size)
{
    bool good = is_good(page, size);
    struct verdict v;
    char why[800];

    if ((kernel_judges(&v, page, size) != NULL) != good) {
        snprintf(why, sizeof why, "%s %s: the oracle says %s, the kernel: %s",
            only ? only->list : "several", only ? only->name : "fields", good ? "good" : "bad",
            v.text);
        report("is_refused_or_accepted_rightly", false, why);
    } else if (!good && only != NULL && !is_named(only, v.text)) {
        snprintf(why, sizeof why, "%s %s: %s", only->list, only->name, v.text);
        report("refusals_name_the_field", false, why);
    }
    if (good)
        counts.accepted++;
    else
        counts.refused++;
}

static void open_base(const char *path)
{
    FILE *f = fopen(path, "r");

    if (f == NULL || fread(base.bytes, PAGE, 1, f) != 1 || fseek(f, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    base.size = (uint64_t)ftell(f);
    fclose(f);
}

static void restore(void)
{
    memcpy(page, base.bytes, PAGE);
}

static void each_field_in_turn(void)
{
    for (const struct field_at *f = fields; f < fields + field_count && failures < 10; f++) {
        for (unsigned bit = 0; bit < f->size * 8; bit++, restore()) {
            page[f->at + bit / 8] ^= (uint8_t)(1 << bit % 8);
            look(f, base.size);
        }
        for (unsigned nth = 0; nth < NEAR; nth++, restore()) {
            change(f, near_value(f, nth));
            look(f, base.size);
        }
        for (int64_t by = -2; by <= 2; by++, restore()) {
            change(f, get(page, f->at, f->size) + (uint64_t)by);
            look(f, base.size);
            restore();
            change(f, get(page, f->at, f->size) + (uint64_t)by * PAGE);
            look(f, base.size);
        }
    }
}

static void several_fields(unsigned times)
{
    for (unsigned i = 0; i < times && failures < 10; i++, restore()) {
        uint64_t size = random_bits() % 8 ? base.size : random_bits() % (base.size + PAGE);

        for (unsigned n = 2 + (unsigned)(random_bits() % 4); n > 0; n--) {
            const struct field_at *f = &fields[random_bits() % field_count];
            const struct field_at *other = &fields[random_bits() % field_count];

            change(f, random_bits() % 2 ? near_value(f, (unsigned)(random_bits() % NEAR))
                                        : get(page, other->at, other->size));
        }
        look(NULL, size);
    }
}

static void cut_anywhere(void)
{
    for (uint64_t size = 0; size <= base.size + PAGE; size += 97)
        look(NULL, size);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc == 2 ? strtoull(argv[1], NULL, 0) : 7;
    unsigned times = getenv("TIMES") != NULL ? (unsigned)atoi(getenv("TIMES")) : 50000;
    const char *build = getenv("B");
    char path[512];
    struct verdict v;

    snprintf(path, sizeof path, "%s/tests/manifest/real/header.module", build ? build : "build");
    open_base(path);
    page = malloc(PAGE); /* behind it a sanitizer watches */
    restore();
    list_fields(page);
    state = seed;
    report("a_good_one_is_accepted", kernel_judges(&v, page, base.size) != NULL &&
        is_good(page, base.size), v.text);
    each_field_in_turn();
    cut_anywhere();
    printf("# %u fields in turn: %u changes refused, %u accepted\n", field_count, counts.refused,
        counts.accepted);
    several_fields(times);
    printf("# seed %llu, with several fields: %u refused, %u accepted in all\n",
        (unsigned long long)seed, counts.refused, counts.accepted);
    if (failures == 0) {
        report("is_refused_or_accepted_rightly", counts.refused + counts.accepted >= 10000,
            "too few");
        report("refusals_name_the_field", counts.refused > 0 && counts.accepted > 0, "of none");
    }
    return failures != 0;
}
