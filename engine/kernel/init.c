/* SPDX-License-Identifier: MIT */
/*
 * The first process: the only one that the kernel builds.
 *
 * Of the module the kernel checks its own boundary: that it is a message, that
 * init names a binary that can be started, and that the capabilities it is to have
 * exist. The rest is init's to check. Where init's parts lie is in
 * phoenix/layout.h, which every native program shares.
 */
#include "init.h"

#include "capnp_read.h"
#include "elf.h"
#include "manifest.capnp.h"
#include "phoenix/layout.h"
#include "start.build.h"
#include "thread.h"

#define STACK_PAGES 8

/* What initConfig.capabilities may name, and which row it gets. */
static const struct grant {
    const char *name;
    uint8_t slot;
    uint8_t interface;
    uint64_t methods;
    struct object *object;
} grants[] = {
    { "account", SLOT_ACCOUNT, IFACE_ACCOUNT, ACCOUNT_M_ALL, &kernel.root.object },
    { "console", SLOT_CONSOLE, IFACE_CONSOLE, CONSOLE_M_ALL, &device_console },
    { "clock", SLOT_CLOCK, IFACE_CLOCK, CLOCK_M_ALL, &device_clock },
    { "entropy", SLOT_ENTROPY, IFACE_ENTROPY, ENTROPY_M_ALL, &device_entropy },
    { "power", SLOT_POWER, IFACE_POWER, POWER_M_ALL, &device_power },
    { "log", SLOT_LOG, IFACE_LOG, LOG_M_ALL, &device_log },
    { "bootPackage", SLOT_BOOT_PACKAGE, IFACE_BOOT_PACKAGE, BOOT_PACKAGE_M_ALL, &device_boot },
    { "pool", SLOT_POOL, IFACE_FRAME_POOL, FRAME_POOL_M_ALL, NULL }, /* made for init */
};

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

static void hold(const char *name, unsigned slot, unsigned interface, uint64_t methods,
                 struct object *o)
{
    struct cap_table *table = &init.process->table;
    struct cap_set_entry_builder e = cap_set_entry_build_at(init.entries, init.count++);
    err_t err = cap_reserve_slot(table, slot);

    if (err == PHX_EXISTS)
        panic("boot module: init.capabilities: %s is named twice", name);
    must(err, name);
    o->refs++;
    cap_set_entry_set_name(e, name, strlen(name));
    cap_set_entry_set_id(e, cap_put(table, slot, o, interface, methods, 0));
    cap_set_entry_set_interface(e, (uint16_t)interface);
    cap_set_entry_set_methods(e, methods);
}

/* --- memory ---------------------------------------------------------------- */

static void map(struct frame *f, uint64_t address, uint64_t pages, unsigned protection)
{
    f->object.refs++;
    must(space_map_now(init.process->space, f, address, pages, protection), "mapping");
    object_unref(&f->object);
}

/* Fresh zeroed pages, mapped; the kernel's alias of them. */
static char *map_new(uint64_t address, uint64_t pages, unsigned protection)
{
    struct frame *f;

    must(frame_new(&kernel.root, pages, &f), "memory");
    char *alias = direct(f->pfn << PHX_PAGE_SHIFT);
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
        memcpy(map_new(low, pages, protection) + skip, image + s->offset, s->file_size);
        return;
    }
    uint64_t pfn = direct_pa(image + s->offset - skip) >> PHX_PAGE_SHIFT;
    must(frame_of(&kernel.root, pfn, pages, false, &f), "text");
    map(f, low, pages, protection);
}

static uint64_t map_image(struct capnp_data binary)
{
    struct elf_info info;
    struct elf_segment segment;
    const char *wrong = elf_check(binary.data, binary.size, &info);

    if (wrong)
        panic("boot module: init.binary: %s", wrong);
    if (info.relocatable || info.shared_page || info.write_execute)
        panic("boot module: init.binary: must have a fixed address and no page that is "
              "written and executed");
    for (unsigned at = 0; elf_segment(&info, &at, &segment);)
        map_segment(binary.data, &segment);
    return info.entry;
}

/* The start block with its CapSet: each hold() writes its entry there. */
static struct phx_start *open_start_block(unsigned holds)
{
    char *page = map_new(PHX_NATIVE_START_BLOCK, 1, PHX_PROT_READ);
    struct phx_start *start = (struct phx_start *)(void *)page;

    capnp_build_open(&init.build, page + sizeof *start, PHX_PAGE_SIZE - sizeof *start, 0);
    init.entries = cap_set_init_entries(cap_set_build(&init.build), holds);
    return start;
}

static void close_start_block(struct phx_start *start)
{
    start->capset_offset = sizeof *start;
    start->capset_length = (uint32_t)capnp_build_close(&init.build, NULL, 8);
    if (start->capset_length == 0)
        panic("boot module: init.capabilities: more than a page of them");
}

