/* SPDX-License-Identifier: MIT */
/*
 * What is true of a world at any time, and what of it can be seen.
 */
#include "world.h"

#include "account_look_test.h"
#include "ipc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- text that grows --------------------------------------------------------- */

static char *text;
static size_t length, room;

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    va_list list;

    if (room - length < 512) {
        room = room ? room * 2 : 65536;
        text = realloc(text, room);
    }
    va_start(list, format);
    length += (size_t)vsnprintf(text + length, room - length, format, list);
    va_end(list);
}

#define EACH_ROW(row, table)                                                                       \
    for (uint32_t index_ = 1; index_ < (table)->pages * 64; index_++)                              \
        for (struct hold *row = index_ % 64 < HOLDS_PER_PAGE ? cap_row_at((table), index_) : NULL; \
             row; row = NULL)

#define EACH(type, variable, list_head, member)                                                    \
    for (type *variable = CONTAINER((list_head)->next, type, member);                              \
         &variable->member != (list_head);                                                         \
         variable = CONTAINER(variable->member.next, type, member))

/* --- mailboxes, which nobody lists --------------------------------------------- */

#define BOXES_MAX 64
static const struct endpoint *boxes[BOXES_MAX];
static unsigned box_count;

static void add_box(const struct endpoint *box)
{
    for (unsigned i = 0; i < box_count; i++)
        if (boxes[i] == box)
            return;
    CHECK(box_count < BOXES_MAX);
    boxes[box_count++] = box;
}

static void find_boxes_in(const struct cap_table *table)
{
    EACH_ROW(row, table)
    {
        const struct endpoint *e = (const struct endpoint *)row->object;

        if (row->state == HOLD_LIVE && e->object.type == IFACE_ENDPOINT && e->mailbox)
            add_box(e);
    }
}

static void find_boxes(void)
{
    box_count = 0;
    EACH(struct process, p, &kernel.processes, all_link)
    find_boxes_in(&p->table);
    for (unsigned i = 0; i < box_count; i++)
        find_boxes_in(&boxes[i]->mailbox->table);
}

static bool pays(const struct account *a, unsigned box)
{
    return boxes[box]->mailbox->table.account == a;
}

/* --- what a table or a row keeps for later ----------------------------------- */

#define KEPT_MAX 4096
static const void *kept[KEPT_MAX];
static unsigned kept_count;

static const void *page_of(const void *object)
{
    return (const void *)((uintptr_t)object & ~(uintptr_t)4095);
}

static void keep(const void *page)
{
    for (unsigned i = 0; i < kept_count; i++)
        if (kept[i] == page)
            return;
    CHECK(kept_count < KEPT_MAX);
    kept[kept_count++] = page;
}

static void find_node_pages_in(const struct cap_table *table)
{
    EACH_ROW(row, table)
    if (row->state == HOLD_LIVE)
        for (const struct node *n = row->down ? row->down : row->up; n; n = n->parent)
            if (n != &kernel.caps.root)
                keep(page_of(n));
}

/* Those of mappings and their frames: one that was cut for what was then refused stays cut. */
static void find_mapping_pages(const struct space *s)
{
    for (struct tree_node *n = s ? tree_ceil(&s->mappings, 0) : NULL; n;
         n = tree_ceil(&s->mappings, n->key + 1)) {
        const struct mapping *m = CONTAINER(n, struct mapping, node);

        keep(page_of(m));
        if (m->frame != &device_memory)
            keep(page_of(m->frame));
    }
}

/* The pages of nodes that rows name, whoever pays. */
static void find_node_pages(void)
{
    kept_count = 0;
    EACH(struct process, p, &kernel.processes, all_link)
    {
        find_node_pages_in(&p->table);
        find_mapping_pages(p->space);
    }
    for (unsigned i = 0; i < box_count; i++)
        find_node_pages_in(&boxes[i]->mailbox->table);
}

static unsigned node_pages(const struct account *a)
{
    unsigned n = 0;

    for (unsigned i = 0; i < kept_count; i++)
        n += object_payer((const char *)kept[i] + 64) == a;
    return n;
}

