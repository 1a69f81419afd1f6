/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "../../../../tests/harness/test.h"

#define PAGE 4096UL
#define MODEL_PAGES 512

/* What boot_info.h says of the list, whatever was added and cut. */
static void check_shape(const struct boot_info *info)
{
    CHECK(info->region_count <= BOOT_REGIONS_MAX);
    for (unsigned i = 0; i < info->region_count; i++) {
        const struct boot_region *r = &info->regions[i];

        CHECK(r->base % PAGE == 0 && r->size % PAGE == 0 && r->size != 0);
        CHECK(i == 0 || r[-1].base + r[-1].size <= r->base);
    }
}

TEST(regions, inward_and_outward, "half a page is not usable, and half a page cut is gone")
{
    struct boot_info info = { 0 };

    regions_add(&info, 1, PAGE);
    regions_add(&info, 2 * PAGE + 1, 3 * PAGE + 4095);
    CHECK_EQ(info.region_count, 0);
    regions_add(&info, 4 * PAGE, 9 * PAGE + 5);
    regions_cut(&info, 6 * PAGE + 4095, 6 * PAGE + 4096);
    CHECK_EQ(info.region_count, 2);
    CHECK_EQ(info.regions[0].size, 2 * PAGE);
    CHECK_EQ(info.regions[1].base, 7 * PAGE);
    CHECK_EQ(info.regions[1].size, 2 * PAGE);
    regions_cut(&info, 7 * PAGE, 7 * PAGE);
    CHECK_EQ(info.regions[1].base, 7 * PAGE);
    regions_cut(&info, 8 * PAGE, ~0UL);
    CHECK_EQ(info.regions[1].size, PAGE);
}

TEST(regions, out_of_order, "what a list says twice or too late is not usable twice")
{
    struct boot_info info = { 0 };

    regions_add(&info, 4 * PAGE, 8 * PAGE);
    regions_add(&info, 6 * PAGE, 10 * PAGE + 1);
    regions_add(&info, 0, 2 * PAGE);
    CHECK_EQ(info.region_count, 2);
    CHECK_EQ(info.regions[1].base, 8 * PAGE);
    CHECK_EQ(info.regions[1].size, 2 * PAGE);
    regions_add(&info, 1UL << 38, 1UL << 50);
    CHECK_EQ(info.regions[2].base + info.regions[2].size, DIRECT_END);
}

TEST(regions, random_lists, "agree with a map of pages")
{
    for (unsigned round = 0; round < 500; round++) {
        struct boot_info info = { 0 };
        bool model[MODEL_PAGES] = { false };
        uint64_t highest = 0;

        for (unsigned step = 0; step < 40; step++) {
            uint64_t first = test_below(MODEL_PAGES), last = test_below(MODEL_PAGES);
            bool add = step < 12 || test_below(3) == 0;

            (add ? regions_add : regions_cut)(&info, first * PAGE, last * PAGE);
            for (uint64_t i = first; i < last; i++)
                model[i] = add && i >= highest ? true : add && model[i];
            for (highest = MODEL_PAGES; highest > 0 && !model[highest - 1];)
                highest--;
            check_shape(&info);
        }
        unsigned at = 0;

        for (uint64_t i = 0; i < MODEL_PAGES; i++) {
            const struct boot_region *r = &info.regions[at];
            bool in = at < info.region_count && i * PAGE >= r->base &&
                      i * PAGE < r->base + r->size;

            CHECK_EQ(in, model[i]);
            at += in && (i + 1) * PAGE == r->base + r->size;
        }
    }
}

TEST(regions, have, "what lies in one region, to the byte, and does not wrap")
{
    struct boot_info info = {.region_count = 2,
        .regions = {{0x1000, 0x2000}, {0x3000, 0x1000}}};

    CHECK(regions_have(&info, 0x1000, 0x2000));
    CHECK(regions_have(&info, 0x2fff, 1));
    CHECK(!regions_have(&info, 0xfff, 2));
    CHECK(!regions_have(&info, 0x1000, 0x2001));
    CHECK(!regions_have(&info, 0x2000, 0x1800)); /* goes over into the next */
    CHECK(!regions_have(&info, 0x1001, ~UINT64_C(0)));
    CHECK(!regions_have(&info, ~UINT64_C(0), 2));
}

TEST(regions, too_many, "what there is no room for is left out, and none is made up")
{
    struct boot_info info = { 0 };

    for (uint64_t i = 0; i < 2 * BOOT_REGIONS_MAX; i++)
        regions_add(&info, i * 1000 * PAGE, (i * 1000 + 10) * PAGE);
    CHECK_EQ(info.region_count, BOOT_REGIONS_MAX);
    regions_cut(&info, 5 * PAGE, 6 * PAGE);
    check_shape(&info);
    CHECK_EQ(info.region_count, BOOT_REGIONS_MAX);
    CHECK_EQ(info.regions[1].base, 6 * PAGE);
}
