/* SPDX-License-Identifier: MIT */
/*
 * The boot package's trees into the tree of files. Names and attributes are taken
 * over; bytes stay where they are in the module.
 */
#include "ramfs.h"

#include "bytes.h"
#include "rt/rt.h"

/* Hard links: entries of one tree with the same number are one node. */
struct shared {
    uint64_t inode;
    struct fs_node *node;
};

struct loading {
    struct fs *fs;
    struct fs_node **nodes; /* by index in entries */
    struct shared *shared;  /* a hash table of a power of two */
    uint32_t shared_count;
};

static struct fs_path text_path(struct capnp_text text)
{
    return (struct fs_path){text.data, text.size};
}

static struct shared *shared_slot(struct loading *l, uint64_t inode)
{
    uint32_t at = (uint32_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 32);

    while (l->shared[at & (l->shared_count - 1)].inode != 0 &&
           l->shared[at & (l->shared_count - 1)].inode != inode)
        at++;
    return &l->shared[at & (l->shared_count - 1)];
}

static bool set_link(struct fs_node *node, struct capnp_text target)
{
    node->target = fs_memory_new((size_t)target.size + 1);
    if (node->target == NULL)
        return false;
    memcpy(node->target, target.data, target.size);
    node->target[target.size] = 0;
    node->size = target.size;
    return true;
}

/* Its bytes where they lie: in one piece, or with holes between them. Pieces that touch
 * both in the file and in the module are one. */
static bool set_extents(struct fs_node *node, struct capnp_list list)
{
    struct fs_extent *extents = fs_memory_new((list.count + 1) * sizeof *extents);
    uint32_t count = 0;

    if (extents == NULL)
        return false;
    for (uint32_t i = 0; i < list.count; i++) {
        struct extent_reader from = extent_at(list, i);
        struct capnp_data content = extent_content(from);
        struct fs_extent next = {extent_offset(from), content.size, content.data};
        struct fs_extent *last = count > 0 ? &extents[count - 1] : NULL;

        if (last != NULL && last->offset + last->size == next.offset &&
            last->bytes + last->size == next.bytes)
            last->size += next.size;
        else
            extents[count++] = next;
    }
    if (count == 1 && extents[0].offset == 0 && extents[0].size == node->size) {
        node->file.boot_bytes = extents[0].bytes;
        fs_memory_free(extents);
        return true;
    }
    node->file.extents = extents;
    node->file.extent_count = count;
    return true;
}

static bool set_content(struct fs_node *node, struct entry_reader entry)
{
    node->file.boot_size = node->size = entry_size(entry);
    if (entry_has_extents(entry))
        return set_extents(node, entry_extents(entry));
    node->file.boot_bytes = entry_content(entry).data;
    node->file.boot_size = node->size = entry_content(entry).size;
    return true;
}

static void set_attributes(struct fs_node *node, struct entry_reader entry)
{
    node->mode = (node->mode & LX_S_IFMT) | (entry_mode(entry) & 07777);
    node->uid = entry_uid(entry);
    node->gid = entry_gid(entry);
    node->mtime = node->ctime = node->atime = entry_mtime(entry);
}

/* What an entry says, as a node without a name. NULL: no memory, or nothing that
 * this file system knows. */
static struct fs_node *make_node(struct loading *l, struct entry_reader entry)
{
    uint32_t type = entry_mode(entry) & LX_S_IFMT;
    struct fs_node *node;

    if (type != LX_S_IFREG && type != LX_S_IFDIR && type != LX_S_IFLNK)
        return NULL;
    node = fs_boot_node(l->fs, type);
    if (node == NULL)
        return NULL;
    if ((type == LX_S_IFREG && !set_content(node, entry)) ||
        (type == LX_S_IFLNK && !set_link(node, entry_target(entry)))) {
        node->mode = LX_S_IFREG;
        node->links = 0;
        fs_node_put(l->fs, node);
        return NULL;
    }
    set_attributes(node, entry);
    return node;
}

