/* SPDX-License-Identifier: MIT */
/*
 * The tree: attributes, directories, links, names made and removed.
 */
#include "bytes.h"
#include "face.h"
#include "heap.h"
#include "misc.h"
#include "names.h"
#include "path.h"
#include "stream.h"
#include "time.h"
#include "user.h"

/* --- making and removing -------------------------------------------------- */

/* All calls that name one path and do one thing with it. */
typedef int64_t path_fn(const char *path, uint64_t a, uint64_t b);

static int64_t with_path(int directory, uint64_t address, path_fn *do_it, uint64_t a, uint64_t b)
{
    int64_t e;
    char *path = path_get(directory, address, false, NULL, &e);

    if (path == NULL)
        return e;
    e = do_it(path, a, b);
    path_put(path);
    return e;
}

static int64_t make_node(const char *path, uint64_t mode, uint64_t device)
{
    return names_make(path, mode & ~(uint64_t)file_mask(), device);
}

int64_t call_mkdir(const struct call *c)
{
    return with_path(AT_FDCWD, c->a, make_node, MODE_DIRECTORY | (c->b & 07777), 0);
}

int64_t call_mkdirat(const struct call *c)
{
    return with_path((int)c->a, c->b, make_node, MODE_DIRECTORY | (c->c & 07777), 0);
}

static uint64_t node_mode(uint64_t mode)
{
    return (mode & MODE_TYPE) == 0 ? mode | MODE_REGULAR : mode;
}

int64_t call_mknod(const struct call *c)
{
    return with_path(AT_FDCWD, c->a, make_node, node_mode(c->b), c->c);
}

int64_t call_mknodat(const struct call *c)
{
    return with_path((int)c->a, c->b, make_node, node_mode(c->c), c->d);
}

static int64_t remove_node(const char *path, uint64_t directory, uint64_t unused)
{
    (void)unused;
    return names_remove(path, directory != 0);
}

int64_t call_unlink(const struct call *c)
{
    return with_path(AT_FDCWD, c->a, remove_node, 0, 0);
}

int64_t call_rmdir(const struct call *c)
{
    return with_path(AT_FDCWD, c->a, remove_node, 1, 0);
}

int64_t call_unlinkat(const struct call *c)
{
    if ((c->c & ~(uint64_t)AT_REMOVEDIR) != 0)
        return -E_INVAL;
    return with_path((int)c->a, c->b, remove_node, c->c, 0);
}

/* --- two names ------------------------------------------------------------ */

static int64_t rename_at(int from_directory, uint64_t from, int to_directory, uint64_t to,
                         uint64_t flags)
{
    int64_t e;
    char *old = path_get(from_directory, from, false, NULL, &e), *new = NULL;

    if (old != NULL)
        new = path_get(to_directory, to, false, NULL, &e);
    if (new != NULL)
        e = names_rename(old, new, flags);
    path_put(old);
    path_put(new);
    return e;
}

int64_t call_rename(const struct call *c)
{
    return rename_at(AT_FDCWD, c->a, AT_FDCWD, c->b, 0);
}

int64_t call_renameat(const struct call *c)
{
    return rename_at((int)c->a, c->b, (int)c->c, c->d, 0);
}

int64_t call_renameat2(const struct call *c)
{
    return rename_at((int)c->a, c->b, (int)c->c, c->d, c->e);
}

static int64_t link_at(int from_directory, uint64_t from, int to_directory, uint64_t to)
{
    int64_t e;
    char *old = path_get(from_directory, from, false, NULL, &e), *new = NULL;

    if (old != NULL)
        new = path_get(to_directory, to, false, NULL, &e);
    if (new != NULL)
        e = names_link(old, new, false);
    path_put(old);
    path_put(new);
    return e;
}

int64_t call_link(const struct call *c)
{
    return link_at(AT_FDCWD, c->a, AT_FDCWD, c->b);
}

int64_t call_linkat(const struct call *c)
{
    return link_at((int)c->a, c->b, (int)c->c, c->d);
}

