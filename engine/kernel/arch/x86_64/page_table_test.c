/* SPDX-License-Identifier: MIT */
#include "arch.h"

#include <stdlib.h>

#include "../../../../tests/harness/test.h"

#define PAGE 4096UL
#define ARENA_PAGES 1024
#define SPOTS 96

/* Page 0 is nobody's; 1 is the kernel's root, 2 the root under test. */
#define KERNEL_ROOT (1 * PAGE)
#define ROOT (2 * PAGE)
#define FIRST_FREE (3 * PAGE)

static uint64_t free_list; /* linked through the first words, as arch.h says */
static unsigned free_count;

static void put_table(uint64_t pa)
{
    *(uint64_t *)direct(pa) = free_list;
    free_list = pa;
    free_count++;
}

static void begin(void)
{
    static uint8_t arena[ARENA_PAGES * PAGE] __attribute__((aligned(4096)));

    memset(arena, 0, sizeof arena);
    arch_host_memory(arena, sizeof arena);
    free_list = 0;
    free_count = 0;
    for (uint64_t pa = FIRST_FREE; pa < sizeof arena; pa += PAGE)
        put_table(pa);
    arch_kernel_root = KERNEL_ROOT;
    for (unsigned i = 256; i < 512; i++)
        ((uint64_t *)direct(KERNEL_ROOT))[i] = 0xabc000 + i * 0x1000000 + 3;
    memset(direct(ROOT), 0x5a, PAGE);
    arch_root_init(ROOT);
}

static unsigned list_length(uint64_t list)
{
    unsigned n = 0;

    for (; list != 0; list = *(uint64_t *)direct(list))
        n++;
    return n;
}

static uint64_t any_address(void)
{
    static const uint64_t far[] = { 0, 1UL << 21, 1UL << 30, 1UL << 39, 0x7fffc0000000 };

    return (far[test_below(5)] + test_below(1024) * PAGE) % PHX_USER_END;
}

TEST(page_table, root_init, "fills the kernel's half and empties the user's")
{
    begin();
    const uint64_t *root = direct(ROOT), *kernel = direct(KERNEL_ROOT);

    for (unsigned i = 0; i < 512; i++)
        CHECK_EQ(root[i], i < 256 ? 0 : kernel[i]);
}

TEST(page_table, entry_round_trip, "an entry says what it was made of")
{
    for (unsigned protection = 0; protection < 8; protection++) {
        pte_t pte = arch_pte_value(0x123456000, protection);
        unsigned readable = protection ? protection | PHX_PROT_READ : 0;

        CHECK_EQ(arch_pte_pa(pte), 0x123456000);
        CHECK_EQ(arch_pte_present(pte), protection != 0);
        CHECK_EQ(arch_pte_protection(pte), readable);
    }
    CHECK(!arch_pte_present(0));
    CHECK_EQ(arch_pte_protection(0), 0);
}

TEST(page_table, ends_of_memory, "the first and the last user page get entries of their own")
{
    begin();
    pte_t *first = arch_pte_make_tables(ROOT, 0, &free_list);
    pte_t *last = arch_pte_make_tables(ROOT, PHX_USER_END - PAGE, &free_list);

    CHECK(first != NULL && last != NULL && first != last);
    CHECK(arch_pte(ROOT, 0) == first && arch_pte(ROOT, PHX_USER_END - PAGE) == last);
    CHECK(arch_pte(ROOT, 1UL << 30) == NULL);
    CHECK_EQ(free_count - list_length(free_list), 6);
}

TEST(page_table, tables_run_out, "then NULL comes back, and what was linked is found again")
{
    begin();
    uint64_t two = free_list, second = *(uint64_t *)direct(two);
    uint64_t rest = *(uint64_t *)direct(second);

    *(uint64_t *)direct(second) = 0;
    CHECK(arch_pte_make_tables(ROOT, 0x400000, &two) == NULL);
    CHECK_EQ(two, 0);
    CHECK_EQ(arch_tables_missing(ROOT, 0x400000, 1), 1);
    CHECK(arch_pte_make_tables(ROOT, 0x400000, &rest) != NULL);
    CHECK_EQ(arch_tables_missing(ROOT, 0x400000, 1), 0);
}

