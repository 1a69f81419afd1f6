/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: which frame's pages are at which addresses.
 *
 * Each run of pages mapped at once is one struct mapping, in its space's tree (by
 * address) and in its frame's list. So an unmap finds what is there, and a
 * revoked or freed frame finds every place where it still shows. Page tables are
 * the translation of that and hold nothing of their own; they are taken from the
 * space's account as addresses need them, and given back with the space.
 *
 * Long ranges go in steps of STEP_PAGES entries. A mapping that is being taken
 * down is marked `going` and stays in the tree until its last entry is gone and
 * every core has flushed, so that neither its addresses nor its pages can become
 * something else before.
 */
#include "buddy.h"
#include "thread.h"

#define STEP_PAGES 256

static uint64_t mapping_end(const struct mapping *m)
{
    return m->node.key + (m->pages << PHX_PAGE_SHIFT);
}

static struct mapping *mapping_of(struct tree_node *node)
{
    return node ? CONTAINER(node, struct mapping, node) : NULL;
}

/* The mapping that has `address`, or NULL. */
static struct mapping *mapping_at(const struct space *s, uint64_t address)
{
    struct mapping *m = mapping_of(tree_floor(&s->mappings, address));

    return m && address < mapping_end(m) ? m : NULL;
}

/* The first mapping that has anything of [address, end), or NULL. */
static struct mapping *mapping_in(const struct space *s, uint64_t address, uint64_t end)
{
    struct mapping *m = mapping_at(s, address);

    if (!m)
        m = mapping_of(tree_ceil(&s->mappings, address));
    return m && m->node.key < end ? m : NULL;
}

/* --- cores ----------------------------------------------------------------- */

/* This core runs nobody of that space any more. */
static void space_unload(struct cpu *c)
{
    arch_root_load(arch_kernel_root);
    __atomic_store_n(&c->space, NULL, __ATOMIC_RELEASE);
}

/* Also called while this core spins for the lock that the asking core holds. */
void kernel_flush_requested(void)
{
    struct cpu *c = this_cpu();

    if (!__atomic_load_n(&c->flush_wanted, __ATOMIC_ACQUIRE))
        return;
    if (c->space && c->space->dropped)
        space_unload(c);
    arch_flush_all();
    __atomic_store_n(&c->flush_wanted, 0, __ATOMIC_RELEASE);
}

/* No core has a stale translation of these pages when this returns. */
static void flush(const struct space *s, uint64_t address, uint64_t pages)
{
    struct cpu *self = this_cpu();
    uint64_t others = 0;

    if (self->space == s) {
        if (pages > 32)
            arch_flush_all();
        else
            for (uint64_t i = 0; i < pages; i++)
                arch_flush_page(address + (i << PHX_PAGE_SHIFT));
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        if (i == self->index || __atomic_load_n(&cpus[i].space, __ATOMIC_ACQUIRE) != s)
            continue;
        others |= 1UL << i;
        __atomic_store_n(&cpus[i].flush_wanted, 1, __ATOMIC_RELEASE);
        arch_send_flush(i);
    }
    for (unsigned i = 0; i < cpu_count; i++)
        if (others >> i & 1)
            while (__atomic_load_n(&cpus[i].flush_wanted, __ATOMIC_ACQUIRE))
                arch_pause();
}

/* --- making and ending spaces ---------------------------------------------- */

err_t space_new(struct account *a, struct space **out)
{
    void *object, *root;

    TRY(object_new(a, KIND_SPACE, &object));
    err_t err = account_pages(a, 1, &root);
    if (err != OK) {
        object_free(object);
        return err;
    }
    *out = object;
    (*out)->object.type = OBJECT_SPACE;
    (*out)->object.account = a;
    (*out)->root = direct_pa(root);
    arch_root_init((*out)->root);
    return OK;
}

static void mapping_free(struct mapping *m)
{
    tree_remove(&m->space->mappings, &m->node);
    list_remove(&m->frame_link);
    node_unref(m->up);
    object_unref(&m->frame->object);
    object_free(m);
}

