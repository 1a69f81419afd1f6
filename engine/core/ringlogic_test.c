/* SPDX-License-Identifier: MIT */
#include "ringlogic.h"

#include "../../tests/harness/test.h"

/* Both sides and everything between them, counted in 64 bits that never wrap. */
struct model {
    uint64_t written, taken;        /* entries */
    uint64_t completed, read;       /* completions */
    uint64_t in_flight;
    uint32_t base;                  /* what all indices began with */
};

static struct ringlogic ring_at(uint32_t base, uint32_t submissions, uint32_t completions)
{
    return (struct ringlogic){.submissions = submissions, .completions = completions,
                              .submit_head = base, .complete_tail = base, .complete_head = base};
}

/* R1 and R2. */
static bool ringlogic_ok(const struct ringlogic *ring)
{
    return ringlogic_size_ok(ring->submissions) && ringlogic_size_ok(ring->completions) &&
           ring->in_flight <= ring->completions &&
           ring->complete_tail - ring->complete_head <= ring->completions - ring->in_flight;
}

static void check_model(const struct ringlogic *ring, const struct model *m)
{
    CHECK(ringlogic_ok(ring));
    CHECK_EQ(ring->submit_head, (uint32_t)(m->base + m->taken));
    CHECK_EQ(ring->complete_tail, (uint32_t)(m->base + m->completed));
    CHECK_EQ(ring->complete_head, (uint32_t)(m->base + m->read));
    CHECK_EQ(ring->in_flight, m->in_flight);
    CHECK(m->completed - m->read + m->in_flight <= ring->completions);
}

static void take_some(struct ringlogic *ring, struct model *m)
{
    for (uint64_t most = test_below(12); most; most--) {
        bool fits = m->completed - m->read + m->in_flight < ring->completions;

        CHECK_EQ(ringlogic_can_take(ring, (uint32_t)(m->base + m->written)),
                 fits && m->written > m->taken);
        if (!fits || m->written == m->taken)
            return;
        ringlogic_take(ring);
        m->taken++;
        m->in_flight++;
        check_model(ring, m);
    }
}

static void complete_one(struct ringlogic *ring, struct model *m)
{
    if (!m->in_flight)
        return;
    CHECK_EQ(ringlogic_complete(ring), (uint32_t)(m->base + m->completed) % ring->completions);
    m->completed++;
    m->in_flight--;
}

TEST(ringlogic, no_completion_is_ever_without_a_place, "for any sizes, and across the wrap to 0")
{
    for (int round = 0; round < 200; round++) {
        uint32_t submissions = 1u << test_below(5), completions = 1u << test_below(5);
        struct model m = {.base = (uint32_t)test_rand() | 0xffffff00};
        struct ringlogic ring = ring_at(m.base, submissions, completions);

        for (int step = 0; step < 500; step++) {
            switch (test_below(4)) {
            case 0:
                m.written += test_below(submissions - (m.written - m.taken) + 1);
                break;
            case 1:
                take_some(&ring, &m);
                break;
            case 2:
                complete_one(&ring, &m);
                break;
            case 3:
                m.read += test_below(m.completed - m.read + 1);
                ringlogic_claim_head(&ring, (uint32_t)(m.base + m.read));
                break;
            }
            check_model(&ring, &m);
        }
    }
}

/* Is all as it was? */
static bool refuses_head(struct ringlogic ring, uint32_t head)
{
    uint32_t before = ring.complete_head;

    ringlogic_claim_head(&ring, head);
    return ring.complete_head == before;
}

static bool refuses_tail(struct ringlogic ring, uint32_t tail)
{
    return !ringlogic_can_take(&ring, tail);
}

TEST(ringlogic, impossible_claims_are_refused, "at exactly one beyond each possible one")
{
    const uint32_t bases[] = {0, 5, 0x7fffffff, 0xfffffffe};

    for (int i = 0; i < 4; i++) {
        uint32_t base = bases[i];
        struct ringlogic ring = ring_at(base, 8, 4);

        CHECK(ringlogic_can_take(&ring, base + 8) && ringlogic_can_take(&ring, base + 1));
        CHECK(refuses_tail(ring, base + 9) && refuses_tail(ring, base - 1));
        CHECK(refuses_tail(ring, base + 0x80000000) && refuses_tail(ring, base));
        CHECK(refuses_head(ring, base + 1) && refuses_head(ring, base - 1));
        for (int n = 0; n < 3; n++) {
            ringlogic_take(&ring);
            ringlogic_complete(&ring);
        }
        CHECK(refuses_head(ring, base + 4) && refuses_head(ring, base - 1));
        ringlogic_claim_head(&ring, base + 3);
        CHECK_EQ(ring.complete_head, base + 3);
        CHECK(refuses_head(ring, base + 2));
    }
}

TEST(ringlogic, sizes_are_powers_of_two, "and nothing else")
{
    unsigned right = 0;

    for (uint32_t size = 0; size < 70000; size++)
        right += ringlogic_size_ok(size);
    CHECK_EQ(right, 17);
    CHECK(!ringlogic_size_ok(0) && ringlogic_size_ok(1) && ringlogic_size_ok(0x80000000));
    CHECK(!ringlogic_size_ok(0x80000001) && !ringlogic_size_ok(UINT32_MAX));
}

TEST(ringlogic, a_ring_of_two_billion_entries_works, "as its indices allow no more")
{
    struct ringlogic ring = ring_at(0xf0000000, 0x80000000, 0x80000000);

    CHECK(ringlogic_ok(&ring));
    CHECK(ringlogic_can_take(&ring, 0x70000000));
    CHECK(refuses_tail(ring, 0x70000001));
}
