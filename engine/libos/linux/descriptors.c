/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: opening, closing, duplicating, and their flags.
 */
#include "bytes.h"
#include "face.h"
#include "heap.h"
#include "kernel.h"
#include "misc.h"
#include "names.h"
#include "path.h"
#include "stream.h"
#include "user.h"

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_SETOWN 8
#define F_GETOWN 9
#define F_DUPFD_CLOEXEC 1030
#define F_GETPIPE_SZ 1032
#define F_UNLCK 2

/* Flags that matter to the opening alone. */
#define OPEN_ONCE (O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC)

static uint32_t file_flags(uint64_t flags)
{
    uint32_t f = 0;

    if ((flags & O_PATH) != 0)
        return OPENED_PATH_ONLY | OPENED_READ;
    if ((flags & O_ACCMODE) != O_WRONLY)
        f |= OPENED_READ;
    if ((flags & O_ACCMODE) != 0)
        f |= OPENED_WRITE;
    if ((flags & O_APPEND) != 0)
        f |= OPENED_APPEND;
    if ((flags & O_NONBLOCK) != 0)
        f |= OPENED_NONBLOCK;
    return f;
}

/* A device node of the tree is opened as the device that it names. */
static struct file *open_node(struct file *file, uint32_t flags, int64_t *e)
{
    struct attributes a;
    struct file *device;

    *e = file->ops->status(file, &a);
    if (*e < 0)
        return NULL;
    device = device_open((unsigned)(a.device >> 8) & 0xfff, (unsigned)a.device & 0xff, flags, e);
    return device;
}

static struct file *open_path(const char *path, uint64_t flags, uint64_t mode, int64_t *e)
{
    int64_t number = path_descriptor(path);
    uint32_t how = file_flags(flags);
    unsigned major, minor;
    struct file *file, *device;

    *e = -E_NOENT;
    if (caps.names == 0)
        return NULL;
    if (number >= 0) {
        file = descriptor_get((uint64_t)number);
        return file;
    }
    if (path_device(path, &major, &minor))
        return device_open(major, minor, how, e);
    file = names_open(path, flags & ~(uint64_t)O_LARGEFILE, mode & ~(uint64_t)file_mask(), how, e);
    if (file == NULL || (names_mode(file) & MODE_TYPE) != MODE_CHARACTER ||
        (how & OPENED_PATH_ONLY) != 0)
        return file;
    device = open_node(file, how, e);
    file_unref(file);
    return device;
}

static int64_t open_at(int directory, uint64_t address, uint64_t flags, uint64_t mode)
{
    struct file *file;
    int64_t e;
    char *path = path_get(directory, address, false, NULL, &e);

    if (path == NULL)
        return e;
    file = open_path(path, flags, mode & 07777, &e);
    /* A name of a descriptor leads to its description, which stays as it is. */
    if (file != NULL && path_descriptor(path) < 0)
        file->face_flags = (uint32_t)(flags & ~(uint64_t)OPEN_ONCE) | O_LARGEFILE;
    path_put(path);
    if (file == NULL)
        return e;
    return descriptor_new(file, 0, (flags & O_CLOEXEC) != 0);
}

int64_t call_open(const struct call *c)
{
    return open_at(AT_FDCWD, c->a, c->b, c->c);
}

int64_t call_openat(const struct call *c)
{
    return open_at((int)c->a, c->b, c->c, c->d);
}

int64_t call_creat(const struct call *c)
{
    return open_at(AT_FDCWD, c->a, O_CREAT | O_WRONLY | O_TRUNC, c->b);
}

int64_t call_close(const struct call *c)
{
    return descriptor_close((uint32_t)c->a);
}

int64_t call_close_range(const struct call *c)
{
    bool mark = (c->c & 4) != 0; /* CLOSE_RANGE_CLOEXEC */

    if ((uint32_t)c->a > (uint32_t)c->b || (c->c & ~UINT64_C(6)) != 0)
        return -E_INVAL;
    for (uint64_t i = (uint32_t)c->a; i <= (uint32_t)c->b && i < DESCRIPTORS_MAX; i++) {
        if (mark)
            descriptor_flag(i, 1);
        else
            descriptor_close(i);
    }
    return 0;
}

/* --- duplicating ---------------------------------------------------------- */

static int64_t duplicate(uint64_t number, uint64_t least, bool close_on_exec)
{
    struct file *file = descriptor_get(number);

    if (file == NULL)
        return -E_BADF;
    if (least >= DESCRIPTORS_MAX) {
        file_unref(file);
        return -E_INVAL;
    }
    return descriptor_new(file, (unsigned)least, close_on_exec);
}

int64_t call_dup(const struct call *c)
{
    return duplicate((uint32_t)c->a, 0, false);
}

static int64_t duplicate_to(uint64_t from, uint64_t to, bool close_on_exec)
{
    struct file *file = descriptor_get(from);

    if (file == NULL)
        return -E_BADF;
    if (to >= DESCRIPTORS_MAX) {
        file_unref(file);
        return -E_BADF;
    }
    return descriptor_put(file, (unsigned)to, close_on_exec);
}

