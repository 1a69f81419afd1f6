/* SPDX-License-Identifier: MIT */
/* Manifests that init must refuse, each with the field that is wrong. */
#include "check.h"

#include "manifest.build.h"
#include "phoenix/layout.h"
#include "sha256/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
#define PAGE 4096
#define BLOBS 9

static _Alignas(PAGE) uint8_t buffer[16 * PAGE];
static struct blob {
    uint8_t bytes[PAGE];
    size_t size;
} blobs[BLOBS]; /* each goes to a page of its own, behind the structs */
static uint32_t blob_count;
static struct capnp_message message;

/* What to do wrong while building; "" is a good manifest. */
static const char *wrong;

static bool is(const char *what)
{
    return strcmp(wrong, what) == 0;
}

/* The text, or another one when this is what is to be wrong. */
static const char *text(const char *what, const char *right, const char *other)
{
    return is(what) ? other : right;
}

#define SET(setter, builder, value)                                                                \
    do {                                                                                           \
        const char *t_ = (value);                                                                  \
        setter(builder, t_, strlen(t_));                                                           \
    } while (0)

static struct blob *add_blob(const void *bytes, size_t size)
{
    struct blob *blob = &blobs[blob_count++];

    memcpy(blob->bytes, bytes, size);
    blob->size = size;
    return blob;
}

static void put_16(uint8_t *at, unsigned value)
{
    memcpy(at, &(uint16_t){(uint16_t)value}, 2);
}

static void put_64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, 8);
}

/* The smallest ELF file that can be started: a header and one segment, itself. */
static struct blob *add_program(const char *name)
{
    uint8_t elf[160] = "\177ELF\2\1\1";
    size_t size = 120 + strlen(name);
    uint64_t address = strcmp(name, "libos") == 0 ? PHX_LIBOS_LOW : PHX_NATIVE_IMAGE;

    if (is("linked") && blob_count == 1)
        address = 0x400000;
    put_16(elf + 16, is("relocatable") && blob_count == 1 ? 3 : 2);
    put_16(elf + 18, 62);
    elf[20] = 1;
    put_64(elf + 24, address + 120);
    put_64(elf + 32, 64);
    put_16(elf + 54, 56);
    put_16(elf + 56, 1);
    elf[64] = 1;
    elf[68] = is("write execute") && blob_count == 1 ? 7 : 5;
    put_64(elf + 80, address);
    put_64(elf + 96, size);
    put_64(elf + 104, size);
    memcpy(elf + 120, name, strlen(name));
    return add_blob(elf, size);
}

static void put_binary(struct capnp_build_list list, uint32_t i, const char *name)
{
    struct binary_builder b = binary_build_at(list, i);
    uint8_t digest[SHA256_SIZE];
    uint64_t offset = (uint64_t)blob_count * PAGE;
    struct blob *blob = add_program(name);

    if (is("no program") && i == 1)
        blob->bytes[1] = 'F';
    sha256(blob->bytes, blob->size, digest);
    if (is("hash") && i == 1)
        digest[5] ^= 1;
    SET(binary_set_name, b, name);
    binary_set_size(b, blob->size + (is("size") && i == 1));
    if (!is("content") || i != 1)
        binary_external_content(b, 1, is("page") && i == 1 ? offset + 8 : offset, blob->size);
    binary_set_sha256(b, digest, is("short hash") && i == 1 ? 31 : 32);
}

static void put_grant(struct capnp_build_list list, uint32_t i, const char *name,
    const char *source, const char *method)
{
    struct grant_builder g = grant_build_at(list, i);

    SET(grant_set_name, g, name);
    SET(grant_set_source, g, source);
    if (method != NULL)
        capnp_put_text(grant_init_methods(g, 1), 0, method, strlen(method));
}

static void put_range(
    struct capnp_build_list list, uint32_t i, const char *source, uint64_t first, uint64_t count)
{
    put_grant(list, i, "part", source, NULL);
    grant_set_first(grant_build_at(list, i), first);
    grant_set_count(grant_build_at(list, i), count);
}

