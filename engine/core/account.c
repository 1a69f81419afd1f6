/* SPDX-License-Identifier: MIT */
#include "account.h"

#include "bytes.h"

#define PAGE 4096u

/* A pointer of the caller's, whatever it points to. */
typedef void *__attribute__((may_alias)) any_pointer;

/* At the front of every page of objects. */
struct object_page {
    struct list link; /* in account->partial[kind], or linked to itself when full */
    struct account *account;
    void *free; /* first free object; each begins with a pointer to the next */
    uint16_t kind;
    uint16_t used;
    uint32_t fresh; /* offset of the first byte that was never an object */
};

void account_init(struct account *a, struct account *parent, struct memory *memory)
{
    memset(a, 0, sizeof *a);
    a->object.type = IFACE_ACCOUNT;
    a->object.account = parent;
    a->memory = memory;
    list_init(&a->children);
    list_init(&a->processes);
    list_init(&a->frames);
    for (unsigned k = 0; k < KIND_COUNT; k++)
        list_init(&a->partial[k]);
    if (parent) {
        list_add_head(&parent->children, &a->sibling);
        parent->object.refs++;
    }
}

void account_ran(struct account *a, uint64_t ns)
{
    a->ran += ns;
    for (; a && ns > 0; a = a->object.account) {
        uint64_t spare = a->limit[RESOURCE_TIME] - a->used[RESOURCE_TIME];
        uint64_t part = ns < spare ? ns : spare;

        a->used[RESOURCE_TIME] += part;
        ns -= part;
    }
}

unsigned account_depth(const struct account *a)
{
    unsigned depth = 0;

    while ((a = a->object.account))
        depth++;
    return depth;
}

static bool is_below(const struct account *a, const struct account *top)
{
    while (a && a != top)
        a = a->object.account;
    return a;
}

/*
 * Budget climbs from `from` to the common ancestor by lowering each limit on the
 * way, and descends by raising each: only `from` can refuse, because every
 * account below the ancestor counts its child's limit as used.
 */
err_t account_transfer(struct account *from, struct account *to, unsigned r, uint64_t n)
{
    const struct account *top = from;

    while (top && !is_below(to, top))
        top = top->object.account;
    if (!top)
        return PHX_INVALID_ARGUMENT;
    TRY(account_can(from, r, n));

    for (struct account *a = from; a != top; a = a->object.account) {
        a->limit[r] -= n;
        account_use_less(a->object.account, r, n);
    }
    for (struct account *a = to; a != top; a = a->object.account) {
        a->limit[r] += n;
        a->object.account->used[r] += n;
    }
    return OK;
}

void account_close(struct account *a)
{
    for (unsigned r = 0; r < RESOURCES; r++) {
        uint64_t spare = a->limit[r] - a->used[r];

        a->limit[r] = a->used[r];
        account_refund(a->object.account, r, spare);
    }
    a->object.dead = ACCOUNT_CLOSED;
}

void account_free(struct account *a)
{
    account_close(a); /* again: of one that is closed it changes nothing */
    list_move_tail(&a->memory->ended, &a->sibling);
}

bool account_free_next(struct memory *m)
{
    struct list *first = list_first(&m->ended);

    if (!first)
        return false;
    struct account *a = CONTAINER(first, struct account, sibling), *parent = a->object.account;
    list_remove(first);
    object_free(a);
    if (--parent->object.refs == 0)
        account_free(parent);
    return true;
}

err_t account_pages(struct account *a, uint64_t pages, void *first)
{
    any_pointer *out = first;

    TRY(account_can(a, RESOURCE_PAGES, pages));
    *out = a->memory->take(a->memory, pages);
    if (!*out)
        return PHX_OUT_OF_MEMORY;
    return account_charge(a, RESOURCE_PAGES, pages);
}

void account_give_pages(struct account *a, void *first, uint64_t pages)
{
    a->memory->give(a->memory, first, pages);
    account_refund(a, RESOURCE_PAGES, pages);
}

err_t account_zero_page(struct account *a, void *page)
{
    TRY(account_pages(a, 1, page));
    memset(*(any_pointer *)page, 0, PAGE);
    return OK;
}

static struct object_page *page_of(const void *object)
{
    return (struct object_page *)((uintptr_t)object & ~(uintptr_t)(PAGE - 1));
}

static uint32_t first_offset(const struct memory *m, enum kind kind)
{
    return (sizeof(struct object_page) + m->align[kind] - 1u) & ~(m->align[kind] - 1u);
}

static err_t object_page_new(struct account *a, enum kind kind, struct object_page **out)
{
    struct object_page *p;

    TRY(account_pages(a, 1, &p));
    *p = (struct object_page){
        .account = a, .kind = (uint16_t)kind, .fresh = first_offset(a->memory, kind)};
    a->object.refs++;
    list_add_head(&a->partial[kind], &p->link);
    *out = p;
    return OK;
}

err_t object_new(struct account *a, enum kind kind, void *object)
{
    struct list *first = list_first(&a->partial[kind]);
    uint32_t size = a->memory->size[kind];
    struct object_page *p;
    any_pointer *out = object;

    if (first)
        p = CONTAINER(first, struct object_page, link);
    else
        TRY(object_page_new(a, kind, &p));

    if (p->free) {
        *out = p->free;
        p->free = *(void **)p->free;
    } else {
        *out = (char *)p + p->fresh;
        p->fresh += size;
    }
    p->used++;
    if (!p->free && p->fresh + size > PAGE)
        list_remove(&p->link);
    memset(*out, 0, size);
    return OK;
}

void object_free(void *object)
{
    struct object_page *p = page_of(object);
    struct account *a = p->account;

    if (!list_is_linked(&p->link))
        list_add_head(&a->partial[p->kind], &p->link);
    *(void **)object = p->free;
    p->free = object;
    if (--p->used == 0) {
        list_remove(&p->link);
        account_give_pages(a, p, 1);
        if (--a->object.refs == 0)
            account_free(a);
    }
}