/* Clear at most STEP_PAGES entries; true when the mapping is gone. */
static bool mapping_clear(struct mapping *m)
{
    uint64_t from = m->cleared;
    uint64_t to = m->pages - from > STEP_PAGES ? from + STEP_PAGES : m->pages;

    m->going = true;
    for (uint64_t i = from; i < to; i++) {
        pte_t *pte = space_pte(m->space, m->node.key + (i << PHX_PAGE_SHIFT));

        if (pte)
            *pte = 0;
    }
    flush(m->space, m->node.key + (from << PHX_PAGE_SHIFT), to - from);
    m->cleared = to;
    if (to < m->pages)
        return false;
    mapping_free(m);
    return true;
}

bool space_shrink(struct space *s)
{
    struct mapping *m = mapping_of(tree_first(&s->mappings));

    s->dropped = true;
    if (m) {
        mapping_clear(m);
        return true;
    }
    flush(s, 0, STEP_PAGES);
    if (this_cpu()->space == s)
        space_unload(this_cpu());
    memset(s->found, 0, sizeof s->found);
    for (unsigned i = 0; i < 16; i++) {
        uint64_t table = arch_table_take(s->root);

        if (!table)
            return false;
        account_give_pages(s->object.account, direct(table), 1);
    }
    return true;
}

void space_free(struct space *s)
{
    while (space_shrink(s))
        ;
    account_give_pages(s->object.account, direct(s->root), 1);
    object_free(s);
}

/* Whoever is found alive goes to the end of the list, and new ones come to its front:
 * so those that this sweep has not seen are there, whatever happens meanwhile. */
bool frame_sweep(struct frame *f, uint64_t sweep)
{
    for (unsigned i = 0; i < 64; i++) {
        struct mapping *m = CONTAINER(f->mappings.next, struct mapping, frame_link);

        if (list_is_empty(&f->mappings) || m->swept >= sweep)
            return false;
        if (m->going || !node_alive(m->up, m->up_gen)) {
            mapping_clear(m);
            return true;
        }
        m->swept = kernel.sweeps;
        list_remove(&m->frame_link);
        list_add_tail(&f->mappings, &m->frame_link);
    }
    return true;
}

/* --- mapping --------------------------------------------------------------- */

/* Take the tables that [address, +pages) still needs, a few a step. */
static bool tables_ready(struct work *w)
{
    struct account *a = w->space->object.account;

    for (unsigned i = 0; i < 4 && w->need > 0; i++) {
        void *table;

        w->result = account_zero_page(a, &table);
        if (w->result != OK)
            return true;
        *(uint64_t *)table = w->tables;
        w->tables = direct_pa(table);
        w->need--;
    }
    return w->need == 0;
}

static void tables_give_back(struct work *w)
{
    while (w->tables) {
        uint64_t *table = direct(w->tables);

        w->tables = *table;
        account_give_pages(w->space->object.account, table, 1);
    }
}

static void mapping_insert(struct mapping *m)
{
    tree_insert(&m->space->mappings, &m->node);
    list_add_head(&m->frame->mappings, &m->frame_link);
    m->frame->object.refs++;
    node_ref(m->up);
}

/* Enter pages [from, to) of a mapping that is in the tree. */
static void mapping_enter(struct mapping *m, uint64_t from, uint64_t to, uint64_t *tables)
{
    uint64_t pa = (m->frame->pfn + m->offset) << PHX_PAGE_SHIFT;

    for (uint64_t i = from; i < to; i++) {
        uint64_t address = m->node.key + (i << PHX_PAGE_SHIFT);
        pte_t *pte = space_pte(m->space, address);

        if (!pte)
            pte = arch_pte_make_tables(m->space->root, address, tables);
        ASSERT(pte);
        *pte = arch_pte_value(pa + (i << PHX_PAGE_SHIFT), m->protection);
    }
}

/* Fill in the next entries. The mapping may have been cut or taken down meanwhile by
 * another thread of its space; what is entered is what it still has. */
static bool map_fill(struct work *w)
{
    uint64_t end = w->address + (w->pages << PHX_PAGE_SHIFT);
    unsigned room = STEP_PAGES;

    while (w->cursor < end && room > 0) {
        struct mapping *m = mapping_in(w->space, w->cursor, end);

        if (!m || m->frame != w->frame || m->going) {
            if (!m)
                return true;
            w->cursor = mapping_end(m);
            continue;
        }
        if (w->cursor < m->node.key)
            w->cursor = m->node.key;
        uint64_t from = (w->cursor - m->node.key) >> PHX_PAGE_SHIFT;
        uint64_t to = m->pages - from > room ? from + room : m->pages;

        mapping_enter(m, from, to, &w->tables);
        room -= (unsigned)(to - from);
        w->cursor = m->node.key + (to << PHX_PAGE_SHIFT);
    }
    return w->cursor >= end;
}