static void put_services(struct capnp_build_list services)
{
    struct service_builder s = service_build_at(services, 0);
    struct capnp_build_list list;

    SET(service_set_name, s, text("service name", "ramfs", ""));
    SET(service_set_binary, s, text("binary", "ramfs", "nothing"));
    list = service_init_grants(s, 3);
    put_range(list, 2, text("range of a whole", "ioPort", "clock"), 0x70, is("no range") ? 0 : 2);
    put_grant(list, 0, "log", "log", text("method", "WRITE", "EAT"));
    put_grant(
        list, 1, text("grant twice", "clock", "log"), text("cycle", "clock", "launcher"), NULL);
    capnp_put_text(service_init_provides(s, 1), 0, text("provides", "namespace", "dreams"),
        is("provides") ? 6 : 9);

    s = service_build_at(services, 1);
    SET(service_set_name, s, text("service twice", "launcher", "ramfs"));
    SET(service_set_binary, s, "launcher");
    service_set_pages(s, is("no pages") ? 0 : 10);
    service_set_holds(s, is("no holds") ? 0 : 10);
    service_set_threads(s, is("no threads") ? 0 : 10);
    list = service_init_grants(s, 3);
    put_range(list, 2, "ioPort",
        is("range twice")  ? 0x71
        : is("range long") ? UINT64_C(1) << 32
                           : 0x72,
        2);
    put_grant(list, 0,
        is("grant name") ? "" : is("grant pool") ? "pool" : text("grant own", "files", "thread"),
        text("source", "namespace", "gold"), "READ");
    put_grant(list, 1, "power", text("not granted", "account", "power"), NULL);
    capnp_put_text(service_init_provides(s, 1), 0,
        is("provides twice")   ? "namespace"
        : is("provides grant") ? "pool"
                               : "launcher",
        is("provides twice")   ? 9
        : is("provides grant") ? 4
                               : 8);
}

static void put_entry(
    struct capnp_build_list list, uint32_t i, const char *name, uint32_t mode, const char *content)
{
    struct entry_builder e = entry_build_at(list, i);
    uint8_t digest[SHA256_SIZE];

    sha256(content, strlen(content), digest);
    digest[0] ^= is("file hash");
    SET(entry_set_name, e, name);
    entry_set_mode(e, mode);
    entry_set_parent(e, is("parent") && i == 2 ? 3 : is("parent file") && i == 2 ? 1 : 0);
    entry_set_size(e, strlen(content) + is("file size"));
    if (*content != 0) {
        entry_external_content(e, 1, (uint64_t)blob_count * PAGE, strlen(content));
        add_blob(content, strlen(content));
    }
    entry_set_sha256(e, digest, 32);
}

/* A page of data, a page of nothing, and 100 bytes at the end. */
static void put_sparse(struct capnp_build_list list, uint32_t i)
{
    static const uint8_t data[PAGE + 100] = "data";
    struct entry_builder e = entry_build_at(list, i);
    uint64_t place = (uint64_t)blob_count * PAGE;
    struct capnp_build_list extents;
    uint8_t digest[SHA256_SIZE];

    sha256(data, sizeof data, digest);
    digest[7] ^= is("sparse hash");
    SET(entry_set_name, e, "sparse");
    entry_set_mode(e, 0100644);
    entry_set_size(e, is("sparse size") ? 2 * PAGE + 99 : 2 * PAGE + 100);
    entry_set_sha256(e, digest, 32);
    if (is("both"))
        entry_external_content(e, 1, place, PAGE);
    extents = entry_init_extents(e, 2);
    extent_set_offset(extent_build_at(extents, 0), is("extent offset") ? 100 : 0);
    extent_external_content(extent_build_at(extents, 0), 1, place, is("extent part") ? 4095 : PAGE);
    extent_set_offset(extent_build_at(extents, 1), is("extent order") ? 0 : 2 * PAGE);
    if (!is("extent empty"))
        extent_external_content(
            extent_build_at(extents, 1), 1, place + PAGE + (is("extent page") ? 8 : 0), 100);
    add_blob(data, PAGE);
    add_blob(data + PAGE, 100);
}

