/* SPDX-License-Identifier: MIT */
/*
 * Physical memory: the pages that boot left, handed out as frames.
 *
 * A frame is charged once, to the account whose pool it came from, and its pages
 * are free again when the last hold, mapping or pin is gone.
 */
#include "buddy.h"
#include "thread.h"

static struct buddy buddy;

static void *page_address(uint64_t pfn)
{
    return direct(pfn << PHX_PAGE_SHIFT);
}

/* Single pages come and go all the time (tables, rows, objects): the last ones given
 * back are kept aside, and joined with the rest only when a run is not to be had. */
static void *spare[32];
static unsigned spares;

static void join_spares(void)
{
    while (spares > 0)
        buddy_free(&buddy, direct_pa(spare[--spares]) >> PHX_PAGE_SHIFT, 1);
}

static uint64_t place; /* where pages are to be taken; 0: anywhere */

static void *memory_take(struct memory *, uint64_t pages)
{
    if (pages == 1 && spares > 0 && !place)
        return spare[--spares];
    int64_t pfn = buddy_alloc(&buddy, pages, place);
    if (pfn < 0 && spares > 0) {
        join_spares();
        pfn = buddy_alloc(&buddy, pages, place);
    }
    return pfn < 0 ? NULL : page_address((uint64_t)pfn);
}

static void memory_give(struct memory *, void *first, uint64_t pages)
{
    if (pages == 1 && spares < sizeof spare / sizeof spare[0])
        spare[spares++] = first;
    else
        buddy_free(&buddy, direct_pa(first) >> PHX_PAGE_SHIFT, pages);
}

/* The first region with room for the allocator's own table. */
static unsigned table_region(const struct boot_info *info, uint64_t bytes)
{
    for (unsigned i = 0; i < info->region_count; i++)
        if (info->regions[i].size >= bytes)
            return i;
    panic("no room for the page table of %lu bytes of memory: give the machine more",
          info->memory_bytes);
}

uint64_t frames_init(const struct boot_info *info)
{
    uint64_t pages = info->phys_end >> PHX_PAGE_SHIFT;
    uint64_t bytes = (buddy_table_bytes(pages) + PHX_PAGE_SIZE - 1) & ~(PHX_PAGE_SIZE - 1UL);
    unsigned at = table_region(info, bytes);

    buddy_init(&buddy, direct(info->regions[at].base), pages, page_address);
    for (unsigned i = 0; i < info->region_count; i++) {
        uint64_t base = info->regions[i].base + (i == at ? bytes : 0);
        uint64_t size = info->regions[i].size - (i == at ? bytes : 0);

        buddy_free(&buddy, base >> PHX_PAGE_SHIFT, size >> PHX_PAGE_SHIFT);
    }
    kernel.memory.take = memory_take;
    kernel.memory.give = memory_give;
    return buddy.free_pages;
}

err_t frame_of(struct account *a, uint64_t pfn, uint64_t pages, bool owned, struct frame **out)
{
    struct frame *f;

    TRY(object_new(a, KIND_FRAME, &f));
    f->object.type = IFACE_FRAME;
    f->object.account = a;
    f->pfn = pfn;
    f->pages = pages;
    f->owned = owned;
    list_init(&f->mappings);
    *out = f;
    return OK;
}

err_t frame_new(struct account *a, uint64_t pages, uint64_t at, struct frame **out)
{
    void *first;

    if (pages == 0 || pages > BUDDY_RUN_MAX)
        return PHX_INVALID_ARGUMENT;
    place = at;
    err_t err = account_pages(a, pages, &first);
    place = 0;
    if (err != OK)
        return err;
    err = frame_of(a, direct_pa(first) >> PHX_PAGE_SHIFT, pages, true, out);
    if (err != OK)
        account_give_pages(a, first, pages);
    return err;
}

void frame_free(struct frame *f)
{
    list_remove(&f->link);
    if (f->owned)
        account_give_pages(f->object.account, page_address(f->pfn), f->pages);
    object_free(f);
}

err_t frame_usable(const struct frame *f, unsigned method)
{
    return f->object.dead ? PHX_REVOKED
           : f->sealed && method == FRAME_MAP_WRITE ? PHX_PERMISSION_DENIED : OK;
}

/* --- operations ------------------------------------------------------------ */

/* Four pages a step, without the lock: nobody else can name the frame yet. */
void frame_zero_some(struct work *w)
{
    for (unsigned i = 0; i < 4 && w->cursor < w->frame->pages; i++)
        page_zero(page_address(w->frame->pfn + w->cursor++));
}

static bool alloc_step(struct thread *t, struct work *w)
{
    if (w->cursor < w->frame->pages) {
        w->unlocked = frame_zero_some;
        return false;
    }
    w->result = object_hold(t, &w->frame->object, IFACE_FRAME, FRAME_M_ALL,
                            FRAME_BADGE(0UL, w->frame->pages), &w->out[0]);
    w->out[1] = w->frame->pfn << PHX_PAGE_SHIFT;
    frame_pin(w->frame, 0);
    object_unref(&w->frame->object);
    return true;
}

int op_frame_pool_alloc_at(struct invocation *inv, const struct frame_pool_alloc_at_in *in,
                           struct frame_pool_alloc_at_out *out)
{
    struct work *w = &inv->thread->work;
    struct frame *f;

    if (in->physical % PHX_PAGE_SIZE)
        return PHX_INVALID_ARGUMENT;
    TRY(frame_new(inv->object->account, in->pages, in->physical >> PHX_PAGE_SHIFT, &f));

    *w = (struct work){ .step = alloc_step, .frame = f };
    f->object.refs++;
    frame_zero_some(w);
    return work_begin(inv->thread, inv->waiter, (uint64_t *)out);
}

