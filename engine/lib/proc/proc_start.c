/* SPDX-License-Identifier: MIT */
/* The start block: struct phx_start, then the CapSet, then the Startup. */
#include "proc/proc.h"

#include "bytes.h"
#include "phoenix/abi.h"
#include "start.build.h"

#define LINUX_SPACE_LOW 0x10000 /* Linux's own default for mmap_min_addr */

static size_t words_of(size_t text_length)
{
    return text_length / 8 + 1; /* with its end mark */
}

static size_t words_of_all(const struct proc_text *texts, size_t count)
{
    size_t words = count + 1;

    for (size_t i = 0; i < count; i++)
        words += words_of(texts[i].length);
    return words;
}

size_t proc_start_size(
    const struct proc_held *held, size_t held_count, const struct proc_startup *startup)
{
    size_t words = 16; /* phx_start, two segment tables and roots, structs' heads */

    for (size_t i = 0; i < held_count; i++)
        words += 5 + words_of(strlen(held[i].name));
    words += words_of_all(startup->arguments, startup->argument_count);
    words += words_of_all(startup->environment, startup->environment_count);
    words += words_of(startup->directory.length) + words_of(startup->program.length) + 8;
    return (words + 8) * 8;
}

static size_t build_capset(
    void *buffer, size_t capacity, const struct proc_held *held, size_t count)
{
    struct capnp_build build;
    struct capnp_build_list entries;

    capnp_build_open(&build, buffer, capacity, 0);
    entries = cap_set_init_entries(cap_set_build(&build), (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        struct cap_set_entry_builder entry = cap_set_entry_build_at(entries, (uint32_t)i);

        cap_set_entry_set_name(entry, held[i].name, strlen(held[i].name));
        cap_set_entry_set_id(entry, held[i].id);
        cap_set_entry_set_interface(entry, held[i].interface);
        cap_set_entry_set_methods(entry, held[i].methods);
        cap_set_entry_set_badge(entry, held[i].badge);
    }
    return capnp_build_close(&build, NULL, 8);
}

static void put_texts(struct capnp_build_list list, const struct proc_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        capnp_put_text(list, (uint32_t)i, texts[i].text, texts[i].length);
}

static size_t build_startup(void *buffer, size_t capacity, const struct proc_startup *startup,
    const struct proc_program_image *program)
{
    struct capnp_build build;
    struct startup_builder to;

    capnp_build_open(&build, buffer, capacity, 0);
    to = startup_build(&build);
    put_texts(startup_init_arguments(to, (uint32_t)startup->argument_count), startup->arguments,
        startup->argument_count);
    put_texts(startup_init_environment(to, (uint32_t)startup->environment_count),
        startup->environment, startup->environment_count);
    startup_set_directory(to, startup->directory.text, startup->directory.length);
    startup_set_program(to, startup->program.text, startup->program.length);
    startup_set_flags(to, startup->flags);
    if (program->size != 0) {
        startup_set_image_address(to, program->address);
        startup_set_image_size(to, program->size);
        startup_set_space_low(to, LINUX_SPACE_LOW);
    }
    return capnp_build_close(&build, NULL, 8);
}

size_t proc_start_block(void *buffer, size_t capacity, const struct proc_held *held,
    size_t held_count, const struct proc_startup *startup, const struct proc_program_image *program)
{
    struct phx_start *start = buffer;
    uint8_t *bytes = buffer;
    size_t capset, rest;

    if (capacity < sizeof *start)
        return 0;
    rest = (capacity - sizeof *start) & ~(size_t)7;
    capset = build_capset(bytes + sizeof *start, rest, held, held_count);
    if (capset == 0)
        return 0;
    start->capset_offset = sizeof *start;
    start->capset_length = (uint32_t)capset;
    start->startup_offset = (uint32_t)(sizeof *start + capset);
    start->startup_length =
        (uint32_t)build_startup(bytes + start->startup_offset, rest - capset, startup, program);
    return start->startup_length == 0 ? 0 : start->startup_offset + start->startup_length;
}
