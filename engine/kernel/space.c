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
 * So there is one way to change what is mapped: change the record, then have
 * mapping_write() make its entries what it says, a step at a time. Entering, protecting,
 * sealing and taking down differ in the record only, any of them may go on where another
 * stopped, and only who finds an entry present has to flush. Ranges of a space are
 * gone through by range_step(), the mappings of a frame by frame_sweep().
 *
 * A mapping that is being taken down is marked `going` and stays in the tree until its
 * last entry is gone and every core has flushed, so that neither its addresses nor its
 * pages can become something else before.
 */
#include "space.h"

static struct mapping *mapping_of(struct tree_node *node)
{
    return node ? CONTAINER(node, struct mapping, node) : NULL;
}

struct mapping *mapping_at(const struct space *s, uint64_t address)
{
    struct mapping *m = mapping_of(tree_floor(&s->mappings, address));

    return m && address < mapping_end(m) ? m : NULL;
}

struct mapping *mapping_in(const struct space *s, uint64_t address, uint64_t end)
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
static void flush(struct space *s, uint64_t address, uint64_t pages)
{
    struct cpu *self = this_cpu();

    s->flushes++;
    if (s->object.type == IFACE_DMA_DOMAIN) {
        arch_dma_flush(s->domain);
        return;
    }
    if (self->space == s) {
        if (pages > 32)
            arch_flush_all();
        else
            for (uint64_t i = 0; i < pages; i++)
                arch_flush_page(address + (i << PHX_PAGE_SHIFT));
    }
    for (unsigned i = 0; i < cpu_count; i++)
        if (i != self->index && __atomic_load_n(&cpus[i].space, __ATOMIC_ACQUIRE) == s) {
            __atomic_store_n(&cpus[i].flush_wanted, 1, __ATOMIC_RELEASE);
            arch_send_flush(i);
        }
    for (unsigned i = 0; i < cpu_count; i++) /* nobody else asks, without the lock */
        while (__atomic_load_n(&cpus[i].flush_wanted, __ATOMIC_ACQUIRE))
            arch_pause();
}

/* --- records --------------------------------------------------------------- */

err_t mapping_new(struct space *s, struct frame *f, uint64_t address, uint64_t pages,
                  struct mapping **out)
{
    struct mapping *m;

    TRY(object_new(s->object.account, KIND_MAPPING, &m));
    *out = m;
    m->node.key = address;
    m->space = s;
    m->frame = f;
    m->pages = pages;
    f->object.refs++;
    return OK;
}

/* Another that shows elsewhere what `m` shows from page `at` on, and may do as much. */
static err_t mapping_like(const struct mapping *m, struct space *s, uint64_t at,
                          struct mapping **out)
{
    TRY(mapping_new(s, m->frame, m->node.key + (at << PHX_PAGE_SHIFT), m->pages - at, out));
    mapping_allow(*out, m->up, m->up_gen, m->most);
    (*out)->offset = m->offset + at;
    (*out)->protection = m->protection;
    (*out)->sealed = m->sealed;
    return OK;
}

void mapping_free(struct mapping *m)
{
    if (list_is_linked(&m->frame_link))
        tree_remove(&m->space->mappings, &m->node);
    list_remove(&m->frame_link);
    node_unref(m->up);
    object_unref(&m->frame->object);
    object_free(m);
}

/* --- entries --------------------------------------------------------------- */

/* The largest page, as a shift, that may show this address of a mapping. */
static unsigned mapping_shift(const struct mapping *m, uint64_t address)
{
    uint64_t apart = m->node.key ^ mapping_pa(m);
    unsigned shift = arch_page_shift_max;

    for (; shift > PHX_PAGE_SHIFT; shift -= ARCH_LEVEL_BITS) {
        uint64_t rest = (1UL << shift) - 1;

        if (!(apart & rest) && (address & ~rest) >= m->node.key &&
            (address | rest) < mapping_end(m))
            break;
    }
    return shift;
}

/* A table in the place of an entry that shows more than a page, or nothing. Who is refused
 * something later keeps it: it shows nothing else, and goes with the space. */
