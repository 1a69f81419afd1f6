/* SPDX-License-Identifier: MIT */
#include "mutate.h"

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

#define HEADER_SIZE 64
#define PHDR_SIZE 56
#define PHDRS_MAX 16
#define RUN_MAX 24 /* bytes that one piece of damage covers */

/* Where the fields lie: ELF-64 Object File Format, figures 2 and 6. */
struct field {
    uint8_t at, bytes;
};
static const struct field header_fields[] = {
    {4, 1}, {5, 1}, {7, 1}, {16, 2}, {18, 2}, {20, 4}, {24, 8}, {32, 8}, {54, 2}, {56, 2}};
static const struct field phdr_fields[] = {
    {0, 4}, {4, 4}, {8, 8}, {16, 8}, {24, 8}, {32, 8}, {40, 8}, {48, 8}};
#define P_FIELDS (sizeof phdr_fields / sizeof phdr_fields[0])
#define H_FIELDS (sizeof header_fields / sizeof header_fields[0])

struct mutation {
    uint8_t *image;
    uint64_t size, capacity, state;
};

static uint64_t draw(struct mutation *m, uint64_t below)
{
    m->state ^= m->state << 13;
    m->state ^= m->state >> 7;
    m->state ^= m->state << 17;
    return (m->state * UINT64_C(0x2545f4914f6cdd1d) >> 11) % below;
}

static uint64_t load(const struct mutation *m, uint64_t at, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, m->image + at, bytes);
    return value;
}

static void store(struct mutation *m, uint64_t at, unsigned bytes, uint64_t value)
{
    memcpy(m->image + at, &value, bytes);
}

/* Numbers at which something changes for a loader, or next to what is there. */
static uint64_t strange(struct mutation *m, uint64_t old)
{
    static const uint64_t edges[] = {0, 1, 2, 3, 6, 7, 55, 56, 64, 4095, 4096, 4097, 0xffff,
        0x10000, 0x400000, UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(0x555555554000),
        UINT64_C(0x7fffdf800000), UINT64_C(0x7fffe0000000), UINT64_C(0x7ffffffff000),
        UINT64_C(1) << 47, UINT64_C(0xffff800000000000), UINT64_C(1) << 63, ~UINT64_C(0),
        ~UINT64_C(0xfff), 0x6474e551};
    static const uint64_t steps[] = {1, 8, 56, 4096, 0x10000, 0x1000000};

    switch (draw(m, 8)) {
    case 0:
        return m->size;
    case 1:
        return m->size + 1;
    case 2:
        return UINT64_C(1) << draw(m, 64);
    case 3:
        return old + steps[draw(m, sizeof steps / sizeof steps[0])];
    case 4:
        return old - steps[draw(m, sizeof steps / sizeof steps[0])];
    case 5:
        return old ^ UINT64_C(1) << draw(m, 64);
    default:
        return edges[draw(m, sizeof edges / sizeof edges[0])];
    }
}

/* One of the program headers that lie in the image; false: there are none. */
static bool choose_phdr(struct mutation *m, uint64_t *at)
{
    uint64_t table = load(m, 32, 8), count = load(m, 56, 2);

    if (count > PHDRS_MAX)
        count = PHDRS_MAX;
    if (count == 0 || table > m->size || m->size - table < count * PHDR_SIZE)
        return false;
    *at = table + draw(m, count) * PHDR_SIZE;
    return true;
}

static void damage_header(struct mutation *m)
{
    const struct field *f = &header_fields[draw(m, H_FIELDS)];

    store(m, f->at, f->bytes, strange(m, load(m, f->at, f->bytes)));
}

static void damage_phdr(struct mutation *m)
{
    const struct field *f = &phdr_fields[draw(m, P_FIELDS)];
    uint64_t at;

    if (choose_phdr(m, &at))
        store(m, at + f->at, f->bytes, strange(m, load(m, at + f->at, f->bytes)));
}

/* As a linker with a bug of its own would: two fields that belong together. */
static void move_segment(struct mutation *m)
{
    uint64_t at, by;

    if (!choose_phdr(m, &at))
        return;
    by = strange(m, 0) & ~UINT64_C(0xfff);
    store(m, at + 16, 8, load(m, at + 16, 8) + by);
    if (draw(m, 2))
        store(m, at + 8, 8, load(m, at + 8, 8) + by);
}