/* What a map or populate held on to, whether it succeeded or not. */
static void map_over(struct work *w)
{
    tables_give_back(w);
    if (w->mapping)
        object_free(w->mapping);
    object_unref(&w->frame->object);
    object_unref(&w->space->object);
}

static bool map_fill_step(struct thread *t, struct work *w)
{
    (void)t;
    if (!map_fill(w))
        return false;
    w->out[0] = w->pages;
    map_over(w);
    return true;
}

/* Tables first, then the record: from then on only filling in is left. */
static bool map_tables_step(struct thread *t, struct work *w)
{
    if (w->unlocked && w->cursor < w->frame->pages) /* a populated frame, not zeroed yet */
        return false;
    w->unlocked = NULL;
    if (!tables_ready(w))
        return false;
    if (w->result == OK && mapping_in(w->space, w->address, w->address + (w->pages << 12)))
        w->result = PHX_EXISTS;
    if (w->result == OK &&
        (w->space->dropped || !node_alive(w->mapping->up, w->mapping->up_gen)))
        w->result = PHX_REVOKED; /* and the tables counted on may be gone with the space */
    struct node *up = w->mapping->up;
    if (w->result != OK) {
        map_over(w);
        node_unref(up);
        return true;
    }

    mapping_insert(w->mapping);
    node_unref(up);
    w->mapping = NULL;
    w->cursor = w->address;
    w->step = map_fill_step;
    return map_fill_step(t, w);
}

static bool range_ok(uint64_t address, uint64_t pages)
{
    return address % PHX_PAGE_SIZE == 0 && pages > 0 && pages <= PHX_USER_END >> PHX_PAGE_SHIFT &&
           address <= PHX_USER_END - (pages << PHX_PAGE_SHIFT);
}

static bool protection_ok(uint64_t protection)
{
    return protection <= 7 && protection != 0 && (protection & 6) != 6;
}

/* What a mapping is to be: with every right, and revoked by nobody. */
static struct mapping mapping_plan(struct space *s, uint64_t address, uint64_t pages,
                                   uint64_t protection)
{
    return (struct mapping){
        .node.key = address,
        .space = s,
        .pages = pages,
        .up = &kernel.caps.root,
        .up_gen = kernel.caps.root.gen,
        .protection = (uint8_t)protection | PHX_PROT_READ,
        .most = PHX_PROT_READ | PHX_PROT_WRITE | PHX_PROT_EXECUTE,
    };
}

/* The record of a mapping that is still to be entered into the tree. */
static err_t mapping_new(const struct mapping *what, struct mapping **out)
{
    void *object;

    TRY(object_new(what->space->object.account, KIND_MAPPING, &object));
    *out = object;
    **out = *what;
    (*out)->swept = 0; /* no sweep has seen it */
    list_init(&(*out)->frame_link);
    return OK;
}

/* Start mapping: `m` is complete but for the tree; takes a reference to everything. */
static void map_begin(struct work *w, struct mapping *m)
{
    *w = (struct work){
        .step = map_tables_step,
        .space = m->space,
        .frame = m->frame,
        .mapping = m,
        .address = m->node.key,
        .pages = m->pages,
        .need = arch_tables_missing(m->space->root, m->node.key, m->pages),
    };
    node_ref(m->up);
    w->space->object.refs++;
    w->frame->object.refs++;
}

/* The protection that these methods of Frame allow. */
static uint8_t frame_most(uint64_t methods)
{
    return (methods & FRAME_M_MAP_READ ? PHX_PROT_READ : 0) |
           (methods & FRAME_M_MAP_WRITE ? PHX_PROT_WRITE : 0) |
           (methods & FRAME_M_MAP_EXECUTE ? PHX_PROT_EXECUTE : 0);
}