/* The target stays as it was written. */
static int64_t symlink_at(uint64_t target, int directory, uint64_t address)
{
    char *text = heap_alloc_buffer(PATH_SIZE), *path = NULL;
    int64_t e = text == NULL ? -E_NOMEM : copy_string_from_user(text, target, PATH_SIZE);

    if (e == 0)
        e = -E_NOENT;
    if (e > 0)
        path = path_get(directory, address, false, NULL, &e);
    if (path != NULL)
        e = names_link(text, path, true);
    path_put(path);
    path_put(text);
    return e;
}

int64_t call_symlink(const struct call *c)
{
    return symlink_at(c->a, AT_FDCWD, c->b);
}

int64_t call_symlinkat(const struct call *c)
{
    return symlink_at(c->a, (int)c->b, c->c);
}

static int64_t read_link(const char *path, uint64_t to, uint64_t size)
{
    char *target = heap_alloc_buffer(PATH_SIZE);
    int64_t e = -E_NOMEM, n = 0;

    if ((int32_t)size <= 0)
        e = -E_INVAL;
    else if (target != NULL)
        e = n = path_magic_link(path, target, PATH_SIZE);
    if (e == -E_INVAL && (int32_t)size > 0)
        e = n = names_read_link(path, target, PATH_SIZE);
    if (e >= 0) {
        n = (uint64_t)n < size ? n : (int64_t)size;
        e = copy_to_user(to, target, (uint64_t)n);
    }
    path_put(target);
    return e < 0 ? e : n;
}

int64_t call_readlink(const struct call *c)
{
    return with_path(AT_FDCWD, c->a, read_link, c->b, c->c);
}

int64_t call_readlinkat(const struct call *c)
{
    return with_path((int)c->a, c->b, read_link, c->c, c->d);
}

/* --- directories ---------------------------------------------------------- */

#define LIST_SIZE 4096

/* The whole entries that fit; where the directory stands follows them. */
static int64_t copy_entries(struct file *file, const uint8_t *entries, uint64_t length,
                            uint64_t to, uint64_t size)
{
    uint64_t done = 0;
    int64_t e;

    while (done + sizeof(struct linux_dirent) <= length) {
        const struct linux_dirent *d = (const void *)(entries + done);

        if (d->d_reclen < sizeof(*d) || d->d_reclen > length - done || done + d->d_reclen > size)
            break;
        done += d->d_reclen;
        file->position = (uint64_t)d->d_off;
    }
    if (done == 0 && length != 0)
        return -E_INVAL;
    e = copy_to_user(to, entries, done);
    return e < 0 ? e : (int64_t)done;
}

int64_t call_getdents64(const struct call *c)
{
    struct file *file = descriptor_get((uint32_t)c->a);
    uint8_t *entries = heap_alloc_buffer(LIST_SIZE);
    uint64_t before;
    int64_t e = -E_NOMEM;

    if (file == NULL) {
        e = -E_BADF;
    } else if (entries != NULL) {
        lock_take(&file->position_lock);
        before = file->position;
        e = names_list(file, before, entries, LIST_SIZE);
        if (e > 0)
            e = copy_entries(file, entries, (uint64_t)e, c->b, (uint32_t)c->c);
        if (e < 0)
            file->position = before;
        lock_release(&file->position_lock);
    }
    if (file != NULL)
        file_unref(file);
    heap_free(entries, LIST_SIZE);
    return e;
}

/* The older layout: the type is the record's last byte. */
int64_t call_getdents(const struct call *c)
{
    int64_t n = call_getdents64(c);

    for (int64_t at = 0; at < n;) {
        uint64_t record = c->b + (uint64_t)at;
        struct linux_dirent head;
        uint8_t name[256 + 24], zero = 0;
        uint64_t rest;

        if (copy_from_user(&head, record, 19) < 0 || head.d_reclen > sizeof(name))
            return -E_FAULT;
        rest = head.d_reclen - 19u;
        if (copy_from_user(name, record + 19, rest) < 0 ||
            copy_to_user(record + 18, name, rest) < 0 ||
            copy_to_user(record + 18 + rest, &zero, 1) < 0 ||
            copy_to_user(record + head.d_reclen - 1, &head.d_type, 1) < 0)
            return -E_FAULT;
        at += head.d_reclen;
    }
    return n;
}