/* Tables of pages that a space has, which it keeps until it ends. */
static unsigned page_tables(uint64_t table, unsigned shift, unsigned entries)
{
    unsigned n = 0;

    for (unsigned i = 0; shift > PHX_PAGE_SHIFT && i < entries; i++) {
        uint64_t entry = ((const uint64_t *)direct(table))[i];

        if (arch_pte_present(entry) && entry == arch_pte_small(entry))
            n += 1 + page_tables(arch_pte_pa(entry), shift - ARCH_LEVEL_BITS, ARCH_LEAVES);
    }
    return n;
}

static unsigned pages_of(const struct cap_table *table)
{
    unsigned n = table->pages + (table->indirect != NULL);

    for (unsigned i = 0; table->indirect && i < TABLE_INDIRECT; i++)
        n += table->indirect[i] != NULL;
    return n;
}

/* The same of DMA domains, each by the hold that was its first. */
static unsigned domain_tables(const struct cap_table *table)
{
    unsigned n = 0;

    EACH_ROW(row, table)
    if (row->state == HOLD_LIVE && row->object->type == IFACE_DMA_DOMAIN &&
        row->up == &kernel.caps.root)
        n += page_tables(((const struct space *)row->object)->root, 39, ARCH_LEAVES / 2);
    return n;
}

static unsigned table_pages(const struct account *a)
{
    unsigned n = 0;

    EACH(struct process, p, &a->processes, account_link)
    {
        n += p->space ? page_tables(p->space->root, 39, ARCH_LEAVES / 2) : 0;
        n += pages_of(&p->table) + domain_tables(&p->table);
    }
    for (unsigned i = 0; i < box_count; i++)
        n += pays(a, i) ? pages_of(&boxes[i]->mailbox->table) : 0;
    return n;
}

static unsigned list_length(const struct list *l)
{
    unsigned n = 0;

    for (const struct list *at = l->next; at != l; at = at->next)
        n++;
    return n;
}

/* --- what is true ------------------------------------------------------------- */

static uint64_t own(const struct account *a, unsigned r)
{
    uint64_t n = a->used[r];

    EACH(struct account, child, &a->children, sibling)
    n -= child->limit[r];
    return n;
}


uint64_t rows_in_use(const struct cap_table *t)
{
    uint64_t n = 0;

    EACH_ROW(row, t)
    n += row->state == HOLD_LIVE || row->state == HOLD_RESERVED;
    return n;
}

static void check_account(const struct account *a, uint64_t sums[RESOURCES])
{
    uint64_t rows = 0, threads = 0;

    CHECK(account_ok(a));
    EACH(struct process, p, &a->processes, account_link)
    {
        rows += rows_in_use(&p->table);
        threads += p->thread_count;
    }
    for (unsigned i = 0; i < box_count; i++)
        rows += pays(a, i) ? rows_in_use(&boxes[i]->mailbox->table) : 0;
    CHECK_EQ(own(a, RESOURCE_HOLDS), rows);
    CHECK_EQ(own(a, RESOURCE_THREADS), threads);
    for (unsigned r = 0; r < RESOURCES; r++)
        sums[r] += own(a, r);
    EACH(struct account, child, &a->children, sibling)
    check_account(child, sums);
}

uint64_t world_spent(unsigned r)
{
    uint64_t sums[RESOURCES] = {0};

    check_account(&kernel.root, sums);
    return r >= RESOURCE_ENERGY ? sums[r] : 0;
}

static void check_table(const struct cap_table *t)
{
    uint32_t free = 0;

    EACH_ROW(row, t)
    {
        free += row->state == HOLD_FREE;
        if (row->state == HOLD_LIVE)
            CHECK(row->object && row->object->refs > 0 && row->up && row->up->refs > 0);
    }
    for (const struct hold *row = t->free; row; row = row->next)
        CHECK(free-- > 0 && row->state == HOLD_FREE && cap_id(row, cap_index(row)) == row->badge);
}