static void exchange_phdrs(struct mutation *m)
{
    uint8_t kept[PHDR_SIZE];
    uint64_t a, b;

    if (!choose_phdr(m, &a) || !choose_phdr(m, &b))
        return;
    memcpy(kept, m->image + a, PHDR_SIZE);
    memmove(m->image + a, m->image + b, PHDR_SIZE);
    if (draw(m, 2))
        memcpy(m->image + b, kept, PHDR_SIZE);
}

static void change_size(struct mutation *m)
{
    uint64_t size = draw(m, 4) == 0 ? draw(m, 4096) : draw(m, m->capacity + 1);

    if (size > m->capacity)
        size = m->capacity;
    if (size > m->size)
        memset(m->image + m->size, 0, size - m->size);
    m->size = size;
}

/* Bytes anywhere, code included: others, none, or those from elsewhere. */
static void damage_bytes(struct mutation *m)
{
    uint64_t length = 1 + draw(m, RUN_MAX), kind = draw(m, 4), at, from;

    if (m->size <= RUN_MAX)
        return;
    at = draw(m, m->size - RUN_MAX);
    from = draw(m, m->size - RUN_MAX);
    if (kind == 0)
        m->image[at] ^= (uint8_t)(1u << draw(m, 8));
    else if (kind == 1)
        memset(m->image + at, 0, length);
    else if (kind == 2)
        memmove(m->image + at, m->image + from, length);
    else
        for (uint64_t i = 0; i < length; i++)
            m->image[at + i] = (uint8_t)draw(m, 256);
}

/* Near the entry, where every program comes by. */
static void damage_entry(struct mutation *m)
{
    uint64_t entry = load(m, 24, 8), offset = entry & 0xfffff;

    if (offset + RUN_MAX < m->size)
        store(m, offset + draw(m, RUN_MAX), 1, draw(m, 256));
}

uint64_t mutate(uint8_t *image, uint64_t size, uint64_t capacity, uint64_t seed)
{
    static void (*const kinds[])(struct mutation *) = {damage_header, damage_phdr, damage_phdr,
        move_segment, exchange_phdrs, change_size, damage_bytes, damage_bytes, damage_entry};
    struct mutation m = {image, size, capacity, seed * UINT64_C(0x9e3779b97f4a7c15) + 1};

    for (uint64_t i = 0; i < 8; i++)
        draw(&m, 2); /* neighbouring seeds part */
    for (uint64_t n = 1 + draw(&m, 3); n > 0 && m.size >= HEADER_SIZE; n--)
        kinds[draw(&m, sizeof kinds / sizeof kinds[0])](&m);
    return m.size;
}

static void seed_phdr(uint8_t *to, uint32_t flags, uint64_t offset, uint64_t size, uint64_t memory)
{
    const uint64_t words[7] = {
        1 | (uint64_t)flags << 32, offset, 0x400000 + offset, 0, size, memory, 0x1000};

    memcpy(to, words, sizeof words);
}

uint64_t mutate_seed(uint8_t image[SEED_SIZE])
{
    struct mutation m = {image, SEED_SIZE, SEED_SIZE, 1};

    memset(image, 0, SEED_SIZE);
    memcpy(image, "\177ELF\2\1\1", 7);
    store(&m, 16, 2, 2);
    store(&m, 18, 2, 62);
    store(&m, 20, 4, 1);
    store(&m, 24, 8, 0x400100);
    store(&m, 32, 8, HEADER_SIZE);
    store(&m, 54, 2, PHDR_SIZE);
    store(&m, 56, 2, 3);
    seed_phdr(image + HEADER_SIZE, 5, 0, 0x180, 0x180);
    seed_phdr(image + HEADER_SIZE + PHDR_SIZE, 6, 0x200, 0x100, 0x3000);
    store(&m, HEADER_SIZE + PHDR_SIZE + 16, 8, 0x401200);
    seed_phdr(image + HEADER_SIZE + 2 * PHDR_SIZE, 6, 0, 0, 0);
    store(&m, HEADER_SIZE + 2 * PHDR_SIZE, 4, 0x6474e551);
    return SEED_SIZE;
}
