/* SPDX-License-Identifier: MIT */
#include "cap.h"

#include "bytes.h"

#define SLOT_BITS 6
#define INDEX(page, slot) ((uint32_t)(page) << SLOT_BITS | (uint32_t)(slot))
#define PAGE_OF(index) ((index) >> SLOT_BITS)
#define SLOT_OF(index) ((index) & ((1u << SLOT_BITS) - 1))

void caps_init(struct caps *caps, void (*last)(struct object *))
{
    memset(caps, 0, sizeof *caps);
    caps->revocations = 1;
    caps->root.gen = 1;
    caps->root.refs = 1;
    caps->last = last;
}

void cap_table_init(struct cap_table *t, struct caps *caps, struct account *account)
{
    memset(t, 0, sizeof *t);
    t->caps = caps;
    t->account = account;
    t->sweep_began = caps->revocations;
}

/* --- nodes and counters -------------------------------------------------- */

void node_ref(struct node *n)
{
    n->refs++;
}

void node_unref(struct node *n)
{
    while (n && --n->refs == 0) {
        struct node *parent = n->parent;

        object_free(n);
        n = parent;
    }
}

bool node_alive(const struct node *n, uint64_t gen)
{
    for (; n; n = n->parent) {
        if (n->gen != gen)
            return false;
        gen = n->parent_gen;
    }
    return true;
}

static void uses_unref(struct uses *u)
{
    while (u && --u->refs == 0) {
        struct uses *parent = u->parent;

        object_free(u);
        u = parent;
    }
}

err_t uses_reserve(struct uses *u)
{
    if (!u)
        return OK;
    if (u->left == 0)
        return PHX_CONSUMED;
    u->left--;
    u->reserved++;
    u->refs++;
    return OK;
}

/* Nobody holds it any more: what is left goes home, or is lost with it. */
static void uses_end(struct uses *u)
{
    if (u->parent && u->parent->holders > 0)
        u->parent->left += u->left;
    else
        u->lost += u->left;
    u->left = 0;
}

void uses_settle(struct uses *u, bool spent)
{
    if (!u)
        return;
    u->reserved--;
    if (spent)
        u->spent++;
    else
        u->left++;
    if (u->holders == 0)
        uses_end(u);
    uses_unref(u);
}

static void uses_hold(struct uses *u)
{
    if (!u)
        return;
    u->holders++;
    u->refs++;
}

static void uses_drop(struct uses *u)
{
    if (!u)
        return;
    if (--u->holders == 0)
        uses_end(u);
    uses_unref(u);
}

/* --- rows ---------------------------------------------------------------- */

bool cap_alive(struct caps *caps, struct hold *row)
{
    uint64_t seen = caps->revocations;

    if (row->checked == seen)
        return true;
    if (!node_alive(row->up, row->up_gen))
        return false;
    row->checked = seen;
    return true;
}

/* A well-known slot that is empty was not granted: that is a matter of permission,
 * not of a wrong number (docs/ARCHITECTURE.md, "Well-known slots"). */
static err_t lookup_error(struct cap_table *t, uint64_t id)
{
    uint32_t index = (uint32_t)id;

    if (index == 0 || index >= TABLE_FIRST_FREE || id >> 32 != 1)
        return PHX_INVALID_CAPABILITY;
    return t->pages == 0 || cap_row_at(t, index)->state != HOLD_LIVE ? PHX_PERMISSION_DENIED
                                                                  : PHX_INVALID_CAPABILITY;
}

err_t cap_lookup(struct cap_table *t, uint64_t id, unsigned method, struct hold **out)
{
    struct hold *row = cap_row(t, id);

    if (!row)
        return lookup_error(t, id);
    if (!cap_alive(t->caps, row))
        return PHX_REVOKED;
    if (!(row->methods >> (method & 63) & 1) || method > 63)
        return PHX_PERMISSION_DENIED;
    *out = row;
    return OK;
}

/* Where page number `page` of rows is to be hung, making directories as needed. */
static err_t page_place(struct cap_table *t, uint32_t page, void ***place)
{
    if (page >= TABLE_DIRECT - 1 && !t->indirect) /* early: three pages at once would be many */
        TRY(account_zero_page(t->account, &t->indirect));
    if (page < TABLE_DIRECT) {
        *place = &t->direct[page];
        return OK;
    }
    page -= TABLE_DIRECT;
    if (!t->indirect[page >> 9])
        TRY(account_zero_page(t->account, &t->indirect[page >> 9]));
    *place = &t->indirect[page >> 9][page & 511];
    return OK;
}

