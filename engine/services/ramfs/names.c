/* SPDX-License-Identifier: MIT */
/* What changes names: open and create, make, link, remove, rename. */
#include "fs.h"

#include "bytes.h"

static void touch(struct fs_node *directory)
{
    directory->mtime = directory->ctime = fs_now();
}

/* Whether a new name may be put where the place is. */
static int can_create(const struct fs *fs, const struct fs_place *place, bool directory)
{
    if (place->node != NULL)
        return LX_EEXIST;
    if (place->missing == LX_ENAMETOOLONG || (place->slash && !directory))
        return place->missing;
    /* A removed directory has no path, so nothing is ever created in one. */
    return fs->limit == 0 ? LX_EROFS : 0;
}

/* A node with a first name. */
static int create(struct fs *fs, const struct fs_place *place, uint32_t mode, struct fs_node **node)
{
    int error = 0;
    struct fs_entry *entry = fs_entry_new(fs, place->name, place->length, false, &error);

    if (entry == NULL)
        return error;
    *node = fs_node_new(fs, mode, false, &error);
    if (*node == NULL) {
        fs_entry_free(fs, entry);
        return error;
    }
    fs_entry_insert(fs, place->directory, entry, *node);
    touch(place->directory);
    return 0;
}

static bool writes(uint64_t flags)
{
    return (flags & LX_O_ACCMODE) != LX_O_RDONLY || (flags & (LX_O_CREAT | LX_O_TRUNC)) != 0;
}

/* Whether what is there may be opened so. */
static int can_open(const struct fs *fs, const struct fs_node *node, uint64_t flags)
{
    if (fs_is_link(node) && !(flags & LX_O_PATH))
        return LX_ELOOP;
    if ((flags & LX_O_DIRECTORY) && !fs_is_directory(node))
        return LX_ENOTDIR;
    if (flags & LX_O_PATH)
        return 0;
    if (fs_is_directory(node) && writes(flags))
        return LX_EISDIR;
    if (fs_is_regular(node) && fs->limit == 0 &&
        ((flags & LX_O_ACCMODE) != LX_O_RDONLY || (flags & LX_O_TRUNC)))
        return LX_EROFS;
    return 0;
}

static int open_place(struct fs *fs, struct fs_place *place, uint64_t flags, uint32_t mode)
{
    int error;

    if (place->node == NULL) {
        if (!(flags & LX_O_CREAT))
            return place->missing;
        error = can_create(fs, place, false);
        if (error != 0)
            return error;
        return create(fs, place, LX_S_IFREG | (mode & 07777), &place->node);
    }
    if ((flags & (LX_O_CREAT | LX_O_EXCL)) == (LX_O_CREAT | LX_O_EXCL))
        return LX_EEXIST;
    error = can_open(fs, place->node, flags);
    if (error == 0 && (flags & LX_O_TRUNC) && fs_is_regular(place->node))
        error = fs_resize(fs, place->node, 0);
    return error;
}

static enum fs_walk walk_for(uint64_t flags)
{
    if (flags & LX_O_CREAT)
        return flags & (LX_O_EXCL | LX_O_NOFOLLOW) ? FS_EXCLUSIVE : FS_CREATE;
    return flags & LX_O_NOFOLLOW ? FS_NO_FOLLOW : FS_FOLLOW;
}

int fs_open(struct fs *fs, struct fs_path path, uint64_t flags, uint32_t mode, bool may_write,
    struct fs_node **node, char *opened_path, size_t *opened_length)
{
    struct fs_place place;
    int error;

    if (flags & LX_O_PATH)
        flags &= LX_O_PATH | LX_O_DIRECTORY | LX_O_NOFOLLOW;
    if (flags & LX_O_TMPFILE)
        return LX_EOPNOTSUPP;
    if ((flags & LX_O_ACCMODE) == LX_O_ACCMODE ||
        (flags & (LX_O_CREAT | LX_O_DIRECTORY)) == (LX_O_CREAT | LX_O_DIRECTORY))
        return LX_EINVAL;
    if (writes(flags) && !may_write)
        return LX_EACCES;
    error = fs_lookup(fs, path, walk_for(flags), &place);
    if (error == 0)
        error = open_place(fs, &place, flags, mode);
    if (error != 0)
        return error;
    place.node->opens++;
    *node = place.node;
    *opened_length = fs_path_of(fs, place.directory, place.length ? place.name : NULL, place.length,
        opened_path, LX_PATH_MAX);
    return 0;
}

void fs_close(struct fs *fs, struct fs_node *node)
{
    node->opens--;
    fs_node_put(fs, node);
}

