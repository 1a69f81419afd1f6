/* SPDX-License-Identifier: MIT */
/* Nodes, names and what they cost. */
#include "fs.h"

#include "bytes.h"

#define BUCKETS_FIRST 256
/* Smaller numbers are left to what a libos has beside files (pipes, its console), so
 * that a program that compares numbers never takes one for the other. */
#define INODE_FIRST (UINT64_C(1) << 20)

bool fs_charge(struct fs *fs, uint64_t bytes)
{
    if (bytes > fs->limit - fs->used)
        return false;
    fs->used += bytes;
    return true;
}

void fs_uncharge(struct fs *fs, uint64_t bytes)
{
    fs->used -= bytes;
}

uint64_t fs_node_cost(const struct fs_node *node)
{
    if (node->boot)
        return 0;
    return sizeof *node + (fs_is_link(node) ? node->size + 1 : 0);
}

uint64_t fs_entry_cost(const struct fs_entry *entry)
{
    return entry->boot ? 0 : sizeof *entry + entry->length;
}

struct fs_node *fs_node_new(struct fs *fs, uint32_t mode, bool boot, int *error)
{
    struct fs_node *node;

    if (!boot && !fs_charge(fs, sizeof *node)) {
        *error = LX_ENOSPC;
        return NULL;
    }
    node = fs_memory_new(sizeof *node);
    if (node == NULL) {
        if (!boot)
            fs_uncharge(fs, sizeof *node);
        *error = LX_ENOMEM;
        return NULL;
    }
    memset(node, 0, sizeof *node);
    node->inode = fs->next_inode++;
    node->mode = mode;
    node->boot = boot;
    node->mtime = node->ctime = node->atime = boot ? 0 : fs_now();
    if (fs_is_directory(node)) {
        node->links = 2;
        node->directory.next_cookie = 3; /* 1 and 2 are . and .. */
    }
    fs->nodes++;
    return node;
}

static void node_free(struct fs *fs, struct fs_node *node)
{
    fs_uncharge(fs, fs_node_cost(node));
    if (fs_is_regular(node)) {
        fs_pages_cut(fs, node, 0);
        fs_memory_free(node->file.extents);
    }
    if (fs_is_link(node))
        fs_memory_free(node->target);
    fs_memory_free(node);
    fs->nodes--;
}

void fs_node_put(struct fs *fs, struct fs_node *node)
{
    if (node->links == 0 && node->opens == 0)
        node_free(fs, node);
}

struct fs_entry *fs_entry_new(struct fs *fs, const char *name, size_t length, bool boot, int *error)
{
    struct fs_entry *entry;

    if (!boot && !fs_charge(fs, sizeof *entry + length)) {
        *error = LX_ENOSPC;
        return NULL;
    }
    entry = fs_memory_new(sizeof *entry + length);
    if (entry == NULL) {
        if (!boot)
            fs_uncharge(fs, sizeof *entry + length);
        *error = LX_ENOMEM;
        return NULL;
    }
    memset(entry, 0, sizeof *entry);
    entry->length = (uint16_t)length;
    entry->boot = boot;
    memcpy(entry->name, name, length);
    return entry;
}

void fs_entry_free(struct fs *fs, struct fs_entry *entry)
{
    fs_uncharge(fs, fs_entry_cost(entry));
    fs_memory_free(entry);
}

/* FNV-1a over the directory's number and the name. */
static size_t bucket_of(
    const struct fs *fs, const struct fs_node *directory, const char *name, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ directory->inode * UINT64_C(0x9e3779b97f4a7c15);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * UINT64_C(0x100000001b3);
    return (hash ^ hash >> 32) & (fs->bucket_count - 1);
}

/* More buckets when there are more names than buckets; fewer would only be slower. */
static void buckets_grow(struct fs *fs)
{
    size_t old_count = fs->bucket_count, count = 2 * old_count;
    struct fs_entry **old = fs->buckets, **buckets;

    buckets = fs_memory_new(count * sizeof(struct fs_entry *));
    if (buckets == NULL)
        return;
    memset(buckets, 0, count * sizeof(struct fs_entry *));
    fs->buckets = buckets;
    fs->bucket_count = count;
    for (size_t i = 0; i < old_count; i++)
        for (struct fs_entry *entry = old[i], *next; entry != NULL; entry = next) {
            size_t at = bucket_of(fs, entry->directory, entry->name, entry->length);

            next = entry->hash_next;
            entry->hash_next = buckets[at];
            buckets[at] = entry;
        }
    fs_memory_free(old);
}

