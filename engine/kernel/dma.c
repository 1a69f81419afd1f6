/* SPDX-License-Identifier: MIT */
/*
 * What devices may reach in memory.
 *
 * A domain is an address space whose addresses a device uses: its mappings are in the
 * same trees and lists as a process's, its tables have the same form, and are taken
 * down in the same order: entries, then the unit that translates, then the page is
 * free. Only what an entry says and how it is flushed differ (space.c).
 *
 * A confined domain's device reaches what is mapped. An unconfined one's reaches all
 * memory, and its mappings only keep frames where they are, so they are where the
 * frames are. A function is in one domain at most, and a domain has one function; a
 * function without one is blocked wherever there is a unit that can.
 *
 * States   made -> attached (its number is its place in `domains`) -> made, when the
 *          function's hold is revoked -> dying, when its last hold is gone
 * Locking  the kernel lock
 * Tests    tests/kernel/hardware_test.c, tests/devices
 */
#include "thread.h"

#define DOMAINS 64 /* attached at once */

struct domain {
    struct space space;      /* first: what is done to a space can be done to it */
    struct chore taking_down;
    struct pin hold;         /* of the function, while it is attached */
    uint16_t function;
    bool unconfined;
    struct watch watch;
    struct dma_domain_info_out seen; /* faults, and the last one's address and reason */
};
_Static_assert(sizeof(struct domain) <= sizeof(struct process), "size class");

static struct domain *domains[DOMAINS]; /* by space.domain; 0 is nobody's */

int op_account_new_dma_domain(struct invocation *inv, const struct account_new_dma_domain_in *in,
                              struct account_new_dma_domain_out *out)
{
    struct space *s;

    if (in->unconfined > 1)
        return PHX_INVALID_ARGUMENT;
    if (!in->unconfined && !arch_dma_confines())
        return PHX_NOT_SUPPORTED;
    TRY(space_new((struct account *)inv->object, IFACE_DMA_DOMAIN, &s));
    struct domain *d = (struct domain *)s;
    d->unconfined = in->unconfined;
    return object_hold(inv->thread, &s->object, IFACE_DMA_DOMAIN,
                       in->unconfined ? DMA_DOMAIN_M_ALL
                                      : DMA_DOMAIN_M_ALL & ~DMA_DOMAIN_M_UNCONFINED,
                       0, &out->domain);
}

/* Its device reaches what it should, and its next refused transfer is reported. */
static void connect(const struct domain *d)
{
    arch_dma_set(d->function, d->space.domain,
                 d->unconfined ? ARCH_DMA_EVERYTHING : d->space.root);
}

/* Its device reaches nothing any more when this returns. */
static void detach(struct domain *d)
{
    arch_dma_set(d->function, d->space.domain, ARCH_DMA_BLOCKED);
    domains[d->space.domain] = NULL;
    d->space.domain = 0;
    pin_drop(&d->hold);
}

void dma_sweep(void)
{
    for (unsigned i = 1; i < DOMAINS; i++)
        if (domains[i] && !pin_alive(&domains[i]->hold))
            detach(domains[i]);
}

static err_t domain_reap(struct object *o)
{
    return space_shrink((struct space *)o) ? MORE : OK;
}

/* Again when all that was mapped is gone. */
void domain_free(struct domain *d)
{
    if (d->space.domain)
        detach(d);
    pin_drop(&d->watch.notification);
    if (space_shrink(&d->space))
        chore_begin(&d->taking_down, &d->space.object, domain_reap);
    else
        space_free(&d->space);
}

int op_dma_domain_attach(struct invocation *inv, const struct dma_domain_attach_in *in)
{
    struct domain *d = (struct domain *)inv->object;
    unsigned method = d->unconfined ? PCI_FUNCTION_ATTACH_UNCONFINED : PCI_FUNCTION_ATTACH;
    unsigned free = 0;
    struct hold *row;

    TRY(other(inv->thread, in->pci_function, IFACE_PCI_FUNCTION, method, &row));
    if (FRAME_BADGE_PAGES(row->badge) != 1)
        return PHX_INVALID_ARGUMENT;
    uint16_t function = (uint16_t)FRAME_BADGE_OFFSET(row->badge);
    for (unsigned i = 1; i < DOMAINS; i++) {
        if (!domains[i])
            free = i;
        else if (domains[i] == d || domains[i]->function == function)
            return PHX_EXISTS;
    }
    if (!free)
        return PHX_OUT_OF_MEMORY;

    domains[free] = d;
    d->space.domain = (uint16_t)free;
    d->function = function;
    pin_set(&d->hold, row);
    connect(d);
    return OK;
}

int op_dma_domain_map(struct invocation *inv, const struct dma_domain_map_in *in)
{
    const struct domain *d = (const struct domain *)inv->object;
    struct hold *row;

    _Static_assert(sizeof *in == sizeof(struct address_space_map_in), "the same words");
    TRY(other(inv->thread, in->frame, IFACE_FRAME, FRAME_MAP_READ, &row));
    uint64_t page = ((struct frame *)row->object)->pfn + FRAME_BADGE_OFFSET(row->badge);
    if ((in->protection & PHX_PROT_EXECUTE) ||
        (d->unconfined && in->address != (page + in->offset) << PHX_PAGE_SHIFT))
        return PHX_INVALID_ARGUMENT;
    return op_address_space_map(inv, (const struct address_space_map_in *)in);
}

int op_dma_domain_info(struct invocation *inv, struct dma_domain_info_out *out)
{
    const struct domain *d = (const struct domain *)inv->object;

    if (d->space.domain)
        connect(d);
    *out = d->seen;
    return OK;
}

int op_dma_domain_watch(struct invocation *inv, const struct dma_domain_watch_in *in)
{
    return watch_set(&((struct domain *)inv->object)->watch, inv->thread, in->notification,
                     in->bits);
}

/* A function's fault is the last one that is reported until somebody asks, so there are
 * no more of them than domains. */
void dma_faults(void)
{
    struct arch_dma_fault f;

    while (arch_dma_fault(&f)) {
        for (unsigned i = 1; i < DOMAINS; i++) {
            struct domain *d = domains[i];

            if (!d || d->function != f.function)
                continue;
            d->seen = (struct dma_domain_info_out){ d->seen.faults + 1, f.address, f.reason };
            watch_tell(&d->watch);
        }
    }
}
