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

static uint64_t table_pop(uint64_t *tables)
{
    uint64_t table = *tables;

    *tables = *(uint64_t *)direct(table);
    memset(direct(table), 0, PAGE);
    return table;
}

/* The entry of a page, with all tables down to it; NULL: they ran out. */
static pte_t *make_tables(uint64_t root, uint64_t address, uint64_t *tables)
{
    unsigned shift;
    pte_t *entry;

    while (entry = arch_entry(root, address, &shift), shift > PHX_PAGE_SHIFT) {
        if (!*tables)
            return NULL;
        arch_table_link(entry, shift, table_pop(tables));
    }
    return entry;
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
        for (unsigned wanted = 0; wanted < 8; wanted++)
            CHECK_EQ(arch_pte_allows(pte, wanted), readable && !(wanted & ~readable));
        CHECK(!arch_pte_allows(pte | ARCH_PTE_DEVICE, 0));
    }
    CHECK(!arch_pte_present(0));
    CHECK(!arch_pte_allows(0, 0));
}

TEST(page_table, ends_of_memory, "the first and the last user page get entries of their own")
{
    begin();
    pte_t *first = make_tables(ROOT, 0, &free_list);
    pte_t *last = make_tables(ROOT, PHX_USER_END - PAGE, &free_list);

    CHECK(first != NULL && last != NULL && first != last);
    CHECK(arch_pte(ROOT, 0) == first && arch_pte(ROOT, PHX_USER_END - PAGE) == last);
    CHECK(arch_pte(ROOT, 1UL << 30) == NULL);
    CHECK_EQ(free_count - list_length(free_list), 6);
}

TEST(page_table, an_entry_is_in_the_lowest_table, "and says how much it is for")
{
    unsigned shift;

    begin();
    for (unsigned level = 39; level > 12; level -= 9) {
        pte_t *entry = arch_entry(ROOT, 0x40200000, &shift);

        CHECK_EQ(shift, level);
        CHECK_EQ(*entry, 0);
        CHECK(arch_pte(ROOT, 0x40200000) == NULL);
        arch_table_link(entry, shift, table_pop(&free_list));
    }
    CHECK(arch_entry(ROOT, 0x40200000, &shift) == arch_pte(ROOT, 0x40200000));
    CHECK_EQ(shift, 12);
    arch_entry(ROOT, 0x40400000, &shift);
    CHECK_EQ(shift, 21);
    arch_entry(ROOT, 0x80000000, &shift);
    CHECK_EQ(shift, 30);
}

/* What a page shows, large or not. */
static pte_t shown(uint64_t address)
{
    unsigned shift;
    pte_t pte = *arch_entry(ROOT, address, &shift);

    return pte ? arch_pte_small(pte + (address & ((1UL << shift) - PAGE))) : 0;
}

TEST(page_table, a_large_page_that_is_split_shows_the_same, "of 1 GiB and of 2 MiB, also one of no access")
{
    const uint64_t base = 3UL << 30, pa = 5UL << 30;

    for (unsigned protection = 0; protection < 8; protection++) {
        unsigned shift;

        begin();
        pte_t *entry = arch_entry(ROOT, base, &shift);
        arch_table_link(entry, shift, table_pop(&free_list));
        entry = arch_entry(ROOT, base, &shift);
        CHECK_EQ(shift, 30);
        *entry = arch_pte_large(arch_pte_value(pa, protection));
        for (unsigned splits = 0; splits < 3; splits++) {
            for (unsigned i = 0; i < 2000; i++) {
                uint64_t inside = test_below(1 << 18) * PAGE;
                CHECK_EQ(shown(base + inside), arch_pte_value(pa + inside, protection));
            }
            entry = arch_entry(ROOT, base + 0x12345000, &shift);
            CHECK_EQ(shift, 30 - 9 * splits);
            if (shift > 12)
                arch_table_link(entry, shift, table_pop(&free_list));
        }
        CHECK_EQ(*arch_pte(ROOT, base + 0x12345000), arch_pte_value(pa + 0x12345000, protection));
        CHECK_EQ(shown(base - PAGE), 0);
    }
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
                pte = make_tables(ROOT, address, &free_list);
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
    pte_t *one = make_tables(ROOT, 0x400000, &free_list);
    pte_t *two = make_tables(ROOT, 0x40000000, &free_list);

    CHECK_EQ(arch_table_take(ROOT), direct_pa(one) & ~(PAGE - 1));
    CHECK(arch_pte(ROOT, 0x400000) == NULL && arch_pte(ROOT, 0x40000000) == two);
    CHECK(arch_table_take(ROOT) != 0); /* the one above */
    CHECK_EQ(arch_table_take(ROOT), direct_pa(two) & ~(PAGE - 1));
    CHECK(arch_table_take(ROOT) != 0);
    CHECK(arch_table_take(ROOT) != 0);
    CHECK_EQ(arch_table_take(ROOT), 0);
}
