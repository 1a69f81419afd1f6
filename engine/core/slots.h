/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is on a core.
 *
 * A core's time is a vector of slots that repeats; a slot has an owner, the share of some
 * group of threads. What an owner has no use for goes first to shares with credit, then
 * down the core's spare list. A share is in the spare lists of all cores that have it at
 * one and the same position, so that one word says for the whole machine who there has
 * somebody ready, and each core looks at it through its own mask: the next one is found by
 * three looks at bits, however many there are.
 *
 * Credit is no time of its own: what a share ran by it, it pays back at the beginning
 * of its next slots. So it changes when a share runs, and never how much.
 *
 * Slots lie on the clock (slot n begins at n * slot_ns), so nothing adds up.
 *
 * Locking  the kernel lock
 * Spec     docs/ARCHITECTURE.md, "Time"
 * Tests    slots_test.c, on the host
 */
#pragma once

#include <stdint.h>

#include "list.h"

#define ORDERS 64
#define POSITIONS 64
#define SLOTS_MAX 16 /* of a core */
#define SLOT_NS 10000000u /* if nothing is said */
#define SLOT_NS_MIN 100000u
#define SLOT_NS_MAX 1000000000u

/*
 * Holds whenever the lock is free:
 *   S1  bit n of orders is set if and only if queue[n] has somebody
 *   S2  bits `place` of timetable.ready and credited say whether orders is not 0, and
 *       whether borrowed < credit
 */
struct share {
    uint64_t orders;
    struct list queue[ORDERS];
    uint64_t credit;   /* ns that it may run ahead of its slots */
    uint64_t borrowed; /* ns of these that it has not paid back yet */
    uint64_t place;    /* the bit of its position in spare lists; 0: in none */
    uint64_t slots;    /* how many it has */
};

/* The machine's: bit p of a word is about the share at position p. */
struct timetable {
    uint64_t slot_ns;
    unsigned count;    /* slots of each core */
    uint64_t ready;    /* it has somebody ready */
    uint64_t credited; /* it has credit left */
};

/* How early a core comes to a share: its own slot, credit and position, position. */
enum rank {
    RANK_OWN,
    RANK_CREDIT,
    RANK_SPARE = RANK_CREDIT + POSITIONS,
    RANK_LATER = RANK_SPARE + POSITIONS, /* in another slot */
    RANK_NONE,
};

/* A core's. */
struct turns {
    struct share **vector; /* the slots' owners, NULL: none */
    unsigned at;           /* which slot runs */
    uint64_t end;          /* ns: of this slot */
    uint64_t own_until;    /* ns: of its owner's part of it */
    uint64_t spare;        /* bit p: position p is in this core's list */
};

void share_init(struct share *s);
/* Stand in line behind all others of that order; who stands there goes to its end. */
static inline void share_join(struct timetable *tt, struct share *s, struct list *who,
                              unsigned order)
{
    list_move_tail(&s->queue[order], who);
    s->orders |= UINT64_C(1) << order;
    tt->ready |= s->place;
}
/* Also right for who does not stand there. */
static inline void share_leave(struct timetable *tt, struct share *s, struct list *who,
                               unsigned order)
{
    list_remove(who);
    if (list_is_empty(&s->queue[order]) && !(s->orders &= ~(UINT64_C(1) << order)))
        tt->ready &= ~s->place;
}
/* It ran ahead for so long (0: its credit is another). */
void share_borrow(struct timetable *tt, struct share *s, uint64_t ns);
/* Its position is that of this bit from now on; 0: none. */
void share_place(struct timetable *tt, struct share *s, uint64_t place);

/* On to the slot of `now`; owners of those that have begun pay back what they borrowed. */
void turns_advance(struct timetable *tt, struct turns *c, uint64_t now);
/* Who is next; RANK_NONE: nobody who is ready. */
unsigned turns_next(const struct timetable *tt, const struct turns *c, uint64_t now);
/* When this core would come to a share. */
unsigned turns_rank(const struct timetable *tt, const struct turns *c, const struct share *s);
/* When a turn that begins now ends at the latest. */
uint64_t turns_end(const struct timetable *tt, const struct turns *c, unsigned rank,
                   const struct share *s, uint64_t now);
/* When a core that has nobody must look again; UINT64_MAX: never by itself. */
uint64_t turns_wake(const struct timetable *tt, const struct turns *c);
