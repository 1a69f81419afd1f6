/* SPDX-License-Identifier: MIT */
/*
 * Whether all of a manifest can be read.
 *
 * A damaged pointer reads as nothing, and the message remembers only that there was
 * one. So every field is read here once, in the schema's order, and the one behind
 * which the message is no longer sound is the one that is named. Whoever reads the
 * manifest afterwards meets no damage; and as names are compared as C strings by
 * some, a text ends at its first zero byte or is refused.
 */
#include "check_parts.h"

#include "fmt/fmt.h"

#define WHOLE UINT32_MAX /* no element: the field itself */

/* Where it reads: indices of the lists that it is in, outermost first. */
struct walk {
    struct check *check;
    uint32_t at[2];
    const char *name; /* of the binary or file that it reads; NULL: of none */
};

/* Refuses in the name of a field, or of one element of it. */
static bool refuse_field(const struct walk *w, const char *field, uint32_t element, const char *why)
{
    char name[96];
    size_t length = fmt(name, sizeof name, field, w->at[0], w->at[1]);

    if (element != WHOLE && length < sizeof name)
        fmt(name + length, sizeof name - length, "[%u]", element);
    if (w->name != NULL)
        return refuse(w->check, "%s: %s (`%.64s`)", name, why, w->name);
    return refuse(w->check, "%s: %s", name, why);
}

static bool is_sound(const struct walk *w, const char *field, uint32_t element)
{
    static const char *const damage[] = {
        [CAPNP_FRAMING] = "damaged: its segment is not there",
        [CAPNP_BOUNDS] = "damaged: it points outside of its segment",
        [CAPNP_KIND] = "damaged: it points to something of another kind",
        [CAPNP_TOO_DEEP] = "damaged: it is nested too deeply, or in itself",
        [CAPNP_EXHAUSTED] = "damaged: it is larger than a manifest can be",
        [CAPNP_NO_NUL] = "damaged: a text without its final zero byte",
    };
    enum capnp_error error = w->check->message->error;

    return error == CAPNP_OK || refuse_field(w, field, element, damage[error]);
}

static bool read_text(
    const struct walk *w, struct capnp_text value, const char *field, uint32_t element)
{
    if (!is_sound(w, field, element))
        return false;
    for (uint32_t i = 0; i < value.size; i++)
        if (value.data[i] == 0)
            return refuse_field(w, field, element, "a text with a zero byte in it");
    return true;
}

static bool text(const struct walk *w, struct capnp_text value, const char *field)
{
    return read_text(w, value, field, WHOLE);
}

static bool texts(const struct walk *w, struct capnp_list list, const char *field)
{
    if (!is_sound(w, field, WHOLE))
        return false;
    for (uint32_t i = 0; i < list.count; i++)
        if (!read_text(w, capnp_list_text(list, i), field, i))
            return false;
    return true;
}

/* What was just read is not looked into. */
static bool rest(const struct walk *w, const char *field)
{
    return is_sound(w, field, WHOLE);
}

static bool read_init(struct walk *w, struct init_config_reader init)
{
    return rest(w, "init") && text(w, init_config_binary(init), "init.binary") &&
           texts(w, init_config_capabilities(init), "init.capabilities");
}

static bool read_grants(struct walk *w, struct capnp_list grants)
{
    if (!rest(w, "services[%u].grants"))
        return false;
    for (uint32_t i = 0; i < grants.count; i++) {
        struct grant_reader grant = grant_at(grants, i);

        w->at[1] = i;
        if (!text(w, grant_name(grant), "services[%u].grants[%u].name") ||
            !text(w, grant_source(grant), "services[%u].grants[%u].source") ||
            !texts(w, grant_methods(grant), "services[%u].grants[%u].methods"))
            return false;
    }
    return true;
}

static bool read_services(struct walk *w)
{
    if (!rest(w, "services"))
        return false;
    for (uint32_t i = 0; i < w->check->services.count; i++) {
        struct service_reader service = service_at(w->check->services, i);

        w->at[0] = i;
        if (!text(w, service_name(service), "services[%u].name") ||
            !text(w, service_binary(service), "services[%u].binary") ||
            !texts(w, service_arguments(service), "services[%u].arguments") ||
            !read_grants(w, service_grants(service)) ||
            !texts(w, service_provides(service), "services[%u].provides"))
            return false;
    }
    return true;
}

static bool read_binaries(struct walk *w)
{
    if (!rest(w, "binaries"))
        return false;
    for (uint32_t i = 0; i < w->check->binaries.count; i++) {
        struct binary_reader binary = binary_at(w->check->binaries, i);

        w->at[0] = i;
        if (!text(w, binary_name(binary), "binaries[%u].name"))
            return false;
        w->name = binary_name(binary).data;
        binary_sha256(binary);
        if (!rest(w, "binaries[%u].sha256"))
            return false;
        binary_content(binary);
        if (!rest(w, "binaries[%u].content"))
            return false;
        w->name = NULL;
    }
    return true;
}

static bool read_extents(struct walk *w, struct capnp_list extents)
{
    if (!rest(w, "trees[%u].entries[%u].extents"))
        return false;
    for (uint32_t i = 0; i < extents.count; i++) {
        extent_content(extent_at(extents, i));
        if (!rest(w, "trees[%u].entries[%u].extents"))
            return false;
    }
    return true;
}

static bool read_entries(struct walk *w, struct capnp_list entries)
{
    if (!rest(w, "trees[%u].entries"))
        return false;
    for (uint32_t i = 0; i < entries.count; i++) {
        struct entry_reader entry = entry_at(entries, i);

        w->at[1] = i;
        if (!text(w, entry_name(entry), "trees[%u].entries[%u].name"))
            return false;
        w->name = entry_name(entry).data;
        entry_content(entry);
        if (!rest(w, "trees[%u].entries[%u].content") ||
            !text(w, entry_target(entry), "trees[%u].entries[%u].target"))
            return false;
        entry_sha256(entry);
        if (!rest(w, "trees[%u].entries[%u].sha256") || !read_extents(w, entry_extents(entry)))
            return false;
        w->name = NULL;
    }
    return true;
}

static bool read_trees(struct walk *w)
{
    if (!rest(w, "trees"))
        return false;
    for (uint32_t i = 0; i < w->check->trees.count; i++) {
        struct tree_reader tree = tree_at(w->check->trees, i);

        w->at[0] = i;
        if (!text(w, tree_path(tree), "trees[%u].path") || !read_entries(w, tree_entries(tree)))
            return false;
    }
    return true;
}

static bool read_run(struct walk *w, struct run_reader run)
{
    return rest(w, "run") && text(w, run_program(run), "run.program") &&
           texts(w, run_arguments(run), "run.arguments") &&
           texts(w, run_environment(run), "run.environment") &&
           text(w, run_directory(run), "run.directory");
}

bool check_whole(struct check *c)
{
    struct walk w = {.check = c};

    c->manifest = system_manifest_root(c->message);
    if (!rest(&w, "SystemManifest") ||
        !text(&w, system_manifest_name(c->manifest), "name") ||
        !read_init(&w, system_manifest_init(c->manifest)))
        return false;
    c->services = system_manifest_services(c->manifest);
    if (!read_services(&w))
        return false;
    c->binaries = system_manifest_binaries(c->manifest);
    if (!read_binaries(&w))
        return false;
    c->trees = system_manifest_trees(c->manifest);
    if (!read_trees(&w) || !read_run(&w, system_manifest_run(c->manifest)))
        return false;
    system_manifest_time(c->manifest);
    return rest(&w, "time");
}
