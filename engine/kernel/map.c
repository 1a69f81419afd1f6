/* SPDX-License-Identifier: MIT */
/*
 * The methods of AddressSpace. What can be refused is refused first; then the records
 * are changed, and what is left is to make the entries what they say (space.c), which
 * a short operation does at once and a long one in the steps of a struct work.
 */
#include "buddy.h"
#include "space.h"

#define FEW_PAGES 32   /* entered at once */
#define LIST_A_STEP 4  /* entries of a list */
#define LOOKS_A_STEP 16

static bool range_ok(uint64_t address, uint64_t pages)
{
    return address % PHX_PAGE_SIZE == 0 && pages > 0 && pages <= PHX_USER_END >> PHX_PAGE_SHIFT &&
           address <= PHX_USER_END - (pages << PHX_PAGE_SHIFT);
}

/* Both written and executed is for who may do that, by the methods of its hold. */
static bool protection_ok(uint64_t protection, uint64_t methods)
{
    return protection <= 7 && protection != 0 &&
           ((protection & 6) != 6 || (methods & ADDRESS_SPACE_M_MAP_WX));
}

/* --- mapping --------------------------------------------------------------- */

/* Enter `m`, which is complete but for the tree; BLOCKED: steps are left. A few pages are
 * entered at once, if there is a table. */
static err_t map_begin(struct work *w, struct mapping *m)
{
    int room = STEP_ENTRIES;
    uint64_t at = 0;
    err_t err = OK;

    mapping_insert(m);
    if (m->pages <= FEW_PAGES && space_pte(m->space, m->node.key))
        err = mapping_write(m, &at, &room, true);
    if (at == m->pages)
        return OK;
    range_begin(w, range_step, m->space, m->node.key, mapping_end(m), RANGE_ENTERED, NULL);
    if (err != OK)
        range_undo(w, err);
    return BLOCKED;
}

/* A populated frame is zeroed, without the lock; then it can be entered. */
static bool populate_step(struct thread *, struct work *w)
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
        return false;
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

/* The protection that a hold of a frame, or of a device's memory, allows. */
static uint8_t hold_most(const struct hold *row)
{
    _Static_assert(FRAME_MAP_WRITE == 2 && FRAME_MAP_EXECUTE == 3 && DEVICE_MEMORY_MAP_WRITE == 2 &&
                       PHX_PROT_WRITE == 2 && PHX_PROT_EXECUTE == 4, "in one order");

    return row->methods >> FRAME_MAP_READ & (row->interface == IFACE_FRAME ? 7 : 3);
}

/* What is asked to be mapped, by a hold of the space with these methods: a record of it. */
static err_t mapping_for(struct thread *t, struct space *s, uint64_t methods,
                         const struct address_space_map_in *in, bool replaces,
                         struct mapping **out)
{
    struct hold *row;

    TRY(cap_lookup(&t->process->table, in->frame, FRAME_MAP_READ, &row));
    struct frame *f = (struct frame *)row->object;
    uint64_t have = FRAME_BADGE_PAGES(row->badge);
    uint64_t offset = FRAME_BADGE_OFFSET(row->badge) + in->offset;
    bool is_device = row->interface == IFACE_DEVICE_MEMORY;
    if ((row->interface != IFACE_FRAME && !is_device) || !protection_ok(in->protection, methods) ||
        !range_ok(in->address, in->pages))
        return PHX_INVALID_ARGUMENT;
    if ((in->protection | PHX_PROT_READ) & ~(uint64_t)hold_most(row))
        return PHX_PERMISSION_DENIED;
    TRY(frame_usable(f, in->protection & PHX_PROT_WRITE));
    if (in->pages > have || in->offset > have - in->pages)
        return PHX_INVALID_ARGUMENT;
    if (is_device && arch_is_kernels(ARCH_PAGES, offset, in->pages))
        return PHX_PERMISSION_DENIED;
    if (!replaces && range_taken(s, in->address, in->pages))
        return PHX_EXISTS;
    TRY(mapping_new(s, f, in->address, in->pages, out));
    mapping_allow(*out, row->up, row->up_gen, hold_most(row));
    (*out)->offset = offset;
    (*out)->protection = (uint8_t)in->protection | PHX_PROT_READ;
    return OK;
}