int op_address_space_map(struct invocation *inv, const struct address_space_map_in *in)
{
    struct space *s = (struct space *)inv->object;
    struct hold *row;
    struct mapping *m;

    TRY(other(inv->thread, in->frame, IFACE_FRAME, FRAME_MAP_READ, &row));
    if (!protection_ok(in->protection) || !range_ok(in->address, in->pages))
        return PHX_INVALID_ARGUMENT;
    if ((in->protection | PHX_PROT_READ) & ~(uint64_t)frame_most(row->methods))
        return PHX_PERMISSION_DENIED;
    uint64_t have = FRAME_BADGE_PAGES(row->badge);
    if (in->pages > have || in->offset > have - in->pages)
        return PHX_INVALID_ARGUMENT;
    if (mapping_in(s, in->address, in->address + (in->pages << PHX_PAGE_SHIFT)))
        return PHX_EXISTS;
    struct mapping plan = mapping_plan(s, in->address, in->pages, in->protection);
    plan.frame = (struct frame *)row->object;
    plan.offset = FRAME_BADGE_OFFSET(row->badge) + in->offset;
    plan.up = row->up;
    plan.up_gen = row->up_gen;
    plan.most = frame_most(row->methods);
    TRY(mapping_new(&plan, &m));

    map_begin(&inv->thread->work, m);
    return work_begin(inv->thread, inv->waiter, NULL);
}

int op_address_space_populate(struct invocation *inv, const struct address_space_populate_in *in,
                              struct address_space_populate_out *out)
{
    struct space *s = (struct space *)inv->object;
    struct work *w = &inv->thread->work;
    struct mapping plan = mapping_plan(s, in->address, in->pages, in->protection), *m;
    struct hold *row;
    struct frame *f;

    TRY(other(inv->thread, in->pool, IFACE_FRAME_POOL, FRAME_POOL_ALLOC, &row));
    if (!protection_ok(in->protection) || !range_ok(in->address, in->pages))
        return PHX_INVALID_ARGUMENT;
    if (mapping_in(s, in->address, in->address + (in->pages << PHX_PAGE_SHIFT)))
        return PHX_EXISTS;
    TRY(mapping_new(&plan, &m));
    uint64_t pages = in->pages < BUDDY_RUN_MAX ? in->pages : BUDDY_RUN_MAX;
    err_t err = frame_new(row->object->account, pages, &f);
    while (err == PHX_OUT_OF_MEMORY && pages > 1) /* in pieces: as long a run as there is */
        err = frame_new(row->object->account, pages /= 2, &f);
    if (err != OK) {
        object_free(m);
        return err;
    }

    m->frame = f;
    m->pages = pages;
    map_begin(w, m);
    w->unlocked = frame_zero_some;
    frame_zero_some(w);
    return work_begin(inv->thread, inv->waiter, (uint64_t *)out);
}

err_t space_map_now(struct space *s, struct frame *f, uint64_t address, uint64_t pages,
                    unsigned protection)
{
    struct work w;
    struct mapping plan = mapping_plan(s, address, pages, protection), *m;

    plan.frame = f;
    plan.most = plan.protection;
    TRY(mapping_new(&plan, &m));
    map_begin(&w, m);
    while (!w.step(NULL, &w))
        ;
    return w.result;
}

/* --- changing what is mapped ----------------------------------------------- */

/*
 * Make an end of some mapping of `address`, if one goes across it. A frame that only
 * this mapping owns is split too, so that its other half can be freed alone.
 */
static err_t cut(struct space *s, uint64_t address)
{
    struct mapping *m = mapping_at(s, address), *rest;

    if (!m || m->node.key == address || m->going)
        return OK;
    uint64_t keep = (address - m->node.key) >> PHX_PAGE_SHIFT;
    struct frame *f = m->frame;

    struct mapping half = *m;
    half.node.key = address;
    half.offset += keep;
    half.pages -= keep;
    TRY(mapping_new(&half, &rest));
    if (f->owned && f->object.refs == 1) {
        err_t err = frame_split(f, m->offset + keep, &rest->frame);

        if (err != OK) {
            object_free(rest);
            return err;
        }
        rest->offset = 0;
    }
    m->pages = keep;
    mapping_insert(rest);
    return OK;
}

/* Make one again what cut() made two. */
static void uncut(struct space *s, uint64_t address)
{
    struct mapping *rest = mapping_at(s, address), *m = mapping_at(s, address - 1);

    m->pages += rest->pages;
    if (rest->frame != m->frame) {
        m->frame->pages += rest->frame->pages;
        rest->frame->owned = false;
    }
    mapping_free(rest);
}