/* Slots are free or queued; those of a badge are counted, and half of them at most. */
static void check_box(const struct endpoint *e)
{
    const struct mailbox *box = e->mailbox;
    uint64_t queued = 0, counted = e->queued, most = (box->slots + 1) / 2;

    check_table(&box->table);
    EACH(struct waiter, w, &e->callers, link)
    queued += w->thread == NULL;
    for (struct tree_node *n = tree_ceil(&e->badges, 0); n; n = tree_ceil(&e->badges, n->key + 1)) {
        counted += CONTAINER(n, struct badge, node)->queued;
        CHECK(CONTAINER(n, struct badge, node)->queued <= most);
    }
    CHECK(e->queued <= most);
    CHECK_EQ(queued, counted);
    CHECK_EQ(list_length(&box->free) + queued, box->slots);
}

void world_check(void)
{
    uint64_t sums[RESOURCES] = {0};

    find_boxes();
    check_account(&kernel.root, sums);
    CHECK_EQ(sums[RESOURCE_PAGES], memory_taken());
    EACH(struct process, p, &kernel.processes, all_link)
    check_table(&p->table);
    for (unsigned i = 0; i < box_count; i++)
        check_box(boxes[i]);
}

/* --- what can be seen ---------------------------------------------------------- */

static void dump_account(const struct account *a)
{
    unsigned nodes = node_pages(a);

    say("account %p dead %u refs %u pages %lu/%lu holds %lu/%lu threads %lu/%lu energy %lu/%lu\n",
        (const void *)a, a->object.dead, a->object.refs - nodes,
        a->used[RESOURCE_PAGES] - table_pages(a) - nodes, a->limit[RESOURCE_PAGES],
        a->used[RESOURCE_HOLDS], a->limit[RESOURCE_HOLDS], a->used[RESOURCE_THREADS],
        a->limit[RESOURCE_THREADS], a->used[RESOURCE_ENERGY], a->limit[RESOURCE_ENERGY]);
    EACH(struct account, child, &a->children, sibling)
    dump_account(child);
}

static struct tree_node *next(const struct tree *tree, const struct tree_node *n)
{
    return tree_ceil(tree, n->key + 1);
}

/* A core counts whose turn it is. */
static unsigned turns_of(const struct object *o)
{
    unsigned n = 0;

    for (unsigned i = 0; i < CPUS_MAX; i++)
        n += cpus[i].turn && &cpus[i].turn->object == o;
    return n;
}

static void dump_object(struct object *o)
{
    unsigned more = turns_of(o); /* references that are not looked at */

    if (o->type == IFACE_ACCOUNT)
        more += node_pages((struct account *)o);
    if (o->type == IFACE_FRAME)
        more += list_length(&((struct frame *)o)->mappings);
    say(" object %p type %u refs %u dead %u", (void *)o, o->type, o->refs - more, o->dead);
    if (o->type == IFACE_ENDPOINT) {
        struct endpoint *e = (struct endpoint *)o;

        say(" servers %u callers %u receivers %u badges", e->servers, list_length(&e->callers),
            list_length(&e->receivers));
        for (struct tree_node *n = tree_ceil(&e->badges, 0); n; n = next(&e->badges, n))
            say(" %lu:%lu,%lu,%p", n->key, CONTAINER(n, struct badge, node)->holds,
                CONTAINER(n, struct badge, node)->queued,
                (void *)CONTAINER(n, struct badge, node)->watch.notification.object);
    } else if (o->type == IFACE_NOTIFICATION) {
        struct notification *n = (struct notification *)o;

        say(" bits %#lx waiters %u", n->bits, list_length(&n->waiters));
    } else if (o->type == IFACE_FRAME) {
        struct frame *f = (struct frame *)o;

        say(" pfn %#lx pages %lu pins %u", f->pfn, f->pages, f->pins);
    } else if (o->type == IFACE_RING) {
        struct ring *r = (struct ring *)o;

        say(" thread %p in flight %u free %u", (void *)r->thread, r->logic.in_flight,
            list_length(&r->free));
    }
    say("\n");
}

