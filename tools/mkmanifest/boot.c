/* SPDX-License-Identifier: MIT */
/* What the kernel reads of a module; see boot.h. */
#include "boot.h"

#include "elf/elf.h"
#include "kernel.capnp.h"
#include "manifest/names.h"
#include "manifest/program.h"
#include "phoenix/abi.h"
#include "phoenix/boot.h"
#include "refuse.h"
#include "slots.h"
#include "start.build.h"

#include <string.h>

#define STACK_PAGES 8
#define STACK_LOW (PHX_NATIVE_STACK_TOP - STACK_PAGES * PHX_PAGE_SIZE)

struct boot {
    struct phx_boot_header *header;
    struct capnp_build_list entries; /* of the CapSet */
    uint16_t next;                   /* row of the next that has no well-known one */
};

const char *boot_problem(const void *image, uint64_t size)
{
    const char *wrong = program_problem(image, size, PHX_NATIVE_IMAGE, STACK_LOW);
    struct elf_segment segment;
    unsigned at = 0, count = 2; /* stack and start block */
    struct elf_info info;

    if (wrong)
        return wrong;
    elf_check(image, size, &info);
    while (elf_segment(&info, &at, &segment))
        count++;
    return count > PHX_BOOT_SEGMENTS ? "it has too many segments" : NULL;
}

static void add_segment(struct boot *b, struct phx_boot_segment segment)
{
    b->header->segments[b->header->segment_count++] = segment;
}

/* What is written to, or has zeroes behind its bytes, is copied; of all else the file's
 * pages are mapped, with what else lies in the first and the last of them. */
static void add_loaded(struct boot *b, const struct elf_segment *s, uint64_t file)
{
    uint64_t skip = s->address % PHX_PAGE_SIZE;
    uint64_t pages = (skip + s->memory_size + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
    bool copied = (s->flags & ELF_WRITE) || s->file_size != s->memory_size;
    uint64_t bytes = s->file_size ? skip + s->file_size : 0;

    add_segment(b, (struct phx_boot_segment){
        .address = s->address - skip,
        .offset = s->file_size ? file + s->offset - skip : 0,
        .bytes = copied ? bytes : pages * PHX_PAGE_SIZE,
        .pages = (uint32_t)pages,
        .protection = PHX_PROT_READ | (s->flags & ELF_WRITE ? PHX_PROT_WRITE : 0) |
                      (s->flags & ELF_EXECUTE ? PHX_PROT_EXECUTE : 0),
    });
}

static void add_image(struct boot *b, const struct package *package, uint64_t binaries)
{
    const struct binary *binary = package_binary(package, package->init_binary);
    const struct blob *blob = binary ? binary->blob : NULL;
    const char *wrong = blob ? boot_problem(blob_map(blob), blob->size) : "it is not there";
    struct elf_segment segment;
    struct elf_info info;

    if (wrong)
        refuse("init.binary: `%s` cannot be run here: %s; a native program is expected",
            package->init_binary, wrong);
    elf_check(blob_map(blob), blob->size, &info);
    b->header->entry = info.entry;
    for (unsigned at = 0; elf_segment(&info, &at, &segment);)
        add_loaded(b, &segment, binaries + blob->extents[0].place);
    add_segment(b, (struct phx_boot_segment){STACK_LOW, 0, 0, STACK_PAGES,
                       PHX_PROT_READ | PHX_PROT_WRITE});
    add_segment(b, (struct phx_boot_segment){PHX_NATIVE_START_BLOCK, PHX_BOOT_START_BLOCK,
                       PHX_PAGE_SIZE, 1, PHX_PROT_READ});
}

/* In a table where nothing ever was, an id follows from its row. */
static void add_capability(
    struct boot *b, const char *name, unsigned interface, unsigned slot, uint64_t methods)
{
    struct phx_boot_header *h = b->header;
    struct cap_set_entry_builder e = cap_set_entry_build_at(b->entries, h->capability_count);
    uint16_t row = slot ? (uint16_t)slot : b->next++;

    h->capabilities[h->capability_count++] =
        (struct phx_boot_capability){(uint16_t)interface, row};
    cap_set_entry_set_name(e, name, strlen(name));
    cap_set_entry_set_id(e, PHX_SLOT_ID(row));
    cap_set_entry_set_interface(e, (uint16_t)interface);
    cap_set_entry_set_methods(e, methods);
}

static void add_capabilities(
    struct boot *b, const struct strings *names, struct phx_start *start)
{
    struct capnp_build build;

    capnp_build_open(&build, start + 1, PHX_PAGE_SIZE - sizeof *start, 0);
    b->entries = cap_set_init_entries(cap_set_build(&build), (uint32_t)names->count + 3);
    add_capability(b, "process", IFACE_PROCESS, SLOT_PROCESS, PROCESS_M_ALL);
    add_capability(b, "thread", IFACE_THREAD_CONTROL, SLOT_THREAD, THREAD_CONTROL_M_ALL);
    add_capability(b, "space", IFACE_ADDRESS_SPACE, SLOT_SPACE, ADDRESS_SPACE_M_ALL);
    for (size_t i = 0; i < names->count; i++) {
        const struct kernel_grant *grant = kernel_grant(names->list[i]);

        add_capability(b, grant->name, grant->interface, grant->slot,
            interface_of_grant(grant->name)->all);
    }
    start->capset_offset = sizeof *start;
    start->capset_length = (uint32_t)capnp_build_close(&build, NULL, 8);
}

void boot_build(const struct package *package, uint64_t binaries, uint64_t bytes, void *pages)
{
    struct boot b = {.header = pages, .next = PHX_SLOT_COUNT};

    *b.header = (struct phx_boot_header){
        .magic = PHX_BOOT_MAGIC,
        .version = PHX_BOOT_VERSION,
        .slots = package->slots ? (uint32_t)package->slots : 1,
        .slot_ns = package->slots ? package->slot_length : SLOT_NS,
        .bytes = bytes,
    };
    add_image(&b, package, binaries);
    add_capabilities(&b, &package->init_capabilities,
        (struct phx_start *)((char *)pages + PHX_BOOT_START_BLOCK));
}
