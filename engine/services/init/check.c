/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "bytes.h"
#include "fmt.h"
#include "sha256/sha256.h"

#define VERSION 1
#define TYPE_MASK 0170000
#define TYPE_DIRECTORY 0040000
#define TYPE_FILE 0100000
#define TYPE_LINK 0120000

struct check {
    struct system_manifest_reader manifest;
    struct capnp_list services, binaries, trees;
    bool (*granted)(const char *name);
    unsigned flags;
    char *why;
};

/* Says it once: the first refusal is the one that is told. */
static bool refuse(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct check *c, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfmt(c->why, CHECK_TEXT, format, arguments);
    va_end(arguments);
    return false;
}

static struct service_reader service_of(const struct check *c, uint32_t i)
{
    return service_at(c->services, i);
}

static bool has_binary(const struct check *c, struct capnp_text name)
{
    for (uint32_t i = 0; i < c->binaries.count; i++)
        if (text_is(binary_name(binary_at(c->binaries, i)), name))
            return true;
    return false;
}

static bool hash_is(struct capnp_data content, struct capnp_data wanted)
{
    uint8_t digest[SHA256_SIZE];

    sha256(content.data, content.size, digest);
    return wanted.size == SHA256_SIZE && memcmp(digest, wanted.data, SHA256_SIZE) == 0;
}

static bool check_binary(struct check *c, uint32_t i)
{
    struct binary_reader binary = binary_at(c->binaries, i);
    struct capnp_text name = binary_name(binary);
    struct capnp_data content = binary_content(binary);

    if (name.size == 0)
        return refuse(c, "binaries[%u].name: empty", i);
    for (uint32_t k = 0; k < i; k++)
        if (text_is(binary_name(binary_at(c->binaries, k)), name))
            return refuse(c, "binaries[%u].name: `%.64s` is there twice", i, name.data);
    if (content.size == 0 || content.size != binary_size(binary))
        return refuse(c, "binaries[%u].size: %lu, but `%.64s` has %u bytes", i, binary_size(binary),
            name.data, content.size);
    if ((c->flags & MANIFEST_HASHES) && !hash_is(content, binary_sha256(binary)))
        return refuse(c, "binaries[%u].sha256: not that of the bytes of `%.64s`", i, name.data);
    return true;
}

static bool check_methods(struct check *c, uint32_t s, uint32_t g, struct grant_reader grant,
    const struct phx_interface_info *interface)
{
    struct capnp_list methods = grant_methods(grant);

    for (uint32_t i = 0; i < methods.count; i++)
        if (methods_named(interface, capnp_list_text(methods, i).data) == 0)
            return refuse(c, "services[%u].grants[%u].methods[%u]: %s has no `%.64s`", s, g, i,
                interface->name, capnp_list_text(methods, i).data);
    return true;
}

static bool check_grant(struct check *c, uint32_t s, uint32_t g)
{
    struct capnp_list grants = service_grants(service_of(c, s));
    struct grant_reader grant = grant_at(grants, g);
    struct capnp_text name = grant_name(grant), source = grant_source(grant);
    const struct phx_interface_info *interface = interface_of_grant(source.data);

    if (name.size == 0)
        return refuse(c, "services[%u].grants[%u].name: empty", s, g);
    for (uint32_t i = 0; i < g; i++)
        if (text_is(grant_name(grant_at(grants, i)), name))
            return refuse(
                c, "services[%u].grants[%u].name: `%.64s` is there twice", s, g, name.data);
    if (interface != NULL && !c->granted(source.data))
        return refuse(
            c, "services[%u].grants[%u].source: init was not granted `%.64s`", s, g, source.data);
    if (interface == NULL) {
        uint32_t provider = service_providing(c->services, source);

        if (provider == c->services.count)
            return refuse(
                c, "services[%u].grants[%u].source: nothing is called `%.64s`", s, g, source.data);
        if (provider == s)
            return refuse(
                c, "services[%u].grants[%u].source: `%.64s` is its own", s, g, source.data);
        interface = interface_of_provided(source.data);
    }
    return check_methods(c, s, g, grant, interface);
}

static bool check_provides(struct check *c, uint32_t s)
{
    struct capnp_list provides = service_provides(service_of(c, s));

    for (uint32_t i = 0; i < provides.count; i++) {
        struct capnp_text name = capnp_list_text(provides, i);

        if (interface_of_grant(name.data) != NULL)
            return refuse(
                c, "services[%u].provides[%u]: `%.64s` is a kernel grant", s, i, name.data);
        if (interface_of_provided(name.data) == NULL)
            return refuse(
                c, "services[%u].provides[%u]: no interface is called `%.64s`", s, i, name.data);
        if (service_providing(c->services, name) != s)
            return refuse(
                c, "services[%u].provides[%u]: `%.64s` is provided twice", s, i, name.data);
    }
    return true;
}

static bool check_service(struct check *c, uint32_t s)
{
    struct service_reader service = service_of(c, s);
    struct capnp_text name = service_name(service);

    if (name.size == 0)
        return refuse(c, "services[%u].name: empty", s);
    for (uint32_t i = 0; i < s; i++)
        if (text_is(service_name(service_of(c, i)), name))
            return refuse(c, "services[%u].name: `%.64s` is there twice", s, name.data);
    if (!has_binary(c, service_binary(service)))
        return refuse(
            c, "services[%u].binary: no binary is called `%.64s`", s, service_binary(service).data);
    return check_provides(c, s);
}

/* After check_service of all: what a source provides has an interface then. */
static bool check_grants(struct check *c, uint32_t s)
{
    struct capnp_list grants = service_grants(service_of(c, s));

    for (uint32_t g = 0; g < grants.count; g++)
        if (!check_grant(c, s, g))
            return false;
    return true;
}

