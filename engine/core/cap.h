/* SPDX-License-Identifier: MIT */
/*
 * Capabilities: holds, the nodes that keep them alive, and their use counters.
 *
 * A hold is a row of a process's table: an object, the methods that may be
 * invoked, a badge, and the node that validates it. Authority dies by moving a
 * node's generation, whatever the number of rows below; a row finds out when it is
 * looked at. Looking is one comparison while nothing was revoked since the last
 * look, else a walk of at most NODE_DEPTH_MAX links.
 *
 * Nodes and counters are reference-counted by the rows and nodes that name them,
 * so their memory never becomes something else under a stale reference. A dead row
 * keeps its references until its table sweeps it.
 *
 * Locking  the kernel lock; nothing here sleeps
 * Spec     docs/ARCHITECTURE.md, "Holds, nodes and uses"
 * Tests    cap_test.c: random operations against a model; every allocation failed
 */
#pragma once

#include "account.h"

#define NODE_DEPTH_MAX 16

struct node {
    uint64_t gen;
    struct node *parent; /* NULL: the root, which nothing revokes */
    uint64_t parent_gen;
    uint32_t refs; /* rows that name it as up or down, child nodes, mappings */
    uint32_t depth;
};

/* left + reserved + spent + lost + given to children = minted */
struct uses {
    uint64_t left, reserved, spent, lost;
    struct uses *parent;
    uint32_t holders; /* rows; at 0 what is left goes back to the parent */
    uint32_t refs;    /* holders, children and reserved uses: memory */
};

enum hold_state { HOLD_FREE, HOLD_LIVE, HOLD_RESERVED, HOLD_RETIRED };

struct hold {
    union {
        struct object *object;
        struct hold *next; /* while free: the next free row */
    };
    uint64_t methods;
    uint64_t badge; /* while free: the id that it will have */
    struct node *up;
    uint64_t up_gen;
    struct node *down;     /* node of what was derived from this row, or NULL */
    struct uses *uses;     /* NULL: not counted */
    uint64_t checked;      /* revocations when the chain was last seen whole */
    uint32_t generation;
    union {
        struct {
            uint16_t interface;
            uint8_t state;
        };
        uint32_t kind; /* both */
    };
};

#define HOLDS_PER_PAGE 56
#define TABLE_DIRECT 8
#define TABLE_INDIRECT 512
#define TABLE_PAGES_MAX (TABLE_DIRECT + TABLE_INDIRECT * 512)
#define TABLE_FIRST_FREE 16 /* rows 1-15 are the well-known slots */

/* What all tables of a machine share. */
struct caps {
    uint64_t revocations; /* moves after every revoke */
    struct node root;     /* up of what nobody can revoke */
    /* A row names a watched object from now on (1), or is about to stop (-1). */
    void (*counts)(const struct hold *row, int by);
    void (*last)(struct object *object); /* nothing names it any more */
};

struct cap_table {
    struct caps *caps;
    struct account *account; /* pays for rows, pages, nodes and counters */
    void *direct[TABLE_DIRECT];
    void ***indirect;           /* a page of pages of pages, made when needed */
    uint32_t pages;             /* pages of rows so far */
    uint32_t near;              /* those of them in `direct` */
    struct hold *free;          /* a free row, or NULL */
    uint32_t sweep;             /* page*64+slot where the next sweep looks */
    uint64_t sweep_began;       /* revocations when it was last at the first row */
};

void caps_init(struct caps *caps, void (*last)(struct object *));

void cap_table_init(struct cap_table *t, struct caps *caps, struct account *account);
#define ROWS_A_STEP 3 /* that are let go of, or looked at, in one hold of the lock */
/* Let go of some rows of the last page; false when no page is left. */
bool cap_table_shrink(struct cap_table *t);

/* The page of rows with that number, which exists. */
static inline struct hold *cap_page(const struct cap_table *t, uint32_t page)
{
    if (page < TABLE_DIRECT)
        return t->direct[page];
    page -= TABLE_DIRECT;
    return t->indirect[page >> 9][page & 511];
}

/* The row with an index that exists, whatever its state. */
static inline struct hold *cap_row_at(const struct cap_table *t, uint32_t index)
{
    return cap_page(t, index >> 6) + (index & 63);
}

/* The live row an id names, or NULL. Says nothing about its chain. */
static inline struct hold *cap_row(const struct cap_table *t, uint64_t id)
{
    uint32_t page = (uint32_t)id >> 6, slot = (uint32_t)id & 63;
    struct hold *row;

    if (slot >= HOLDS_PER_PAGE)
        return NULL;
    if (page < t->near)
        row = t->direct[page];
    else if (page < t->pages)
        row = cap_page(t, page);
    else
        return NULL;
    row += slot;
    return row->generation == id >> 32 && row->state == HOLD_LIVE ? row : NULL;
}

