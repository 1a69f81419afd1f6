/* SPDX-License-Identifier: MIT */
/*
 * The first process: the only one that the kernel builds.
 *
 * Of the module the kernel checks its own boundary: that it is a message, that
 * init names a binary that can be started, and that the capabilities it is to have
 * exist. The rest is init's to check. Where init's parts lie is in
 * phoenix/layout.h, which every native program shares.
 *
 * Tests  tests/manifest: init_check() with ten thousand damaged modules
 */
#include "init.h"

#include "capnp_read.h"
#include "elf.h"
#include "manifest.capnp.h"
#include "phoenix/layout.h"
#include "start.build.h"
#include "thread.h"

#define STACK_PAGES 8
#define STACK_LOW (PHX_NATIVE_STACK_TOP - STACK_PAGES * PHX_PAGE_SIZE)

static struct object root_pool = { .type = IFACE_FRAME_POOL, .refs = 1, .account = &kernel.root };

/* What initConfig.capabilities may name, and which row it gets. */
static const struct grant {
    const char *name;
    uint8_t slot;
    uint8_t interface;
    uint64_t methods;
    struct object *object;
    uint64_t badge;
} grants[] = {
    { "account", SLOT_ACCOUNT, IFACE_ACCOUNT, ACCOUNT_M_ALL, &kernel.root.object, 0 },
    { "console", SLOT_CONSOLE, IFACE_CONSOLE, CONSOLE_M_ALL, &machine, 0 },
    { "clock", SLOT_CLOCK, IFACE_CLOCK, CLOCK_M_ALL, &machine, 0 },
    { "entropy", SLOT_ENTROPY, IFACE_ENTROPY, ENTROPY_M_ALL, &machine, 0 },
    { "power", SLOT_POWER, IFACE_POWER, POWER_M_ALL, &machine, 0 },
    { "log", SLOT_LOG, IFACE_LOG, LOG_M_ALL, &machine, 0 },
    { "bootPackage", SLOT_BOOT_PACKAGE, IFACE_BOOT_PACKAGE, BOOT_PACKAGE_M_ALL, &machine, 0 },
    { "pool", SLOT_POOL, IFACE_FRAME_POOL, FRAME_POOL_M_ALL, &root_pool, 0 },
    { "irq", 0, IFACE_IRQ, IRQ_M_ALL, &machine, ARCH_IRQS },
    { "ioPort", 0, IFACE_IO_PORT, IO_PORT_M_ALL, &machine, 1 << 16 },
    { "deviceMemory", 0, IFACE_DEVICE_MEMORY, DEVICE_MEMORY_M_ALL, &device_memory.object,
      UINT32_MAX },
    { "pciFunction", 0, IFACE_PCI_FUNCTION, PCI_FUNCTION_M_ALL, &machine, 1 << 16 },
    { "slots", 0, IFACE_TIME_SLICE, TIME_SLICE_M_ALL, &machine, 0 },
    { "schedule", 0, IFACE_SCHEDULE, SCHEDULE_M_ALL, &root_schedule.object, 0 },
};
#define GRANTS (sizeof grants / sizeof grants[0])

static struct {
    struct process *process;
    struct capnp_build build; /* the CapSet, in the start block */
    struct capnp_build_list entries;
    unsigned count;
} init;

/* Anything that fails here leaves nothing to go on with. */
static void must(err_t err, const char *what)
{
    if (err != OK)
        panic("cannot build init: %s: error %d", what, err);
}

static void hold(const char *name, uint32_t slot, unsigned interface, uint64_t methods,
                 struct object *o, uint64_t badge)
{
    struct cap_table *table = &init.process->table;
    struct cap_set_entry_builder e = cap_set_entry_build_at(init.entries, init.count++);

    must(slot ? cap_reserve_slot(table, slot) : cap_reserve(table, &slot), name);
    cap_set_entry_set_name(e, name, strlen(name));
    cap_set_entry_set_id(e, cap_put(table, slot, o, interface, methods, badge));
    cap_set_entry_set_interface(e, (uint16_t)interface);
    cap_set_entry_set_methods(e, methods);
}

/* --- memory ---------------------------------------------------------------- */

static void map(struct frame *f, uint64_t address, uint64_t pages, unsigned protection)
{
    must(space_map_now(init.process->space, f, address, pages, protection), "mapping");
}

