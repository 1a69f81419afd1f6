/* SPDX-License-Identifier: MIT */
/*
 * The first process: the only one that the kernel builds, as the module's boot header
 * says (phoenix/boot.h). Nothing else of the module is read here: the program was taken
 * apart, and its start block written, by whoever made the module.
 *
 * Tests  tests/manifest: init_check() with every field of a header damaged
 */
#include "init.h"

#include "phoenix/layout.h"
#include "thread.h"

static struct object root_pool = { .type = IFACE_FRAME_POOL, .refs = 1, .account = &kernel.root };

/* What a header may give init, by interface. */
static const struct grant {
    uint64_t methods; /* 0: not this */
    struct object *object; /* NULL: init itself */
    uint64_t badge;
} grants[] = {
    [IFACE_ACCOUNT] = { ACCOUNT_M_ALL, &kernel.root.object, 0 },
    [IFACE_PROCESS] = { PROCESS_M_ALL, NULL, 0 },
    [IFACE_THREAD_CONTROL] = { THREAD_CONTROL_M_ALL, NULL, 0 },
    [IFACE_ADDRESS_SPACE] = { ADDRESS_SPACE_M_ALL, NULL, 0 },
    [IFACE_FRAME_POOL] = { FRAME_POOL_M_ALL, &root_pool, 0 },
    [IFACE_CLOCK] = { CLOCK_M_ALL, &machine, 0 },
    [IFACE_CONSOLE] = { CONSOLE_M_ALL, &machine, 0 },
    [IFACE_ENTROPY] = { ENTROPY_M_ALL, &machine, 0 },
    [IFACE_POWER] = { POWER_M_ALL, &machine, 0 },
    [IFACE_BOOT_PACKAGE] = { BOOT_PACKAGE_M_ALL, &machine, 0 },
    [IFACE_LOG] = { LOG_M_ALL, &machine, 0 },
    [IFACE_TIME_SLICE] = { TIME_SLICE_M_ALL, &machine, 0 },
    [IFACE_SCHEDULE] = { SCHEDULE_M_ALL, &root_schedule.object, 0 },
    [IFACE_IRQ] = { IRQ_M_ALL, &machine, ARCH_IRQS },
    [IFACE_IO_PORT] = { IO_PORT_M_ALL, &machine, 1 << 16 },
    [IFACE_DEVICE_MEMORY] = { DEVICE_MEMORY_M_ALL, &device_memory.object, UINT32_MAX },
    [IFACE_PCI_FUNCTION] = { PCI_FUNCTION_M_ALL, &machine, 1 << 16 },
};
#define GRANTS (sizeof grants / sizeof grants[0])

static struct process *init;

/* --- the header ------------------------------------------------------------- */

static uint64_t length_of(const struct phx_boot_segment *s)
{
    return (uint64_t)s->pages << PHX_PAGE_SHIFT;
}

/* What lies below `low` is taken. */
static void check_segment(const struct phx_boot_header *h, unsigned n, uint64_t low)
{
    const struct phx_boot_segment *s = &h->segments[n];
    const uint64_t high = PHX_NATIVE_THREAD_PAGE;

    if ((s->address | s->offset) % PHX_PAGE_SIZE)
        panic("boot header: segments[%u]: address 0x%lx, offset 0x%lx; multiples of a page "
              "are expected", n, s->address, s->offset);
    if (s->address < low || s->address > high || s->pages == 0 ||
        length_of(s) > high - s->address)
        panic("boot header: segments[%u]: address 0x%lx, pages %u; at least one page from "
              "0x%lx to 0x%lx is expected", n, s->address, s->pages, low, high);
    if (s->bytes > length_of(s) || s->bytes > h->bytes || s->offset > h->bytes - s->bytes)
        panic("boot header: segments[%u]: offset 0x%lx, bytes 0x%lx; no more than its %u pages "
              "and than the module's 0x%lx bytes are expected", n, s->offset, s->bytes, s->pages,
              h->bytes);
    if (s->protection != PHX_PROT_READ && s->protection != (PHX_PROT_READ | PHX_PROT_WRITE) &&
        s->protection != (PHX_PROT_READ | PHX_PROT_EXECUTE))
        panic("boot header: segments[%u]: protection %u; 1 to read, 3 to write as well or 5 to "
              "execute is expected", n, s->protection);
}

static void check_capabilities(const struct phx_boot_header *h)
{
    uint64_t given = 0, used = 1; /* row 0 is nobody's */
    unsigned next = TABLE_FIRST_FREE;

    for (unsigned n = 0; n < h->capability_count; n++) {
        unsigned interface = h->capabilities[n].interface, slot = h->capabilities[n].slot;

        if (interface >= GRANTS || !grants[interface].methods || given >> interface & 1)
            panic("boot header: capabilities[%u]: interface %u; one that the kernel grants is "
                  "expected, once", n, interface);
        if (slot != next && (slot >= TABLE_FIRST_FREE || used >> slot & 1))
            panic("boot header: capabilities[%u]: slot %u; a free one of 1 to %u is expected, "
                  "or %u", n, slot, TABLE_FIRST_FREE - 1, next);
        given |= 1UL << interface;
        used |= 1UL << slot;
        next += slot == next;
    }
}