static void put_trees(struct capnp_build_list trees)
{
    struct tree_builder t = tree_build_at(trees, 0);
    struct capnp_build_list list = tree_init_entries(t, is("empty tree") ? 0 : 5);

    SET(tree_set_path, t, text("tree path", "/etc", "etc"));
    if (is("empty tree"))
        return;
    put_entry(list, 0, "", 040755, "");
    put_entry(
        list, 1, text("entry name", "file", "a/b"), is("entry mode") ? 060644 : 0100644, "content");
    put_entry(list, 2, text("dots", "link", ".."), 0120777, "");
    if (!is("target"))
        SET(entry_set_target, entry_build_at(list, 2), "file");
    put_entry(list, 3, is("entry twice") ? "link" : is("entry order") ? "lima" : "more", 0100644,
        "content");
    put_sparse(list, 4);
}

static void put_run(struct run_builder run)
{
    SET(run_set_program, run, text("program", "init", "nothing"));
    if (!is("arguments"))
        capnp_put_text(run_init_arguments(run, 1), 0, "init", 4);
    SET(run_set_directory, run, text("directory", "/", "here"));
}

static const char *const given[] = {
    "account", "pool", "console", "clock", "log", "bootPackage", "ioPort", "irq"};
#define GIVEN (sizeof given / sizeof given[0])

/* By the kernel: all of these, but for the one that is what is wrong. */
static bool granted(const char *name)
{
    for (unsigned i = 0; i < GIVEN; i++)
        if (strcmp(given[i], name) == 0)
            return !is(name);
    return is("given") && strcmp(name, "entropy") == 0;
}

static void put_capabilities(struct init_config_builder init)
{
    uint32_t count = 0, at = 0;
    struct capnp_build_list list;

    for (unsigned i = 0; i < GIVEN; i++)
        count += granted(given[i]);
    list = init_config_init_capabilities(init, count + is("given twice"));
    for (unsigned i = 0; i < GIVEN; i++) {
        const char *name = text("no grant", text("not given", given[i], "power"), "moon");

        name = i == 3 ? name : given[i];
        if (granted(given[i]))
            capnp_put_text(list, at++, name, strlen(name));
    }
    if (is("given twice"))
        capnp_put_text(list, at, "pool", 4);
}

static void put_time(struct time_builder time)
{
    time_set_slots(time, is("slots") ? 17 : 16);
    time_set_length(time, is("slot length") ? 99999 : is("long slot") ? 1000000001 : 100000);
}

static size_t build(bool with_run)
{
    uint64_t blob_bytes = BLOBS * PAGE;
    size_t head;
    struct capnp_build b;
    struct system_manifest_builder m;
    struct init_config_builder init;
    struct capnp_build_list list;

    memset(buffer, 0, sizeof buffer);
    blob_count = 0;
    capnp_build_open(&b, buffer, sizeof buffer, 1);
    m = system_manifest_build(&b);
    system_manifest_set_version(m, is("version") ? 2 : 1);
    init = system_manifest_init_init(m);
    SET(init_config_set_binary, init,
        is("init linked") ? "libos" : text("init", "init", "nothing"));
    put_capabilities(init);
    put_time(system_manifest_init_time(m));
    list = system_manifest_init_binaries(m, 5);
    put_binary(list, 0, "init");
    put_binary(list, 1, text("binary twice", "ramfs", "init"));
    put_binary(list, 2, "launcher");
    put_binary(list, 3, text("libos", "libos", "other"));
    put_binary(list, 4, text("driver", "console", "other"));
    if (!is("services"))
        put_services(system_manifest_init_services(m, 2));
    put_trees(system_manifest_init_trees(m, 1));
    if (with_run)
        put_run(system_manifest_init_run(m));
    head = capnp_build_close(&b, &blob_bytes, PAGE);
    for (uint32_t i = 0; i < blob_count; i++)
        memcpy(buffer + head + i * PAGE, blobs[i].bytes, blobs[i].size);
    return head + BLOBS * PAGE;
}

