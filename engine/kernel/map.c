/* SPDX-License-Identifier: MIT */
/*
 * The methods of AddressSpace. What can be refused is refused first; then the records
 * are changed, and what is left is to make the entries what they say (space.c), which
 * a short operation does at once and a long one in the steps of a struct work.
 */
#include "buddy.h"
#include "space.h"

static bool range_ok(uint64_t address, uint64_t pages)
{
    return address % PHX_PAGE_SIZE == 0 && pages > 0 && pages <= PHX_USER_END >> PHX_PAGE_SHIFT &&
           address <= PHX_USER_END - (pages << PHX_PAGE_SHIFT);
}

static bool protection_ok(uint64_t protection)
{
    return protection <= 7 && protection != 0 && (protection & 6) != 6;
}

/* --- mapping --------------------------------------------------------------- */

/* Enter `m`, which is complete but for the tree; BLOCKED: steps are left. A few pages are
 * entered at once, unless a table cannot be had. */
static err_t map_begin(struct work *w, struct mapping *m)
{
    int room = STEP_ENTRIES;
    uint64_t at = 0;
    err_t err = OK;

    mapping_insert(m);
    if (m->pages <= 64)
        err = mapping_write(m, &at, &room, true);
    if (at == m->pages)
        return OK;
    range_begin(w, range_step, m->space, m->node.key, mapping_end(m));
    w->protection = RANGE_ENTERED;
    if (err != OK)
        range_undo(w, err);
    return BLOCKED;
}

/* A populated frame is zeroed, without the lock; then it can be entered. */
static bool populate_step(struct thread *t, struct work *w)
{
    struct mapping *m = w->mapping;
    struct space *s = m->space;

    if (w->cursor < m->pages)
        return false;
    w->out[0] = m->pages;
    err_t err = s->object.dead ? PHX_REVOKED
                : range_taken(s, m->node.key, m->pages) ? PHX_EXISTS
                                                        : map_begin(w, m);
    object_unref(&s->object); /* as long as it had no mapping */
    if (err == BLOCKED)
        return range_step(t, w);
    if (err != OK)
        mapping_free(m);
    w->result = err;
    return true;
}

/* The answer to a method that may have steps left. */
static err_t range_answer(struct invocation *inv, err_t err, uint64_t *out)
{
    return err == BLOCKED ? work_begin(inv->thread, inv->waiter, out) : err;
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

    _Static_assert(FRAME_M_MAP_READ == DEVICE_MEMORY_M_MAP_READ &&
                       FRAME_M_MAP_WRITE == DEVICE_MEMORY_M_MAP_WRITE, "the same bits");
    TRY(cap_lookup(&inv->thread->process->table, in->frame, FRAME_MAP_READ, &row));
    bool is_device = row->interface == IFACE_DEVICE_MEMORY;
    if ((row->interface != IFACE_FRAME && !is_device) || !protection_ok(in->protection) ||
        !range_ok(in->address, in->pages))
        return PHX_INVALID_ARGUMENT;
    uint8_t most = frame_most(row->methods & ~(is_device ? FRAME_M_MAP_EXECUTE : 0));
    if ((in->protection | PHX_PROT_READ) & ~(uint64_t)most)
        return PHX_PERMISSION_DENIED;
    uint64_t have = FRAME_BADGE_PAGES(row->badge);
    if (in->pages > have || in->offset > have - in->pages)
        return PHX_INVALID_ARGUMENT;
    uint64_t offset = FRAME_BADGE_OFFSET(row->badge) + in->offset;
    if (is_device && arch_is_kernels(ARCH_PAGES, offset, in->pages))
        return PHX_PERMISSION_DENIED;
    if (range_taken(s, in->address, in->pages))
        return PHX_EXISTS;
    TRY(mapping_new(s, (struct frame *)row->object, in->address, in->pages, &m));
    mapping_allow(m, row->up, row->up_gen, most);
    m->offset = offset;
    m->protection = (uint8_t)in->protection | PHX_PROT_READ;
    return range_answer(inv, map_begin(&inv->thread->work, m), NULL);
}

int op_address_space_populate(struct invocation *inv, const struct address_space_populate_in *in,
                              struct address_space_populate_out *out)
{
    struct space *s = (struct space *)inv->object;
    struct work *w = &inv->thread->work;
    struct hold *row;
    struct frame *f;
    struct mapping *m;