static void dump_row(struct hold *row, uint32_t index)
{
    if (row->state == HOLD_FREE || row->state == HOLD_RETIRED)
        return;
    say("  row %u.%u state %u methods %#lx badge %#lx interface %u up %p.%lu", index,
        row->generation, row->state, row->methods, row->badge, row->interface,
        (const void *)row->up, row->up_gen);
    if (row->state != HOLD_LIVE) {
        say("\n");
        return;
    }
    say(" alive %u down %lu", node_alive(row->up, row->up_gen), row->down ? row->down->gen : 1);
    if (row->uses)
        say(" uses %lu+%lu+%lu+%lu holders %u", row->uses->left, row->uses->reserved,
            row->uses->spent, row->uses->lost, row->uses->holders);
    dump_object(row->object);
}

/* What is mapped from there on by mappings that could be one; where that ends. */
static struct tree_node *dump_mappings(struct space *s, struct tree_node *n)
{
    const struct mapping *first = CONTAINER(n, struct mapping, node), *m = first;
    uint64_t sum = 0, pages = 0;

    do {
        for (uint64_t i = 0; i < m->pages; i++) {
            uint64_t address = m->node.key + (i << PHX_PAGE_SHIFT);
            uint64_t pa = space_resolve(s, address, PHX_PROT_READ);

            for (unsigned p = 1; p < 8; p++)
                sum = (sum + (space_resolve(s, address, p) != 0)) * 0x9e3779b97f4a7c15;
            sum = (sum + pa) * 0x9e3779b97f4a7c15;
            for (unsigned k = 0; pages + i < 16 && pa && k < 512; k++)
                sum = (sum + ((const uint64_t *)direct(pa))[k]) * 0x9e3779b97f4a7c15;
        }
        pages += m->pages;
        n = next(&s->mappings, n);
        m = n ? CONTAINER(n, struct mapping, node) : NULL;
    } while (m && m->node.key == first->node.key + (pages << PHX_PAGE_SHIFT) &&
             m->frame->pfn + m->offset == first->frame->pfn + first->offset + pages &&
             m->protection == first->protection && m->most == first->most &&
             m->going == first->going && m->sealed == first->sealed && m->up == first->up);
    say("  mapping %#lx pages %lu prot %u most %u going %u sealed %u pfn %#lx sum %#lx\n",
        first->node.key, pages, first->protection, first->most, first->going, first->sealed,
        first->frame->pfn + first->offset, sum);
    return n;
}

static void dump_thread(struct thread *t)
{
    struct waiter *w = &t->waiter;

    say("  thread %p state %u refs %u waits %u rows %u reply %u pending %#lx work %u ring %p "
        "call %p joiners %u code %lu\n",
        (void *)t, t->state == THREAD_RUNNING ? THREAD_READY : t->state, t->object.refs - turns_of(&t->object), w->state,
        w->state ? w->rows_reserved : 0u, w->state ? w->wants_reply : 0u, t->pending,
        t->work.step != NULL, (void *)t->ring, (void *)t->current_call,
        list_length(&t->joiners), t->exit_code);
}

static void dump_process(struct process *p)
{
    say("process %lu state %u refs %u threads %u status %lu watcher %p keeper %p\n", p->pid,
        p->state, p->object.refs, p->thread_count, p->status, (void *)p->watch.notification.object,
        (void *)p->keeper.notification.object);
    EACH_ROW(row, &p->table)
    dump_row(row, index_);
    if (p->space)
        say("  space refs %u\n", p->space->object.refs);
    for (struct tree_node *n = p->space ? tree_ceil(&p->space->mappings, 0) : NULL; n;)
        n = dump_mappings(p->space, n);
    EACH(struct thread, t, &p->threads, process_link)
    dump_thread(t);
}

static void dump_box(const struct endpoint *e)
{
    const struct mailbox *box = e->mailbox;

    say("mailbox of %p free %u of %lu\n", (const void *)e, list_length(&box->free), box->slots);
    EACH_ROW(row, &box->table)
    dump_row(row, index_);
}

char *world_dump(void)
{
    char *all;

    length = 0;
    find_boxes();
    find_node_pages();
    dump_account(&kernel.root);
    EACH(struct process, p, &kernel.processes, all_link)
    dump_process(p);
    for (unsigned i = 0; i < box_count; i++)
        dump_box(boxes[i]);
    all = text;
    text = NULL;
    room = 0;
    return all;
}
