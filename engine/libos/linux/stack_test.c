/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <linux/auxvec.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define TOP UINT64_C(0x7ffff0000000)

/* The built stack, as the program would read it. */
static uint8_t *bytes;
static size_t size;

static const void *at(uint64_t address)
{
    CHECK(address >= TOP - size && address < TOP);
    return bytes + size - (TOP - address);
}

static uint64_t word(uint64_t address)
{
    CHECK(address % 8 == 0);
    return *(const uint64_t *)at(address);
}

static uint64_t auxiliary(uint64_t vector, uint64_t type)
{
    for (; word(vector) != AT_NULL; vector += 16)
        if (word(vector) == type)
            return word(vector + 8);
    test_fail(__FILE__, __LINE__, "no entry %d", (int)type);
}

static void check(const struct stack_plan *plan)
{
    uint64_t sp, p;

    size = stack_size(plan);
    bytes = aligned_alloc(16, (size + 15) & ~(size_t)15);
    sp = stack_build(plan, bytes, size, TOP);
    CHECK_EQ(sp % 16, 0);
    CHECK(sp >= TOP - size);
    CHECK_EQ(word(sp), plan->argument_count);
    p = sp + 8;
    for (uint32_t i = 0; i < plan->argument_count; i++, p += 8)
        CHECK_STR(at(word(p)), plan->arguments[i]);
    CHECK_EQ(word(p), 0);
    p += 8;
    for (uint32_t i = 0; i < plan->environment_count; i++, p += 8)
        CHECK_STR(at(word(p)), plan->environment[i]);
    CHECK_EQ(word(p), 0);
    p += 8;
    CHECK_EQ(auxiliary(p, AT_PAGESZ), 4096);
    CHECK_EQ(auxiliary(p, AT_PHNUM), plan->header_count);
    CHECK_EQ(auxiliary(p, AT_ENTRY), plan->entry);
    CHECK_STR(at(auxiliary(p, AT_EXECFN)), plan->file_name);
    CHECK_STR(at(auxiliary(p, AT_PLATFORM)), "x86_64");
    CHECK(memcmp(at(auxiliary(p, AT_RANDOM)), plan->random, 16) == 0);
    CHECK_EQ(auxiliary(p, AT_SECURE), 0);
    free(bytes);
}

TEST(stack, a_program_finds_what_it_was_given, "for any number and length of strings")
{
    static char texts[64][300];
    const char *list[64];

    for (int round = 0; round < 300; round++) {
        struct stack_plan plan = {.arguments = list, .environment = list + 32,
                                  .file_name = "/bin/program", .entry = 0x401000,
                                  .header_count = 7, .header_address = 0x400040};

        plan.argument_count = (uint32_t)test_below(33);
        plan.environment_count = (uint32_t)test_below(33);
        for (int i = 0; i < 64; i++) {
            size_t n = test_below(300);

            memset(texts[i], 'a' + i % 26, n);
            texts[i][n] = 0;
            list[i] = texts[i];
        }
        for (int i = 0; i < 16; i++)
            plan.random[i] = (uint8_t)test_rand();
        check(&plan);
    }
}

TEST(stack, nothing_at_all_is_a_stack_too, "no arguments, no environment, no name")
{
    struct stack_plan plan = {.file_name = ""};

    check(&plan);
}