static err_t map_start(struct thread *t, struct space *s, uint64_t methods,
                       const struct address_space_map_in *in)
{
    struct mapping *m;

    TRY(mapping_for(t, s, methods, in, false, &m));
    return map_begin(&t->work, m);
}

int op_address_space_map(struct invocation *inv, const struct address_space_map_in *in)
{
    struct space *s = (struct space *)inv->object;

    return range_answer(inv, map_start(inv->thread, s, inv->row->methods, in), NULL);
}

/* The next few entries. One that takes steps is counted already, and here again behind them. */
static bool list_step(struct thread *t, struct work *w)
{
    struct address_space_map_in in;
    struct space *s = w->list.space;
    err_t err = w->result;

    w->list.done -= err != OK;
    for (unsigned i = 0; err == OK && w->list.done < w->list.count; i++) {
        if (i == LIST_A_STEP)
            return false;
        err = s->object.dead ? PHX_REVOKED
                             : copy_in(t->process->space, &in,
                                       w->list.entries + w->list.done * sizeof in, sizeof in);
        if (err == OK)
            err = map_start(t, s, w->list.methods, &in);
        w->list.done += err <= OK;
        if (err == BLOCKED)
            return false;
    }
    w->then = NULL;
    w->out[0] = w->list.done;
    w->result = w->list.done > 0 ? OK : err;
    object_unref(&s->object);
    return true;
}

int op_address_space_map_list(struct invocation *inv, const struct address_space_map_list_in *in,
                              struct address_space_map_list_out *out)
{
    if (in->entries % 8)
        return PHX_INVALID_ARGUMENT;
    inv->thread->work = (struct work){
        .step = list_step, .then = list_step,
        .list = { (struct space *)inv->object, in->entries, in->count, 0, inv->row->methods },
    };
    inv->object->refs++;
    return work_begin(inv->thread, inv->waiter, (uint64_t *)out);
}

/* A record of new memory that only it owns, and nobody revokes. */
static err_t mapping_fresh(struct space *s, struct account *a, uint64_t address, uint64_t pages,
                           uint64_t protection, struct mapping **out)
{
    struct frame *f;

    TRY(frame_new(a, pages, 0, &f));
    err_t err = mapping_new(s, f, address, pages, out);
    if (err != OK) {
        frame_free(f);
        return err;
    }
    mapping_allow(*out, &kernel.caps.root, kernel.caps.root.gen, 7);
    (*out)->protection = (uint8_t)protection | PHX_PROT_READ;
    return OK;
}

int op_address_space_populate(struct invocation *inv, const struct address_space_populate_in *in,
                              struct address_space_populate_out *out)
{
    struct space *s = (struct space *)inv->object;
    struct work *w = &inv->thread->work;
    struct hold *row;
    struct mapping *m;

    TRY(other(inv->thread, in->pool, IFACE_FRAME_POOL, FRAME_POOL_ALLOC, &row));
    if (!protection_ok(in->protection, inv->row->methods) || !range_ok(in->address, in->pages))
        return PHX_INVALID_ARGUMENT;
    if (range_taken(s, in->address, in->pages))
        return PHX_EXISTS;
    uint64_t pages = in->pages < BUDDY_RUN_MAX ? in->pages : BUDDY_RUN_MAX;
    struct account *a = row->object->account;
    err_t err = mapping_fresh(s, a, in->address, pages, in->protection, &m);
    while (err == PHX_OUT_OF_MEMORY && pages > 1) /* in pieces: as long a run as there is */
        err = mapping_fresh(s, a, in->address, pages /= 2, in->protection, &m);
    if (err != OK)
        return err;

    range_begin(w, populate_step, s, 0, pages, RANGE_ENTERED, NULL);
    w->unlocked = frame_zero_some;
    w->mapping = m;
    w->frame = m->frame;
    frame_zero_some(w);
    return range_answer(inv, BLOCKED, (uint64_t *)out);
}

err_t space_map_now(struct space *s, struct frame *f, uint64_t address, uint64_t pages,
                    unsigned protection)
{
    struct mapping *m;
    struct work w;

    TRY(mapping_new(s, f, address, pages, &m));
    mapping_allow(m, &kernel.caps.root, kernel.caps.root.gen, protection | PHX_PROT_READ);
    m->protection = m->most;
    w.then = NULL;
    if (map_begin(&w, m) == OK)
        return OK;
    while (!w.step(NULL, &w))
        ;
    return w.result;
}

/* --- changing what is mapped ----------------------------------------------- */