static err_t table_grow(struct cap_table *t)
{
    void **place;

    if (t->pages == TABLE_PAGES_MAX)
        return PHX_LIMIT_EXCEEDED;
    TRY(page_place(t, t->pages, &place));
    TRY(account_zero_page(t->account, place));
    uint32_t page = t->pages++;
    t->near = t->pages < TABLE_DIRECT ? t->pages : TABLE_DIRECT;
    struct hold *rows = *place;
    memcpy(rows + HOLDS_PER_PAGE, &page, sizeof page);
    for (unsigned slot = HOLDS_PER_PAGE; slot-- > 0;) {
        struct hold *row = rows + slot;

        row->generation = 1;
        row->badge = cap_id(row, INDEX(page, slot));
        if (INDEX(page, slot) >= TABLE_FIRST_FREE)
            cap_offer(t, row);
    }
    return OK;
}

err_t cap_reserve(struct cap_table *t, uint32_t *index)
{
    if (!t->free || account_can(t->account, RESOURCE_HOLDS, 1) != OK)
        cap_sweep(t, 2 * ROWS_A_STEP);
    TRY(account_can(t->account, RESOURCE_HOLDS, 1));
    if (!t->free)
        TRY(table_grow(t));
    uint64_t id;
    struct hold *row = cap_take(t, &id);
    if (!row)
        return PHX_LIMIT_EXCEEDED;
    *index = (uint32_t)id;
    row->state = HOLD_RESERVED;
    return OK;
}

err_t cap_reserve_slot(struct cap_table *t, uint32_t slot)
{
    if (slot == 0 || slot >= TABLE_FIRST_FREE)
        return PHX_INVALID_ARGUMENT;
    TRY(account_can(t->account, RESOURCE_HOLDS, 1));
    if (t->pages == 0)
        TRY(table_grow(t));
    struct hold *row = cap_row_at(t, slot);
    if (row->state != HOLD_FREE || row->generation != 1)
        return PHX_EXISTS;
    TRY(account_charge(t->account, RESOURCE_HOLDS, 1));
    row->state = HOLD_RESERVED;
    return OK;
}

uint32_t cap_index(const struct hold *row)
{
    uintptr_t base = (uintptr_t)row & ~(uintptr_t)4095;
    uint32_t page = 0;

    /* The page's number is kept behind its last row. */
    memcpy(&page, (const char *)base + HOLDS_PER_PAGE * sizeof(struct hold), sizeof page);
    return INDEX(page, ((uintptr_t)row - base) / sizeof(struct hold));
}

/* It never named anything: its id stays as it is. */
void cap_unreserve(struct cap_table *t, uint32_t index)
{
    struct hold *row = cap_row_at(t, index);

    row->generation--;
    cap_give(t, row, cap_id(row, index));
}

/* What a row that was filled still needs. */
static uint64_t row_came(struct cap_table *t, struct hold *row, uint32_t index)
{
    uses_hold(row->uses);
    if (row->object->watched)
        t->caps->counts(row, 1);
    return cap_id(row, index);
}

uint64_t cap_put(struct cap_table *t, uint32_t index, struct object *object, unsigned interface,
                 uint64_t methods, uint64_t badge)
{
    struct hold *row = cap_row_at(t, index);
    const struct hold like = {
        .object = object,
        .badge = badge,
        .checked = t->caps->revocations,
        .interface = (uint16_t)interface,
        .state = HOLD_LIVE,
    };

    hold_fill(row, &like, methods, &t->caps->root, t->caps->root.gen);
    return row_came(t, row, index);
}

err_t cap_prepare_derive(struct cap_table *t, struct hold *parent, uint64_t uses,
                         struct uses **counter)
{
    *counter = NULL;
    if (parent->up->depth + 1 > NODE_DEPTH_MAX)
        return PHX_DEPTH_EXCEEDED;
    if (uses && parent->uses && uses > parent->uses->left)
        return PHX_CONSUMED;
    if (uses) {
        TRY(object_new(t->account, KIND_USES, counter));
        (*counter)->left = uses;
    }
    if (parent->down)
        return OK;
    err_t err = object_new(t->account, KIND_NODE, &parent->down);
    if (err == OK) {
        *parent->down = (struct node){
            .gen = 1,
            .parent = parent->up,
            .parent_gen = parent->up_gen,
            .refs = 1,
            .depth = parent->up->depth + 1,
        };
        node_ref(parent->up);
    } else if (uses) {
        object_free(*counter);
    }
    return err;
}

