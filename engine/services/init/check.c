/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "bytes.h"
#include "check_parts.h"
#include "fmt/fmt.h"
#include "manifest/program.h"
#include "sha256/sha256.h"
#include "slots.h"

#define VERSION 1

bool refuse(struct check *c, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfmt(c->why, CHECK_TEXT, format, arguments);
    va_end(arguments);
    return false;
}

bool find_binary(const struct check *c, struct capnp_text name, struct binary_reader *binary)
{
    for (uint32_t i = 0; i < c->binaries.count; i++) {
        *binary = binary_at(c->binaries, i);
        if (text_is(binary_name(*binary), name))
            return true;
    }
    return false;
}

bool digest_is(const uint8_t digest[], struct capnp_data wanted)
{
    return wanted.size == SHA256_SIZE && memcmp(digest, wanted.data, SHA256_SIZE) == 0;
}

static bool hash_is(struct capnp_data content, struct capnp_data wanted)
{
    uint8_t digest[SHA256_SIZE];

    sha256(content.data, content.size, digest);
    return digest_is(digest, wanted);
}

bool check_blob(
    struct check *c, const struct claim *claim, const char *place, uint32_t i, uint32_t k)
{
    struct capnp_data content = claim->content;
    uint64_t offset = (uint64_t)(content.data - (const uint8_t *)c->message->words);
    char where[64];

    fmt(where, sizeof where, place, i, k);
    if (content.size != claim->size)
        return refuse(c, "%s.size: %lu, but `%s` has %u bytes", where, claim->size, claim->name,
            content.size);
    if (content.size != 0 && offset % BLOB_PAGE != 0)
        return refuse(c, "%s.content: `%s` is not at a page boundary of the module", where,
            claim->name);
    if ((c->flags & MANIFEST_HASHES) && !hash_is(content, claim->sha256))
        return refuse(c, "%s.sha256: not that of the bytes of `%s`", where, claim->name);
    return true;
}

static bool check_binary(struct check *c, uint32_t i)
{
    struct binary_reader binary = binary_at(c->binaries, i);
    struct capnp_text name = binary_name(binary);

    if (!name_is_good(name.data, name.size))
        return refuse(c, "binaries[%u].name: " NAME_RULE, i);
    for (uint32_t k = 0; k < i; k++)
        if (text_is(binary_name(binary_at(c->binaries, k)), name))
            return refuse(c, "binaries[%u].name: `%s` is there twice", i, name.data);
    if (binary_content(binary).size == 0)
        return refuse(c, "binaries[%u].content: empty (`%s`)", i, name.data);
    return check_blob(c,
        &(struct claim){name.data, binary_content(binary), binary_size(binary),
            binary_sha256(binary)},
        "binaries[%u]", i, 0);
}

static struct capnp_text text_of(const char *name)
{
    return (struct capnp_text){name, (uint32_t)strlen(name)};
}

/* A binary that the system itself starts, whoever asks for it. */
static bool check_own(struct check *c, const char *name, const char *reason,
    const char *(*problem)(const void *, uint64_t))
{
    struct binary_reader binary;
    const char *wrong;

    if (!find_binary(c, text_of(name), &binary))
        return refuse(c, "binaries: none is called `%s`, which %s", name, reason);
    wrong = problem(binary_content(binary).data, binary_content(binary).size);
    return wrong == NULL || refuse(c, "binaries: `%s` cannot be run: %s", name, wrong);
}

static bool check_run(struct check *c)
{
    struct run_reader run = system_manifest_run(c->manifest);
    struct capnp_text directory = run_directory(run);
    struct binary_reader binary;

    if (!find_binary(c, run_program(run), &binary))
        return refuse(c, "run.program: no binary is called `%.64s`", run_program(run).data);
    if (!check_own(c, "libos", "a Linux program needs", libos_problem))
        return false;
    if (run_arguments(run).count == 0)
        return refuse(c, "run.arguments: empty");
    if (directory.size > 0 && directory.data[0] != '/')
        return refuse(c, "run.directory: `%.64s` does not begin with /", directory.data);
    if (!c->granted("console"))
        return refuse(c, "init.capabilities: no `console`, which a program needs");
    if (!c->granted("irq"))
        return refuse(c, "init.capabilities: no `irq`, which the console's driver needs");
    if (!check_own(c, "console", "a program's input needs", native_problem))
        return false;
    if (c->trees.count == 0 && run_scratch(run) == 0)
        return true;
    return check_own(c, "ramfs", "files need", native_problem);
}