int64_t call_dup2(const struct call *c)
{
    uint64_t from = (uint32_t)c->a, to = (uint32_t)c->b;

    if (from == to)
        return descriptor_is_open(from) ? (int64_t)to : -E_BADF;
    return duplicate_to(from, to, false);
}

int64_t call_dup3(const struct call *c)
{
    if ((uint32_t)c->a == (uint32_t)c->b || (c->c & ~(uint64_t)O_CLOEXEC) != 0)
        return -E_INVAL;
    return duplicate_to((uint32_t)c->a, (uint32_t)c->b, (c->c & O_CLOEXEC) != 0);
}

static int64_t make_pipe(uint64_t address, uint64_t flags)
{
    struct file *ends[2];
    int32_t numbers[2];
    int64_t e;

    if ((flags & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK)) != 0)
        return -E_INVAL;
    e = pipe_new(ends, (flags & O_NONBLOCK) != 0 ? OPENED_NONBLOCK : 0);
    if (e < 0)
        return e;
    ends[0]->face_flags = (uint32_t)flags & O_NONBLOCK;
    ends[1]->face_flags = O_WRONLY | ((uint32_t)flags & O_NONBLOCK);
    e = descriptor_new(ends[0], 0, (flags & O_CLOEXEC) != 0);
    if (e < 0) {
        file_unref(ends[1]);
        return e;
    }
    numbers[0] = (int32_t)e;
    e = descriptor_new(ends[1], 0, (flags & O_CLOEXEC) != 0);
    numbers[1] = (int32_t)e;
    if (e >= 0)
        e = copy_to_user(address, numbers, sizeof(numbers));
    if (e < 0) {
        descriptor_close((uint64_t)numbers[0]);
        if (numbers[1] >= 0)
            descriptor_close((uint64_t)numbers[1]);
    }
    return e;
}

int64_t call_pipe(const struct call *c)
{
    return make_pipe(c->a, 0);
}

int64_t call_pipe2(const struct call *c)
{
    return make_pipe(c->a, c->b);
}

/* --- fcntl ---------------------------------------------------------------- */

static int64_t set_flags(struct file *file, uint64_t flags)
{
    uint32_t mine = O_APPEND | O_NONBLOCK;

    file->face_flags = (file->face_flags & ~mine) | ((uint32_t)flags & mine);
    file->flags = (file->flags & ~(uint32_t)(OPENED_APPEND | OPENED_NONBLOCK)) |
                  ((flags & O_APPEND) != 0 ? OPENED_APPEND : 0) |
                  ((flags & O_NONBLOCK) != 0 ? OPENED_NONBLOCK : 0);
    return 0;
}

/* Record locks are between processes, and there is one: nobody is in the way. */
static int64_t get_lock(uint64_t address)
{
    int16_t type = F_UNLCK;

    return copy_to_user(address, &type, sizeof(type));
}

static int64_t file_control(struct file *file, const struct call *c)
{
    switch (c->b) {
    case F_GETFL:
        return file->face_flags;
    case F_SETFL:
        return set_flags(file, c->c);
    case F_GETLK:
        return get_lock(c->c);
    case F_SETLK:
    case F_SETLKW:
    case F_SETOWN:
        return 0;
    case F_GETOWN:
        return 0;
    case F_GETPIPE_SZ:
        return pipe_waiting(file) < 0 ? -E_BADF : 65536;
    default:
        return -E_INVAL;
    }
}

int64_t call_fcntl(const struct call *c)
{
    uint64_t number = (uint32_t)c->a;
    struct file *file;
    int64_t e;

    switch (c->b) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return duplicate(number, c->c, c->b == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return descriptor_flag(number, -1);
    case F_SETFD:
        e = descriptor_flag(number, (int)c->c & 1);
        return e < 0 ? e : 0;
    }
    file = descriptor_get(number);
    if (file == NULL)
        return -E_BADF;
    e = file_control(file, c);
    file_unref(file);
    return e;
}

int64_t call_flock(const struct call *c)
{
    return descriptor_is_open((uint32_t)c->a) ? 0 : -E_BADF;
}

static int64_t sync_file(uint64_t number)
{
    struct file *file = descriptor_get(number);
    int64_t e;

    if (file == NULL)
        return -E_BADF;
    e = names_sync(file);
    file_unref(file);
    return e;
}

int64_t call_fsync(const struct call *c)
{
    return sync_file((uint32_t)c->a);
}

int64_t call_fdatasync(const struct call *c)
{
    return sync_file((uint32_t)c->a);
}

int64_t call_syncfs(const struct call *c)
{
    return sync_file((uint32_t)c->a);
}

int64_t call_sync(const struct call *c)
{
    (void)c;
    return 0;
}

int64_t call_fadvise64(const struct call *c)
{
    struct file *file = descriptor_get((uint32_t)c->a);
    int64_t e;

    if (file == NULL)
        return -E_BADF;
    e = file->ops->seekable ? 0 : -E_SPIPE;
    file_unref(file);
    return e;
}