/* Fresh zeroed pages, mapped; the kernel's alias of them. */
static void *map_new(uint64_t address, uint64_t pages, unsigned protection)
{
    struct frame *f;

    must(frame_new(&kernel.root, pages, &f), "memory");
    void *alias = direct(f->pfn << PHX_PAGE_SHIFT);
    memset(alias, 0, pages << PHX_PAGE_SHIFT);
    map(f, address, pages, protection);
    return alias;
}

static void map_segment(const uint8_t *image, const struct elf_segment *s)
{
    uint64_t low = s->address & ~(PHX_PAGE_SIZE - 1UL), skip = s->address - low;
    uint64_t pages = (skip + s->memory_size + PHX_PAGE_SIZE - 1) >> PHX_PAGE_SHIFT;
    unsigned protection = PHX_PROT_READ | (s->flags & ELF_WRITE ? PHX_PROT_WRITE : 0) |
                          (s->flags & ELF_EXECUTE ? PHX_PROT_EXECUTE : 0);
    struct frame *f;

    if ((s->flags & ELF_WRITE) || s->memory_size != s->file_size) {
        memcpy((char *)map_new(low, pages, protection) + skip, image + s->offset, s->file_size);
        return;
    }
    uint64_t pfn = direct_pa(image + s->offset - skip) >> PHX_PAGE_SHIFT;
    must(frame_of(&kernel.root, pfn, pages, false, &f), "text");
    map(f, low, pages, protection);
}

static void map_image(const struct elf_info *image)
{
    struct elf_segment segment;

    for (unsigned at = 0; elf_segment(image, &at, &segment);)
        map_segment(image->image, &segment);
}

/* The start block with its CapSet: each hold() writes its entry there. */
static void build_start_block(const struct init_plan *plan)
{
    struct process *p = init.process;
    struct phx_start *start = map_new(PHX_NATIVE_START_BLOCK, 1, PHX_PROT_READ);

    capnp_build_open(&init.build, start + 1, PHX_PAGE_SIZE - sizeof *start, 0);
    init.entries = cap_set_init_entries(cap_set_build(&init.build), plan->count + 3);
    hold("process", SLOT_PROCESS, IFACE_PROCESS, PROCESS_M_ALL, &p->object, 0);
    hold("thread", SLOT_THREAD, IFACE_THREAD_CONTROL, THREAD_CONTROL_M_ALL, &p->object, 0);
    hold("space", SLOT_SPACE, IFACE_ADDRESS_SPACE, ADDRESS_SPACE_M_ALL, &p->space->object, 0);
    for (const struct grant *g = grants; g < grants + GRANTS; g++)
        if (plan->grants >> (g - grants) & 1)
            hold(g->name, g->slot, g->interface, g->methods, g->object,
                 g->interface == IFACE_TIME_SLICE ? plan->cores * plan->slots : g->badge);
    start->capset_offset = sizeof *start;
    start->capset_length = (uint32_t)capnp_build_close(&init.build, NULL, 8);
}

/* --- the manifest ---------------------------------------------------------- */