/* What the kernel gave is what the manifest names. */
static bool check_capabilities(struct check *c, struct capnp_list names)
{
    static const char *const needed[] = {"account", "pool", "bootPackage"};

    for (uint32_t i = 0; i < names.count; i++) {
        struct capnp_text name = capnp_list_text(names, i);

        if (kernel_grant(name.data) == NULL || !c->granted(name.data))
            return refuse(c, "init.capabilities[%u]: the kernel gave no `%.64s`", i, name.data);
        for (uint32_t k = 0; k < i; k++)
            if (text_is(capnp_list_text(names, k), name))
                return refuse(c, "init.capabilities[%u]: `%s` is there twice", i, name.data);
    }
    for (const struct kernel_grant *g = kernel_grants; g->name != NULL; g++) {
        uint32_t i = 0;

        while (i < names.count && !text_is(capnp_list_text(names, i), text_of(g->name)))
            i++;
        if (i == names.count && c->granted(g->name))
            return refuse(c, "init.capabilities: no `%s`, which the kernel gave", g->name);
    }
    for (unsigned i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!c->granted(needed[i]))
            return refuse(c, "init.capabilities: no `%s`, which init needs", needed[i]);
    return true;
}

static bool check_init(struct check *c, struct init_config_reader init)
{
    struct capnp_text name = init_config_binary(init);
    struct binary_reader binary;
    const char *wrong;

    if (!find_binary(c, name, &binary))
        return refuse(c, "init.binary: no binary is called `%.64s`", name.data);
    wrong = native_problem(binary_content(binary).data, binary_content(binary).size);
    if (wrong != NULL)
        return refuse(c, "init.binary: `%s` cannot be run: %s", name.data, wrong);
    return check_capabilities(c, init_config_capabilities(init));
}

/* 0: nothing is said. */
static bool check_time(struct check *c, struct time_reader time)
{
    uint64_t length = time_length(time);

    if (time_slots(time) > SLOTS_MAX)
        return refuse(c, "time.slots: %u, where there can be %u", time_slots(time), SLOTS_MAX);
    return length == 0 || (length >= SLOT_NS_MIN && length <= SLOT_NS_MAX) ||
           refuse(c, "time.length: %lu, where %u to %u ns can be", length, SLOT_NS_MIN,
               SLOT_NS_MAX);
}

static bool check_all(struct check *c)
{
    if (system_manifest_version(c->manifest) != VERSION)
        return refuse(
            c, "version: %u, where %u was expected", system_manifest_version(c->manifest), VERSION);
    for (uint32_t i = 0; i < c->binaries.count; i++)
        if (!check_binary(c, i))
            return false;
    if (!check_init(c, system_manifest_init(c->manifest)) ||
        !check_time(c, system_manifest_time(c->manifest)) || !check_services(c) ||
        !check_trees(c))
        return false;
    if (system_manifest_has_run(c->manifest))
        return check_run(c);
    return c->services.count > 0 || refuse(c, "services: empty, and there is no `run` either");
}

bool manifest_check(struct capnp_message *message, unsigned flags,
    bool (*granted)(const char *name), char why[CHECK_TEXT])
{
    struct check c = {.message = message, .granted = granted, .flags = flags, .why = why};
    uint64_t limit = message->left;

    if (!check_whole(&c))
        return false;
    /* The same again, and some lists a few times more. */
    message->left = limit;
    if (!check_all(&c))
        return false;
    return message->error == CAPNP_OK || refuse(&c, "services: more lists than can be looked at");
}