/* A file that has a name already under the same number, or a new node. */
static struct fs_node *node_for(struct loading *l, struct entry_reader entry)
{
    uint64_t inode = entry_inode(entry);
    struct shared *shared;

    if (inode == 0 || (entry_mode(entry) & LX_S_IFMT) == LX_S_IFDIR)
        return make_node(l, entry);
    shared = shared_slot(l, inode);
    if (shared->node == NULL) {
        shared->inode = inode;
        shared->node = make_node(l, entry);
    }
    return shared->node;
}

/* Two trees may both have a directory; whatever else is there twice is refused. */
static int add_name(struct loading *l, struct fs_node *directory, struct fs_path name,
    struct entry_reader entry, struct fs_node **node)
{
    struct fs_entry *there = fs_entry_find(l->fs, directory, name.text, name.length);
    int error;

    if (there != NULL && fs_is_directory(there->node) &&
        (entry_mode(entry) & LX_S_IFMT) == LX_S_IFDIR) {
        *node = there->node;
        set_attributes(*node, entry);
        return 0;
    }
    *node = node_for(l, entry);
    if (*node == NULL)
        return LX_ENOMEM;
    error = fs_boot_name(l->fs, directory, name, *node);
    if (error != 0 && (*node)->links <= (fs_is_directory(*node) ? 2u : 0u)) {
        (*node)->links = 0;
        fs_node_put(l->fs, *node);
    }
    return error;
}

/* The root of a tree: a directory at its path, or a single file of that name. */
static int add_root(struct loading *l, struct fs_path path, struct entry_reader entry)
{
    struct fs_node *directory;
    size_t name = path.length;
    int error;

    if ((entry_mode(entry) & LX_S_IFMT) == LX_S_IFDIR) {
        error = fs_boot_directory(l->fs, path, &l->nodes[0]);
        if (error == 0)
            set_attributes(l->nodes[0], entry);
        return error;
    }
    while (name > 0 && path.text[name - 1] != '/')
        name--;
    error = fs_boot_directory(l->fs, (struct fs_path){path.text, name}, &directory);
    if (error != 0)
        return error;
    return add_name(
        l, directory, (struct fs_path){path.text + name, path.length - name}, entry, &l->nodes[0]);
}

static void add_entry(struct loading *l, struct capnp_list entries, uint32_t i, struct fs_path path)
{
    struct entry_reader entry = entry_at(entries, i);
    uint32_t parent = entry_parent(entry);
    int error = LX_ENOTDIR;

    if (i == 0)
        error = add_root(l, path, entry);
    else if (parent < i && l->nodes[parent] != NULL && fs_is_directory(l->nodes[parent]))
        error = add_name(l, l->nodes[parent], text_path(entry_name(entry)), entry, &l->nodes[i]);
    if (error == 0)
        return;
    l->nodes[i] = NULL;
    rt_log("tree %s: entry %u (%s) is left out: error %d", path.text, i, entry_name(entry).data,
        error);
}

static bool load_tree(struct fs *fs, struct tree_reader tree)
{
    struct capnp_list entries = tree_entries(tree);
    struct loading l = {.fs = fs, .shared_count = 16};

    while (l.shared_count < 2 * (uint64_t)entries.count)
        l.shared_count *= 2;
    l.nodes = rt_alloc_zeroed((entries.count + 1) * sizeof(struct fs_node *));
    l.shared = rt_alloc_zeroed(l.shared_count * sizeof(struct shared));
    if (l.nodes != NULL && l.shared != NULL)
        for (uint32_t i = 0; i < entries.count; i++)
            add_entry(&l, entries, i, text_path(tree_path(tree)));
    rt_free(l.nodes);
    rt_free(l.shared);
    return l.nodes != NULL && l.shared != NULL;
}

const char *load_trees(struct fs *fs, struct package *package)
{
    struct capnp_list trees = system_manifest_trees(package->manifest);

    for (uint32_t i = 0; i < trees.count; i++)
        if (!load_tree(fs, tree_at(trees, i)))
            return "no memory for the names of its files";
    return package->message.error == CAPNP_OK ? NULL : "the manifest's trees are damaged";
}
