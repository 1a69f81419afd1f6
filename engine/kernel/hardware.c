/* SPDX-License-Identifier: MIT */
/*
 * What drivers drive a device with: its ports, its registers in memory, its interrupt.
 *
 * Each is one object for the machine, and a hold's badge names a range of it: ports,
 * physical pages, lines. `range` makes a narrower child; the kernel's own are in
 * nobody's range, and are refused again where they are used, because the first hold
 * names all there are.
 *
 * An interrupt line is told to one notification, as long as somebody holds that and
 * neither hold that it was bound with is revoked. What its owner does not look after is
 * masked: a level line at once, until it is acknowledged, an edge line when EDGES_MAX
 * are waiting. So no line, however it behaves, costs the machine more than that.
 *
 * Locking  the kernel lock
 * Tests    tests/kernel/hardware_test.c, tests/devices
 */
#include "thread.h"

#define EDGES_MAX 16

/* All physical pages: so device registers are mapped, and taken down, as frames are. */
struct frame device_memory = {
    .object = { .type = IFACE_FRAME, .refs = 1 },
    .mappings = { &device_memory.mappings, &device_memory.mappings },
};

/* --- ranges ---------------------------------------------------------------- */

/* [first, first + count) is in what the hold names, and nothing of it is the kernel's. */
static err_t claim(const struct invocation *inv, enum arch_range kind, uint64_t first,
                   uint64_t count)
{
    uint64_t at = first - FRAME_BADGE_OFFSET(inv->badge);
    uint64_t have = FRAME_BADGE_PAGES(inv->badge);

    if (count == 0)
        return PHX_INVALID_ARGUMENT;
    if (at >= have || count > have - at || arch_is_kernels(kind, first, count))
        return PHX_PERMISSION_DENIED;
    return OK;
}

/* Of whatever is named by ranges. */
int op_irq_range(struct invocation *inv, const struct irq_range_in *in, struct irq_range_out *out)
{
    static const enum arch_range kinds[KERNEL_INTERFACES] = {
        [IFACE_IRQ] = ARCH_LINES,
        [IFACE_IO_PORT] = ARCH_PORTS,
        [IFACE_DEVICE_MEMORY] = ARCH_PAGES,
        [IFACE_PCI_FUNCTION] = ARCH_FUNCTIONS,
        [IFACE_TIME_SLICE] = ARCH_SLOTS,
    };

    TRY(claim(inv, kinds[inv->row->interface], in->first, in->count));
    return result_part(inv, in->first - FRAME_BADGE_OFFSET(inv->badge), in->count, &out->irq);
}

/* --- ports ----------------------------------------------------------------- */

static err_t claim_port(const struct invocation *inv, uint64_t port, uint64_t width)
{
    if (width != 1 && width != 2 && width != 4)
        return PHX_INVALID_ARGUMENT;
    return claim(inv, ARCH_PORTS, port, width);
}

int op_io_port_in(struct invocation *inv, const struct io_port_in_in *in,
                  struct io_port_in_out *out)
{
    TRY(claim_port(inv, in->port, in->width));
    out->value = arch_port_in((uint16_t)in->port, (unsigned)in->width);
    return OK;
}

int op_io_port_out(struct invocation *inv, const struct io_port_out_in *in)
{
    TRY(claim_port(inv, in->port, in->width));
    arch_port_out((uint16_t)in->port, (unsigned)in->width, (uint32_t)in->value);
    return OK;
}

/* --- interrupts ------------------------------------------------------------ */

static struct line {
    struct notification *told;     /* not counted: freed, it unbinds; NULL: nobody */
    struct node *told_up;          /* of its hold, counted */
    uint64_t told_up_gen, bits;
    struct pin hold;               /* of the line */
    struct irq_info_out seen;      /* count, coalesced, lost: since it was bound */
    unsigned pending;              /* since the last ack */
} lines[ARCH_IRQS];

/* A level line's device still asks for it, so one is all that can be let in. */
static bool is_masked(const struct line *l)
{
    return l->pending >= (arch_irq_is_level((unsigned)(l - lines)) ? 1 : EDGES_MAX);
}

void irq_sweep(void)
{
    for (struct line *l = lines; l < lines + ARCH_IRQS; l++) {
        if (!l->told || (l->told->object.refs > 0 && node_alive(l->told_up, l->told_up_gen) &&
                         pin_alive(&l->hold)))
            continue;
        arch_irq_set((unsigned)(l - lines), false);
        node_unref(l->told_up);
        pin_drop(&l->hold);
        l->told = NULL;
    }
}

static void arrived(struct line *l)
{
    if (!l->told || is_masked(l)) /* it was on its way when the line was masked */
        return;
    l->seen.count++;
    l->seen.coalesced += l->pending++ > 0;
    l->seen.lost += l->pending == EDGES_MAX;
    if (is_masked(l))
        arch_irq_set((unsigned)(l - lines), false);
    notification_signal(l->told, l->bits);
}

void kernel_irq(unsigned line, bool from_user)
{
    struct cpu *c = this_cpu();

    kernel_lock(c);
    if (line == ARCH_IRQ_DMA)
        dma_faults();
    else
        arrived(&lines[line]);
    arch_irq_end();
    if (from_user)
        kernel_exit(c);
    else
        kernel_unlock();
}

/* The one line that the hold names, or NULL. */
static struct line *line_of(const struct invocation *inv)
{
    return FRAME_BADGE_PAGES(inv->badge) == 1 ? &lines[FRAME_BADGE_OFFSET(inv->badge)] : NULL;
}

int op_irq_bind(struct invocation *inv, const struct irq_bind_in *in)
{
    struct line *l = line_of(inv);
    struct hold *row;

    if (!l)
        return PHX_INVALID_ARGUMENT;
    TRY(other(inv->thread, in->notification, IFACE_NOTIFICATION, NOTIFICATION_SIGNAL, &row));
    if (l->told)
        return PHX_EXISTS;

    *l = (struct line){
        .told = (struct notification *)row->object,
        .told_up = row->up,
        .told_up_gen = row->up_gen,
        .bits = in->bits,
    };
    node_ref(l->told_up);
    pin_set(&l->hold, inv->row);
    arch_irq_set((unsigned)(l - lines), true);
    return OK;
}

int op_irq_ack(struct invocation *inv)
{
    struct line *l = line_of(inv);

    if (!l)
        return PHX_INVALID_ARGUMENT;
    if (!l->told)
        return PHX_INVALID_STATE;
    if (is_masked(l))
        arch_irq_set((unsigned)(l - lines), true);
    l->pending = 0;
    return OK;
}

int op_irq_info(struct invocation *inv, struct irq_info_out *out)
{
    const struct line *l = line_of(inv);

    if (!l)
        return PHX_INVALID_ARGUMENT;
    *out = l->seen;
    return OK;
}