/* Begin with a range, and with `step`. */
static err_t change(struct invocation *inv, bool (*step)(struct thread *, struct work *),
                    uint64_t address, uint64_t pages, unsigned protection, struct object *into)
{
    if (!range_ok(address, pages))
        return PHX_INVALID_ARGUMENT;
    range_begin(&inv->thread->work, step, (struct space *)inv->object, address,
                address + (pages << PHX_PAGE_SHIFT), protection, into);
    if (into)
        into->refs++;
    return range_answer(inv, BLOCKED, NULL);
}

int op_address_space_unmap(struct invocation *inv, const struct address_space_unmap_in *in)
{
    return change(inv, cut_step, in->address, in->pages, RANGE_GONE, NULL);
}

/* First: is it wholly mapped, and allowed by every mapping in it? */
static bool protect_step(struct thread *t, struct work *w)
{
    for (unsigned i = 0; w->cursor < w->end; i++) {
        const struct mapping *m = mapping_at(w->space, w->cursor);

        if (i == LOOKS_A_STEP)
            return false;
        if (!m || m->going)
            w->result = PHX_NOT_FOUND;
        else if (w->protection & ~mapping_may(m))
            w->result = PHX_PERMISSION_DENIED;
        if (w->result != OK)
            return range_over(w);
        w->cursor = mapping_end(m);
    }
    w->cursor = w->address;
    w->step = cut_step;
    return cut_step(t, w);
}

int op_address_space_protect(struct invocation *inv, const struct address_space_protect_in *in)
{
    unsigned protection = (unsigned)in->protection | (in->protection ? PHX_PROT_READ : 0);

    if (in->protection && !protection_ok(in->protection, inv->row->methods))
        return PHX_INVALID_ARGUMENT;
    return change(inv, protect_step, in->address, in->pages, protection, NULL);
}

int op_address_space_clone(struct invocation *inv, const struct address_space_clone_in *in)
{
    struct hold *row;

    TRY(other(inv->thread, in->into, IFACE_ADDRESS_SPACE, ADDRESS_SPACE_MAP, &row));
    if (!range_ok(in->address, in->pages) || row->object == inv->object)
        return PHX_INVALID_ARGUMENT;
    if (range_taken((struct space *)row->object, in->address, in->pages))
        return PHX_EXISTS;
    return change(inv, cut_step, in->address, in->pages, RANGE_CLONED, row->object);
}

/* A mapping of one page in the place of what is there. */
static err_t replace(struct invocation *inv, struct mapping *m)
{
    inv->thread->work.mapping = m;
    return change(inv, cut_step, m->node.key, 1, RANGE_REPLACED, NULL);
}

int op_address_space_replace(struct invocation *inv, const struct address_space_replace_in *in)
{
    const struct address_space_map_in page = { in->frame, in->address, in->offset, 1,
                                               in->protection };
    struct mapping *m;

    TRY(mapping_for(inv->thread, (struct space *)inv->object, inv->row->methods, &page, true, &m));
    return replace(inv, m);
}

int op_address_space_copy_replace(struct invocation *inv,
                                  const struct address_space_copy_replace_in *in)
{
    struct space *s = (struct space *)inv->object;
    uint64_t protection = in->protection | PHX_PROT_READ;
    struct mapping *m = mapping_at(s, in->address), *copy;
    struct hold *row;

    TRY(other(inv->thread, in->pool, IFACE_FRAME_POOL, FRAME_POOL_ALLOC, &row));
    if (!protection_ok(protection, inv->row->methods) || !range_ok(in->address, 1))
        return PHX_INVALID_ARGUMENT;
    if (!m || m->going || m->frame == &device_memory)
        return PHX_NOT_FOUND;
    if (m->frame->object.refs == 1 && protection == (m->protection | (m->sealed & PHX_PROT_WRITE))) {
        m->protection = (uint8_t)protection; /* nobody else shows it: as it was */
        m->sealed = m->frame->sealed = 0;
        return change(inv, range_step, m->node.key, m->pages, RANGE_SAME, NULL);
    }
    TRY(mapping_fresh(s, row->object->account, in->address, 1, protection, &copy));
    memcpy(direct(mapping_pa(copy)), direct(mapping_pa(m) + in->address - m->node.key),
           PHX_PAGE_SIZE);
    return replace(inv, copy);
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
    m->protection = hold_most(row);
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
