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

static void *memory_take(struct memory *m, uint64_t pages)
{
    (void)m;
    if (pages == 1 && spares > 0)
        return spare[--spares];
    int64_t pfn = buddy_alloc(&buddy, pages);
    if (pfn < 0 && spares > 0) {
        join_spares();
        pfn = buddy_alloc(&buddy, pages);
    }
    return pfn < 0 ? NULL : page_address((uint64_t)pfn);
}

static void memory_give(struct memory *m, void *first, uint64_t pages)
{
    (void)m;
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

err_t frame_new(struct account *a, uint64_t pages, struct frame **out)
{
    void *first;

    if (pages == 0 || pages > BUDDY_RUN_MAX)
        return PHX_INVALID_ARGUMENT;
    TRY(account_pages(a, pages, &first));
    err_t err = frame_of(a, direct_pa(first) >> PHX_PAGE_SHIFT, pages, true, out);
    if (err != OK)
        account_give_pages(a, first, pages);
    return err;
}

err_t frame_split(struct frame *f, uint64_t at, struct frame **out)
{
    TRY(frame_of(f->object.account, f->pfn + at, f->pages - at, f->owned, out));
    f->pages = at;
    return OK;
}

void frame_join(struct frame *f, struct frame *rest)
{
    f->pages += rest->pages;
    rest->owned = false;
}

void frame_free(struct frame *f)
{
    if (f->owned)
        account_give_pages(f->object.account, page_address(f->pfn), f->pages);
    object_free(f);
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
    object_unref(&w->frame->object);
    return true;
}

int op_frame_pool_alloc(struct invocation *inv, const struct frame_pool_alloc_in *in,
                        struct frame_pool_alloc_out *out)
{
    struct thread *t = inv->thread;
    struct work *w = &t->work;
    struct frame *f;

    TRY(frame_new(inv->object->account, in->pages, &f));

    *w = (struct work){ .step = alloc_step, .frame = f };
    f->object.refs++;
    frame_zero_some(w);
    return work_begin(t, inv->waiter, (uint64_t *)out);
}

int op_frame_pool_info(struct invocation *inv, struct frame_pool_info_out *out)
{
    (void)inv;
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
