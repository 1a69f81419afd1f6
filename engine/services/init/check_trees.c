/* SPDX-License-Identifier: MIT */
/*
 * Trees of files. That a directory has no name twice is seen without looking for it:
 * mkmanifest writes a directory's entries behind it, each followed by what is in it,
 * in the order of their names, so it is enough to look at each name's sibling before.
 */
#include "bytes.h"
#include "check_parts.h"
#include "fmt/fmt.h"
#include "sha256/sha256.h"

#define TYPE_MASK 0170000
#define TYPE_DIRECTORY 0040000
#define TYPE_FILE 0100000
#define TYPE_LINK 0120000
#define MODE_MASK 0177777

static bool is_directory(struct capnp_list entries, uint32_t e)
{
    return (entry_mode(entry_at(entries, e)) & TYPE_MASK) == TYPE_DIRECTORY;
}

/* What a file can be called, in a name of that many bytes. */
static bool is_component(const char *name, uint32_t size)
{
    bool dots = (size == 1 && name[0] == '.') || (size == 2 && name[0] == '.' && name[1] == '.');

    for (uint32_t i = 0; i < size; i++)
        if (name[i] == '/')
            return false;
    return size > 0 && size <= 255 && !dots;
}

/* "/", or components with a slash before each. */
static bool is_path(struct capnp_text path)
{
    uint32_t at = 0;

    if (path.size == 1)
        return path.data[0] == '/';
    while (at < path.size && path.data[at] == '/') {
        uint32_t start = ++at;

        while (at < path.size && path.data[at] != '/')
            at++;
        if (!is_component(path.data + start, at - start))
            return false;
    }
    return at == path.size && at > 0;
}