int fs_make(struct fs *fs, struct fs_path path, uint32_t mode, uint64_t device)
{
    uint32_t type = mode & LX_S_IFMT;
    struct fs_place place;
    struct fs_node *node;
    int error;

    if (type == 0)
        type = LX_S_IFREG;
    if (type != LX_S_IFDIR && type != LX_S_IFREG && type != LX_S_IFIFO && type != LX_S_IFSOCK &&
        type != LX_S_IFCHR && type != LX_S_IFBLK)
        return LX_EINVAL;
    error = fs_lookup(fs, path, FS_NAME, &place);
    if (error == 0)
        error = can_create(fs, &place, type == LX_S_IFDIR);
    if (error == 0)
        error = create(fs, &place, type | (mode & 07777), &node);
    if (error == 0 && (type == LX_S_IFCHR || type == LX_S_IFBLK))
        node->device = device;
    return error;
}

int fs_link(struct fs *fs, struct fs_path target, struct fs_path path)
{
    struct fs_node *node;
    struct fs_place place;
    struct fs_entry *entry;
    int error = fs_find(fs, target, false, &node);

    if (error == 0)
        error = fs_lookup(fs, path, FS_NAME, &place);
    if (error == 0)
        error = can_create(fs, &place, false);
    if (error == 0 && fs_is_directory(node))
        error = LX_EPERM;
    if (error == 0 && node->links == UINT32_MAX)
        error = LX_EMLINK;
    if (error != 0)
        return error;
    entry = fs_entry_new(fs, place.name, place.length, false, &error);
    if (entry == NULL)
        return error;
    fs_entry_insert(fs, place.directory, entry, node);
    node->ctime = fs_now();
    touch(place.directory);
    return 0;
}

/* The target is any text; whether it leads anywhere is seen when it is followed. */
static int can_be_target(struct fs_path target)
{
    if (target.length == 0)
        return LX_ENOENT;
    if (target.length > LX_PATH_MAX)
        return LX_ENAMETOOLONG;
    for (size_t i = 0; i < target.length; i++)
        if (target.text[i] == 0)
            return LX_EINVAL;
    return 0;
}

static int target_copy(struct fs *fs, struct fs_path target, char **copy)
{
    if (!fs_charge(fs, target.length + 1))
        return LX_ENOSPC;
    *copy = fs_memory_new(target.length + 1);
    if (*copy == NULL) {
        fs_uncharge(fs, target.length + 1);
        return LX_ENOMEM;
    }
    memcpy(*copy, target.text, target.length);
    (*copy)[target.length] = 0;
    return 0;
}

int fs_symlink(struct fs *fs, struct fs_path target, struct fs_path path)
{
    struct fs_place place;
    struct fs_node *node;
    char *copy;
    int error = can_be_target(target);

    if (error == 0)
        error = fs_lookup(fs, path, FS_NAME, &place);
    if (error == 0)
        error = can_create(fs, &place, false);
    if (error == 0)
        error = target_copy(fs, target, &copy);
    if (error != 0)
        return error;
    error = create(fs, &place, LX_S_IFLNK | 0777, &node);
    if (error != 0) {
        fs_memory_free(copy);
        fs_uncharge(fs, target.length + 1);
        return error;
    }
    node->target = copy;
    node->size = target.length;
    return 0;
}

/* The name goes; what it led to goes with it unless other names or openers need it. */
static void unlink_entry(struct fs *fs, struct fs_entry *entry)
{
    struct fs_node *node = entry->node, *directory = entry->directory;

    fs_entry_unlink(fs, entry);
    fs_entry_free(fs, entry);
    touch(directory);
    node->ctime = fs_now();
    if (fs_is_directory(node))
        node->links = 0;
    fs_node_put(fs, node);
}

/* In Linux's order of looking: first how the path ends, then what is there. */
static int can_remove(const struct fs *fs, const struct fs_place *place, bool directory)
{
    if (place->length == 0 && !directory)
        return LX_EISDIR;
    if (place->dot)
        return LX_EINVAL;
    if (place->dotdot)
        return LX_ENOTEMPTY;
    if (place->length == 0)
        return LX_EBUSY;
    if (place->node == NULL)
        return place->missing;
    if (!directory && fs_is_directory(place->node))
        return LX_EISDIR;
    if (!fs_is_directory(place->node) && (directory || place->slash))
        return LX_ENOTDIR;
    if (fs->limit == 0)
        return LX_EROFS;
    if (directory && place->node->size > 0)
        return LX_ENOTEMPTY;
    return 0;
}

int fs_remove(struct fs *fs, struct fs_path path, bool directory)
{
    struct fs_place place;
    int error = fs_lookup(fs, path, FS_NAME, &place);

    if (error == 0)
        error = can_remove(fs, &place, directory);
    if (error == 0)
        unlink_entry(fs, place.entry);
    return error;
}

/* `node` is `directory` or above it. */
static bool is_above(
    const struct fs *fs, const struct fs_node *node, const struct fs_node *directory)
{
    while (directory != node && directory != fs->root)
        directory = directory->directory.parent;
    return directory == node;
}

