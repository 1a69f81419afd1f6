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
#define RANGE_SAME 8     /* write the entries again */
#define RANGE_ENTERED 16 /* the same, with the tables that are missing */
#define RANGE_CLONED 32  /* the same in the space that is work.object, and sealed in both */
#define RANGE_GONE 64

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
    struct tree_node *n =
        tree_floor(&s->mappings, address + (pages << PHX_PAGE_SHIFT) - 1);

    return n && mapping_end(CONTAINER(n, struct mapping, node)) > address;
}
/* A record that is in no tree yet, for a frame that it counts for. */
MUST_USE err_t mapping_new(struct space *s, struct frame *f, uint64_t address, uint64_t pages,
                           struct mapping **out);
/* Who allows it, and what; without one nobody can revoke it. */
static inline void mapping_allow(struct mapping *m, struct node *up, uint64_t up_gen, unsigned most)
{
    up->refs++;
    if (m->up)
        node_unref(m->up);
    m->up = up;
    m->up_gen = up_gen;
    m->most = (uint8_t)most;
}

static inline void mapping_allow_all(struct mapping *m)
{
    mapping_allow(m, &kernel.caps.root, kernel.caps.root.gen, 7);
}

void mapping_free(struct mapping *m);
/* A new mapping of a page takes the place of what is mapped there, or is freed. */
MUST_USE err_t mapping_replace(struct mapping *m);
static inline void mapping_seal(struct mapping *m)
{
    m->sealed |= SEALED | (m->protection & PHX_PROT_WRITE);
    m->protection &= (uint8_t)~PHX_PROT_WRITE;
}

static inline void mapping_insert(struct mapping *m)
{
    tree_insert(&m->space->mappings, &m->node);
    list_add_head(&m->frame->mappings, &m->frame_link);
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

/* Make `address` and `end` ends of mappings. Refused, it may have made one of them. */
MUST_USE err_t cut_ends(struct space *s, uint64_t address, uint64_t end);

/* Set up `w` for a range. */
void range_begin(struct work *w, bool (*step)(struct thread *, struct work *), struct space *s,
                 uint64_t address, uint64_t end, unsigned protection);
bool range_step(struct thread *t, struct work *w);
/* It ends with an error, and with nothing mapped there. */
void range_undo(struct work *w, err_t why);