/* Less than 0, 0, more than 0: as strcmp says it. */
static int compare(struct capnp_text a, struct capnp_text b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

    return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

/* The entry before `e` in the same directory, 0 if it is the first; UINT32_MAX: its
 * directory's entries ended earlier. The parents of all before it were looked at. */
static uint32_t sibling_before(struct capnp_list entries, uint32_t e)
{
    uint32_t parent = entry_parent(entry_at(entries, e)), before = e - 1;

    while (before != parent) {
        uint32_t up = before == 0 ? UINT32_MAX : entry_parent(entry_at(entries, before));

        if (up == parent || up == UINT32_MAX)
            return up == parent ? before : up;
        before = up;
    }
    return 0;
}

static bool check_place(struct check *c, uint32_t t, uint32_t e, struct capnp_list entries)
{
    struct entry_reader entry = entry_at(entries, e);
    uint32_t parent = entry_parent(entry), before;
    int order;

    if (!is_component(entry_name(entry).data, entry_name(entry).size))
        return refuse(c, "trees[%u].entries[%u].name: no name that a file can have", t, e);
    if (parent >= e || !is_directory(entries, parent))
        return refuse(
            c, "trees[%u].entries[%u].parent: %u is no directory before it", t, e, parent);
    before = sibling_before(entries, e);
    if (before == UINT32_MAX)
        return refuse(c, "trees[%u].entries[%u].parent: the entries of %u ended before", t, e,
            parent);
    order = before == 0 ? -1 : compare(entry_name(entry_at(entries, before)), entry_name(entry));
    if (order == 0)
        return refuse(c, "trees[%u].entries[%u].name: `%s` is there twice", t, e,
            entry_name(entry).data);
    return order < 0 || refuse(c, "trees[%u].entries[%u].name: `%s` does not come behind `%s`", t,
                            e, entry_name(entry).data,
                            entry_name(entry_at(entries, before)).data);
}

/* A piece of a file with holes, behind what ended at `end`. */
static bool check_extent(struct check *c, struct entry_reader entry, uint32_t i, uint64_t end,
    const char *where)
{
    struct extent_reader extent = extent_at(entry_extents(entry), i);
    struct capnp_data content = extent_content(extent);
    uint64_t offset = extent_offset(extent), size = entry_size(entry);
    const char *name = entry_name(entry).data;

    if (offset % BLOB_PAGE != 0 || offset < end || offset > size)
        return refuse(c, "%s.extents[%u].offset: %lu is no page from %lu on (`%s`)", where, i,
            offset, end, name);
    if (content.size == 0 || content.size > size - offset ||
        (content.size % BLOB_PAGE != 0 && content.size != size - offset))
        return refuse(c, "%s.extents[%u].content: %u bytes at %lu, in a file of %lu (`%s`)", where,
            i, content.size, offset, size, name);
    if ((uint64_t)(content.data - (const uint8_t *)c->message->words) % BLOB_PAGE != 0)
        return refuse(c, "%s.extents[%u].content: not at a page boundary of the module (`%s`)",
            where, i, name);
    return true;
}

/* A file with holes, or one that is longer than a list of bytes can be. */
static bool check_extents(struct check *c, uint32_t t, uint32_t e, struct entry_reader entry)
{
    struct capnp_list extents = entry_extents(entry);
    uint8_t digest[SHA256_SIZE];
    struct sha256 hash;
    uint64_t end = 0;
    char where[64];

    fmt(where, sizeof where, "trees[%u].entries[%u]", t, e);
    if (entry_content(entry).size != 0)
        return refuse(c, "%s.extents: beside content (`%s`)", where, entry_name(entry).data);
    sha256_init(&hash);
    for (uint32_t i = 0; i < extents.count; i++) {
        struct capnp_data content = extent_content(extent_at(extents, i));

        if (!check_extent(c, entry, i, end, where))
            return false;
        end = extent_offset(extent_at(extents, i)) + content.size;
        if (c->flags & MANIFEST_HASHES)
            sha256_update(&hash, content.data, content.size);
    }
    sha256_final(&hash, digest);
    if ((c->flags & MANIFEST_HASHES) && !digest_is(digest, entry_sha256(entry)))
        return refuse(
            c, "%s.sha256: not that of the extents of `%s`", where, entry_name(entry).data);
    return true;
}

static bool check_entry(struct check *c, uint32_t t, uint32_t e, struct capnp_list entries)
{
    struct entry_reader entry = entry_at(entries, e);
    uint32_t mode = entry_mode(entry), type = mode & TYPE_MASK;

    if ((type != TYPE_DIRECTORY && type != TYPE_FILE && type != TYPE_LINK) || (mode & ~MODE_MASK))
        return refuse(
            c, "trees[%u].entries[%u].mode: 0x%x is no file, directory or link", t, e, mode);
    if (e > 0 && !check_place(c, t, e, entries))
        return false;
    if (type == TYPE_LINK && entry_target(entry).size == 0)
        return refuse(c, "trees[%u].entries[%u].target: empty", t, e);
    if (type != TYPE_FILE)
        return true;
    if (entry_has_extents(entry))
        return check_extents(c, t, e, entry);
    return check_blob(c,
        &(struct claim){entry_name(entry).data, entry_content(entry), entry_size(entry),
            entry_sha256(entry)},
        "trees[%u].entries[%u]", t, e);
}

bool check_trees(struct check *c)
{
    for (uint32_t t = 0; t < c->trees.count; t++) {
        struct tree_reader tree = tree_at(c->trees, t);
        struct capnp_list entries = tree_entries(tree);

        if (!is_path(tree_path(tree)))
            return refuse(c, "trees[%u].path: no absolute path without `.`, `..` or `//`", t);
        if (entries.count == 0)
            return refuse(c, "trees[%u].entries: empty", t);
        if (tree_path(tree).size == 1 && !is_directory(entries, 0))
            return refuse(c, "trees[%u].entries[0].mode: no directory, which `/` is", t);
        for (uint32_t e = 0; e < entries.count; e++)
            if (!check_entry(c, t, e, entries))
                return false;
    }
    return true;
}