static int can_replace(const struct fs_node *from, const struct fs_node *to)
{
    if (fs_is_directory(from) && !fs_is_directory(to))
        return LX_ENOTDIR;
    if (!fs_is_directory(from) && fs_is_directory(to))
        return LX_EISDIR;
    if (fs_is_directory(to) && to->size > 0)
        return LX_ENOTEMPTY;
    return 0;
}

/* What the two paths alone say, in Linux's order. */
static int can_be_renamed(const struct fs_place *from, const struct fs_place *to, uint64_t flags)
{
    if (from->length == 0)
        return LX_EBUSY;
    if (to->length == 0)
        return flags & LX_RENAME_NOREPLACE ? LX_EEXIST : LX_EBUSY;
    if (from->node == NULL)
        return from->missing;
    if (to->node != NULL && (flags & LX_RENAME_NOREPLACE))
        return LX_EEXIST;
    if (to->node == NULL && (to->missing != LX_ENOENT || (flags & LX_RENAME_EXCHANGE)))
        return to->missing;
    if ((flags & LX_RENAME_EXCHANGE) && to->slash && !fs_is_directory(to->node))
        return LX_ENOTDIR;
    if (!fs_is_directory(from->node) &&
        (from->slash || (to->slash && !(flags & LX_RENAME_EXCHANGE))))
        return LX_ENOTDIR;
    return 0;
}

static int can_rename(
    const struct fs *fs, const struct fs_place *from, const struct fs_place *to, uint64_t flags)
{
    bool exchange = flags & LX_RENAME_EXCHANGE;

    if (fs_is_directory(from->node) && is_above(fs, from->node, to->directory))
        return LX_EINVAL;
    if (to->node != NULL && fs_is_directory(to->node) && is_above(fs, to->node, from->directory))
        return exchange ? LX_EINVAL : LX_ENOTEMPTY;
    if (fs->limit == 0)
        return LX_EROFS;
    if (!exchange && to->node != NULL && to->node != from->node)
        return can_replace(from->node, to->node);
    return 0;
}

static void exchange_entries(struct fs_entry *a, struct fs_entry *b)
{
    struct fs_node *node = a->node;
    int more = fs_is_directory(b->node) - fs_is_directory(node);

    a->node = b->node;
    b->node = node;
    a->directory->links += (uint32_t)more;
    b->directory->links -= (uint32_t)more;
    if (fs_is_directory(a->node)) {
        a->node->directory.parent = a->directory;
        a->node->directory.entry = a;
    }
    if (fs_is_directory(b->node)) {
        b->node->directory.parent = b->directory;
        b->node->directory.entry = b;
    }
    a->node->ctime = b->node->ctime = fs_now();
    touch(a->directory);
    touch(b->directory);
}

/* Everything was checked and the new name is there to be put in: cannot fail. */
static void move(struct fs *fs, struct fs_entry *from, struct fs_node *directory,
    struct fs_entry *replaced, struct fs_entry *entry)
{
    struct fs_node *node = from->node, *old = from->directory;

    node->opens++; /* between its two names it has none */
    if (replaced != NULL)
        unlink_entry(fs, replaced);
    fs_entry_unlink(fs, from);
    fs_entry_free(fs, from);
    fs_entry_insert(fs, directory, entry, node);
    node->opens--;
    node->ctime = fs_now();
    touch(old);
    touch(directory);
}

int fs_rename(struct fs *fs, struct fs_path from, struct fs_path to, uint64_t flags)
{
    struct fs_place source, target;
    struct fs_entry *entry;
    uint64_t credit;
    int error;

    if ((flags & ~(uint64_t)(LX_RENAME_NOREPLACE | LX_RENAME_EXCHANGE)) != 0 ||
        flags == (LX_RENAME_NOREPLACE | LX_RENAME_EXCHANGE))
        return LX_EINVAL;
    error = fs_lookup(fs, from, FS_NAME, &source);
    if (error == 0)
        error = fs_lookup(fs, to, FS_NAME, &target);
    if (error == 0)
        error = can_be_renamed(&source, &target, flags);
    if (error == 0)
        error = can_rename(fs, &source, &target, flags);
    if (error != 0)
        return error;
    if (source.node == target.node)
        return 0;
    if (flags & LX_RENAME_EXCHANGE) {
        exchange_entries(source.entry, target.entry);
        return 0;
    }
    /* The old name pays for the new one, so that a full tree can be tidied up. */
    credit = fs_entry_cost(source.entry);
    fs->used -= credit;
    entry = fs_entry_new(fs, target.name, target.length, false, &error);
    fs->used += credit;
    if (entry == NULL)
        return error;
    move(fs, source.entry, target.directory, target.entry, entry);
    return 0;
}