struct fs_entry *fs_entry_find(
    const struct fs *fs, const struct fs_node *directory, const char *name, size_t length)
{
    struct fs_entry *entry = fs->buckets[bucket_of(fs, directory, name, length)];

    while (entry != NULL && (entry->directory != directory || entry->length != length ||
                                memcmp(entry->name, name, length) != 0))
        entry = entry->hash_next;
    return entry;
}

void fs_entry_insert(
    struct fs *fs, struct fs_node *directory, struct fs_entry *entry, struct fs_node *node)
{
    size_t at;

    if (fs->entries >= fs->bucket_count)
        buckets_grow(fs);
    at = bucket_of(fs, directory, entry->name, entry->length);
    entry->hash_next = fs->buckets[at];
    fs->buckets[at] = entry;
    fs->entries++;

    entry->directory = directory;
    entry->node = node;
    entry->cookie = directory->directory.next_cookie++;
    entry->previous = directory->directory.last;
    entry->next = NULL;
    if (entry->previous != NULL)
        entry->previous->next = entry;
    else
        directory->directory.first = entry;
    directory->directory.last = entry;
    directory->size++;

    if (fs_is_directory(node)) {
        node->directory.parent = directory;
        node->directory.entry = entry;
        directory->links++;
    } else {
        node->links++;
    }
}

/* The caller says what becomes of the node: a directory's links stay as they are. */
void fs_entry_unlink(struct fs *fs, struct fs_entry *entry)
{
    struct fs_node *directory = entry->directory;
    struct fs_entry **link = &fs->buckets[bucket_of(fs, directory, entry->name, entry->length)];

    while (*link != entry)
        link = &(*link)->hash_next;
    *link = entry->hash_next;
    fs->entries--;

    if (entry->previous != NULL)
        entry->previous->next = entry->next;
    else
        directory->directory.first = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
    else
        directory->directory.last = entry->previous;
    if (directory->directory.listed == entry)
        directory->directory.listed = entry->previous;
    directory->size--;

    if (fs_is_directory(entry->node)) {
        entry->node->directory.entry = NULL;
        directory->links--;
    } else {
        entry->node->links--;
    }
}

int fs_init(struct fs *fs, uint64_t limit)
{
    int error = 0;

    memset(fs, 0, sizeof *fs);
    fs->limit = limit;
    fs->next_inode = INODE_FIRST;
    fs->bucket_count = BUCKETS_FIRST;
    fs->buckets = fs_memory_new(BUCKETS_FIRST * sizeof(struct fs_entry *));
    if (fs->buckets == NULL)
        return LX_ENOMEM;
    memset(fs->buckets, 0, BUCKETS_FIRST * sizeof(struct fs_entry *));
    fs->root = fs_node_new(fs, LX_S_IFDIR | 0755, true, &error);
    if (fs->root == NULL) {
        fs_memory_free(fs->buckets);
        return error;
    }
    fs->root->directory.parent = fs->root;
    return 0;
}

/* Deepest first, without recursion: descend into the first name until a leaf. */
void fs_fini(struct fs *fs)
{
    struct fs_node *directory = fs->root;

    for (;;) {
        struct fs_entry *entry = directory->directory.first;
        struct fs_node *node;

        if (entry == NULL) {
            if (directory == fs->root)
                break;
            directory = directory->directory.parent;
            entry = directory->directory.first;
            while (!fs_is_directory(entry->node) || entry->node->directory.first != NULL)
                entry = entry->next;
        } else if (fs_is_directory(entry->node) && entry->node->directory.first != NULL) {
            directory = entry->node;
            continue;
        }
        node = entry->node;
        fs_entry_unlink(fs, entry);
        fs_entry_free(fs, entry);
        if (fs_is_directory(node))
            node->links = 0;
        fs_node_put(fs, node);
    }
    node_free(fs, fs->root);
    fs_memory_free(fs->buckets);
}
