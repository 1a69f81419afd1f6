/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <string.h>

#include "../../../tests/elf/mutate.h"
#include "phoenix/abi.h"
#include "test.h"

#define HIGH UINT64_C(0x7fffdfe00000)
#define BASE UINT64_C(0x400000)

/* Fields of the seed program, by the specification's offsets. */
enum { TYPE = 16, ENTRY = 24, COUNT = 56 };
enum { FLAGS = 4, OFFSET = 8, ADDRESS = 16, FILE_SIZE = 32, MEMORY_SIZE = 40, ALIGN = 48 };
#define TEXT(field) (64 + (field))
#define DATA(field) (64 + 56 + (field))

static const struct load_limits limits = {0x10000, HIGH};
static uint8_t image[SEED_SIZE];
static struct load_plan plan;

static void put(unsigned at, unsigned bytes, uint64_t value)
{
    memcpy(image + at, &value, bytes);
}

static void begin(void)
{
    mutate_seed(image);
}

static const char *decide(void)
{
    return load_decide(image, SEED_SIZE, &limits, &plan);
}

/* The area with this number, counted from 0. */
static struct load_area area(unsigned number)
{
    struct load_area a;
    unsigned at = 0;

    for (unsigned i = 0; i <= number; i++)
        if (!load_area(&plan, &at, &a))
            test_fail(__FILE__, __LINE__, "there is no area %u", number);
    return a;
}

static unsigned area_count(void)
{
    struct load_area a;
    unsigned count = 0;

    for (unsigned at = 0; load_area(&plan, &at, &a);)
        count++;
    return count;
}

TEST(load, a_program_lies_where_its_file_says, "text, data, the zeroes behind it, the heap")
{
    begin();
    CHECK(decide() == NULL);
    CHECK_EQ(area_count(), 3);
    CHECK_EQ(area(0).address, BASE);
    CHECK_EQ(area(0).content, SEED_SIZE);
    CHECK_EQ(area(0).protection, PHX_PROT_READ | PHX_PROT_EXECUTE);
    CHECK_EQ(area(1).address, BASE + 0x1000);
    CHECK_EQ(area(1).length, 0x1000);
    CHECK_EQ(area(1).offset, 0);
    CHECK_EQ(area(1).content, 0x300);
    CHECK_EQ(area(2).address, BASE + 0x2000);
    CHECK_EQ(area(2).length, 0x3000);
    CHECK_EQ(area(2).content, 0);
    CHECK_EQ(plan.break_start, BASE + 0x5000);
    CHECK_EQ(plan.entry, BASE + 0x100);
    CHECK_EQ(plan.headers, BASE + 64);
    CHECK_EQ(plan.stack_top, HIGH - LOAD_GUARD);
    CHECK(!plan.execute_stack);
}

TEST(load, zeroes_alone_need_no_page_of_the_file, "and none are there when the file has all")
{
    begin();
    put(DATA(FILE_SIZE), 8, 0);
    CHECK(decide() == NULL);
    CHECK_EQ(area_count(), 2);
    CHECK_EQ(area(1).address, BASE + 0x1000);
    CHECK_EQ(area(1).length, 0x4000);
    CHECK_EQ(area(1).content, 0);
    begin();
    put(DATA(MEMORY_SIZE), 8, 0x100);
    CHECK(decide() == NULL);
    CHECK_EQ(area_count(), 2);
}

TEST(load, a_position_independent_program_is_moved, "by a multiple of its alignment")
{
    begin();
    put(TYPE, 2, 3);
    CHECK(decide() == NULL);
    CHECK_EQ(plan.bias + BASE, UINT64_C(0x555555554000));
    CHECK_EQ(plan.entry, UINT64_C(0x555555554100));
    put(DATA(ALIGN), 8, 0x200000);
    CHECK(decide() == NULL);
    CHECK_EQ(plan.bias % 0x200000, 0);
    CHECK_EQ(area(0).address, UINT64_C(0x555555600000));
    put(DATA(ALIGN), 8, UINT64_C(1) << 63);
    CHECK_STR(decide(), "it wants addresses that are the system's");
}

TEST(load, the_systems_addresses_are_refused, "below the first page and from the stack on")
{
    uint64_t end = HIGH - 2 * LOAD_GUARD - LOAD_STACK_SIZE;

    begin();
    put(TEXT(ADDRESS), 8, 0x10000);
    put(ENTRY, 8, 0x10000);
    CHECK(decide() == NULL);
    put(TEXT(ADDRESS), 8, 0xf000);
    put(ENTRY, 8, 0xf000);
    CHECK_STR(decide(), "it wants addresses that are the system's");
    begin();
    put(DATA(MEMORY_SIZE), 8, end - BASE - 0x1200);
    CHECK(decide() == NULL);
    CHECK_EQ(plan.break_start, end);
    put(DATA(MEMORY_SIZE), 8, end - BASE - 0x1200 + 1);
    CHECK_STR(decide(), "it wants addresses that are the system's");
}

TEST(load, without_room_for_a_stack_nothing_starts, "however small the program is")
{
    struct load_limits narrow = {0x10000, 0x10000 + LOAD_STACK_SIZE + 2 * LOAD_GUARD - 1};

    begin();
    CHECK_STR(load_decide(image, SEED_SIZE, &narrow, &plan), "there is no room for its stack");
    narrow.high = 0;
    CHECK_STR(load_decide(image, SEED_SIZE, &narrow, &plan), "there is no room for its stack");
}

TEST(load, what_no_program_is_keeps_its_reason, "as lib/elf gives it")
{
    begin();
    put(TYPE, 2, 1);
    CHECK_STR(decide(), "it is not an executable");
}
