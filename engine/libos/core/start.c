/* SPDX-License-Identifier: MIT */
/*
 * The first instructions of the libos: find out what it was given, set up memory,
 * time and the first thread, and let the face load its program.
 */
#include "start.h"

#include "bytes.h"
#include "heap.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "mm.h"
#include "services.capnp.h"
#include "start.capnp.h"
#include "thread.h"
#include "time.h"
#include "upcall.h"
#include "user.h"

/* schema/start.capnp, Startup.flags */
#define STARTUP_RAW_TERMINAL 1
#define STARTUP_TRACE 2
#define STARTUP_STATS 4

/* upcall.S jumps here; nothing calls it. */
void libos_main(const struct phx_start *start, struct phx_thread_page *page);

struct start_program start_program;

static const struct {
    const char *name;
    uint64_t *id;
} named[] = {
    {"stdin", &caps.streams[0]},  {"stdout", &caps.streams[1]}, {"stderr", &caps.streams[2]},
    {"image", &caps.image},       {"clock", &caps.clock},
    {"log", &caps.log},           {"entropy", &caps.entropy},   {"namespace", &caps.names},
    {"process", &caps.process},   {"thread", &caps.control},    {"space", &caps.space},
    {"pool", &caps.pool},         {"account", &caps.account},
};

static void take_capability(struct cap_set_entry_reader entry)
{
    struct capnp_text name = cap_set_entry_name(entry);

    for (unsigned i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (strlen(named[i].name) == name.size && memcmp(named[i].name, name.data, name.size) == 0)
            *named[i].id = cap_set_entry_id(entry);
    if (cap_set_entry_interface(entry) == IFACE_NAMESPACE)
        caps.names_writable = (cap_set_entry_methods(entry) & NAMESPACE_M_WRITE) != 0;
    if (cap_set_entry_interface(entry) == IFACE_TERMINAL &&
        (~cap_set_entry_methods(entry) & (TERMINAL_M_WATCH | TERMINAL_M_EVENTS)) == 0)
        caps.events = cap_set_entry_id(entry);
}

/* The well-known rows that the libos cannot be without go by their place. */
static void take_capabilities(const struct phx_start *start)
{
    const char *block = (const char *)start;
    struct capnp_message message;
    struct capnp_list entries;

    caps.process = PHX_SLOT_ID(SLOT_PROCESS);
    caps.control = PHX_SLOT_ID(SLOT_THREAD);
    caps.space = PHX_SLOT_ID(SLOT_SPACE);
    caps.pool = PHX_SLOT_ID(SLOT_POOL);
    if (!capnp_open(&message, block + start->capset_offset, start->capset_length, CAPNP_LIMIT))
        process_end(125 << 8);
    entries = cap_set_entries(cap_set_root(&message));
    for (uint32_t i = 0; i < entries.count; i++)
        take_capability(cap_set_entry_at(entries, i));
}

static void take_texts(struct start_list *to, struct capnp_list list)
{
    to->texts = heap_alloc((list.count + 1) * sizeof(char *));
    if (to->texts == NULL)
        process_end(125 << 8);
    to->count = list.count;
    for (uint32_t i = 0; i < list.count; i++)
        to->texts[i] = capnp_read_text(capnp_list_pointer(list, i)).data;
}

static const char *base_name(const char *path)
{
    const char *base = path;

    for (; *path != 0; path++)
        if (*path == '/' && path[1] != 0)
            base = path + 1;
    return base;
}

/* What the spawner mapped is not the program's to be given. */
static void keep_off(uint64_t address, uint64_t length)
{
    uint64_t first = address & -(uint64_t)PHX_PAGE_SIZE;
    uint64_t pages = (address + length - first + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;

    if (length == 0)
        return;
    if (address < LIBOS_LOW)
        mm_reserve(address, length);
    else
        region_reserve(first, pages);
}

static void take_startup(const struct phx_start *start)
{
    const char *block = (const char *)start;
    struct capnp_message message;
    struct startup_reader startup;

    if (!capnp_open(&message, block + start->startup_offset, start->startup_length, CAPNP_LIMIT))
        process_end(125 << 8);
    startup = startup_root(&message);
    start_program.path = startup_program(startup).data;
    start_program.directory = startup_directory(startup).data;
    start_program.image = (const uint8_t *)startup_image_address(startup);
    start_program.image_size = startup_image_size(startup);
    start_program.low = startup_space_low(startup);
    start_program.raw_terminal = (startup_flags(startup) & STARTUP_RAW_TERMINAL) != 0;
    start_program.trace = (startup_flags(startup) & STARTUP_TRACE) != 0;
    start_program.stats = (startup_flags(startup) & STARTUP_STATS) != 0;
    /* Before the heap first grows. */
    keep_off((uint64_t)start_program.image, start_program.image_size);
    take_texts(&start_program.arguments, startup_arguments(startup));
    take_texts(&start_program.environment, startup_environment(startup));
    if (message.error != CAPNP_OK)
        process_end(125 << 8);
    program_name = base_name(start_program.path);
}

void libos_main(const struct phx_start *start, struct phx_thread_page *page)
{
    struct process_getpid_out out = {0};
    uint64_t block_length = start->startup_offset + start->startup_length;

    take_capabilities(start);
    process_getpid(caps.process, &out);
    program_pid = out.pid;
    keep_off((uint64_t)page, PHX_PAGE_SIZE);
    keep_off((uint64_t)__builtin_frame_address(0), 1);
    if (block_length < start->capset_offset + start->capset_length)
        block_length = start->capset_offset + start->capset_length;
    keep_off((uint64_t)start, block_length);
    take_startup(start);
    mm_init(start_program.low);
    thread_init(page);
    time_init();
    face_start(start);
}