/* What is read, or the epitaph: this field is the first that cannot be read. */
#define READ(m, value, field, ...)                                                            \
    ({                                                                                        \
        __auto_type value_ = (value);                                                         \
        if ((m)->error)                                                                       \
            panic("boot module: " field ": damaged (error %d)", ##__VA_ARGS__, (m)->error);   \
        value_;                                                                               \
    })

static bool is_same(struct capnp_text a, const char *b, size_t size)
{
    return a.size == size && memcmp(a.data, b, size) == 0;
}

static struct capnp_data find_binary(struct capnp_message *m, struct capnp_list binaries,
                                     struct capnp_text name)
{
    for (uint32_t i = 0; i < binaries.count; i++) {
        struct binary_reader b = binary_at(binaries, i);

        if (is_same(READ(m, binary_name(b), "binaries[%u].name", i), name.data, name.size))
            return READ(m, binary_content(b), "binaries[%u].content (init.binary)", i);
    }
    panic("boot module: init.binary: no entry of binaries is named \"%s\"", name.data);
}

static void check_image(struct capnp_data binary, struct elf_info *image)
{
    const char *wrong = elf_check(binary.data, binary.size, image);

    if (binary.size && direct_pa(binary.data) % PHX_PAGE_SIZE)
        panic("boot module: init.binary: its content is not at a page boundary");
    if (wrong)
        panic("boot module: init.binary: %s", wrong);
    if (image->relocatable || image->shared_page || image->write_execute)
        panic("boot module: init.binary: must have a fixed address and no page that is "
              "written and executed");
    if (image->low < PHX_NATIVE_IMAGE || image->high > STACK_LOW)
        panic("boot module: init.binary: it is not linked where native programs are");
}

static unsigned find_grant(struct capnp_text name)
{
    for (unsigned g = 0; g < GRANTS; g++)
        if (is_same(name, grants[g].name, strlen(grants[g].name)))
            return 1u << g;
    panic("boot module: init.capabilities: there is no \"%s\"", name.data);
}

/* One slot of 10 ms, if nothing is said. */
static void check_time(struct time_reader time, struct init_plan *plan)
{
    plan->slots = time_slots(time) ? time_slots(time) : 1;
    plan->slot_ns = time_length(time) ? time_length(time) : SLOT_NS;
    if (plan->slots > SLOTS_MAX || plan->slot_ns < SLOT_NS_MIN || plan->slot_ns > SLOT_NS_MAX)
        panic("boot module: time: %u slots of %lu ns, where at most %u of 100 us to 1 s can be",
              plan->slots, plan->slot_ns, SLOTS_MAX);
}

void init_check(const void *module, uint64_t size, struct init_plan *plan)
{
    struct capnp_message m;

    if (!capnp_open(&m, module, size, CAPNP_LIMIT))
        panic("boot module: not a Cap'n Proto message");
    struct system_manifest_reader manifest = READ(&m, system_manifest_root(&m), "SystemManifest");
    uint32_t version = system_manifest_version(manifest);
    if (version != 1)
        panic("boot module: version: %u, but this kernel reads 1", version);
    struct init_config_reader config = READ(&m, system_manifest_init(manifest), "init");
    struct capnp_text binary = READ(&m, init_config_binary(config), "init.binary");
    struct capnp_list binaries = READ(&m, system_manifest_binaries(manifest), "binaries");
    check_image(find_binary(&m, binaries, binary), &plan->image);
    check_time(READ(&m, system_manifest_time(manifest), "time"), plan);
    struct capnp_list names = READ(&m, init_config_capabilities(config), "init.capabilities");
    for (uint32_t i = 0; i < names.count; i++) {
        struct capnp_text n = READ(&m, capnp_list_text(names, i), "init.capabilities[%u]", i);
        unsigned grant = find_grant(n);
        if (plan->grants & grant)
            panic("boot module: init.capabilities: %s is named twice", n.data);
        plan->grants |= grant;
        plan->count++;
    }
}

void init_start(unsigned cores)
{
    const struct boot_info *boot = kernel.boot;
    struct init_plan plan = { .cores = cores };
    struct frame *page;
    struct thread *t;

    if (boot->module_size == 0)
        panic("no boot module: start the machine with -initrd MANIFEST");
    if (boot->module_base % PHX_PAGE_SIZE)
        panic("the boot module is not at a page boundary (0x%lx)", boot->module_base);
    init_check(direct(boot->module_base), boot->module_size, &plan);
    schedules_init(plan.slots, plan.slot_ns);

    must(process_new(&kernel.root, 0x1000, PHX_USER_END, &init.process), "process");
    struct process *p = init.process;
    build_start_block(&plan);
    map_image(&plan.image);
    map_new(STACK_LOW, STACK_PAGES, PHX_PROT_READ | PHX_PROT_WRITE);
    must(frame_new(&kernel.root, 1, &page), "thread page");
    memset(direct(page->pfn << PHX_PAGE_SHIFT), 0, PHX_PAGE_SIZE);
    struct node *root = &kernel.caps.root;
    struct hold own = { .object = &page->object, .up = root, .up_gen = root->gen };
    must(thread_new(p, &own, PHX_NATIVE_THREAD_PAGE, &t), "thread");
    map(page, PHX_NATIVE_THREAD_PAGE, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    t->regs.rip = plan.image.entry;
    t->regs.rsp = PHX_NATIVE_STACK_TOP;
    t->regs.rdi = PHX_NATIVE_START_BLOCK;
    t->regs.rsi = PHX_NATIVE_THREAD_PAGE;
    p->state = PROCESS_RUNNING;
    thread_ready(t);
}