int op_frame_pool_alloc(struct invocation *inv, const struct frame_pool_alloc_in *in,
                        struct frame_pool_alloc_out *out)
{
    const struct frame_pool_alloc_at_in anywhere = { 0, in->pages };

    return op_frame_pool_alloc_at(inv, &anywhere, (struct frame_pool_alloc_at_out *)out);
}

int op_frame_pool_info(struct invocation *, struct frame_pool_info_out *out)
{
    join_spares();
    out->free = buddy.free_pages;
    out->total = kernel.root.limit[RESOURCE_PAGES];
    out->largest = buddy_largest(&buddy);
    return OK;
}

int op_frame_info(struct invocation *inv, struct frame_info_out *out)
{
    const struct frame *f = (const struct frame *)inv->object;

    out->physical = (f->pfn + FRAME_BADGE_OFFSET(inv->badge)) << PHX_PAGE_SHIFT;
    out->pages = FRAME_BADGE_PAGES(inv->badge);
    return OK;
}

int op_frame_carve(struct invocation *inv, const struct frame_carve_in *in,
                   struct frame_carve_out *out)
{
    return result_part(inv, in->offset, in->pages, &out->frame);
}

int op_frame_seal(struct invocation *inv)
{
    struct frame *f = (struct frame *)inv->object;

    if (inv->badge != FRAME_BADGE(0UL, f->pages) || f->pins > 0)
        return PHX_INVALID_STATE;
    f->sealed = true;
    f->object.refs++;
    return sweep_begin(inv, &f->object);
}

int op_frame_claim(struct invocation *inv)
{
    struct frame *f = (struct frame *)inv->object;

    if (f->object.refs > 1)
        return PHX_WOULD_BLOCK;
    f->sealed = false;
    return OK;
}

/* Two parts that lie side by side, and that one authority gave, are one again. */
int op_frame_merge(struct invocation *inv, const struct frame_merge_in *in)
{
    struct hold *row = inv->row, *rest;
    uint64_t end = FRAME_BADGE_OFFSET(row->badge) + FRAME_BADGE_PAGES(row->badge);

    TRY(other(inv->thread, in->frame, IFACE_FRAME, FRAME_MERGE, &rest));
    if (rest->object != row->object || FRAME_BADGE_OFFSET(rest->badge) != end)
        return PHX_INVALID_ARGUMENT;
    if (rest->up != row->up || rest->up_gen != row->up_gen || row->methods & ~rest->methods ||
        row->uses != rest->uses)
        return PHX_PERMISSION_DENIED;
    row->badge += FRAME_BADGE_PAGES(rest->badge);
    cap_release(&inv->thread->process->table, rest);
    return OK;
}

/* --- giving back ----------------------------------------------------------- */

void frame_pin(struct frame *f, int more)
{
    f->pins += (uint32_t)more;
    list_remove(&f->link);
    if (f->owned && f->pins == 0)
        list_add_head(&f->object.account->frames, &f->link);
}

void pool_free(struct pool *p)
{
    if (p->object.account->pool == p)
        p->object.account->pool = NULL;
    pin_drop(&p->watch.notification);
    pin_drop(&p->page);
    object_free(p);
}

int op_frame_pool_watch(struct invocation *inv, const struct frame_pool_watch_in *in)
{
    struct pool *p = (struct pool *)inv->object;
    struct hold *row;

    TRY(other(inv->thread, in->frame, IFACE_FRAME, FRAME_MAP_WRITE, &row));
    TRY(watch_set(&p->watch, inv->thread, in->notification, in->bits));
    pin_set(&p->page, row);
    p->told = page_address(((struct frame *)row->object)->pfn + FRAME_BADGE_OFFSET(row->badge));
    p->taken = 0;
    p->object.account->pool = p;
    return OK;
}

/* One frame after the other, the last that was given first, until there are enough pages. What
 * is mapped nowhere any more is free, and its holder is told. */
static bool take_step(struct thread *, struct work *w)
{
    struct account *a = (struct account *)w->object;
    struct pool *p = a->pool;
    struct frame *f = w->frame;

    if (f && frame_sweep(f, w->cursor))
        return false;
    if (f) {
        account_give_pages(a, page_address(f->pfn), f->pages);
        f->owned = false;
        if (p && pin_alive(&p->page)) {
            p->told->vector[p->taken++ % PHX_TAKEN_MAX] =
                (struct phx_taken){ f->pfn << PHX_PAGE_SHIFT, f->pages };
            p->told->taken = p->taken;
            watch_tell(&p->watch);
        }
        object_unref(&f->object);
    }
    w->result = account_transfer(a, a->object.account, RESOURCE_PAGES, w->end);
    if (w->result == OK || list_is_empty(&a->frames)) {
        object_unref(&a->object);
        return true;
    }
    f = w->frame = CONTAINER(a->frames.next, struct frame, link);
    list_remove(&f->link);
    f->object.dead = 1;
    f->object.refs++;
    w->cursor = ++kernel.sweeps;
    return false;
}

int op_account_reclaim(struct invocation *inv, const struct account_reclaim_in *in)
{
    struct account *a = (struct account *)inv->object;
    struct pool *p = a->pool;
    err_t err = account_transfer(a, a->object.account, RESOURCE_PAGES, in->pages);

    if (err != PHX_LIMIT_EXCEEDED)
        return err;
    if (now_ns() >= in->deadline) {
        a->object.refs++;
        inv->thread->work = (struct work){ .step = take_step, .object = &a->object, .end = in->pages };
        return work_begin(inv->thread, inv->waiter, NULL);
    }
    if (p && pin_alive(&p->page)) {
        p->told->wanted = in->pages;
        p->told->deadline = in->deadline;
        watch_tell(&p->watch);
    }
    return PHX_WOULD_BLOCK;
}
