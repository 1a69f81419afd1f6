/* SPDX-License-Identifier: MIT */
#include "slots.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void share_init(struct share *s)
{
    *s = (struct share){ .orders = 0 };
    for (unsigned i = 0; i < ORDERS; i++)
        list_init(&s->queue[i]);
}

void share_borrow(struct timetable *tt, struct share *s, uint64_t ns)
{
    s->borrowed += ns;
    tt->credited = (tt->credited & ~s->place) | (s->borrowed < s->credit ? s->place : 0);
}

void share_place(struct timetable *tt, struct share *s, uint64_t place)
{
    tt->ready = (tt->ready & ~s->place) | (s->orders ? place : 0);
    tt->credited &= ~s->place;
    s->place = place;
    share_borrow(tt, s, 0);
}

/* A core that slept comes here late: what it slept through was nobody's, and pays back too. */
void turns_advance(struct timetable *tt, struct turns *c, uint64_t now)
{
    uint64_t begun, paid = 0;

    if (now < c->end)
        return;
    begun = (now - c->end) / tt->slot_ns + 1;
    c->end += begun * tt->slot_ns;
    c->at = (unsigned)((c->at + begun) % tt->count);
    for (uint64_t n = least(begun, tt->count); n-- > 0;) {
        struct share *s = c->vector[(c->at + tt->count - n) % tt->count];

        paid = s ? least(s->borrowed, tt->slot_ns) : 0;
        if (s)
            share_borrow(tt, s, -paid);
    }
    c->own_until = c->end - paid;
}

unsigned turns_next(const struct timetable *tt, const struct turns *c, uint64_t now)
{
    const struct share *owner = c->vector[c->at];
    uint64_t ready = tt->ready & c->spare;

    if (owner && owner->orders && now < c->own_until)
        return RANK_OWN;
    if (ready & tt->credited)
        return RANK_CREDIT + (unsigned)__builtin_ctzll(ready & tt->credited);
    return ready ? RANK_SPARE + (unsigned)__builtin_ctzll(ready) : RANK_NONE;
}

unsigned turns_rank(const struct timetable *tt, const struct turns *c, const struct share *s)
{
    if (c->vector[c->at] == s)
        return RANK_OWN;
    if (c->spare & s->place)
        return (s->borrowed < s->credit ? RANK_CREDIT : RANK_SPARE) +
               (unsigned)__builtin_ctzll(s->place);
    for (unsigned i = 0; i < tt->count; i++)
        if (c->vector[i] == s)
            return RANK_LATER;
    return RANK_NONE;
}

/* Where a core has one slot its begin means nothing, and a turn is as long as a slot. */
uint64_t turns_end(const struct timetable *tt, const struct turns *c, unsigned rank,
                   const struct share *s, uint64_t now)
{
    uint64_t end = now + tt->slot_ns;

    if (tt->count > 1)
        end = least(end, rank == RANK_OWN ? c->own_until : c->end);
    if (rank >= RANK_CREDIT && rank < RANK_SPARE)
        end = least(end, now + s->credit - s->borrowed);
    return end;
}

uint64_t turns_wake(const struct timetable *tt, const struct turns *c)
{
    for (unsigned i = 0; i < tt->count; i++)
        if (c->vector[i] && c->vector[i]->orders)
            return c->end;
    return UINT64_MAX;
}