static inline uint64_t cap_id(const struct hold *row, uint32_t index)
{
    return index | (uint64_t)row->generation << 32;
}
#define CAP_NEXT_GENERATION (UINT64_C(1) << 32)

/* A row is the next to be taken; its badge is the id that it will have. */
static inline void cap_offer(struct cap_table *t, struct hold *row)
{
    row->next = t->free;
    t->free = row;
}

/* --- the parts of what is done most: capabilities come and go ------------------- */

/* A free row, charged, and the id it will have; NULL: there is none, or the account has none. */
static inline struct hold *cap_take(struct cap_table *t, uint64_t *id)
{
    struct hold *row = t->free;

    if (!row || account_charge(t->account, RESOURCE_HOLDS, 1) != OK)
        return NULL;
    t->free = row->next;
    *id = row->badge;
    return row;
}

/* A taken row gets what a live one, `like`, has, under a node; its object, node and generation count. */
static inline void hold_fill(struct hold *row, const struct hold *like, uint64_t methods,
                             struct node *up, uint64_t up_gen)
{
    row->object = like->object;
    row->methods = methods;
    row->badge = like->badge;
    row->up = up;
    row->up_gen = up_gen;
    row->down = NULL;
    row->uses = like->uses;
    row->checked = like->checked;
    row->kind = like->kind;
    row->object->refs++;
    up->refs++;
}

/* The live row with this id is free again under the next generation, unless that would come
 * round: then the slot is retired, so that no stale id ever names something new. */
static inline void cap_give(struct cap_table *t, struct hold *row, uint64_t id)
{
    account_refund(t->account, RESOURCE_HOLDS, 1);
    row->state = HOLD_FREE;
    row->badge = id + CAP_NEXT_GENERATION;
    if (++row->generation == UINT32_MAX)
        row->state = HOLD_RETIRED;
    else if ((uint32_t)id >= TABLE_FIRST_FREE)
        cap_offer(t, row);
}

/* The index of a row that is in use. */
uint32_t cap_index(const struct hold *row);
/* Whether its chain is whole. */
bool cap_alive(struct caps *caps, struct hold *row);
bool node_alive(const struct node *node, uint64_t gen);

/* Row, chain and method bit in one: what every invocation begins with. */
MUST_USE err_t cap_lookup(struct cap_table *t, uint64_t id, unsigned method, struct hold **row);

/* A row of one's own, charged, for something that is about to arrive. Refused, it
 * changes nothing but what the table keeps for later: pages it grew by, dead rows
 * that it swept. */
MUST_USE err_t cap_reserve(struct cap_table *t, uint32_t *index);
/* One of the well-known rows 1-15. Exists: it is taken. */
MUST_USE err_t cap_reserve_slot(struct cap_table *t, uint32_t slot);
void cap_unreserve(struct cap_table *t, uint32_t index);

/* Fill a reserved row with authority over an object; returns its id. */
uint64_t cap_put(struct cap_table *t, uint32_t index, struct object *object, unsigned interface,
                 uint64_t methods, uint64_t badge);

/* Everything a derive needs before it commits: `down` of the parent (made and paid
 * by `t`, the parent's table) and, for n uses, a counter. */
MUST_USE err_t cap_prepare_derive(struct cap_table *t, struct hold *parent, uint64_t uses,
                                  struct uses **counter);
/* Fill a reserved row of `to` with a child of `parent`; cannot refuse. `counter`
 * is what prepare made for n uses, or NULL: share the parent's. */
uint64_t cap_derive(struct cap_table *to, uint32_t index, struct hold *parent, uint64_t methods,
                    uint64_t badge, unsigned interface, struct uses *counter);
/* A sibling in the same table. */
uint64_t cap_duplicate(struct cap_table *t, uint32_t index, const struct hold *row);
/* The row itself leaves `from` for a reserved row of `to`. */
uint64_t cap_move(struct cap_table *from, struct hold *row, struct cap_table *to, uint32_t index);

void cap_release(struct cap_table *t, struct hold *row);
/* Kill all that was derived from it. */
void cap_revoke_children(struct caps *caps, struct hold *row);

/* Counted uses: reserve when accepted, which keeps the counter, then spend it or give it back. */
MUST_USE err_t uses_reserve(struct uses *u);
void uses_settle(struct uses *u, bool spent);

void node_ref(struct node *n);
void node_unref(struct node *n);

/* Look at up to n rows and let go of those whose chain is broken; true when the
 * whole table was gone through since the last revoke. */
bool cap_sweep(struct cap_table *t, unsigned n);