static bool check_services(struct check *c)
{
    uint32_t order[SERVICES_MAX], ordered;

    if (c->services.count > SERVICES_MAX)
        return refuse(c, "services: %u, where at most %u can be", c->services.count, SERVICES_MAX);
    for (uint32_t s = 0; s < c->services.count; s++)
        if (!check_service(c, s))
            return false;
    for (uint32_t s = 0; s < c->services.count; s++)
        if (!check_grants(c, s))
            return false;
    ordered = services_order(c->manifest, order);
    if (ordered < c->services.count)
        return refuse(c, "services[%u].grants: `%.64s` needs itself, by way of others",
            order[ordered], service_name(service_of(c, order[ordered])).data);
    return true;
}

static bool is_name(struct capnp_text name)
{
    bool dots = (name.size == 1 && name.data[0] == '.') ||
                (name.size == 2 && name.data[0] == '.' && name.data[1] == '.');

    for (uint32_t i = 0; i < name.size; i++)
        if (name.data[i] == '/' || name.data[i] == 0)
            return false;
    return name.size > 0 && name.size <= 255 && !dots;
}

static bool check_entry(struct check *c, uint32_t t, uint32_t e, struct capnp_list entries)
{
    struct entry_reader entry = entry_at(entries, e);
    uint32_t type = entry_mode(entry) & TYPE_MASK, parent = entry_parent(entry);
    struct capnp_data content = entry_content(entry);

    if (type != TYPE_DIRECTORY && type != TYPE_FILE && type != TYPE_LINK)
        return refuse(c, "trees[%u].entries[%u].mode: 0x%x is no file, directory or link", t, e,
            entry_mode(entry));
    if (e > 0 && !is_name(entry_name(entry)))
        return refuse(c, "trees[%u].entries[%u].name: no name that a file can have", t, e);
    if (e > 0 &&
        (parent >= e || (entry_mode(entry_at(entries, parent)) & TYPE_MASK) != TYPE_DIRECTORY))
        return refuse(
            c, "trees[%u].entries[%u].parent: %u is no directory before it", t, e, parent);
    if (type == TYPE_LINK && entry_target(entry).size == 0)
        return refuse(c, "trees[%u].entries[%u].target: empty", t, e);
    if (type != TYPE_FILE)
        return true;
    if (content.size != entry_size(entry))
        return refuse(c, "trees[%u].entries[%u].size: %lu, but there are %u bytes", t, e,
            entry_size(entry), content.size);
    if ((c->flags & MANIFEST_HASHES) && !hash_is(content, entry_sha256(entry)))
        return refuse(c, "trees[%u].entries[%u].sha256: not that of its bytes", t, e);
    return true;
}

static bool check_trees(struct check *c)
{
    for (uint32_t t = 0; t < c->trees.count; t++) {
        struct tree_reader tree = tree_at(c->trees, t);
        struct capnp_list entries = tree_entries(tree);

        if (tree_path(tree).data[0] != '/')
            return refuse(
                c, "trees[%u].path: `%.64s` does not begin with /", t, tree_path(tree).data);
        if (entries.count == 0)
            return refuse(c, "trees[%u].entries: empty", t);
        for (uint32_t e = 0; e < entries.count; e++)
            if (!check_entry(c, t, e, entries))
                return false;
    }
    return true;
}

static bool check_run(struct check *c)
{
    struct run_reader run = system_manifest_run(c->manifest);

    if (!has_binary(c, run_program(run)))
        return refuse(c, "run.program: no binary is called `%.64s`", run_program(run).data);
    if (!has_binary(c, (struct capnp_text){"libos", 5}))
        return refuse(c, "binaries: none is called `libos`, which a Linux program needs");
    if (run_arguments(run).count == 0)
        return refuse(c, "run.arguments: empty");
    if (run_directory(run).size > 0 && run_directory(run).data[0] != '/')
        return refuse(c, "run.directory: `%.64s` does not begin with /", run_directory(run).data);
    if ((c->trees.count > 0 || run_scratch(run) > 0) &&
        !has_binary(c, (struct capnp_text){"ramfs", 5}))
        return refuse(c, "binaries: none is called `ramfs`, which files need");
    return true;
}

static bool check_all(struct check *c)
{
    struct capnp_text init = init_config_binary(system_manifest_init(c->manifest));

    if (system_manifest_version(c->manifest) != VERSION)
        return refuse(
            c, "version: %u, where %u was expected", system_manifest_version(c->manifest), VERSION);
    if (!has_binary(c, init))
        return refuse(c, "init.binary: no binary is called `%.64s`", init.data);
    for (uint32_t i = 0; i < c->binaries.count; i++)
        if (!check_binary(c, i))
            return false;
    if (!check_services(c) || !check_trees(c))
        return false;
    if (system_manifest_has_run(c->manifest))
        return check_run(c);
    return c->services.count > 0 || refuse(c, "services: empty, and there is no `run` either");
}

bool manifest_check(struct capnp_message *message, unsigned flags,
    bool (*granted)(const char *name), char why[CHECK_TEXT])
{
    struct system_manifest_reader manifest = system_manifest_root(message);
    struct check c = {
        .manifest = manifest,
        .services = system_manifest_services(manifest),
        .binaries = system_manifest_binaries(manifest),
        .trees = system_manifest_trees(manifest),
        .granted = granted,
        .flags = flags,
        .why = why,
    };
    bool good = check_all(&c);

    if (message->error != CAPNP_OK)
        return refuse(&c, "the message is damaged (error %d)", (int)message->error);
    return good;
}
