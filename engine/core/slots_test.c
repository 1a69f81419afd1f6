/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include <stdio.h>
#include <string.h>

#include "../../tests/harness/test.h"

#define SHARES 6
#define SLOT 1000u
#define NOBODY SHARES

/* A core with shares of one thread each, which the test moves through time. */
static struct timetable tt;
static struct share shares[SHARES], *vector[SLOTS_MAX];
static struct list threads[SHARES];
static struct turns core;
static uint64_t now, ran[SHARES + 1], promised[SHARES + 1]; /* of it: in slots, by credit */

static void begin(unsigned count)
{
    tt = (struct timetable){.slot_ns = SLOT, .count = count};
    memset(vector, 0, sizeof vector);
    memset(ran, 0, sizeof ran);
    memset(promised, 0, sizeof promised);
    for (unsigned i = 0; i < SHARES; i++) {
        share_init(&shares[i]);
        threads[i] = (struct list){ NULL, NULL };
    }
    core = (struct turns){.vector = vector, .at = count - 1};
    now = 0;
}

static void own(unsigned slot, unsigned who)
{
    vector[slot] = &shares[who];
    shares[who].slots++;
}

static void spare(unsigned who, unsigned position)
{
    share_place(&tt, &shares[who], UINT64_C(1) << position);
    core.spare |= UINT64_C(1) << position;
}

static bool is_ready(unsigned who)
{
    return list_is_linked(&threads[who]);
}

static void set_ready(unsigned who, bool ready)
{
    if (ready && !is_ready(who))
        share_join(&tt, &shares[who], &threads[who], (unsigned)test_below(ORDERS));
    for (unsigned order = 0; !ready && order < ORDERS; order++)
        share_leave(&tt, &shares[who], &threads[who], order);
}

static void check_words(void)
{
    for (unsigned i = 0; i < SHARES; i++) {
        for (unsigned order = 0; order < ORDERS; order++)
            CHECK_EQ(shares[i].orders >> order & 1, !list_is_empty(&shares[i].queue[order]));
        if (shares[i].place == 0)
            continue;
        CHECK_EQ((tt.ready & shares[i].place) != 0, shares[i].orders != 0);
        CHECK_EQ((tt.credited & shares[i].place) != 0, shares[i].borrowed < shares[i].credit);
    }
}

/* One turn, as long as it may be, or less: who had it. */
static unsigned turn(uint64_t most)
{
    turns_advance(&tt, &core, now);
    unsigned rank = turns_next(&tt, &core, now), who = NOBODY;
    for (unsigned i = 0; i < SHARES && rank != RANK_NONE; i++)
        if (rank == RANK_OWN ? vector[core.at] == &shares[i]
                             : shares[i].place == UINT64_C(1) << (rank - RANK_CREDIT) % POSITIONS)
            who = i;
    CHECK((who == NOBODY) == (rank == RANK_NONE));
    uint64_t end = who == NOBODY ? turns_wake(&tt, &core)
                                 : turns_end(&tt, &core, rank, &shares[who], now);
    if (who != NOBODY) {
        CHECK(is_ready(who));
        if (vector[core.at] != &shares[who] || rank == RANK_OWN)
            CHECK_EQ(turns_rank(&tt, &core, &shares[who]), rank);
        CHECK(end > now);
    }
    if (end > now + most)
        end = now + most;
    if (rank >= RANK_CREDIT && rank < RANK_SPARE)
        share_borrow(&tt, &shares[who], end - now);
    ran[who] += end - now;
    promised[who] += rank < RANK_SPARE ? end - now : 0;
    now = end;
    check_words();
    return who;
}

/* --- slots -------------------------------------------------------------------- */

TEST(slots, shares_are_exact_at_every_prefix, "where every owner always has somebody")
{
    unsigned vectors = 0;
    uint64_t boundaries = 0;

    for (; vectors < 5000; vectors++) {
        unsigned count = 2 + (unsigned)test_below(15);
        uint64_t due[SHARES] = {0};

        begin(count);
        for (unsigned i = 0; i < count; i++)
            own(i, (unsigned)test_below(SHARES));
        for (unsigned i = 0; i < SHARES; i++) {
            set_ready(i, true);
            spare(i, i * 7);
        }
        for (uint64_t slot = 0; slot < 3 * count; slot++) {
            while (now < (slot + 1) * SLOT) /* somebody yields, or a device interrupts */
                CHECK_EQ(turn(1 + test_below(SLOT)), vector[slot % count] - shares);
            CHECK_EQ(now, (slot + 1) * SLOT);
            due[vector[slot % count] - shares] += SLOT;
            for (unsigned i = 0; i < SHARES; i++)
                CHECK_EQ(ran[i], due[i]);
            boundaries++;
        }
    }
    printf("# %u vectors of 2 to 16 slots, each share exact at %lu boundaries\n", vectors,
        boundaries);
}