uint64_t cap_derive(struct cap_table *to, uint32_t index, struct hold *parent, uint64_t methods,
                    uint64_t badge, unsigned interface, struct uses *counter)
{
    struct hold *row = cap_row_at(to, index);

    hold_fill(row, parent, methods, parent->down, parent->down->gen);
    row->badge = badge;
    row->interface = (uint16_t)interface;
    row->checked = to->caps->revocations;
    if (counter && parent->uses) {
        parent->uses->left -= counter->left;
        counter->parent = parent->uses;
        parent->uses->refs++;
    }
    if (counter)
        row->uses = counter;
    return row_came(to, row, index);
}

uint64_t cap_duplicate(struct cap_table *t, uint32_t index, const struct hold *from)
{
    struct hold *row = cap_row_at(t, index);

    hold_fill(row, from, from->methods, from->up, from->up_gen);
    return row_came(t, row, index);
}

uint64_t cap_move(struct cap_table *from, struct hold *row, struct cap_table *to, uint32_t index)
{
    struct hold *target = cap_row_at(to, index);
    uint32_t generation = target->generation;

    *target = *row;
    target->generation = generation;
    cap_give(from, row, cap_id(row, cap_index(row)));
    return cap_id(target, index);
}

void cap_release(struct cap_table *t, struct hold *row)
{
    struct caps *caps = t->caps;
    struct object *o = row->object;

    if (o->watched)
        caps->counts(row, -1);
    node_unref(row->up);
    node_unref(row->down);
    uses_drop(row->uses);
    cap_give(t, row, cap_id(row, cap_index(row)));
    if (--o->refs == 0)
        caps->last(o);
}

void cap_revoke_children(struct caps *caps, struct hold *row)
{
    if (!row->down)
        return;
    row->down->gen++;
    caps->revocations++;
}

bool cap_sweep(struct cap_table *t, unsigned n)
{
    for (; n > 0 && t->pages > 0; n--) {
        if (SLOT_OF(t->sweep) >= HOLDS_PER_PAGE)
            t->sweep = INDEX(PAGE_OF(t->sweep) + 1, 0);
        if (PAGE_OF(t->sweep) >= t->pages) {
            bool whole = t->sweep_began == t->caps->revocations;

            t->sweep = 0;
            t->sweep_began = t->caps->revocations;
            return whole;
        }
        struct hold *row = cap_row_at(t, t->sweep++);

        if (row->state == HOLD_LIVE && !cap_alive(t->caps, row))
            cap_release(t, row);
    }
    return t->pages == 0;
}

/* False: the page has more of them. */
static bool release_some(struct cap_table *t, uint32_t page)
{
    for (unsigned slot = 0, n = 0; slot < HOLDS_PER_PAGE; slot++) {
        struct hold *row = cap_row_at(t, INDEX(page, slot));

        if (row->state != HOLD_LIVE && row->state != HOLD_RESERVED)
            continue;
        if (n++ == ROWS_A_STEP)
            return false;
        if (row->state == HOLD_LIVE)
            cap_release(t, row);
        else
            cap_unreserve(t, INDEX(page, slot));
    }
    return true;
}

/* Directories behind the last page: growing may have made them and then failed. */
static void give_directories(struct cap_table *t)
{
    uint32_t used = t->pages > TABLE_DIRECT ? (t->pages - TABLE_DIRECT + 511) >> 9 : 0;

    if (!t->indirect)
        return;
    if (used < TABLE_INDIRECT && t->indirect[used]) {
        account_give_pages(t->account, t->indirect[used], 1);
        t->indirect[used] = NULL;
    }
    if (used == 0) {
        account_give_pages(t->account, t->indirect, 1);
        t->indirect = NULL;
    }
}

bool cap_table_shrink(struct cap_table *t)
{
    give_directories(t);
    if (t->pages == 0)
        return false;
    uint32_t page = t->pages - 1;

    if (!release_some(t, page))
        return true;
    t->pages = page;
    t->near = page < TABLE_DIRECT ? page : TABLE_DIRECT;
    t->free = NULL; /* nothing is reserved in a table that is being taken down */
    account_give_pages(t->account, cap_page(t, page), 1);
    return true;
}