/* `field` is how the refusal must begin; "" for a manifest that is good. */
static void expect(const char *what, bool with_run, unsigned flags, const char *field)
{
    char why[CHECK_TEXT] = "";
    size_t length;
    bool good;

    wrong = what;
    length = build(with_run);
    good = length > 0 && capnp_open(&message, buffer, length, CAPNP_LIMIT);
    if (good && manifest_check(&message, flags, granted, why))
        good = *field == 0;
    else
        good = good && *field != 0 && strncmp(why, field, strlen(field)) == 0;
    if (good)
        return;
    printf(
        "FAIL init.each_refusal_names_its_field <%s>: wanted <%s>, got <%s>\n", what, field, why);
    failures++;
}

/* Bytes changed anywhere: refused or not, but never a step outside. */
static void damaged(void)
{
    size_t length;

    wrong = "";
    srand(5);
    for (unsigned i = 0; i < 20000; i++) {
        char why[CHECK_TEXT];

        length = build(i % 2);
        for (unsigned k = 0; k < 1 + i % 4; k++)
            buffer[(size_t)rand() % (length - BLOBS * PAGE)] ^= (uint8_t)(1 << rand() % 8);
        if (capnp_open(&message, buffer, length, CAPNP_LIMIT))
            manifest_check(&message, 0, granted, why);
    }
    printf("ok init.damaged_manifests_are_looked_at_safely\n");
}