const struct phx_boot_header *init_check(const void *module, uint64_t size)
{
    const struct phx_boot_header *h = module;
    uint64_t low = PHX_NATIVE_IMAGE;
    bool starts = false;

    if (size < PHX_BOOT_MANIFEST || h->magic != PHX_BOOT_MAGIC)
        panic("the boot module does not begin with a boot header; one made by mkmanifest does");
    if (h->version != PHX_BOOT_VERSION)
        panic("boot header: version %u; this kernel reads %u", h->version, PHX_BOOT_VERSION);
    if (h->bytes > size)
        panic("boot header: bytes 0x%lx; the module has only 0x%lx", h->bytes, size);
    if (h->slots == 0 || h->slots > SLOTS_MAX)
        panic("boot header: slots %u; 1 to %u are expected", h->slots, SLOTS_MAX);
    if (h->slot_ns < SLOT_NS_MIN || h->slot_ns > SLOT_NS_MAX)
        panic("boot header: slot_ns %lu; %u to %u are expected", h->slot_ns, SLOT_NS_MIN,
              SLOT_NS_MAX);
    if (h->segment_count > PHX_BOOT_SEGMENTS || h->capability_count > PHX_BOOT_CAPABILITIES)
        panic("boot header: segment_count %u, capability_count %u; at most %u and %u are "
              "expected", h->segment_count, h->capability_count, PHX_BOOT_SEGMENTS,
              PHX_BOOT_CAPABILITIES);
    for (unsigned n = 0; n < h->segment_count; n++) {
        const struct phx_boot_segment *s = &h->segments[n];

        check_segment(h, n, low);
        low = s->address + length_of(s);
        starts |= (s->protection & PHX_PROT_EXECUTE) && h->entry - s->address < length_of(s);
    }
    if (!starts)
        panic("boot header: entry 0x%lx; an address in a segment to execute is expected", h->entry);
    check_capabilities(h);
    return h;
}

/* --- the process ------------------------------------------------------------ */

/* Anything that fails here leaves nothing to go on with. */
static void must(err_t err, const char *what)
{
    if (err != OK)
        panic("cannot build init: %s: error %d", what, err);
}

static void map(struct frame *f, uint64_t address, uint64_t pages, unsigned protection)
{
    must(space_map_now(init->space, f, address, pages, protection), "mapping");
}

/* Fresh pages with these bytes and zeroes behind them, mapped. */
static struct frame *map_new(uint64_t address, uint64_t pages, unsigned protection,
                             const void *bytes, uint64_t count)
{
    struct frame *f;

    must(frame_new(&kernel.root, pages, 0, &f), "memory");
    char *alias = direct(f->pfn << PHX_PAGE_SHIFT);
    memcpy(alias, bytes, count);
    memset(alias + count, 0, (pages << PHX_PAGE_SHIFT) - count);
    map(f, address, pages, protection);
    return f;
}

static void map_segment(const struct phx_boot_segment *s, const char *module)
{
    const char *bytes = module + s->offset;
    struct frame *f;

    if ((s->protection & PHX_PROT_WRITE) || s->bytes != length_of(s)) {
        map_new(s->address, s->pages, s->protection, bytes, s->bytes);
        return;
    }
    must(frame_of(&kernel.root, direct_pa(bytes) >> PHX_PAGE_SHIFT, s->pages, false, &f), "text");
    map(f, s->address, s->pages, s->protection);
}

static void hold(const struct phx_boot_capability *c, uint64_t slots)
{
    const struct grant *g = &grants[c->interface];
    struct object *o = g->object ? g->object : &init->object;
    uint32_t slot = c->slot;

    if (c->interface == IFACE_ADDRESS_SPACE)
        o = &init->space->object;
    must(slot < TABLE_FIRST_FREE ? cap_reserve_slot(&init->table, slot)
                                 : cap_reserve(&init->table, &slot), "table");
    cap_put(&init->table, slot, o, c->interface, g->methods,
            c->interface == IFACE_TIME_SLICE ? slots : g->badge);
}

void init_start(unsigned cores)
{
    const struct boot_info *boot = kernel.boot;
    struct thread *t;

    if (boot->module_size == 0)
        panic("no boot module: start the machine with -initrd MODULE");
    if (boot->module_base % PHX_PAGE_SIZE)
        panic("the boot module is not at a page boundary (0x%lx)", boot->module_base);
    const void *module = direct(boot->module_base);
    const struct phx_boot_header *h = init_check(module, boot->module_size);
    schedules_init(h->slots, h->slot_ns);

    must(process_new(&kernel.root, 0x1000, PHX_USER_END, &init), "process");
    for (unsigned n = 0; n < h->capability_count; n++)
        hold(&h->capabilities[n], cores * h->slots);
    for (unsigned n = 0; n < h->segment_count; n++)
        map_segment(&h->segments[n], module);
    struct frame *page = map_new(PHX_NATIVE_THREAD_PAGE, 1, PHX_PROT_READ | PHX_PROT_WRITE, "", 0);
    struct node *root = &kernel.caps.root;
    struct hold own = { .object = &page->object, .up = root, .up_gen = root->gen };
    must(thread_new(init, &own, PHX_NATIVE_THREAD_PAGE, &t), "thread");
    t->regs.rip = h->entry;
    t->regs.rsp = PHX_NATIVE_STACK_TOP;
    t->regs.rdi = PHX_NATIVE_START_BLOCK;
    t->regs.rsi = PHX_NATIVE_THREAD_PAGE;
    init->state = PROCESS_RUNNING;
    thread_ready(t);
}
