/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include "bytes.h"
#include "phoenix/abi.h"

enum { AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7,
       AT_FLAGS = 8, AT_ENTRY = 9, AT_UID = 11, AT_EUID = 12, AT_GID = 13, AT_EGID = 14,
       AT_PLATFORM = 15, AT_HWCAP = 16, AT_CLKTCK = 17, AT_SECURE = 23, AT_RANDOM = 25,
       AT_HWCAP2 = 26, AT_EXECFN = 31, AT_MINSIGSTKSZ = 51 };

#define VECTOR_ENTRIES 21
static const char platform[] = "x86_64";

static size_t strings_size(const struct stack_plan *plan)
{
    size_t n = strlen(plan->file_name) + 1 + sizeof(platform) + sizeof(plan->random);

    for (uint32_t i = 0; i < plan->argument_count; i++)
        n += strlen(plan->arguments[i]) + 1;
    for (uint32_t i = 0; i < plan->environment_count; i++)
        n += strlen(plan->environment[i]) + 1;
    return n;
}

static size_t words_size(const struct stack_plan *plan)
{
    return 8 * (1 + (size_t)plan->argument_count + 1 + plan->environment_count + 1 +
                2 * VECTOR_ENTRIES);
}

size_t stack_size(const struct stack_plan *plan)
{
    return ((words_size(plan) + 15) & ~(size_t)15) + ((strings_size(plan) + 31) & ~(size_t)15);
}

/* Strings are put from the top down; words from the bottom up. */
struct builder {
    uint8_t *end;     /* where the next string ends */
    uint64_t address; /* of `end` */
    uint64_t *word;
};

static uint64_t put_bytes(struct builder *b, const void *bytes, size_t size)
{
    b->end -= size;
    b->address -= size;
    memcpy(b->end, bytes, size);
    return b->address;
}

static uint64_t put_string(struct builder *b, const char *text)
{
    return put_bytes(b, text, strlen(text) + 1);
}

static void put_word(struct builder *b, uint64_t word)
{
    *b->word++ = word;
}

static void put_pair(struct builder *b, uint64_t type, uint64_t value)
{
    put_word(b, type);
    put_word(b, value);
}

static void put_vector(struct builder *b, const struct stack_plan *plan, uint64_t name,
                       uint64_t random, uint64_t platform_address)
{
    put_pair(b, AT_MINSIGSTKSZ, plan->least_signal_stack);
    put_pair(b, AT_HWCAP, plan->capabilities);
    put_pair(b, AT_PAGESZ, PHX_PAGE_SIZE);
    put_pair(b, AT_CLKTCK, 100);
    put_pair(b, AT_PHDR, plan->header_address);
    put_pair(b, AT_PHENT, 56);
    put_pair(b, AT_PHNUM, plan->header_count);
    put_pair(b, AT_BASE, 0);
    put_pair(b, AT_FLAGS, 0);
    put_pair(b, AT_ENTRY, plan->entry);
    put_pair(b, AT_UID, 0);
    put_pair(b, AT_EUID, 0);
    put_pair(b, AT_GID, 0);
    put_pair(b, AT_EGID, 0);
    put_pair(b, AT_SECURE, 0);
    put_pair(b, AT_RANDOM, random);
    put_pair(b, AT_HWCAP2, 0);
    put_pair(b, AT_EXECFN, name);
    put_pair(b, AT_PLATFORM, platform_address);
    put_pair(b, AT_NULL, 0);
}

uint64_t stack_build(const struct stack_plan *plan, uint8_t *bytes, size_t size, uint64_t top)
{
    struct builder b = {bytes + size, top, NULL};
    uint64_t name, random, platform_address, pointer;
    size_t words = (words_size(plan) + 15) & ~(size_t)15;

    name = put_string(&b, plan->file_name);
    platform_address = put_bytes(&b, platform, sizeof(platform));
    random = put_bytes(&b, plan->random, sizeof(plan->random));
    pointer = ((top - strings_size(plan)) & ~UINT64_C(15)) - words;
    b.word = (uint64_t *)(void *)(bytes + size - (top - pointer));
    put_word(&b, plan->argument_count);
    for (uint32_t i = 0; i < plan->argument_count; i++)
        put_word(&b, put_string(&b, plan->arguments[i]));
    put_word(&b, 0);
    for (uint32_t i = 0; i < plan->environment_count; i++)
        put_word(&b, put_string(&b, plan->environment[i]));
    put_word(&b, 0);
    put_vector(&b, plan, name, random, platform_address);
    return pointer;
}
