/* SPDX-License-Identifier: MIT */
/*
 * What space.c offers to the methods of AddressSpace (map.c) beyond objects.h.
 */
#pragma once

#include "thread.h"

#define STEP_ENTRIES 576 /* that a step writes */
#define STEP_MAPPING 120 /* of them are what finding and freeing a mapping takes */
#define STEP_TABLE 170   /* and these what a table takes */
#define STEP_LARGE 32    /* and these what is written alone: a large page, or none */

/* What range_step() makes of a protection, other than giving it to what it meets. */
#define RANGE_ENTERED 8
#define RANGE_GONE 16

static inline uint64_t mapping_end(const struct mapping *m)
{
    return m->node.key + (m->pages << PHX_PAGE_SHIFT);
}

static inline uint64_t mapping_pa(const struct mapping *m)
{
    return (m->frame->pfn + m->offset) << PHX_PAGE_SHIFT;
}

/* The mapping that has `address`; the first that has anything of [address, end). */
struct mapping *mapping_at(const struct space *s, uint64_t address);
struct mapping *mapping_in(const struct space *s, uint64_t address, uint64_t end);
bool range_taken(const struct space *s, uint64_t address, uint64_t pages);
/* A record that is in no tree yet, with every right, and revoked by nobody. */
MUST_USE err_t mapping_new(struct space *s, struct frame *f, uint64_t address, uint64_t pages,
                           struct mapping **out);
/* Instead of that: as `node` allows it. */
void mapping_allow(struct mapping *m, struct node *up, uint64_t up_gen, unsigned most);
void mapping_free(struct mapping *m);
void mapping_insert(struct mapping *m);

/*
 * Make the entries of a mapping what its record says, from page *next on, at most *room of
 * them, and flush what they were. `make`: with the tables that are missing, at the space's
 * cost; else what has none is left out. Refused, *next is as far as it came.
 */
MUST_USE err_t mapping_write(struct mapping *m, uint64_t *next, int *room, bool make);

/* Make `address` and `end` ends of mappings, or change nothing. */
MUST_USE err_t cut_ends(struct space *s, uint64_t address, uint64_t end);

/* Set up `w` for a range; range_over() ends it, and is what the last step answers. */
void range_begin(struct work *w, bool (*step)(struct thread *, struct work *), struct space *s,
                 uint64_t address, uint64_t end);
bool range_step(struct thread *t, struct work *w);
/* It ends with an error, and with nothing mapped there. */
void range_undo(struct work *w, err_t why);
bool range_over(struct work *w);