static err_t table_add(struct space *s, pte_t *entry, unsigned shift)
{
    void *table;

    TRY(account_zero_page(s->object.account, &table));
    arch_table_link(entry, shift, direct_pa(table));
    return OK;
}

/* Where there is no table of leaves: the large page that page *at is in, or nothing, or a
 * table more, if it may `make` one. */
static err_t __attribute__((noinline))
large_write(struct mapping *m, uint64_t *at, pte_t value, bool make, int *room, pte_t *seen)
{
    uint64_t address = m->node.key + (*at << PHX_PAGE_SHIFT);
    unsigned allowed = mapping_shift(m, address), shift;
    pte_t *entry = arch_entry(m->space->root, address, &shift);
    uint64_t inside = address & ((1UL << shift) - 1);

    if (make && shift > allowed) {
        *room -= STEP_TABLE;
        return table_add(m->space, entry, shift);
    }
    if (shift <= allowed) {
        *seen |= *entry;
        *entry = value ? arch_pte_large(value - inside) : 0;
    }
    *at += ((1UL << shift) - inside) >> PHX_PAGE_SHIFT;
    *room -= STEP_LARGE;
    return OK;
}

static inline pte_t leaves_write(pte_t *pte, uint64_t count, pte_t value, uint64_t stride)
{
    pte_t seen = 0;

#pragma GCC unroll 4
    for (uint64_t i = 0; i < count; i++, value += stride) {
        seen |= pte[i];
        pte[i] = value;
    }
    return seen;
}

/* The entry of its first page; each further one has the next page's address. */
static inline pte_t first_entry(const struct mapping *m)
{
    if (m->space->object.type == IFACE_DMA_DOMAIN)
        return arch_dma_pte_value(mapping_pa(m), m->protection);
    return arch_pte_value(mapping_pa(m), m->protection) |
           (m->frame == &device_memory ? ARCH_PTE_DEVICE : 0);
}

err_t mapping_write(struct mapping *m, uint64_t *next, int *room, bool make)
{
    uint64_t at = m->node.key < PHX_USER_END ? *next : m->pages; /* a registered buffer has none */
    uint64_t stride = m->going ? 0 : PHX_PAGE_SIZE;
    pte_t first = m->going ? 0 : first_entry(m), seen = 0;
    err_t err = OK;

    while (err == OK && at < m->pages && *room > 0) {
        uint64_t address = m->node.key + (at << PHX_PAGE_SHIFT);
        uint64_t inside = address >> PHX_PAGE_SHIFT & (ARCH_LEAVES - 1), count = m->pages - at;
        pte_t *pte = space_pte(m->space, address);

        if (!pte) {
            err = large_write(m, &at, first + at * stride, make, room, &seen);
            continue;
        }
        count = count < ARCH_LEAVES - inside ? count : ARCH_LEAVES - inside;
        count = count < (uint64_t)*room ? count : (uint64_t)*room;
        seen |= leaves_write(pte, count, first + at * stride, stride);
        at += count;
        *room -= (int)count;
    }
    at = at < m->pages ? at : m->pages;
    if (arch_pte_present(seen))
        flush(m->space, m->node.key + (*next << PHX_PAGE_SHIFT), at - *next);
    *next = at;
    return err;
}

/* Clear some entries; true when the mapping is gone. */
static bool mapping_clear(struct mapping *m, int *room)
{
    if (!m->going)
        m->done = 0;
    m->going = true;
    if (mapping_write(m, &m->done, room, false) != OK || m->done < m->pages)
        return false;
    mapping_free(m);
    return true;
}

/* --- making and ending spaces ---------------------------------------------- */

err_t space_new(struct account *a, unsigned type, struct space **out)
{
    struct space *s;
    void *root;

    TRY(object_new(a, type == IFACE_ADDRESS_SPACE ? KIND_SPACE : KIND_PROCESS, &s));
    err_t err = account_zero_page(a, &root);
    if (err != OK) {
        object_free(s);
        return err;
    }
    s->object.type = (uint8_t)type;
    s->object.account = a;
    s->root = direct_pa(root);
    memset(s->found, 0xff, sizeof s->found); /* none */
    if (type == IFACE_ADDRESS_SPACE) /* a device has no business in the kernel's half */
        arch_root_init(s->root);
    *out = s;
    return OK;
}