TEST(slots, an_owner_that_comes_late_gets_the_rest, "and what it left went down the spare list")
{
    begin(2);
    own(0, 0);
    own(1, 1);
    spare(2, 5);
    spare(3, 9);
    set_ready(3, true);
    CHECK_EQ(turn(300), 3);
    set_ready(2, true);
    CHECK_EQ(turn(200), 2);
    CHECK_EQ(turns_rank(&tt, &core, &shares[0]), RANK_OWN);
    CHECK_EQ(turns_rank(&tt, &core, &shares[1]), RANK_LATER);
    CHECK_EQ(turns_rank(&tt, &core, &shares[4]), RANK_NONE);
    set_ready(0, true);
    CHECK_EQ(turn(SLOT), 0);
    CHECK_EQ(now, SLOT);
    CHECK_EQ(ran[0], 500);
    CHECK_EQ(turn(SLOT), 2); /* slot 1: its owner has nobody */
    set_ready(2, false);
    set_ready(3, false);
    set_ready(0, false);
    set_ready(1, true);
    CHECK_EQ(turn(SLOT), NOBODY); /* 1 has to wait for its own slot, and is woken then */
    CHECK_EQ(now, 3 * SLOT);
    CHECK_EQ(turn(SLOT), 1);
}

TEST(slots, one_slot_is_no_grid, "where a turn is as long as a slot from its beginning")
{
    begin(1);
    own(0, 0);
    set_ready(0, true);
    now = SLOT / 2;
    CHECK_EQ(turn(10 * SLOT), 0);
    CHECK_EQ(now, SLOT / 2 + SLOT);
}

TEST(slots, the_first_of_an_order_is_next, "and the tail is for who had its turn")
{
    struct list more[3];

    begin(1);
    for (unsigned i = 0; i < 3; i++) {
        more[i] = (struct list){ NULL, NULL };
        share_join(&tt, &shares[0], &more[i], i == 2 ? 63 : 1);
    }
    CHECK_EQ(__builtin_ctzll(shares[0].orders), 1);
    CHECK(list_first(&shares[0].queue[1]) == &more[0]);
    share_join(&tt, &shares[0], &more[0], 1);
    CHECK(list_first(&shares[0].queue[1]) == &more[1]);
    share_leave(&tt, &shares[0], &more[0], 1);
    share_leave(&tt, &shares[0], &more[1], 1);
    CHECK_EQ(__builtin_ctzll(shares[0].orders), 63);
    share_leave(&tt, &shares[0], &more[2], 63);
    CHECK_EQ(shares[0].orders, 0);
}

/* --- credit --------------------------------------------------------------------- */

TEST(slots, credit_comes_before_the_spare_list, "and is paid back by the next slot")
{
    begin(4);
    own(3, 0);
    spare(0, 40);
    spare(1, 0);
    set_ready(1, true);
    shares[0].credit = 300;
    share_borrow(&tt, &shares[0], 0);
    CHECK_EQ(turn(100), 1);
    set_ready(0, true);
    CHECK_EQ(turns_rank(&tt, &core, &shares[0]), RANK_CREDIT + 40u);
    CHECK_EQ(turn(250), 0);
    CHECK_EQ(turn(SLOT), 0); /* what is left of the credit */
    CHECK_EQ(ran[0], 300);
    while (now < 3 * SLOT)
        CHECK_EQ(turn(SLOT), 1); /* it has none any more */
    CHECK_EQ(turn(SLOT), 0); /* its slot, less what it has had */
    CHECK_EQ(ran[0], SLOT);
    CHECK_EQ(shares[0].borrowed, 0);
    CHECK_EQ(now, 4 * SLOT - 300);
    CHECK_EQ(turn(SLOT), 0); /* and again it may run ahead */
}

TEST(slots, credit_is_never_more_than_its_slots, "whoever is ready when")
{
    uint64_t most_ahead = 0, slots = 0;

    for (unsigned round = 0; round < 2000; round++) {
        unsigned count = 2 + (unsigned)test_below(15);
        uint64_t due[SHARES] = {0}, last = 0;

        begin(count);
        for (unsigned i = 0; i < count; i++)
            if (test_below(4))
                own(i, (unsigned)test_below(SHARES - 1));
        for (unsigned i = 0; i < SHARES; i++)
            spare(i, 63 - i);
        for (unsigned i = 0; i < SHARES - 1; i++) { /* the last takes whatever is left */
            shares[i].credit = test_below((uint64_t)shares[i].slots * SLOT + 1);
            share_borrow(&tt, &shares[i], 0);
        }
        set_ready(SHARES - 1, true);
        for (unsigned step = 0; step < 200; step++) {
            unsigned who = (unsigned)test_below(SHARES);
            uint64_t before[SHARES];

            set_ready(who, who == SHARES - 1 || test_below(2));
            if (test_below(50) == 0) /* a core that sleeps */
                now += test_below(4 * count * SLOT);
            for (unsigned i = 0; i < SHARES; i++)
                before[i] = shares[i].borrowed;
            who = turn(1 + test_below(2 * SLOT));
            for (; last <= (now - 1) / SLOT; last++, slots++)
                if (vector[last % count])
                    due[vector[last % count] - shares] += SLOT;
            for (unsigned i = 0; i < SHARES - 1; i++) {
                CHECK(shares[i].borrowed <= shares[i].credit);
                CHECK(promised[i] <= due[i] + shares[i].credit);
                CHECK(i == who || shares[i].borrowed <= before[i]);
                if (shares[i].borrowed > most_ahead)
                    most_ahead = shares[i].borrowed;
            }
        }
    }
    printf("# %lu slots, at most %lu of %u ns ahead\n", slots, most_ahead, SLOT);
}
