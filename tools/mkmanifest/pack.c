/* SPDX-License-Identifier: MIT */
/*
 * A package as a message; see pack.h.
 *
 * Sizes come first: they give every blob its place behind the structs, and the
 * structs room for hashes that are known only when the bytes were copied.
 */
#include "pack.h"

#include "boot.h"
#include "manifest.build.h"
#include "phoenix/boot.h"
#include "refuse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOBS_MAX (UINT64_C(1) << 32) /* what a pointer reaches in one segment */
#define HEAD_FIRST (UINT64_C(1) << 18)
#define HEAD_MAX (UINT64_C(1) << 30)

/* Room in the message for the hash of a blob. */
struct hash_place {
    uint8_t *place; /* NULL: the message did not fit */
    struct blob *blob;
};

struct packer {
    const struct package *package;
    struct capnp_build build;
    struct hash_place *hashes;
    size_t hash_count;
};

#define TEXT(text) (text), strlen(text)

static void blob_place(struct package *package, struct blob *blob, uint32_t segment)
{
    uint64_t *bytes = &package->segment_bytes[segment];

    if (blob->segment)
        return;
    blob->segment = segment;
    for (size_t i = 0; i < blob->extent_count; i++) {
        blob->extents[i].place = *bytes;
        *bytes += (blob->extents[i].size + BLOB_PAGE - 1) / BLOB_PAGE * BLOB_PAGE;
    }
}

void pack_place(struct package *package)
{
    for (size_t i = 0; i < package->binary_count; i++)
        blob_place(package, package->binaries[i].blob, PACK_BINARIES);
    for (struct tree_node *node = package->tree; node; node = tree_next(node))
        if (node->blob)
            blob_place(package, node->blob, PACK_TREES);
    for (uint32_t i = PACK_BINARIES; i <= PACK_TREES; i++)
        if (package->segment_bytes[i] > BLOBS_MAX)
            refuse("the files have %" PRIu64 "M; what a module can bring is %" PRIu64 "M",
                package->segment_bytes[i] >> 20, BLOBS_MAX >> 20);
}

static void hash_later(struct packer *p, uint8_t *place, struct blob *blob)
{
    p->hashes[p->hash_count++] = (struct hash_place){place, blob};
}

static void build_strings(struct capnp_build_list list, const struct strings *strings)
{
    for (uint32_t i = 0; i < strings->count; i++)
        capnp_put_text(list, i, TEXT(strings->list[i]));
}

static void build_service(struct service_builder b, const struct service *service)
{
    struct capnp_build_list grants;

    service_set_name(b, TEXT(service->name));
    service_set_binary(b, TEXT(service->binary));
    build_strings(
        service_init_arguments(b, (uint32_t)service->arguments.count), &service->arguments);
    grants = service_init_grants(b, (uint32_t)service->grant_count);
    for (uint32_t i = 0; i < service->grant_count; i++) {
        const struct grant *grant = &service->grants[i];
        struct grant_builder g = grant_build_at(grants, i);

        grant_set_name(g, TEXT(grant->name));
        grant_set_source(g, TEXT(grant->source));
        build_strings(grant_init_methods(g, (uint32_t)grant->methods.count), &grant->methods);
        grant_set_first(g, grant->first);
        grant_set_count(g, grant->count);
    }
    build_strings(service_init_provides(b, (uint32_t)service->provides.count), &service->provides);
    service_set_pages(b, service->pages);
    service_set_holds(b, service->holds);
    service_set_threads(b, service->threads);
    service_set_restart(b, service->restart);
}

static void build_binary(struct packer *p, struct binary_builder b, const struct binary *binary)
{
    struct blob *blob = binary->blob;

    binary_set_name(b, TEXT(binary->name));
    binary_set_size(b, blob->size);
    binary_external_content(b, blob->segment, blob->extents[0].place, blob->size);
    hash_later(p, binary_init_sha256(b, SHA256_SIZE), blob);
}

static void build_content(struct packer *p, struct entry_builder b, struct blob *blob)
{
    struct capnp_build_list extents;

    entry_set_size(b, blob->size);
    hash_later(p, entry_init_sha256(b, SHA256_SIZE), blob);
    if (blob->size == 0)
        return;
    if (blob_is_whole(blob)) {
        entry_external_content(b, blob->segment, blob->extents[0].place, blob->size);
        return;
    }
    extents = entry_init_extents(b, (uint32_t)blob->extent_count);
    for (uint32_t i = 0; i < blob->extent_count; i++) {
        const struct blob_extent *extent = &blob->extents[i];
        struct extent_builder e = extent_build_at(extents, i);

        extent_set_offset(e, extent->offset);
        extent_external_content(e, blob->segment, extent->place, extent->size);
    }
}

static void build_entry(struct packer *p, struct entry_builder b, struct tree_node *node)
{
    entry_set_name(b, TEXT(node->name));
    entry_set_parent(b, node->parent ? (uint32_t)node->parent->index : 0);
    entry_set_mode(b, node->mode);
    entry_set_uid(b, node->uid);
    entry_set_gid(b, node->gid);
    entry_set_mtime(b, node->mtime);
    entry_set_inode(b, node->inode);
    if (node->target) {
        entry_set_target(b, TEXT(node->target));
        entry_set_size(b, strlen(node->target));
    }
    if (node->blob)
        build_content(p, b, node->blob);
}

