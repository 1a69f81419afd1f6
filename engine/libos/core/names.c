/* SPDX-License-Identifier: MIT */
#include "names.h"

#include "bytes.h"
#include "heap.h"
#include "kernel.h"
#include "names_file.h"
#include "services.stubs.h"

/* open(2)'s, as the service takes them. */
#define OPEN_ACCESS 3
#define OPEN_CREATE 0100
#define OPEN_TRUNCATE 01000

struct file *names_open(const char *path, uint64_t flags, uint64_t mode, uint32_t file_flags,
                        int64_t *e)
{
    bool changes = (flags & (OPEN_ACCESS | OPEN_CREATE | OPEN_TRUNCATE)) != 0;
    struct namespace_open_out out = {0};
    struct namespace_write_out write_out = {0};
    uint64_t cap = 0, detail = 0;
    size_t length = strlen(path);
    struct names_file *file;

    *e = -E_NOENT;
    if (caps.names == 0)
        return NULL;
    if (changes) {
        *e = SERVED(detail, namespace_write(caps.names, flags, mode, path, length, &cap, &write_out,
                                      &detail));
        out = (struct namespace_open_out){write_out.mode, write_out.size, write_out.inode};
    } else {
        *e = SERVED(detail, namespace_open(caps.names, flags, mode, path, length, &cap, &out,
                                           &detail));
    }
    if (*e < 0) {
        /* The kernel refused on the service's behalf: it is a read-only tree. */
        if (changes && !caps.names_writable && detail == 0)
            *e = -E_ROFS;
        return NULL;
    }
    file = names_file_new(cap, out.mode, out.size, file_flags);
    if (file == NULL) {
        sys_release(cap);
        *e = -E_NOMEM;
        return NULL;
    }
    if (changes)
        names_changed();
    return &file->file;
}

int64_t names_status(const char *path, bool follow, struct attributes *a)
{
    struct namespace_status_out out = {0};
    uint64_t detail = 0;
    int64_t e;

    if (caps.names == 0)
        return -E_NOENT;
    e = SERVED(detail, namespace_status(caps.names, follow, path, strlen(path), &out, &detail));
    if (e < 0)
        return e;
    *a = (struct attributes){out.inode, out.mode, out.links, out.owner, out.size,
                             out.blocks, out.mtime, out.ctime, out.atime, out.device, 0};
    return 0;
}

int64_t names_read_link(const char *path, char *target, size_t size)
{
    uint64_t detail = 0;
    size_t length = 0;
    int64_t e;

    if (caps.names == 0)
        return -E_NOENT;
    e = SERVED(detail, namespace_read_link(caps.names, path, strlen(path), target, size, &length,
                                     &detail));
    return e < 0 ? e : (int64_t)length;
}

/* What a method that changes the tree answers, where there is no tree to change, or
 * none that may be changed. */
static int64_t may_change(void)
{
    if (caps.names == 0)
        return -E_NOENT;
    return caps.names_writable ? 0 : -E_ROFS;
}

int64_t names_make(const char *path, uint64_t mode, uint64_t device)
{
    uint64_t detail = 0;
    int64_t e = may_change();

    if (e < 0)
        return e;
    return SERVED(detail, namespace_make(caps.names, mode, device, path, strlen(path), &detail));
}

/* Two paths, one behind the other, as the service takes them. */
static int64_t join(const char *first, const char *second, char **both, size_t *length)
{
    size_t a = strlen(first), b = strlen(second);

    *length = a + b;
    if (*length > NAMES_MESSAGE)
        return -E_NAMETOOLONG;
    *both = heap_alloc_buffer(NAMES_MESSAGE);
    if (*both == NULL)
        return -E_NOMEM;
    memcpy(*both, first, a);
    memcpy(*both + a, second, b);
    return 0;
}

int64_t names_link(const char *target, const char *path, bool symbolic)
{
    char *both;
    size_t length;
    uint64_t detail = 0;
    int64_t e = may_change();

    if (e == 0)
        e = join(target, path, &both, &length);
    if (e < 0)
        return e;
    e = SERVED(detail, namespace_link(caps.names, symbolic, strlen(target), both, length, &detail));
    heap_free(both, NAMES_MESSAGE);
    return e;
}

int64_t names_remove(const char *path, bool directory)
{
    uint64_t detail = 0;
    int64_t e = may_change();

    if (e < 0)
        return e;
    return SERVED(detail, namespace_remove(caps.names, directory, path, strlen(path), &detail));
}

int64_t names_rename(const char *from, const char *to, uint64_t flags)
{
    char *both;
    size_t length;
    uint64_t detail = 0;
    int64_t e = may_change();

    if (e == 0)
        e = join(from, to, &both, &length);
    if (e < 0)
        return e;
    e = SERVED(detail, namespace_rename(caps.names, flags, strlen(from), both, length, &detail));
    heap_free(both, NAMES_MESSAGE);
    return e;
}

int64_t names_set(const char *path, uint64_t which, const struct attributes *a)
{
    uint64_t detail = 0;
    int64_t e = may_change();

    if (e < 0)
        return e;
    e = SERVED(detail, namespace_set_attributes(caps.names, which, a->mode, a->owner, a->mtime,
                                                a->atime, a->size, path, strlen(path),
                                                &detail));
    if (e == 0 && (which & SET_SIZE) != 0)
        names_changed();
    return e;
}

int64_t names_statistics(struct file_system *s)
{
    struct namespace_statistics_out out = {0};
    uint64_t detail = 0;
    int64_t e;

    if (caps.names == 0)
        return -E_NOENT;
    e = SERVED(detail, namespace_statistics(caps.names, &out, &detail));
    if (e < 0)
        return e;
    *s = (struct file_system){out.block_size, out.blocks, out.free, out.files, out.free_files};
    return 0;
}
