/* SPDX-License-Identifier: MIT */
/* From the start block to main(), and the end. */
#include "rt/rt.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "start.capnp.h"

/* What start.S calls, and what the program brings. */
_Noreturn void rt_main(const struct phx_start *start, struct phx_thread_page *page);
int main(int argc, char **argv);

int rt_argc;
char **rt_argv;
char **rt_environment;
const char *rt_program = "?";

static const struct phx_start *block;

/* A message of the start block; it was made by whoever could do worse than lie. */
static bool open_part(struct capnp_message *message, uint32_t offset, uint32_t length)
{
    return length != 0 && capnp_open(message, (const char *)block + offset, length, CAPNP_LIMIT);
}

static struct capnp_list capset(struct capnp_message *message)
{
    if (!open_part(message, block->capset_offset, block->capset_length))
        return (struct capnp_list){0};
    return cap_set_entries(cap_set_root(message));
}

bool rt_cap_at(unsigned index, struct rt_capability *capability)
{
    struct capnp_message message;
    struct capnp_list entries = capset(&message);
    struct cap_set_entry_reader entry;

    if (index >= entries.count)
        return false;
    entry = cap_set_entry_at(entries, index);
    *capability = (struct rt_capability){
        .name = cap_set_entry_name(entry).data,
        .id = cap_set_entry_id(entry),
        .methods = cap_set_entry_methods(entry),
        .badge = cap_set_entry_badge(entry),
        .interface = cap_set_entry_interface(entry),
    };
    return true;
}

uint64_t rt_cap(const char *name)
{
    struct rt_capability capability;

    for (unsigned i = 0; rt_cap_at(i, &capability); i++)
        if (rt_equal(capability.name, name))
            return capability.id;
    return 0;
}

/* Room for a few, so that a small program needs no heap for its arguments. */
#define FEW 24
static char *few[FEW];
static uint32_t few_used;

/* Texts stay where they are in the start block: they have their end marks. */
static char **texts(struct capnp_list list, int *count)
{
    char **array = &few[few_used];

    *count = (int)list.count;
    if (list.count < FEW - few_used)
        few_used += list.count + 1;
    else
        array = rt_alloc((list.count + 1) * sizeof(char *));
    if (array == NULL)
        return NULL;
    for (uint32_t i = 0; i < list.count; i++)
        array[i] = (char *)(uintptr_t)capnp_list_text(list, i).data;
    array[list.count] = NULL;
    return array;
}

static void read_startup(void)
{
    static char *nothing[] = {NULL};
    struct capnp_message message;
    int count = 0;

    rt_argv = rt_environment = nothing;
    if (!open_part(&message, block->startup_offset, block->startup_length))
        return;
    struct startup_reader startup = startup_root(&message);
    rt_program = startup_program(startup).data;
    rt_argv = texts(startup_arguments(startup), &rt_argc);
    rt_environment = texts(startup_environment(startup), &count);
    if (rt_argv == NULL || rt_environment == NULL)
        rt_panic("no memory for the arguments");
}

_Noreturn void rt_main(const struct phx_start *start, struct phx_thread_page *page)
{
    /* There is no upcall entry: what is asynchronous only sets bits. */
    if (page != NULL)
        page->disabled = 1;
    block = start;
    read_startup();
    rt_exit(main(rt_argc, rt_argv));
}

_Noreturn void rt_exit(int status)
{
    process_exit(RT_PROCESS, ((uint64_t)status & 0xff) << 8);
    for (;;)
        __builtin_trap();
}

_Noreturn void rt_panic(const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vfmt(text, sizeof text, format, arguments);
    va_end(arguments);
    rt_log("%s", text);
    rt_error("%s: %s\n", rt_program, text);
    process_exit(RT_PROCESS, 6); /* SIGABRT */
    for (;;)
        __builtin_trap();
}
