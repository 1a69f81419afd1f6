/* SPDX-License-Identifier: MIT */
/* Ring indices: what was promised is in the header. */
#include "ringlogic.h"

/* Completion slots that neither hold one nor are promised. */
static uint32_t room(const struct ringlogic *ring)
{
    return ring->completions - (ring->complete_tail - ring->complete_head) - ring->in_flight;
}

void ringlogic_init(struct ringlogic *ring, uint32_t submissions, uint32_t completions)
{
    *ring = (struct ringlogic){.submissions = submissions, .completions = completions};
}

bool ringlogic_claim_head(struct ringlogic *ring, uint32_t complete_head)
{
    if (complete_head - ring->complete_head > ring->complete_tail - ring->complete_head)
        return false;
    ring->complete_head = complete_head;
    return true;
}

bool ringlogic_can_take(const struct ringlogic *ring, uint32_t submit_tail, uint32_t most,
                   uint32_t *waiting, uint32_t *ready)
{
    uint32_t n = submit_tail - ring->submit_head;

    if (n > ring->submissions)
        return false;
    *waiting = n;
    if (n > most)
        n = most;
    if (n > room(ring))
        n = room(ring);
    *ready = n;
    return true;
}

uint32_t ringlogic_take(struct ringlogic *ring)
{
    ring->in_flight++;
    return ring->submit_head++ & (ring->submissions - 1);
}

uint32_t ringlogic_complete(struct ringlogic *ring)
{
    ring->in_flight--;
    return ring->complete_tail++ & (ring->completions - 1);
}

void ringlogic_end_silently(struct ringlogic *ring)
{
    ring->in_flight--;
}

int64_t ringlogic_complete_extra(struct ringlogic *ring)
{
    if (room(ring) == 0)
        return -1;
    return ring->complete_tail++ & (ring->completions - 1);
}