static void build_tree(struct packer *p, struct system_manifest_builder b)
{
    struct tree_node *root = p->package->tree;
    struct capnp_build_list entries;
    struct tree_builder tree;
    size_t index = 0;

    if (!root)
        return;
    tree = tree_build_at(system_manifest_init_trees(b, 1), 0);
    tree_set_path(tree, TEXT("/"));
    entries = tree_init_entries(tree, (uint32_t)tree_count(root));
    for (struct tree_node *node = root; node; node = tree_next(node), index++) {
        node->index = index;
        build_entry(p, entry_build_at(entries, (uint32_t)index), node);
    }
}

static void build_run(struct system_manifest_builder b, const struct run *run)
{
    struct run_builder r;

    if (!run)
        return;
    r = system_manifest_init_run(b);
    run_set_program(r, TEXT(run->program));
    build_strings(run_init_arguments(r, (uint32_t)run->arguments.count), &run->arguments);
    build_strings(run_init_environment(r, (uint32_t)run->environment.count), &run->environment);
    run_set_directory(r, TEXT(run->directory));
    run_set_scratch(r, run->scratch);
    run_set_trace_calls(r, run->trace_calls);
    run_set_stats(r, run->stats);
}

/* Build it all in a buffer of that size; 0: it did not fit. */
static size_t build_head(struct packer *p, void *buffer, size_t size)
{
    const struct package *package = p->package;
    struct system_manifest_builder b;
    struct init_config_builder init;
    struct capnp_build_list list;
    struct time_builder time;

    p->hash_count = 0;
    capnp_build_open(&p->build, buffer, size, package->segment_bytes[PACK_TREES] ? 2 : 1);
    b = system_manifest_build(&p->build);
    system_manifest_set_version(b, 1);
    system_manifest_set_name(b, TEXT(package->name));
    init = system_manifest_init_init(b);
    init_config_set_binary(init, TEXT(package->init_binary));
    build_strings(init_config_init_capabilities(init, (uint32_t)package->init_capabilities.count),
        &package->init_capabilities);
    list = system_manifest_init_services(b, (uint32_t)package->service_count);
    for (uint32_t i = 0; i < package->service_count; i++)
        build_service(service_build_at(list, i), &package->services[i]);
    list = system_manifest_init_binaries(b, (uint32_t)package->binary_count);
    for (uint32_t i = 0; i < package->binary_count; i++)
        build_binary(p, binary_build_at(list, i), &package->binaries[i]);
    build_tree(p, b);
    build_run(b, package->run);
    if (package->slots) {
        time = system_manifest_init_time(b);
        time_set_slots(time, (uint32_t)package->slots);
        time_set_length(time, package->slot_length);
    }
    return capnp_build_close(&p->build, &package->segment_bytes[PACK_BINARIES], BLOB_PAGE);
}

/* The one blob after the other, and each hash to its places. */
static void copy_blobs(struct packer *p, int fd, uint64_t head)
{
    for (size_t i = 0; i < p->hash_count; i++) {
        struct blob *blob = p->hashes[i].blob;
        uint64_t before = blob->segment == PACK_TREES ? p->package->segment_bytes[PACK_BINARIES] : 0;

        if (!blob->hashed)
            blob_copy(blob, fd, head + before);
        memcpy(p->hashes[i].place, blob->sha256, SHA256_SIZE);
    }
}

/* The segment table and segment 0, in memory that the caller frees; places for hashes
 * are to be filled. */
static void *build(struct packer *p, size_t *head)
{
    const struct package *package = p->package;
    size_t hashes = package->binary_count + (package->tree ? tree_count(package->tree) : 0);
    void *buffer = NULL;

    p->hashes = must_allocate((hashes + 1) * sizeof *p->hashes);
    *head = 0;
    for (size_t size = HEAD_FIRST; !*head && size <= HEAD_MAX; size *= 4) {
        free(buffer);
        buffer = must_allocate(size);
        *head = build_head(p, buffer, size);
    }
    if (!*head)
        refuse("the manifest does not fit into a module");
    return buffer;
}

uint64_t pack_head_size(const struct package *package)
{
    struct packer p = {.package = package};
    size_t head;

    free(build(&p, &head));
    free(p.hashes);
    return PHX_BOOT_MANIFEST + head + package->segment_bytes[PACK_BINARIES];
}

uint64_t pack_write(const struct package *package, int fd, bool trees)
{
    static _Alignas(8) char boot[PHX_BOOT_MANIFEST];
    struct packer p = {.package = package};
    size_t head;
    void *buffer = build(&p, &head);
    uint64_t binaries = PHX_BOOT_MANIFEST + head;
    uint64_t end = binaries + package->segment_bytes[PACK_BINARIES];
    uint64_t all = end + package->segment_bytes[PACK_TREES];

    /* The length first: the last page of the last blob is filled up with zeroes. */
    end = trees ? all : end;
    if (ftruncate(fd, (off_t)end) != 0)
        refuse("cannot write the module: %s", strerror(errno));
    boot_build(package, binaries, all, boot);
    write_all(fd, boot, sizeof boot, 0);
    copy_blobs(&p, fd, binaries);
    write_all(fd, buffer, head, PHX_BOOT_MANIFEST);
    free(buffer);
    free(p.hashes);
    return end;
}
