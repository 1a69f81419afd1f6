/* SPDX-License-Identifier: MIT */
/* The start block: what is put in is what is read, and the size that is promised is enough. */
#include "proc/proc.h"

#include "phoenix/abi.h"
#include "start.capnp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS 40

static char names[TEXTS][80];
static struct proc_text texts[TEXTS];
static struct proc_held held[TEXTS];
static uint64_t block[4096];

static bool texts_are(struct capnp_list list, size_t count)
{
    if (list.count != count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(capnp_list_text(list, i).data, texts[i].text) != 0)
            return false;
    return true;
}

static bool capset_is(struct capnp_message *message, size_t count)
{
    struct capnp_list entries = cap_set_entries(cap_set_root(message));

    if (entries.count != count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct cap_set_entry_reader e = cap_set_entry_at(entries, i);

        if (strcmp(cap_set_entry_name(e).data, held[i].name) != 0 ||
            cap_set_entry_id(e) != held[i].id || cap_set_entry_methods(e) != held[i].methods ||
            cap_set_entry_badge(e) != held[i].badge ||
            cap_set_entry_interface(e) != held[i].interface)
            return false;
    }
    return true;
}

static bool round_trip(size_t capabilities, size_t arguments, size_t environment)
{
    struct proc_startup startup = {.arguments = texts,
        .argument_count = arguments,
        .environment = texts,
        .environment_count = environment,
        .directory = {"/home", 5},
        .program = {"thing", 5}};
    struct proc_program_image image = {0x7000, arguments}; /* 0: none */
    size_t size = proc_start_size(held, capabilities, &startup);
    size_t length = proc_start_block(block, size, held, capabilities, &startup, &image);
    const struct phx_start *start = (const void *)block;
    const char *bytes = (const char *)block;
    struct capnp_message message;
    struct startup_reader read;

    if (length == 0 || length > size || start->capset_offset % 8 || start->startup_offset % 8)
        return false;
    if (!capnp_open(&message, bytes + start->capset_offset, start->capset_length, CAPNP_LIMIT) ||
        !capset_is(&message, capabilities) || message.error != CAPNP_OK)
        return false;
    if (!capnp_open(&message, bytes + start->startup_offset, start->startup_length, CAPNP_LIMIT))
        return false;
    read = startup_root(&message);
    return texts_are(startup_arguments(read), arguments) &&
           texts_are(startup_environment(read), environment) &&
           strcmp(startup_directory(read).data, "/home") == 0 &&
           strcmp(startup_program(read).data, "thing") == 0 &&
           startup_image_size(read) == arguments &&
           (arguments == 0) == (startup_image_address(read) == 0) && message.error == CAPNP_OK;
}

int main(void)
{
    bool good = true;

    srand(9);
    for (unsigned i = 0; i < TEXTS; i++) {
        size_t length = (size_t)rand() % 70;

        memset(names[i], 'a' + (int)i % 26, length);
        texts[i] = (struct proc_text){names[i], length};
        held[i] = (struct proc_held){
            names[i], (uint64_t)rand() << 32 | i, (uint64_t)rand() << 20, i * 3, (uint16_t)i};
    }
    for (size_t n = 0; good && n < TEXTS; n++)
        good = round_trip(n, TEXTS - n, n) && round_trip(n, n, 0);
    printf("%s proc.start_block_reads_as_it_was_built%s\n", good ? "ok" : "FAIL",
        good ? "" : " it does not");
    return !good;
}
