/* SPDX-License-Identifier: MIT */
/* Files and folders of this host, as one tree; see tree.h. */
#define _GNU_SOURCE
#include "tree.h"

#include "refuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODE_FOLDER (S_IFDIR | 0755)
#define TYPE(mode) ((mode)&S_IFMT)

struct tree_node *tree_new(void)
{
    struct tree_node *root = must_allocate(sizeof *root);

    root->name = must_copy("");
    root->mode = MODE_FOLDER;
    return root;
}

/* The child of that name, made if there is none. */
static struct tree_node *tree_child(struct tree_node *parent, const char *name, size_t length)
{
    struct tree_node **place = &parent->children, *node;

    for (; *place; place = &(*place)->next) {
        int order = strncmp((*place)->name, name, length);

        if (order == 0 && (*place)->name[length] == 0)
            return *place;
        if (order > 0 || (order == 0 && (*place)->name[length] != 0))
            break;
    }
    node = must_allocate(sizeof *node);
    node->name = must_format("%.*s", (int)length, name);
    node->parent = parent;
    node->mode = MODE_FOLDER;
    node->next = *place;
    *place = node;
    return node;
}

struct tree_node *tree_node_at(struct tree_node *root, const char *path, const char *what)
{
    struct tree_node *node = root;
    const char *at = path;

    if (*path != '/')
        refuse("%s: `%s` does not begin with a slash", what, path);
    for (at += strspn(at, "/"); *at; at += strspn(at, "/")) {
        size_t length = strcspn(at, "/");

        if (length > NAME_MAX)
            refuse("%s: a name in `%s` has more than %d bytes", what, path, NAME_MAX);
        if (at[0] == '.' && (length == 1 || (length == 2 && at[1] == '.')))
            refuse("%s: `%s` has `.` or `..` in it", what, path);
        if (TYPE(node->mode) != S_IFDIR)
            refuse("%s: `%s` leads through `%s`, which is no folder", what, path, node->name);
        node = tree_child(node, at, length);
        at += length;
    }
    return node;
}

void tree_give(struct tree_node *node, uint32_t mode, const char *what)
{
    bool folders = TYPE(node->mode) == S_IFDIR && TYPE(mode) == S_IFDIR;

    if ((node->given || node->children) && !folders)
        refuse("%s: `/%s` is given twice", what, node->name);
    node->given = true;
    node->mode = mode;
}

/* Something of this host, while a tree is read. Names are looked up in the folder that was
 * opened, so that a folder that becomes a link meanwhile leads nowhere else. */
struct found {
    int folder;       /* where its name is; AT_FDCWD for what was named by the user */
    const char *name; /* there */
    const char *path; /* for errors, and to open a file that is then looked at again */
    struct stat status;
};

static char *read_link(const struct found *link)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(link->folder, link->name, target, sizeof target - 1);

    if (n < 0)
        refuse("cannot read %s: %s", link->path, strerror(errno));
    target[n] = 0;
    return must_copy(target);
}

static int open_folder(const struct found *folder, const char *what)
{
    int links = folder->folder == AT_FDCWD ? 0 : O_NOFOLLOW;
    int fd = openat(folder->folder, folder->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | links);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0)
        refuse("%s: cannot read %s: %s", what, folder->path, strerror(errno));
    if (status.st_dev != folder->status.st_dev || status.st_ino != folder->status.st_ino)
        refuse("%s: %s became another folder while it was read", what, folder->path);
    return fd;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/*
 * The number that hard links of one file share. The host's may repeat between file
 * systems, so the device is part of it; 0, for a file with one name, says nothing.
 */
static uint64_t shared_inode(const struct stat *status)
{
    return status->st_nlink > 1 && !S_ISDIR(status->st_mode)
               ? (uint64_t)status->st_ino ^ (uint64_t)status->st_dev << 40 ^ UINT64_C(1) << 63
               : 0;
}

/* A device, a socket or a pipe is this host's: a folder goes along without it. */
static bool can_go_along(const struct stat *status)
{
    return S_ISREG(status->st_mode) || S_ISLNK(status->st_mode) || S_ISDIR(status->st_mode);
}

static void add_host(struct tree_node *node, const struct found *found, const char *what);

static void add_folder(struct tree_node *node, const struct found *folder, const char *what)
{
    const char *path = folder->path, *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    int fd = open_folder(folder, what);
    struct dirent **entries;
    int n = scandirat(fd, ".", &entries, is_entry, by_bytes);

    if (n < 0)
        refuse("%s: cannot read %s: %s", what, path, strerror(errno));
    /* From the last to the first: each then goes to the front of its siblings. */
    while (n-- > 0) {
        const char *name = entries[n]->d_name;
        char *below = must_format("%s%s%s", path, slash, name);
        struct found found = {.folder = fd, .name = name, .path = below};

        if (fstatat(fd, name, &found.status, AT_SYMLINK_NOFOLLOW) != 0)
            refuse("%s: cannot read %s: %s", what, below, strerror(errno));
        if (can_go_along(&found.status))
            add_host(tree_child(node, name, strlen(name)), &found, what);
        free(below);
        free(entries[n]);
    }
    free(entries);
    close(fd);
}

static void add_host(struct tree_node *node, const struct found *found, const char *what)
{
    const struct stat *status = &found->status;

    tree_give(node, status->st_mode, what);
    switch (TYPE(status->st_mode)) {
    case S_IFREG:
        node->blob = blob_of_tree(found->path, status, what);
        break;
    case S_IFLNK:
        node->target = read_link(found);
        break;
    case S_IFDIR:
        add_folder(node, found, what);
        break;
    }
    node->uid = status->st_uid;
    node->gid = status->st_gid;
    node->mtime = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
    node->inode = shared_inode(status);
}

void tree_add_host(struct tree_node *root, const char *host, const char *guest, const char *what)
{
    struct found found = {.folder = AT_FDCWD, .name = host, .path = host};
    struct tree_node *node;

    /* What is named is meant itself, not a link to it; links inside stay links. */
    if (stat(host, &found.status) != 0)
        refuse("%s: cannot read %s: %s", what, host, strerror(errno));
    if (!can_go_along(&found.status))
        refuse(
            "%s: %s is a device, a socket or a pipe; files and folders can be given", what, host);
    node = tree_node_at(root, guest, what);
    if (node == root && !S_ISDIR(found.status.st_mode))
        refuse("%s: %s is no folder, so it cannot be `/`", what, host);
    add_host(node, &found, what);
}

struct tree_node *tree_next(const struct tree_node *node)
{
    if (node->children)
        return node->children;
    while (node && !node->next)
        node = node->parent;
    return node ? node->next : NULL;
}

size_t tree_count(const struct tree_node *root)
{
    size_t count = 0;

    for (const struct tree_node *node = root; node; node = tree_next(node))
        count++;
    return count;
}
