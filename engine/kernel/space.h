/* SPDX-License-Identifier: MIT */
/*
 * What space.c offers to the methods of AddressSpace (map.c) beyond objects.h.
 */
#pragma once

#include "thread.h"

#define STEP_ENTRIES 576 /* that a step writes */
#define STEP_MAPPING 120 /* of them are what finding and freeing a mapping takes */
#define STEP_TABLE 290   /* and these what a table takes */
#define STEP_LARGE 64    /* and these what is written alone: a large page, or none */

/* What range_step() makes of a protection, other than giving it to what it meets. */
#define RANGE_SAME 8     /* write the entries again */
#define RANGE_ENTERED 16 /* the same, with the tables that are missing */
#define RANGE_CLONED 32  /* the same in the space that is work.object, and sealed in both */
#define RANGE_GONE 64
#define RANGE_REPLACED 128 /* its one page is work.mapping's */

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
static inline bool range_taken(const struct space *s, uint64_t address, uint64_t pages)
{
    struct tree_node *n = tree_floor(&s->mappings, address + (pages << PHX_PAGE_SHIFT) - 1);

    return n && mapping_end(CONTAINER(n, struct mapping, node)) > address;
}
/* A record that is in no tree yet, for a frame that it counts for. */
MUST_USE err_t mapping_new(struct space *s, struct frame *f, uint64_t address, uint64_t pages,
                           struct mapping **out);
/* Who allows it, and what: once for each. */
static inline void mapping_allow(struct mapping *m, struct node *up, uint64_t up_gen, unsigned most)
{
    up->refs++;
    m->up = up;
    m->up_gen = up_gen;
    m->most = (uint8_t)most;
}

void mapping_free(struct mapping *m);
static inline void mapping_seal(struct mapping *m)
{
    m->sealed |= SEALED | (m->protection & PHX_PROT_WRITE);
    m->protection &= (uint8_t)~PHX_PROT_WRITE;
}

static inline void mapping_insert(struct mapping *m)
{
    tree_insert(&m->space->mappings, &m->node);
    list_add_head(&m->frame->mappings, &m->frame_link);
    if (!list_is_linked(&m->frame->link))
        frame_pin(m->frame, 0);
    if (m->frame->sealed)
        mapping_seal(m);
}

/* The protection that it may have now. */
static inline unsigned mapping_may(const struct mapping *m)
{
    return m->sealed ? m->most & ~(unsigned)PHX_PROT_WRITE : m->most;
}

/*
 * Make the entries of a mapping what its record says, from page *next on, at most *room of
 * them, and flush what they were. `make`: with the tables that are missing, at the space's
 * cost; else what has none is left out. Refused, *next is as far as it came.
 */
MUST_USE err_t mapping_write(struct mapping *m, uint64_t *next, int *room, bool make);

/* Set up `w` for a range: with range_step(), or with cut_step(), which makes its ends first.
 * range_over() is what the last step answers. */
void range_begin(struct work *w, bool (*step)(struct thread *, struct work *), struct space *s,
                 uint64_t address, uint64_t end, unsigned protection, struct object *into);
bool range_step(struct thread *t, struct work *w);
bool cut_step(struct thread *t, struct work *w);
bool range_over(struct work *w);
/* It ends with an error, and with nothing mapped there. */
void range_undo(struct work *w, err_t why);
