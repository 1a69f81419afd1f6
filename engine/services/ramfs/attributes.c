/* SPDX-License-Identifier: MIT */
/* Attributes of nodes, and the listing of directories. */
#include "fs.h"

#include "bytes.h"

int fs_set(struct fs *fs, struct fs_node *node, unsigned which, const struct fs_attributes *a)
{
    if (fs->limit == 0)
        return LX_EROFS;
    if (which & FS_SET_SIZE) {
        int error = fs_resize(fs, node, a->size);

        if (error != 0)
            return error;
    }
    if (which & FS_SET_MODE)
        node->mode = (node->mode & LX_S_IFMT) | ((uint32_t)a->mode & 07777);
    if (which & FS_SET_UID)
        node->uid = (uint32_t)a->owner;
    if (which & FS_SET_GID)
        node->gid = (uint32_t)(a->owner >> 32);
    if (which & FS_SET_MTIME)
        node->mtime = (int64_t)a->mtime;
    if (which & FS_SET_ATIME)
        node->atime = (int64_t)a->atime;
    node->ctime = fs_now();
    return 0;
}

/* struct linux_dirent64: inode 8, offset 8, length 2, type 1, name with its end. */
#define DIRENT_HEAD 19

static bool put_dirent(uint8_t *buffer, size_t capacity, size_t *used, uint64_t inode,
    uint64_t cookie, uint32_t mode, const char *name, size_t length)
{
    size_t size = (DIRENT_HEAD + length + 1 + 7) & ~(size_t)7;
    uint8_t *to = buffer + *used;
    uint16_t size16 = (uint16_t)size;

    if (size > capacity - *used)
        return false;
    memset(to, 0, size);
    memcpy(to, &inode, 8);
    memcpy(to + 8, &cookie, 8);
    memcpy(to + 16, &size16, 2);
    to[18] = (uint8_t)((mode & LX_S_IFMT) >> 12);
    memcpy(to + DIRENT_HEAD, name, length);
    *used += size;
    return true;
}

/* The first entry behind a cookie. Who lists a directory goes on where it stopped, so
 * the search begins there; a listing of n names looks at n names. */
static struct fs_entry *entry_behind(const struct fs_node *directory, uint64_t cookie)
{
    struct fs_entry *entry = directory->directory.listed;

    if (entry == NULL || entry->cookie > cookie)
        entry = directory->directory.first;
    while (entry != NULL && entry->cookie <= cookie)
        entry = entry->next;
    return entry;
}

int fs_list(struct fs_node *directory, uint64_t cookie, uint8_t *buffer, size_t capacity,
    size_t *used, uint64_t *next)
{
    const struct fs_node *parent;

    *used = 0;
    *next = cookie;
    if (!fs_is_directory(directory))
        return LX_ENOTDIR;
    if (directory->links == 0)
        return 0; /* removed: its parent may be gone as well */
    parent = directory->directory.parent;
    if (*next < 1 && put_dirent(buffer, capacity, used, directory->inode, 1, LX_S_IFDIR, ".", 1))
        *next = 1;
    if (*next == 1 && put_dirent(buffer, capacity, used, parent->inode, 2, LX_S_IFDIR, "..", 2))
        *next = 2;
    if (*next < 2)
        return 0;
    for (struct fs_entry *entry = entry_behind(directory, *next); entry != NULL;
         entry = entry->next) {
        if (!put_dirent(buffer, capacity, used, entry->node->inode, entry->cookie,
                entry->node->mode, entry->name, entry->length))
            break;
        *next = entry->cookie;
        directory->directory.listed = entry;
    }
    return 0;
}
