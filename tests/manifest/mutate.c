/* SPDX-License-Identifier: MIT */
#include "mutate.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096

struct change {
    struct mutant *m;
    const struct base *base;
    const struct site *site;
    uint64_t state;
};

/* --- numbers -------------------------------------------------------------------- */

static uint64_t random_bits(struct change *c)
{
    uint64_t x = c->state += 0x9e3779b97f4a7c15;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static uint64_t below(struct change *c, uint64_t n)
{
    return random_bits(c) % n;
}

static uint64_t get(const struct change *c, uint32_t at, uint32_t size)
{
    uint64_t value = 0;

    memcpy(&value, c->m->bytes + at, size);
    return value;
}

static void put(struct change *c, uint32_t at, uint32_t size, uint64_t value)
{
    memcpy(c->m->bytes + at, &value, size);
}

static void tell(struct change *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct change *c, const char *format, ...)
{
    size_t used = strlen(c->m->what);
    va_list arguments;

    used += (size_t)snprintf(c->m->what + used, sizeof c->m->what - used, "%s%s: ",
        used ? "; " : "", c->site ? c->site->field : "bytes");
    if (used >= sizeof c->m->what)
        return;
    va_start(arguments, format);
    vsnprintf(c->m->what + used, sizeof c->m->what - used, format, arguments);
    va_end(arguments);
}

static const struct site *any_site(struct change *c, enum site_kind kind)
{
    const struct map *map = &c->base->map;
    uint32_t count = 0, nth;

    for (uint32_t i = 0; i < map->count; i++)
        count += map->sites[i].kind == kind;
    nth = (uint32_t)below(c, count);
    for (uint32_t i = 0;; i++)
        if (map->sites[i].kind == kind && nth-- == 0)
            return &map->sites[i];
}

/* Where `size` bytes of the manifest's structs begin. */
static uint32_t any_byte(struct change *c, uint32_t size)
{
    const struct map *map = &c->base->map;

    return map->message + (uint32_t)below(c, map->head - map->message - size + 1);
}

/* Near an old value, or far from all. */
static uint64_t other_value(struct change *c, uint64_t old, unsigned bits)
{
    uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

    switch (below(c, 9)) {
    case 0: return old == 0 ? 1 : 0;
    case 1: return old == 1 ? 2 : 1;
    case 2: return mask;
    case 3: return (old + 1) & mask;
    case 4: return (old - 1) & mask;
    case 5: return (old * 2 + 1) & mask;
    case 6: return old ^ UINT64_C(1) << below(c, bits);
    case 7: return UINT64_C(1) << (bits - 1);
    default: return random_bits(c) & mask;
    }
}

/* --- pointers -------------------------------------------------------------------- */

#define POINTER_KIND(word) ((word)&3)
#define OFFSET(word) ((int32_t)(word) >> 2)

static uint64_t with_offset(uint64_t word, int64_t offset)
{
    return (word & UINT64_C(0xffffffff00000003)) | (uint32_t)((uint32_t)offset << 2);
}

/* The pointer at `from`, such that it leads to the same place from `at`. */
static uint64_t aimed(const struct change *c, uint32_t from, uint32_t at)
{
    uint64_t word = get(c, from, 8);

    if (word == 0 || POINTER_KIND(word) > 1)
        return word; /* far pointers lead to the same place from anywhere */
    return with_offset(word, OFFSET(word) + ((int64_t)from - at) / 8);
}

static void resize_pointer(struct change *c, uint32_t at)
{
    uint64_t word = get(c, at, 8), old;

    if (POINTER_KIND(word) == 1) {
        old = word >> 35;
        word = (word & UINT64_C(0x7ffffffff)) | other_value(c, old, 29) << 35;
        tell(c, "a list of %lu becomes one of %lu", (long)old, (long)(word >> 35));
    } else {
        unsigned shift = 32 + 16 * (unsigned)below(c, 2);

        old = word >> shift & 0xffff;
        word ^= (old ^ other_value(c, old, 16)) << shift;
        tell(c, "%s of %lu become %lu", shift == 32 ? "data" : "pointers", (long)old,
            (long)(word >> shift & 0xffff));
    }
    put(c, at, 8, word);
}

static void swap_pointers(struct change *c, const struct site *other)
{
    uint64_t mine = aimed(c, c->site->at, other->at), its = aimed(c, other->at, c->site->at);

    put(c, c->site->at, 8, its);
    put(c, other->at, 8, mine);
    c->m->only = NULL;
    tell(c, "changes places with %s", other->field);
}

static void aim_elsewhere(struct change *c, uint32_t at, uint64_t word)
{
    int64_t offset = OFFSET(word);

    switch (below(c, 4)) {
    case 0: offset += (int64_t)below(c, 7) - 3; break;
    case 1: offset = any_byte(c, 8) / 8 - (int64_t)at / 8; break;
    case 2: offset = (int64_t)random_bits(c) >> 34; break;
    default: offset = -1; break;
    }
    put(c, at, 8, with_offset(word, offset));
    tell(c, offset == -1 ? "points to itself" : "points %ld words on", (long)offset);
}

static void change_pointer(struct change *c)
{
    const struct site *other = any_site(c, SITE_POINTER);
    uint32_t at = c->site->at;
    uint64_t word = get(c, at, 8);

    switch (below(c, 10)) {
    case 0:
        put(c, at, 8, 0);
        tell(c, "null");
        return;
    case 1:
        put(c, at, 8, word ^ UINT64_C(1) << below(c, 64));
        tell(c, "a bit of its pointer");
        return;
    case 2:
    case 3: aim_elsewhere(c, at, word); return;
    case 4:
    case 5:
        put(c, at, 8, aimed(c, other->at, at));
        tell(c, "leads where %s does", other->field);
        return;
    case 6: swap_pointers(c, other); return;
    case 7:
        put(c, at, 8, (word & ~(UINT64_C(7) << 32)) | below(c, 8) << 32);
        tell(c, "elements of another size");
        return;
    case 8:
        put(c, at, 8, (below(c, 4) << 32) | below(c, 1 << 12) << 3 | below(c, 2) << 2 | 2);
        tell(c, "a far pointer");
        return;
    default: resize_pointer(c, at); return;
    }
}

/* --- what pointers lead to -------------------------------------------------------- */

static void change_tag(struct change *c)
{
    uint32_t at = c->site->at;
    uint64_t word = get(c, at, 8), old = (uint32_t)word >> 2;

    if (below(c, 3) == 0) {
        put(c, at, 8, word ^ UINT64_C(1) << below(c, 64));
        tell(c, "a bit of its tag");
    } else if (below(c, 2) == 0) {
        word = with_offset(word, (int64_t)other_value(c, old, 30));
        put(c, at, 8, word);
        tell(c, "the tag of %lu structs says %lu", (long)old, (long)((uint32_t)word >> 2));
    } else {
        resize_pointer(c, at);
    }
}

static void change_pad(struct change *c)
{
    uint32_t at = c->site->at;
    uint64_t far = get(c, at, 8), tag = get(c, at + 8, 8);

    switch (below(c, 5)) {
    case 0:
        far ^= (other_value(c, (uint32_t)far >> 3, 29) ^ ((uint32_t)far >> 3)) << 3 & 0xfffffff8;
        break;
    case 1: far += 8 * (1 + below(c, 511)); break;
    case 2: tag ^= (other_value(c, tag >> 35, 29) ^ tag >> 35) << 35; break;
    case 3: tag ^= UINT64_C(1) << below(c, 64); break;
    default: far ^= UINT64_C(1) << below(c, 64); break;
    }
    put(c, at, 8, far);
    put(c, at + 8, 8, tag);
    tell(c, "where its blob is: %#lx, %#lx", (long)far, (long)tag);
}

static void change_number(struct change *c)
{
    const struct site *s = c->site;
    uint64_t old = get(c, s->at, s->size), value = other_value(c, old, s->size * 8);

    put(c, s->at, s->size, value);
    tell(c, "%lu becomes %lu", (long)old, (long)value);
}

/* --- texts ------------------------------------------------------------------------ */

static void set_length(struct change *c, uint32_t length)
{
    uint64_t word = get(c, c->site->pointer, 8);

    put(c, c->site->pointer, 8, (word & UINT64_C(0x7ffffffff)) | (uint64_t)length << 35);
}

/* A text that is somewhere in the manifest, or nowhere. */
static const char *any_text(struct change *c)
{
    static const char *const words[] = {"moon", "log", "console", "pool", "process", "endpoint",
        "namespace", "launcher", "WRITE", "READ", "..", ".", "/", "a/b", "libos", "x"};
    const struct site *other = any_site(c, SITE_TEXT);

    if (below(c, 2) == 0)
        return words[below(c, sizeof words / sizeof words[0])];
    return (const char *)c->base->bytes + other->at;
}

static void replace_text(struct change *c)
{
    uint32_t room = (c->site->size + 7) / 8 * 8;
    const char *text = any_text(c);
    size_t length = strlen(text);

    if (length >= room)
        length = room - 1;
    memset(c->m->bytes + c->site->at, 0, room);
    memcpy(c->m->bytes + c->site->at, text, length);
    set_length(c, (uint32_t)length + 1);
    tell(c, "becomes `%.*s`", (int)length, text);
}

static void change_text(struct change *c)
{
    uint32_t at = c->site->at, length = c->site->size - 1;
    uint32_t byte = at + (uint32_t)below(c, length + 1);

    switch (below(c, 9)) {
    case 0:
        put(c, byte, 1, random_bits(c) & 0xff);
        tell(c, "another byte %u", byte - at);
        return;
    case 1:
        put(c, byte, 1, 0);
        tell(c, "a zero byte at %u", byte - at);
        return;
    case 2:
        put(c, at + length, 1, 'x');
        tell(c, "no zero byte at its end");
        return;
    case 3:
        set_length(c, (uint32_t)other_value(c, length + 1, 29));
        tell(c, "another length");
        return;
    case 4:
        put(c, byte, 1, get(c, byte, 1) ^ 0x20);
        tell(c, "another case at %u", byte - at);
        return;
    case 5:
        put(c, at, 1, 0);
        set_length(c, 1);
        tell(c, "empty");
        return;
    default: replace_text(c); return;
    }
}

static void change_hash(struct change *c)
{
    if (below(c, 4) == 0) {
        set_length(c, (uint32_t)below(c, 40));
        tell(c, "a hash of another length");
        return;
    }
    uint32_t at = c->site->at + (uint32_t)below(c, c->site->size);

    put(c, at, 1, get(c, at, 1) ^ UINT64_C(1) << below(c, 8));
    tell(c, "a bit of its hash");
}

/* --- bytes ------------------------------------------------------------------------ */

static void change_bytes(struct change *c)
{
    uint32_t at = any_byte(c, 64), n;

    c->site = NULL;
    c->m->only = NULL;
    switch (below(c, 6)) {
    case 0:
        n = 1 + (uint32_t)below(c, 8);
        for (uint32_t i = 0; i < n; i++)
            put(c, any_byte(c, 1), 1, random_bits(c) & 0xff);
        tell(c, "%u of them", n);
        return;
    case 1:
        put(c, at, 1, get(c, at, 1) ^ UINT64_C(1) << below(c, 8));
        tell(c, "a bit at %u", at);
        return;
    case 2:
        n = 1 + (uint32_t)below(c, 64);
        memset(c->m->bytes + at, below(c, 2) ? 0 : 0xff, n);
        tell(c, "%u at %u all alike", n, at);
        return;
    case 3:
        n = 1 + (uint32_t)below(c, 64);
        memmove(c->m->bytes + at, c->m->bytes + any_byte(c, 64), n);
        tell(c, "%u at %u from elsewhere", n, at);
        return;
    case 4:
        c->m->size = (size_t)below(c, c->m->size);
        tell(c, "only the first %zu", c->m->size);
        return;
    default:
        at = at / 8 * 8;
        put(c, at, 8, random_bits(c));
        tell(c, "a word at %u", at);
        return;
    }
}

/* --- all -------------------------------------------------------------------------- */

static void change_one(struct change *c)
{
    static void (*const changes[SITE_KINDS])(struct change *) = {
        [SITE_SEGMENT] = change_number,
        [SITE_POINTER] = change_pointer,
        [SITE_TAG] = change_tag,
        [SITE_PAD] = change_pad,
        [SITE_NUMBER] = change_number,
        [SITE_TEXT] = change_text,
        [SITE_HASH] = change_hash,
    };
    /* In hundredths: there are few of some kinds, and they are as dear. */
    static const unsigned shares[SITE_KINDS] = {
        [SITE_SEGMENT] = 4,
        [SITE_POINTER] = 30,
        [SITE_TAG] = 12,
        [SITE_PAD] = 8,
        [SITE_NUMBER] = 14,
        [SITE_TEXT] = 28,
        [SITE_HASH] = 4,
    };
    unsigned share = (unsigned)below(c, 100), kind = 0;

    while (share >= shares[kind])
        share -= shares[kind++];
    c->site = any_site(c, kind);
    c->m->only = c->m->what[0] == 0 ? c->site : NULL;
    changes[kind](c);
}

static void begin(struct mutant *m, const struct base *base)
{
    memcpy(m->bytes, base->bytes, base->size);
    m->size = base->size;
    m->what[0] = 0;
    m->only = NULL;
}

void mutate(struct mutant *m, const struct base *base, uint64_t seed, uint64_t number)
{
    struct change c = {.m = m, .base = base, .state = seed * 1000003 + number};
    unsigned times;

    begin(m, base);
    times = (unsigned)below(&c, 10);
    if (below(&c, 10) == 0) {
        change_bytes(&c);
        return;
    }
    for (unsigned i = 0; i < (times < 8 ? 1 : times - 6); i++)
        change_one(&c);
}

static const struct site *site_called(const struct base *base, enum site_kind kind,
    const char *prefix, int length, const char *field)
{
    char name[FIELD_TEXT];

    snprintf(name, sizeof name, "%.*s%s", length, prefix, field);
    for (uint32_t i = 0; i < base->map.count; i++)
        if (base->map.sites[i].kind == kind && strcmp(base->map.sites[i].field, name) == 0)
            return &base->map.sites[i];
    fprintf(stderr, "nothing is called %s\n", name);
    abort();
}

static void flip(struct change *c, uint32_t at)
{
    put(c, at, 1, get(c, at, 1) ^ UINT64_C(1) << below(c, 8));
}

static const char *change_blob(struct change *c, unsigned nth, unsigned change)
{
    const struct site *s = c->site, *hash, *number;
    const char *extents = strstr(s->field, ".extents");
    int prefix = extents ? (int)(extents - s->field) : (int)(strlen(s->field) - strlen(".content"));
    uint64_t far = get(c, s->at, 8), tag = get(c, s->at + 8, 8);
    uint32_t blob = c->base->map.blobs[far >> 32] + ((uint32_t)far >> 3) * 8;

    switch (change) {
    case 0: /* of init's own file in a byte that it can do without: else it could not say so */
        flip(c, blob + (nth == 0 ? 9 + (uint32_t)below(c, 6) : (uint32_t)below(c, tag >> 35)));
        return "a bit of its bytes";
    case 1:
        hash = site_called(c->base, SITE_HASH, s->field, prefix, ".sha256");
        flip(c, hash->at + (uint32_t)below(c, hash->size));
        return "a bit of its hash";
    case 2:
        number = site_called(c->base, SITE_NUMBER, s->field, prefix, ".size");
        put(c, number->at, 8, get(c, number->at, 8) + 1);
        return "its size is one more";
    case 3: put(c, s->at + 8, 8, tag + (UINT64_C(1) << 35)); return "one byte more of it";
    case 4: put(c, s->at + 8, 8, tag - (UINT64_C(1) << 35)); return "one byte less of it";
    case 5: put(c, s->at, 8, far + (1 << 3)); return "it begins a word later";
    case 6: put(c, s->at, 8, far + (PAGE / 8 << 3)); return "it begins a page later";
    default: put(c, s->at, 8, far + (UINT64_C(1) << 31)); return "it begins behind the end";
    }
}

const char *mutate_blob(struct mutant *m, const struct base *base, unsigned nth, unsigned change)
{
    struct change c = {.m = m, .base = base, .state = nth * 100 + change};
    unsigned left = nth;

    c.site = base->map.sites;
    while (c.site->kind != SITE_PAD || left-- > 0)
        if (++c.site == base->map.sites + base->map.count)
            return NULL;
    begin(m, base);
    tell(&c, "%s", change_blob(&c, nth, change));
    return c.site->field;
}

/* --- bases ------------------------------------------------------------------------ */

void base_open(struct base *base, const char *name, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &status) != 0) {
        perror(path);
        exit(1);
    }
    base->name = name;
    base->size = (size_t)status.st_size;
    base->bytes = malloc(base->size);
    if (base->bytes == NULL || read(fd, base->bytes, base->size) != (ssize_t)base->size) {
        perror(path);
        exit(1);
    }
    close(fd);
    map_module(&base->map, base->bytes);
}

void mutant_open(struct mutant *m, const struct base *base)
{
    m->bytes = aligned_alloc(PAGE, base->size);
    if (m->bytes == NULL)
        abort();
}