/* --- the manifest ---------------------------------------------------------- */

static struct capnp_data find_binary(struct system_manifest_reader manifest,
                                     struct capnp_text name)
{
    struct capnp_list binaries = system_manifest_binaries(manifest);

    for (uint32_t i = 0; i < binaries.count; i++) {
        struct binary_reader b = binary_at(binaries, i);
        struct capnp_text n = binary_name(b);

        if (n.size == name.size && memcmp(n.data, name.data, n.size) == 0)
            return binary_content(b);
    }
    panic("boot module: init.binary: no entry of binaries is named \"%.*s\"", (int)name.size,
          name.data);
}

static const struct grant *find_grant(struct capnp_text name)
{
    for (unsigned i = 0; i < sizeof grants / sizeof grants[0]; i++)
        if (strlen(grants[i].name) == name.size &&
            memcmp(grants[i].name, name.data, name.size) == 0)
            return &grants[i];
    panic("boot module: init.capabilities: there is no \"%.*s\"", (int)name.size, name.data);
}

static void give_grants(struct capnp_list names)
{
    for (uint32_t i = 0; i < names.count; i++) {
        const struct grant *g = find_grant(capnp_list_text(names, i));
        struct object *o = g->object;

        if (!o) {
            void *pool;

            must(object_new(&kernel.root, KIND_ENDPOINT, &pool), "its pool");
            o = pool;
            o->type = OBJECT_POOL;
            o->account = &kernel.root;
        }
        hold(g->name, g->slot, g->interface, g->methods, o);
    }
}

static struct capnp_data open_manifest(struct capnp_message *message,
                                       struct init_config_reader *config)
{
    const struct boot_info *boot = kernel.boot;
    struct system_manifest_reader manifest;

    if (boot->module_size == 0)
        panic("no boot module: start the machine with -initrd MANIFEST");
    if (boot->module_base % PHX_PAGE_SIZE)
        panic("the boot module is not at a page boundary (0x%lx)", boot->module_base);
    if (!capnp_open(message, direct(boot->module_base), boot->module_size, CAPNP_LIMIT))
        panic("boot module: not a Cap'n Proto message");
    manifest = system_manifest_root(message);
    if (system_manifest_version(manifest) != 1)
        panic("boot module: version: %u, but this kernel reads 1",
              system_manifest_version(manifest));
    *config = system_manifest_init(manifest);
    struct capnp_data binary = find_binary(manifest, init_config_binary(*config));
    if (message->error)
        panic("boot module: malformed (error %d)", message->error);
    if (direct_pa(binary.data) % PHX_PAGE_SIZE)
        panic("boot module: init.binary: its content is not at a page boundary");
    return binary;
}

void init_start(void)
{
    struct capnp_message message;
    struct init_config_reader config;
    struct capnp_data binary = open_manifest(&message, &config);
    struct frame *page;
    struct thread *t;

    must(process_new(&kernel.root, 0x1000, PHX_USER_END, &init.process), "process");
    struct process *p = init.process;
    struct capnp_list names = init_config_capabilities(config);
    struct phx_start *start = open_start_block(names.count + 3);
    hold("process", SLOT_PROCESS, IFACE_PROCESS, PROCESS_M_ALL, &p->object);
    hold("thread", SLOT_THREAD, IFACE_THREAD_CONTROL, THREAD_CONTROL_M_ALL, &p->object);
    hold("space", SLOT_SPACE, IFACE_ADDRESS_SPACE, ADDRESS_SPACE_M_ALL, &p->space->object);
    give_grants(names);
    close_start_block(start);
    if (message.error)
        panic("boot module: init.capabilities: malformed (error %d)", message.error);

    uint64_t entry = map_image(binary);
    map_new(PHX_NATIVE_STACK_TOP - STACK_PAGES * PHX_PAGE_SIZE, STACK_PAGES, PHX_PROT_READ | PHX_PROT_WRITE);
    must(frame_new(&kernel.root, 1, &page), "thread page");
    memset(direct(page->pfn << PHX_PAGE_SHIFT), 0, PHX_PAGE_SIZE);
    struct node *root = &kernel.caps.root;
    struct hold own = { .object = &page->object, .up = root, .up_gen = root->gen };
    must(thread_new(p, &own, PHX_NATIVE_THREAD_PAGE, &t), "thread");
    map(page, PHX_NATIVE_THREAD_PAGE, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    t->regs.rip = entry;
    t->regs.rsp = PHX_NATIVE_STACK_TOP;
    t->regs.rdi = PHX_NATIVE_START_BLOCK;
    t->regs.rsi = PHX_NATIVE_THREAD_PAGE;
    p->state = PROCESS_RUNNING;
    thread_ready(t);
}
