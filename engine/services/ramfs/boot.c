/* SPDX-License-Identifier: MIT */
/* Putting in what came with the machine: nothing of it is counted. */
#include "fs.h"

#include "bytes.h"

struct fs_node *fs_boot_node(struct fs *fs, uint32_t mode)
{
    int error = 0;

    return fs_node_new(fs, mode, true, &error);
}

static bool is_name(struct fs_path name)
{
    if (name.length == 0 || name.length > LX_NAME_MAX ||
        (name.text[0] == '.' && (name.length == 1 || (name.length == 2 && name.text[1] == '.'))))
        return false;
    for (size_t i = 0; i < name.length; i++)
        if (name.text[i] == 0 || name.text[i] == '/')
            return false;
    return true;
}

int fs_boot_name(
    struct fs *fs, struct fs_node *directory, struct fs_path name, struct fs_node *node)
{
    struct fs_entry *entry;
    int error = 0;

    if (!is_name(name))
        return LX_EINVAL;
    if (fs_entry_find(fs, directory, name.text, name.length) != NULL)
        return LX_EEXIST;
    entry = fs_entry_new(fs, name.text, name.length, true, &error);
    if (entry == NULL)
        return error;
    fs_entry_insert(fs, directory, entry, node);
    return 0;
}

/* One component, of the path of a tree's root. */
static int boot_step(struct fs *fs, struct fs_node **directory, struct fs_path name)
{
    struct fs_entry *entry = fs_entry_find(fs, *directory, name.text, name.length);
    struct fs_node *node;
    int error;

    if (entry != NULL) {
        *directory = entry->node;
        return fs_is_directory(entry->node) ? 0 : LX_ENOTDIR;
    }
    node = fs_boot_node(fs, LX_S_IFDIR | 0755);
    if (node == NULL)
        return LX_ENOMEM;
    error = fs_boot_name(fs, *directory, name, node);
    if (error != 0) {
        node->links = 0;
        fs_node_put(fs, node);
        return error;
    }
    *directory = node;
    return 0;
}

int fs_boot_directory(struct fs *fs, struct fs_path path, struct fs_node **directory)
{
    size_t at = 0;

    *directory = fs->root;
    while (at < path.length) {
        size_t start;
        int error;

        while (at < path.length && path.text[at] == '/')
            at++;
        start = at;
        while (at < path.length && path.text[at] != '/')
            at++;
        if (at == start)
            break;
        error = boot_step(fs, directory, (struct fs_path){path.text + start, at - start});
        if (error != 0)
            return error;
    }
    return 0;
}