TEST(page_table, missing_is_exact, "for ranges that cross tables of every level")
{
    for (unsigned round = 0; round < 200; round++) {
        begin();
        for (unsigned i = test_below(8); i > 0; i--)
            arch_pte_make_tables(ROOT, any_address(), &free_list);

        uint64_t base = any_address(), pages = 1 + test_below(4000);
        unsigned before = list_length(free_list);

        if (base + pages * PAGE > PHX_USER_END)
            pages = (PHX_USER_END - base) / PAGE;
        unsigned missing = arch_tables_missing(ROOT, base, pages);

        for (uint64_t i = 0; i < pages; i++)
            CHECK(arch_pte_make_tables(ROOT, base + i * PAGE, &free_list) != NULL);
        CHECK_EQ(before - list_length(free_list), missing);
        CHECK_EQ(arch_tables_missing(ROOT, base, pages), 0);
    }
    begin();
    CHECK_EQ(arch_tables_missing(ROOT, 0, 0), 0);
    CHECK_EQ(arch_tables_missing(ROOT, 0, PHX_USER_END / PAGE), 256 + 256 * 512 + 256 * 262144);
}

TEST(page_table, random_mappings, "agree with a list of what was mapped; all tables come back")
{
    uint64_t addresses[SPOTS], values[SPOTS];

    for (unsigned round = 0; round < 100; round++) {
        begin();
        unsigned used = 0;

        for (unsigned step = 0; step < 400; step++) {
            uint64_t address = any_address();
            unsigned i = 0;

            while (i < used && addresses[i] != address)
                i++;
            pte_t *pte = arch_pte(ROOT, address);

            CHECK_EQ(pte != NULL ? *pte : 0, i < used ? values[i] : 0);
            if (i < used && test_below(2)) {
                *pte = 0;
                addresses[i] = addresses[--used];
                values[i] = values[used];
            } else if (i < SPOTS) {
                pte = arch_pte_make_tables(ROOT, address, &free_list);
                addresses[i] = address;
                values[i] = *pte = arch_pte_value(test_below(1 << 20) * PAGE, 1);
                used += i == used;
            }
        }
        for (unsigned i = 0; i < used; i++) {
            CHECK_EQ(*arch_pte(ROOT, addresses[i]), values[i]);
            *arch_pte(ROOT, addresses[i]) = 0;
        }
        for (uint64_t table; (table = arch_table_take(ROOT)) != 0;) {
            for (unsigned i = 0; i < 512; i++)
                CHECK_EQ(((uint64_t *)direct(table))[i], 0);
            put_table(table);
        }
        CHECK_EQ(list_length(free_list), ARENA_PAGES - 3);
        for (unsigned i = 0; i < 256; i++)
            CHECK_EQ(((uint64_t *)direct(ROOT))[i], 0);
    }
}

TEST(page_table, take_is_deepest_first, "a table comes after those that it links")
{
    begin();
    pte_t *one = arch_pte_make_tables(ROOT, 0x400000, &free_list);
    pte_t *two = arch_pte_make_tables(ROOT, 0x40000000, &free_list);

    CHECK_EQ(arch_table_take(ROOT), direct_pa(one) & ~(PAGE - 1));
    CHECK(arch_pte(ROOT, 0x400000) == NULL && arch_pte(ROOT, 0x40000000) == two);
    CHECK(arch_table_take(ROOT) != 0); /* the one above */
    CHECK_EQ(arch_table_take(ROOT), direct_pa(two) & ~(PAGE - 1));
    CHECK(arch_table_take(ROOT) != 0);
    CHECK(arch_table_take(ROOT) != 0);
    CHECK_EQ(arch_table_take(ROOT), 0);
}