    TRY(other(inv->thread, in->pool, IFACE_FRAME_POOL, FRAME_POOL_ALLOC, &row));
    if (!protection_ok(in->protection) || !range_ok(in->address, in->pages))
        return PHX_INVALID_ARGUMENT;
    if (range_taken(s, in->address, in->pages))
        return PHX_EXISTS;
    uint64_t pages = in->pages < BUDDY_RUN_MAX ? in->pages : BUDDY_RUN_MAX;
    err_t err = frame_new(row->object->account, pages, &f);
    while (err == PHX_OUT_OF_MEMORY && pages > 1) /* in pieces: as long a run as there is */
        err = frame_new(row->object->account, pages /= 2, &f);
    if (err != OK)
        return err;
    err = mapping_new(s, f, in->address, pages, &m);
    if (err != OK) {
        frame_free(f);
        return err;
    }

    m->protection = (uint8_t)in->protection | PHX_PROT_READ;
    w->frame = f;
    w->cursor = 0;
    frame_zero_some(w);
    if (w->cursor < pages) {
        range_begin(w, populate_step, s, w->cursor, pages);
        w->unlocked = frame_zero_some;
        w->mapping = m;
        err = BLOCKED;
    } else {
        err = map_begin(w, m);
        if (err == OK)
            out->pages = pages;
    }
    return range_answer(inv, err, (uint64_t *)out);
}

err_t space_map_now(struct space *s, struct frame *f, uint64_t address, uint64_t pages,
                    unsigned protection)
{
    struct mapping *m;
    struct work w;

    TRY(mapping_new(s, f, address, pages, &m));
    m->protection = m->most = (uint8_t)protection | PHX_PROT_READ;
    if (map_begin(&w, m) == OK)
        return OK;
    while (!w.step(NULL, &w))
        ;
    return w.result;
}

/* --- changing what is mapped ----------------------------------------------- */

/* Begin to give a range, which is cut out of the mappings around it, this protection. */
static err_t change(struct invocation *inv, uint64_t address, uint64_t pages, unsigned protection)
{
    struct space *s = (struct space *)inv->object;
    struct work *w = &inv->thread->work;
    uint64_t end = address + (pages << PHX_PAGE_SHIFT);

    TRY(cut_ends(s, address, end));
    range_begin(w, range_step, s, address, end);
    w->protection = protection;
    return range_answer(inv, BLOCKED, NULL);
}

int op_address_space_unmap(struct invocation *inv, const struct address_space_unmap_in *in)
{
    if (!range_ok(in->address, in->pages))
        return PHX_INVALID_ARGUMENT;
    return change(inv, in->address, in->pages, RANGE_GONE);
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
    return change(inv, in->address, in->pages, (unsigned)protection);
}

int op_address_space_query(struct invocation *inv, const struct address_space_query_in *in,
                           struct address_space_query_out *out)
{
    const struct space *s = (const struct space *)inv->object;
    const struct mapping *m = mapping_at(s, in->address);

    if (!m || m->going)
        return PHX_NOT_FOUND;
    uint64_t page = (in->address - m->node.key) >> PHX_PAGE_SHIFT;
    unsigned shift;
    arch_entry(s->root, in->address, &shift);
    out->physical = mapping_pa(m) + (page << PHX_PAGE_SHIFT);
    out->protection = m->protection;
    out->pages = m->pages - page;
    out->page_size = shift > arch_page_shift_max ? PHX_PAGE_SIZE : 1UL << shift;
    return OK;
}

/* --- registered buffers: mappings without entries, where no program has pages --- */

static struct mapping *buffer_at(const struct space *s, uint64_t index)
{
    return index < PHX_FIXED_BUFFERS ? mapping_at(s, PHX_FIXED(index, 0)) : NULL;
}

int op_ring_register_buffer(struct invocation *inv, const struct ring_register_buffer_in *in)
{
    struct space *s = inv->thread->process->space;
    struct hold *row;
    struct mapping *m;

    TRY(other(inv->thread, in->frame, IFACE_FRAME, FRAME_MAP_READ, &row));
    if (in->index >= PHX_FIXED_BUFFERS)
        return PHX_INVALID_ARGUMENT;
    if (buffer_at(s, in->index))
        return PHX_EXISTS;
    TRY(mapping_new(s, (struct frame *)row->object, PHX_FIXED(in->index, 0),
                    FRAME_BADGE_PAGES(row->badge), &m));
    m->protection = frame_most(row->methods);
    mapping_allow(m, row->up, row->up_gen, m->protection);
    m->offset = FRAME_BADGE_OFFSET(row->badge);
    mapping_insert(m);
    return OK;
}

int op_ring_unregister_buffer(struct invocation *inv, const struct ring_unregister_buffer_in *in)
{
    struct mapping *m = buffer_at(inv->thread->process->space, in->index);

    if (!m)
        return PHX_NOT_FOUND;
    mapping_free(m);
    return OK;
}