int main(void)
{
    expect("", false, MANIFEST_HASHES, "");
    expect("", true, 0, "");
    expect("version", false, 0, "version: 2");
    expect("account", false, 0, "init.capabilities: no `account`, which init needs");
    expect("pool", false, 0, "init.capabilities: no `pool`, which init needs");
    expect("bootPackage", false, 0, "init.capabilities: no `bootPackage`, which init needs");
    expect("console", true, 0, "init.capabilities: no `console`, which a program needs");
    expect("irq", true, 0, "init.capabilities: no `irq`, which the console's driver needs");
    expect("init", false, 0, "init.binary: no binary is called `nothing`");
    expect("init linked", false, 0, "init.binary: `libos` cannot be run: it is not linked");
    expect("no grant", false, 0, "init.capabilities[3]: the kernel gave no `moon`");
    expect("not given", false, 0, "init.capabilities[3]: the kernel gave no `power`");
    expect("given twice", false, 0, "init.capabilities[8]: `pool` is there twice");
    expect("given", false, 0, "init.capabilities: no `entropy`, which the kernel gave");
    expect("slots", false, 0, "time.slots: 17, where there can be 16");
    expect("slot length", false, 0, "time.length: 99999, where 100000 to 1000000000 ns can be");
    expect("long slot", false, 0, "time.length: 1000000001, where");
    expect("binary twice", false, 0, "binaries[1].name: `init` is there twice");
    expect("size", false, 0, "binaries[1].size: ");
    expect("content", false, 0, "binaries[1].content: empty (`ramfs`)");
    expect("page", false, 0, "binaries[1].content: `ramfs` is not at a page boundary");
    expect("hash", false, MANIFEST_HASHES, "binaries[1].sha256: ");
    expect("short hash", false, MANIFEST_HASHES, "binaries[1].sha256: ");
    expect("hash", true, 0, "");
    expect("services", false, 0, "services: empty");
    expect("service name", false, 0, "services[0].name: a name begins with a small letter");
    expect("service twice", false, 0, "services[1].name: `ramfs` is there twice");
    expect("binary", false, 0, "services[0].binary: no binary is called `nothing`");
    expect("method", false, 0, "services[0].grants[0].methods[0]: Log has no `EAT`");
    expect("grant twice", false, 0, "services[0].grants[1].name: `log` is there twice");
    expect("grant name", false, 0, "services[1].grants[0].name: a name begins with a small letter");
    expect("grant own", false, 0, "services[1].grants[0].name: `thread` is what a process has");
    expect("grant pool", false, 0, "services[1].grants[0].name: `pool` is always that of its");
    expect("no pages", false, 0, "services[1].holds: 10, where pages is 0");
    expect("no holds", false, 0, "services[1].holds: 0, where pages is 10");
    expect("no threads", false, 0, "services[1].threads: 0, where pages is 10");
    expect("no program", false, 0, "services[0].binary: `ramfs` cannot be run: it is no ELF file");
    expect("linked", false, 0, "services[0].binary: `ramfs` cannot be run: it is not linked");
    expect("linked", true, 0, "services[0].binary: `ramfs` cannot be run: it is not linked");
    expect("relocatable", false, 0, "services[0].binary: `ramfs` cannot be run: it has no fixed");
    expect("write execute", false, 0, "services[0].binary: `ramfs` cannot be run: it has no fixed");
    expect("source", false, 0, "services[1].grants[0].source: nothing is called `gold`");
    expect("not granted", false, 0, "services[1].grants[1].source: init was not granted `power`");
    expect("no range", false, 0, "services[0].grants[2].count: 0, but `ioPort` is granted by");
    expect("range of a whole", false, 0, "services[0].grants[2].count: there are no ranges of `c");
    expect("range twice", false, 0, "services[1].grants[2].first: services[0].grants[2] has some");
    expect("range long", false, 0, "services[1].grants[2].first: there are not so many");
    expect("provides", false, 0, "services[0].provides[0]: no interface is called `dreams`");
    expect("provides twice", false, 0, "services[1].provides[0]: `namespace` is provided twice");
    expect("provides grant", false, 0, "services[1].provides[0]: `pool` is a kernel grant");
    expect("cycle", false, 0, "services[0].grants: `ramfs` needs itself");
    expect("tree path", false, 0, "trees[0].path: no absolute path");
    expect("empty tree", false, 0, "trees[0].entries: empty");
    expect("entry name", false, 0, "trees[0].entries[1].name: no name that a file can have");
    expect("dots", false, 0, "trees[0].entries[2].name: no name that a file can have");
    expect("entry mode", false, 0, "trees[0].entries[1].mode: 0x61a4");
    expect("entry twice", false, 0, "trees[0].entries[3].name: `link` is there twice");
    expect("entry order", false, 0, "trees[0].entries[3].name: `lima` does not come behind `link`");
    expect("parent", false, 0, "trees[0].entries[2].parent: 3 is no directory before it");
    expect("parent file", false, 0, "trees[0].entries[2].parent: 1 is no directory before it");
    expect("target", false, 0, "trees[0].entries[2].target: empty");
    expect("file size", false, 0, "trees[0].entries[1].size: ");
    expect("file hash", false, MANIFEST_HASHES, "trees[0].entries[1].sha256: ");
    expect("sparse size", false, 0, "trees[0].entries[4].extents[1].content: 100 bytes at 8192");
    expect("sparse hash", false, MANIFEST_HASHES, "trees[0].entries[4].sha256: ");
    expect("both", false, 0, "trees[0].entries[4].extents: beside content");
    expect("extent offset", false, 0, "trees[0].entries[4].extents[0].offset: 100 is no page");
    expect("extent part", false, 0, "trees[0].entries[4].extents[0].content: 4095 bytes");
    expect("extent order", false, 0, "trees[0].entries[4].extents[1].offset: 0 is no page");
    expect("extent empty", false, 0, "trees[0].entries[4].extents[1].content: 0 bytes");
    expect("extent page", false, 0, "trees[0].entries[4].extents[1].content: not at a page");
    expect("program", true, 0, "run.program: no binary is called `nothing`");
    expect("arguments", true, 0, "run.arguments: empty");
    expect("directory", true, 0, "run.directory: `here`");
    expect("libos", true, 0, "binaries: none is called `libos`");
    expect("driver", true, 0, "binaries: none is called `console`");
    if (failures == 0)
        printf("ok init.each_refusal_names_its_field\n");
    damaged();
    return failures != 0;
}
