/* SPDX-License-Identifier: MIT */
/*
 * What must be true of whatever the libos's loader makes of any file at all, and of the
 * stack that it builds for a program with any arguments. fuzz_test.sh runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "phoenix/abi.h"
#include "phoenix/layout.h"
#include "stack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE ((uint64_t)PHX_PAGE_SIZE)
#define AREAS_MAX 64 /* of which contents are compared; more have their places checked */
#define TEXTS_MAX 24

#define MUST(condition) \
    do { \
        if (!(condition)) { \
            printf("FAIL elf.load %s:%d %s\n", __FILE__, __LINE__, #condition); \
            fflush(stdout); \
            abort(); \
        } \
    } while (0)

/* As a libos that runs a file of so many bytes has them; one time in 256 there is less
 * room than a stack needs, and one in 256 hardly more. */
static struct load_limits limits_for(const uint8_t *data, size_t size)
{
    uint64_t pages = (size + PAGE - 1) & -PAGE;
    struct load_limits limits = {0x10000, (PHX_LIBOS_LOW - pages) & -UINT64_C(0x200000)};

    if (size > 0 && data[size - 1] == 0xff)
        limits.high = limits.low + LOAD_STACK_SIZE;
    if (size > 0 && data[size - 1] == 0xfe)
        limits.high = 0x1000000;
    return limits;
}

struct areas {
    const uint8_t *image;
    struct load_area list[AREAS_MAX];
    unsigned count;
};

static void check_area(const struct load_plan *plan, const struct load_limits *limits,
                       const struct load_area *a)
{
    MUST(a->length > 0 && a->address % PAGE == 0 && a->length % PAGE == 0 && a->offset % PAGE == 0);
    MUST(a->address >= limits->low && a->length <= plan->stack_low - LOAD_GUARD);
    MUST(a->address <= plan->stack_low - LOAD_GUARD - a->length);
    MUST(a->content <= plan->info.size);
    MUST(!(a->protection & ~(uint32_t)(PHX_PROT_READ | PHX_PROT_WRITE | PHX_PROT_EXECUTE)));
    /* No page is wholly behind what it shows. */
    MUST(a->content == 0 || a->offset + a->length <= ((a->content + PAGE - 1) & -PAGE));
}

static void collect(const struct load_plan *plan, const struct load_limits *limits,
                    struct areas *areas)
{
    struct load_area a;
    uint64_t end = limits->low;
    bool entry = false;

    for (unsigned at = 0, before = 0; load_area(plan, &at, &a); before = at) {
        MUST(at > before);
        check_area(plan, limits, &a);
        MUST(a.address + PAGE >= end);
        end = a.address + a.length;
        entry |= (a.protection & PHX_PROT_EXECUTE) && plan->entry >= a.address && plan->entry < end;
        if (areas->count < AREAS_MAX)
            areas->list[areas->count++] = a;
    }
    MUST(entry && plan->break_start == end);
}

/* The byte that a program would read: what was mapped last is what is there. */
static int shown(const struct areas *areas, uint64_t address, unsigned *by)
{
    for (unsigned i = areas->count; i-- > 0;) {
        const struct load_area *a = &areas->list[i];
        uint64_t offset = a->offset + (address - a->address);

        if (address < a->address || address - a->address >= a->length)
            continue;
        *by = i;
        return offset < a->content ? areas->image[offset] : 0;
    }
    return -1;
}

/* A page that a later segment shares is that segment's. */
static bool is_last_there(const struct load_plan *plan, unsigned header, uint64_t address)
{
    struct elf_segment s;

    while (elf_segment(&plan->info, &header, &s))
        if ((s.address & -PAGE) <= (address & -PAGE))
            return false;
    return true;
}

static void check_byte(const struct load_plan *plan, const struct areas *areas, unsigned header,
                       const struct elf_segment *s, uint64_t offset)
{
    bool in_file = offset < s->file_size;
    unsigned by = 0;
    int byte;

    if (offset >= s->memory_size || !is_last_there(plan, header, s->address + offset))
        return;
    byte = shown(areas, plan->bias + s->address + offset, &by);
    MUST(byte >= 0);
    if (in_file)
        MUST(byte == areas->image[s->offset + offset]);
    else if ((s->flags & ELF_WRITE) || offset >= s->file_size + PAGE)
        MUST(byte == 0);
    MUST(((areas->list[by].protection & PHX_PROT_WRITE) != 0) == ((s->flags & ELF_WRITE) != 0));
    MUST(((areas->list[by].protection & PHX_PROT_EXECUTE) != 0) == ((s->flags & ELF_EXECUTE) != 0));
}

/* Where AT_PHDR points, the program finds its headers. */
static void check_headers(const struct load_plan *plan, const struct areas *areas)
{
    uint64_t length = plan->info.phdr_count * sizeof(struct elf_segment);
    unsigned by;

    for (uint64_t i = 0; plan->headers != 0 && i < length; i++) {
        uint64_t address = plan->headers - plan->bias + i;
        unsigned header = 0;
        struct elf_segment s;

        while (elf_segment(&plan->info, &header, &s) && s.address + s.file_size <= address)
            ;
        if (is_last_there(plan, header, address))
            MUST(shown(areas, plan->headers + i, &by) ==
                 plan->info.image[plan->info.phdr_offset + i]);
    }
}

/* At each edge of each segment the program finds what the file says. */
static void check_contents(const struct load_plan *plan, const struct areas *areas)
{
    struct elf_segment s;

    for (unsigned at = 0; elf_segment(&plan->info, &at, &s);) {
        const uint64_t edges[] = {0, s.file_size - 1, s.file_size, s.file_size | (PAGE - 1),
                                  s.file_size + PAGE, s.memory_size / 2, s.memory_size - 1};

        for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
            check_byte(plan, areas, at, &s, edges[i]);
    }
}

/* --- the stack -------------------------------------------------------------- */

struct texts {
    char *bytes;
    const char *list[TEXTS_MAX + 1];
    uint32_t count;
};

/* The file's own bytes, cut into strings, are as good arguments as any. */
static void take_texts(struct texts *texts, const uint8_t *data, size_t size)
{
    texts->bytes = malloc(size + 1);
    MUST(texts->bytes);
    memcpy(texts->bytes, data, size);
    texts->bytes[size] = 0;
    for (size_t at = 0; at <= size && texts->count < TEXTS_MAX;) {
        texts->list[texts->count++] = texts->bytes + at;
        at += strlen(texts->bytes + at) + 1;
    }
    texts->list[texts->count++] = "LAST=1"; /* where the strings end and the words begin */
}

static uint64_t word_at(const uint8_t *bytes, size_t size, uint64_t top, uint64_t address)
{
    uint64_t word;

    MUST(address % 8 == 0 && address < top && top - address <= size && top - address >= 8);
    memcpy(&word, bytes + size - (top - address), 8);
    return word;
}

/* A range of bytes on the stack, in the buffer that stands for it. */
static const void *bytes_at(const uint8_t *bytes, size_t size, uint64_t top, uint64_t address,
                            size_t length)
{
    MUST(address < top && top - address <= size && length <= top - address);
    return bytes + size - (top - address);
}

static uint64_t check_list(const uint8_t *bytes, size_t size, uint64_t top, uint64_t at,
                           const char *const *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, at += 8) {
        uint64_t text = word_at(bytes, size, top, at);
        size_t length = strlen(list[i]) + 1;

        MUST(memcmp(bytes_at(bytes, size, top, text, length), list[i], length) == 0);
    }
    MUST(word_at(bytes, size, top, at) == 0);
    return at + 8;
}