/* Both ends, or none. */
static err_t cut_ends(struct space *s, uint64_t address, uint64_t end)
{
    const struct mapping *before = mapping_at(s, address);

    TRY(cut(s, address));
    err_t err = cut(s, end);
    if (err != OK && mapping_at(s, address) != before)
        uncut(s, address);
    return err;
}

static bool unmap_step(struct thread *t, struct work *w)
{
    struct mapping *m = mapping_in(w->space, w->address, w->address + (w->pages << 12));

    (void)t;
    if (m) {
        mapping_clear(m);
        return false;
    }
    object_unref(&w->space->object);
    return true;
}

/* Begin to change a range that is as good as cut out of the mappings around it. */
static err_t range_begin(struct invocation *inv, bool (*step)(struct thread *, struct work *),
                         uint64_t address, uint64_t pages, uint64_t protection)
{
    struct space *s = (struct space *)inv->object;

    TRY(cut_ends(s, address, address + (pages << PHX_PAGE_SHIFT)));
    inv->thread->work = (struct work){
        .step = step,
        .space = s,
        .address = address,
        .cursor = address,
        .pages = pages,
        .protection = (unsigned)protection,
    };
    s->object.refs++;
    return work_begin(inv->thread, inv->waiter, NULL);
}

int op_address_space_unmap(struct invocation *inv, const struct address_space_unmap_in *in)
{
    if (!range_ok(in->address, in->pages))
        return PHX_INVALID_ARGUMENT;
    return range_begin(inv, unmap_step, in->address, in->pages, 0);
}

static bool protect_step(struct thread *t, struct work *w)
{
    uint64_t end = w->address + (w->pages << PHX_PAGE_SHIFT);
    struct mapping *m = mapping_in(w->space, w->cursor, end);

    (void)t;
    if (!m) {
        object_unref(&w->space->object);
        return true;
    }
    if (w->cursor < m->node.key)
        w->cursor = m->node.key;
    uint64_t from = (w->cursor - m->node.key) >> PHX_PAGE_SHIFT;
    uint64_t to = m->pages - from > STEP_PAGES ? from + STEP_PAGES : m->pages;

    /* What was mapped here since the operation began may not have as much. */
    if (!m->going && !(w->protection & ~(unsigned)m->most)) {
        m->protection = (uint8_t)w->protection;
        for (uint64_t i = from; i < to; i++) {
            pte_t *pte = space_pte(w->space, m->node.key + (i << PHX_PAGE_SHIFT));

            if (pte && *pte) /* not present, but there: protection 0 */
                *pte = arch_pte_value(arch_pte_pa(*pte), w->protection);
        }
        flush(w->space, w->cursor, to - from);
    }
    w->cursor = m->node.key + (to << PHX_PAGE_SHIFT);
    return false;
}

/* Wholly mapped, and allowed by every mapping in it. */
static err_t can_protect(const struct space *s, uint64_t address, uint64_t end, uint64_t protection)
{
    while (address < end) {
        struct mapping *m = mapping_at(s, address);

        if (!m || m->going)
            return PHX_NOT_FOUND;
        if (protection & ~(uint64_t)m->most)
            return PHX_PERMISSION_DENIED;
        address = mapping_end(m);
    }
    return OK;
}

int op_address_space_protect(struct invocation *inv, const struct address_space_protect_in *in)
{
    const struct space *s = (const struct space *)inv->object;
    uint64_t protection = in->protection ? in->protection | PHX_PROT_READ : 0;

    if (!range_ok(in->address, in->pages) || (protection && !protection_ok(in->protection)))
        return PHX_INVALID_ARGUMENT;
    uint64_t end = in->address + (in->pages << PHX_PAGE_SHIFT);
    TRY(can_protect(s, in->address, end, protection));
    return range_begin(inv, protect_step, in->address, in->pages, protection);
}

int op_address_space_query(struct invocation *inv, const struct address_space_query_in *in,
                           struct address_space_query_out *out)
{
    const struct space *s = (const struct space *)inv->object;
    const struct mapping *m = mapping_at(s, in->address);

    if (!m || m->going)
        return PHX_NOT_FOUND;
    uint64_t page = (in->address - m->node.key) >> PHX_PAGE_SHIFT;
    out->physical = (m->frame->pfn + m->offset + page) << PHX_PAGE_SHIFT;
    out->protection = m->protection;
    out->pages = m->pages - page;
    return OK;
}
