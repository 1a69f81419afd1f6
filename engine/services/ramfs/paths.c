/* SPDX-License-Identifier: MIT */
/*
 * Paths: from bytes that a client claims are a name to a node.
 *
 * Every path begins at the root, leading slash or not, and `..` of the root is
 * the root, so that no path can leave the tree. A symbolic link's target takes
 * the place of the name that led to it, in a buffer of its own.
 */
#include "fs.h"

#include "bytes.h"

#define LINKS_MAX 40 /* as Linux */

/* What is still to be walked: two buffers, because a target is put in front. */
struct walk {
    char text[2][2 * (LX_PATH_MAX + 1)];
    unsigned current;
    size_t at, length;
    unsigned links;
};

static struct walk walk; /* one thread; too big for a stack */

static int walk_start(struct fs_path path)
{
    if (path.length == 0)
        return LX_ENOENT;
    if (path.length > LX_PATH_MAX)
        return LX_ENAMETOOLONG;
    for (size_t i = 0; i < path.length; i++)
        if (path.text[i] == 0)
            return LX_EINVAL;
    memcpy(walk.text[0], path.text, path.length);
    walk.current = 0;
    walk.at = 0;
    walk.length = path.length;
    walk.links = 0;
    return 0;
}

/* Put a link's target in front of the rest. */
static int walk_into_link(const struct fs_node *link)
{
    const char *rest = walk.text[walk.current] + walk.at;
    size_t rest_length = walk.length - walk.at;
    char *to = walk.text[1 - walk.current];

    if (++walk.links > LINKS_MAX)
        return LX_ELOOP;
    if (link->size + rest_length > LX_PATH_MAX)
        return LX_ENAMETOOLONG;
    memcpy(to, link->target, link->size);
    memcpy(to + link->size, rest, rest_length);
    walk.current = 1 - walk.current;
    walk.at = 0;
    walk.length = link->size + rest_length;
    return 0;
}

/* The next component; false: none is left. */
static bool walk_next(const char **name, size_t *length)
{
    const char *text = walk.text[walk.current];
    size_t start;

    while (walk.at < walk.length && text[walk.at] == '/')
        walk.at++;
    start = walk.at;
    while (walk.at < walk.length && text[walk.at] != '/')
        walk.at++;
    *name = text + start;
    *length = walk.at - start;
    return walk.at > start;
}

/* Only slashes, or nothing, are left. */
static bool walk_at_end(void)
{
    const char *text = walk.text[walk.current];

    for (size_t i = walk.at; i < walk.length; i++)
        if (text[i] != '/')
            return false;
    return true;
}

static bool is_dots(const char *name, size_t length, size_t dots)
{
    return length == dots && name[0] == '.' && (dots == 1 || name[1] == '.');
}

static struct fs_place place_at(struct fs_node *directory)
{
    return (struct fs_place){.directory = directory, .node = directory};
}

/* `.` and `..`: a place without a name. */
static bool step_dots(struct fs_place *place, const char *name, size_t length)
{
    bool dotdot = is_dots(name, length, 2);

    if (!dotdot && !is_dots(name, length, 1))
        return false;
    *place = place_at(dotdot ? place->node->directory.parent : place->node);
    place->dot = !dotdot;
    place->dotdot = dotdot;
    return true;
}

/* The last component, or one before it, which is what `last` says. */
static bool is_followed(enum fs_walk how, const struct fs_place *place, bool last)
{
    return fs_is_link(place->node) &&
           (!last || how == FS_FOLLOW || how == FS_CREATE || (how == FS_NO_FOLLOW && place->slash));
}

static int step_last(enum fs_walk how, struct fs_place *place)
{
    if (place->slash && (how == FS_CREATE || how == FS_EXCLUSIVE))
        return LX_EISDIR;
    if (place->length > LX_NAME_MAX)
        place->missing = LX_ENAMETOOLONG;
    if (place->node != NULL && place->slash && how != FS_NAME && !fs_is_directory(place->node))
        return LX_ENOTDIR;
    return 0;
}

/* From the directory in place->node one name further. */
static int step(struct fs *fs, enum fs_walk how, struct fs_place *place)
{
    struct fs_node *directory = place->node;
    const char *name;
    size_t length;
    bool last;

    walk_next(&name, &length);
    last = walk_at_end();
    if (step_dots(place, name, length))
        return 0;
    if (length > LX_NAME_MAX && !last)
        return LX_ENAMETOOLONG;
    *place = (struct fs_place){
        .directory = directory, .name = name, .length = length, .missing = LX_ENOENT};
    place->slash = last && walk.at < walk.length;
    place->entry = fs_entry_find(fs, directory, name, length);
    place->node = place->entry != NULL ? place->entry->node : NULL;
    if (place->node != NULL && is_followed(how, place, last)) {
        int error = place->slash && how == FS_CREATE ? LX_EISDIR : walk_into_link(place->node);

        *place = place_at(place->node->target[0] == '/' ? fs->root : directory);
        return error;
    }
    if (last)
        return step_last(how, place);
    if (place->node == NULL)
        return LX_ENOENT;
    return fs_is_directory(place->node) ? 0 : LX_ENOTDIR;
}

int fs_lookup(struct fs *fs, struct fs_path path, enum fs_walk how, struct fs_place *place)
{
    int error = walk_start(path);

    *place = place_at(fs->root);
    while (error == 0 && !walk_at_end())
        error = step(fs, how, place);
    return error;
}

int fs_find(struct fs *fs, struct fs_path path, bool follow, struct fs_node **node)
{
    struct fs_place place;
    int error = fs_lookup(fs, path, follow ? FS_FOLLOW : FS_NO_FOLLOW, &place);

    if (error == 0 && place.node == NULL)
        error = place.missing;
    *node = place.node;
    return error;
}

/* Built from its end, at the end of the buffer, then moved to the front. */
size_t fs_path_of(const struct fs *fs, const struct fs_node *directory, const char *name,
    size_t length, char *buffer, size_t capacity)
{
    size_t at = capacity;

    if (name != NULL) {
        if (length + 1 > at)
            return 0;
        at -= length;
        memcpy(buffer + at, name, length);
        buffer[--at] = '/';
    }
    for (; directory != fs->root; directory = directory->directory.parent) {
        struct fs_entry *entry = directory->directory.entry;

        if (entry == NULL || (size_t)entry->length + 1 > at)
            return 0;
        at -= entry->length;
        memcpy(buffer + at, entry->name, entry->length);
        buffer[--at] = '/';
    }
    if (at == capacity) {
        if (capacity == 0)
            return 0;
        buffer[--at] = '/';
    }
    memmove(buffer, buffer + at, capacity - at);
    return capacity - at;
}