static void check_vector(const struct stack_plan *stack, const uint8_t *bytes, size_t size,
                         uint64_t top, uint64_t at)
{
    enum { NULL_ = 0, PHDR = 3, PHNUM = 5, ENTRY = 9, RANDOM = 25, NAME = 31 };
    uint64_t values[64] = {0}, type;

    for (; (type = word_at(bytes, size, top, at)) != NULL_; at += 16) {
        MUST(type < 64 && values[type] == 0);
        values[type] = word_at(bytes, size, top, at + 8);
    }
    MUST(values[PHDR] == stack->header_address && values[PHNUM] == stack->header_count);
    MUST(values[ENTRY] == stack->entry);
    MUST(memcmp(bytes_at(bytes, size, top, values[RANDOM], 16), stack->random, 16) == 0);
    MUST(strcmp(bytes_at(bytes, size, top, values[NAME], strlen(stack->file_name) + 1),
                stack->file_name) == 0);
}

static void check_stack(const struct load_plan *plan, const uint8_t *data, size_t size)
{
    struct texts texts = {.count = 0};
    uint32_t half;

    take_texts(&texts, data, size);
    half = texts.count / 2;
    struct stack_plan stack = {
        .argument_count = half,
        .arguments = texts.list,
        .environment_count = texts.count - half,
        .environment = texts.list + half,
        .file_name = texts.list[texts.count - 1],
        .header_address = plan->headers,
        .header_count = plan->info.phdr_count,
        .entry = plan->entry,
        .random = "sixteen bytes...",
    };
    size_t room = stack_size(&stack);
    uint8_t *bytes = malloc(room);
    uint64_t top = plan->stack_top, pointer, at;

    MUST(bytes && room < LOAD_STACK_SIZE);
    pointer = stack_build(&stack, bytes, room, top);
    MUST(pointer % 16 == 0 && pointer < top && top - pointer <= room);
    MUST(word_at(bytes, room, top, pointer) == half);
    at = check_list(bytes, room, top, pointer + 8, texts.list, half);
    at = check_list(bytes, room, top, at, texts.list + half, texts.count - half);
    check_vector(&stack, bytes, room, top, at);
    free(bytes);
    free(texts.bytes);
}

/* --- the fuzzer's side -------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct load_limits limits = limits_for(data, size);
    struct areas areas = {.image = data};
    struct load_plan plan;

    if (load_decide(data, size, &limits, &plan))
        return 0;
    MUST(plan.stack_top % PAGE == 0 && plan.stack_top + LOAD_GUARD <= limits.high);
    MUST(plan.stack_low + LOAD_STACK_SIZE == plan.stack_top);
    MUST(plan.info.relocatable || plan.bias == 0);
    MUST(plan.bias % plan.info.align == 0);
    collect(&plan, &limits, &areas);
    if (areas.count < AREAS_MAX) {
        check_contents(&plan, &areas);
        check_headers(&plan, &areas);
    }
    check_stack(&plan, data, size);
    return 0;
}