#define TABLES_A_STEP 2 /* each is looked for from the root */

bool space_shrink(struct space *s)
{
    struct mapping *m = mapping_of(tree_ceil(&s->mappings, 0));
    int room = STEP_ENTRIES;

    s->dropped = true;
    if (m) {
        mapping_clear(m, &room);
        return true;
    }
    flush(s, 0, STEP_ENTRIES);
    if (this_cpu()->space == s)
        space_unload(this_cpu());
    memset(s->found, 0xff, sizeof s->found);
    for (unsigned i = 0; i < TABLES_A_STEP; i++) {
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

/* Its frame is sealed: true when all entries say so. */
static bool mapping_seal_some(struct mapping *m, int *room)
{
    m->done = m->sealed ? m->done : 0;
    mapping_seal(m);
    return mapping_write(m, &m->done, room, false) == OK && m->done == m->pages;
}

/* Whoever is found alive goes to the end of the list, and new ones come to its front:
 * so those that this sweep has not seen are there, whatever happens meanwhile. */
bool frame_sweep(struct frame *f, uint64_t sweep)
{
    int room = STEP_ENTRIES;

    for (unsigned i = 0; i < 32; i++) {
        struct mapping *m = CONTAINER(f->mappings.next, struct mapping, frame_link);

        if (list_is_empty(&f->mappings) || m->swept >= sweep)
            return false;
        if (m->going || f->object.dead || !node_alive(m->up, m->up_gen)) {
            mapping_clear(m, &room);
            return true;
        }
        if (f->sealed && !mapping_seal_some(m, &room))
            return true;
        m->swept = kernel.sweeps;
        list_move_tail(&f->mappings, &m->frame_link);
    }
    return true;
}

/* --- parts of mappings ----------------------------------------------------- */

/*
 * Make an end of a mapping of an address that it goes across. A frame that only this
 * mapping owns is split too, so that its other half can be freed alone.
 */
static err_t cut(struct mapping *m, uint64_t address)
{
    uint64_t keep = (address - m->node.key) >> PHX_PAGE_SHIFT;
    struct frame *f = m->frame;
    struct mapping *rest;

    TRY(mapping_like(m, m->space, keep, &rest));
    if (f->owned && f->object.refs == 2) { /* m's and rest's */
        err_t err = frame_of(f->object.account, f->pfn + rest->offset, f->pages - rest->offset,
                             true, &rest->frame);
        if (err != OK) {
            mapping_free(rest);
            return err;
        }
        f->pages = rest->offset;
        f->object.refs--;
        rest->frame->object.refs++;
        rest->offset = 0;
    }
    m->pages = keep;
    mapping_insert(rest);
    return OK;
}

/* Make an end of what is mapped across an address; MORE: of a large page, one table of
 * smaller ones so far. Refused later, it stays so. */
static err_t cut_at(struct space *s, uint64_t address)
{
    struct mapping *m = mapping_at(s, address);
    unsigned shift;

    if (!m || m->node.key == address || m->going)
        return OK;
    pte_t *entry = arch_entry(s->root, address, &shift);
    if (!(address & ((1UL << shift) - 1)))
        return cut(m, address);
    TRY(table_add(s, entry, shift));
    return MORE;
}

/* A new mapping takes the place of the one that is exactly there, or is freed. */
static err_t mapping_replace(struct mapping *m)
{
    struct mapping *old = mapping_at(m->space, m->node.key);
    int room = 4 * STEP_TABLE; /* what a page may need */
    uint64_t at = 0;
    err_t err = PHX_NOT_FOUND;

    if (old && !old->going && old->node.key == m->node.key && old->pages == m->pages)
        err = frame_usable(m->frame, m->protection & PHX_PROT_WRITE);
    if (err == OK)
        err = mapping_write(m, &at, &room, true);
    if (err == OK) {
        tree_remove(&old->space->mappings, &old->node);
        list_remove(&old->frame_link);
        mapping_insert(m);
        m = old;
    }
    mapping_free(m);
    return err;
}

/* --- ranges ---------------------------------------------------------------- */

void range_begin(struct work *w, bool (*step)(struct thread *, struct work *), struct space *s,
                 uint64_t address, uint64_t end, unsigned protection, struct object *into)
{
    w->step = step;
    w->unlocked = NULL;
    w->result = OK;
    w->space = s;
    w->address = w->cursor = address;
    w->end = end;
    w->protection = protection;
    w->object = into;
    s->object.refs++;
}

void range_undo(struct work *w, err_t why)
{
    struct object *o = w->object;

    if (o) { /* what was cloned goes */
        w->object = &w->space->object;
        w->space = (struct space *)o;
    }
    w->result = why;
    w->protection = RANGE_GONE;
    w->cursor = w->address;
}

bool range_over(struct work *w)
{
    object_unref(&w->space->object);
    if (w->object)
        object_unref(w->object);
    w->step = w->then;
    return !w->then;
}

/* Show in another space what a mapping shows from page *at on; at first, make the mapping. */
static err_t clone_some(struct space *into, struct mapping *m, uint64_t *at, int room)
{
    struct mapping *twin = mapping_at(into, m->node.key + (*at << PHX_PAGE_SHIFT));

    if (into->object.dead)
        return PHX_REVOKED;
    if (!twin && *at == 0) {
        TRY(mapping_like(m, into, 0, &twin));
        mapping_seal(twin);
        mapping_insert(twin);
    }
    if (!twin || twin->node.key != m->node.key || twin->frame != m->frame)
        return PHX_EXISTS; /* something came there meanwhile */
    TRY(mapping_write(twin, at, &room, true));
    if (*at > 0)
        mapping_seal(m);
    return OK;
}

/*
 * What is mapped in [cursor, end) gets the work's protection, or is taken down, or is entered
 * as its record says, here or also in another space. The range was cut out of the mappings
 * around it before: a mapping that goes beyond it came since, and is none of its
 * business. What cannot be entered for want of a table is taken down again.
 */
bool range_step(struct thread *, struct work *w)
{
    int room = STEP_ENTRIES;
    struct mapping *m;

    while (w->cursor < w->end && (m = mapping_in(w->space, w->cursor, w->end))) {
        uint64_t key = m->node.key, end = mapping_end(m);
        bool ours = key >= w->address && end <= w->end;

        room -= STEP_MAPPING;
        if (room <= 0)
            return false;
        if (w->protection == RANGE_GONE && (ours || m->going)) {
            if (!mapping_clear(m, &room))
                return false;
            w->cursor = end;
        } else if (!ours || m->going) {
            w->cursor = end;
        } else {
            /* What was mapped here since the work began may not have as much. */
            if (w->cursor <= key && !(w->protection & ~mapping_may(m))) {
                m->protection = (uint8_t)w->protection;
                m->sealed &= SEALED;
            }
            if (w->cursor < key)
                w->cursor = key;
            uint64_t at = (w->cursor - key) >> PHX_PAGE_SHIFT, there = at;
            err_t err = OK;

            if (w->protection == RANGE_CLONED)
                err = clone_some((struct space *)w->object, m, &there, room /= 2);
            if (err == OK)
                err = mapping_write(m, &at, &room, w->protection == RANGE_ENTERED);
            if (w->protection == RANGE_CLONED && there < at)
                at = there;
            w->cursor = key + (at << PHX_PAGE_SHIFT);
            if (err != OK)
                range_undo(w, err);
        }
    }
    return range_over(w);
}

bool cut_step(struct thread *t, struct work *w)
{
    const struct mapping *m = mapping_at(w->space, w->address);
    bool is_whole = m && m->node.key == w->address && mapping_end(m) == w->end;

    w->result = is_whole ? OK : cut_at(w->space, w->address);
    if (w->result == OK && !is_whole)
        w->result = cut_at(w->space, w->end);
    if (w->result == MORE)
        return false;
    if (w->protection == RANGE_REPLACED) {
        if (w->result == OK)
            w->result = mapping_replace(w->mapping);
        else
            mapping_free(w->mapping);
    } else if (w->result == OK) {
        w->step = range_step;
        return range_step(t, w);
    }
    return range_over(w);
}
