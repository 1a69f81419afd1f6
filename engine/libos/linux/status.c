/* SPDX-License-Identifier: MIT */
/*
 * Attributes of files: asking for them, and setting them.
 */
#include "bytes.h"
#include "face.h"
#include "kernel.h"
#include "misc.h"
#include "names.h"
#include "path.h"
#include "stream.h"
#include "time.h"
#include "user.h"

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe
#define BLOCK_SIZE 4096
#define DEVICE_NUMBER 1 /* st_dev of the tree; others' origins are added to it */

/* --- asking --------------------------------------------------------------- */

static int64_t path_status(const char *path, bool follow, struct attributes *a)
{
    int64_t number = path_descriptor(path);
    unsigned major, minor;
    struct file *file;
    int64_t e;

    if (caps.names == 0)
        return -E_NOENT;
    if (follow && number >= 0) {
        file = descriptor_get((uint64_t)number);
    } else if (path_device(path, &major, &minor)) {
        /* The terminal has a name even where there is none to open. */
        file = device_open(1, major == 1 ? minor : 3, OPENED_READ, &e);
    } else {
        return names_status(path, follow, a);
    }
    if (file == NULL)
        return -E_NOENT;
    e = file->ops->status(file, a);
    file_unref(file);
    return e;
}

static int64_t status_at(int directory, uint64_t address, uint64_t flags, struct attributes *a)
{
    struct file *file = NULL;
    int64_t e;
    char *path = path_get(directory, address, (flags & AT_EMPTY_PATH) != 0, &file, &e);

    if (path != NULL)
        e = path_status(path, (flags & AT_SYMLINK_NOFOLLOW) == 0, a);
    else if (file != NULL)
        e = file->ops->status(file, a);
    if (file != NULL)
        file_unref(file);
    path_put(path);
    return e;
}

static int64_t status_of(uint64_t number, struct attributes *a)
{
    struct file *file = descriptor_get(number);
    int64_t e;

    if (file == NULL)
        return -E_BADF;
    e = file->ops->status(file, a);
    file_unref(file);
    return e;
}

static int64_t store_stat(uint64_t to, const struct attributes *a, int64_t e)
{
    struct linux_stat s = {
        .st_dev = DEVICE_NUMBER + a->origin,
        .st_ino = a->inode,
        .st_nlink = a->links,
        .st_mode = (uint32_t)a->mode,
        .st_uid = (uint32_t)a->owner,
        .st_gid = (uint32_t)(a->owner >> 32),
        .st_rdev = a->device,
        .st_size = (int64_t)a->size,
        .st_blksize = BLOCK_SIZE,
        .st_blocks = (int64_t)a->blocks,
        .st_atim = timespec_of(a->atime),
        .st_mtim = timespec_of(a->mtime),
        .st_ctim = timespec_of(a->ctime),
    };

    return e < 0 ? e : copy_to_user(to, &s, sizeof(s));
}

int64_t call_stat(const struct call *c)
{
    struct attributes a = {0};

    return store_stat(c->b, &a, status_at(AT_FDCWD, c->a, 0, &a));
}

int64_t call_lstat(const struct call *c)
{
    struct attributes a = {0};
    int64_t e = status_at(AT_FDCWD, c->a, AT_SYMLINK_NOFOLLOW, &a);

    return store_stat(c->b, &a, e);
}

int64_t call_fstat(const struct call *c)
{
    struct attributes a = {0};
    int64_t e = status_of((uint32_t)c->a, &a);

    return store_stat(c->b, &a, e);
}

int64_t call_newfstatat(const struct call *c)
{
    struct attributes a = {0};
    int64_t e = status_at((int)c->a, c->b, c->d, &a);

    return store_stat(c->c, &a, e);
}

static struct linux_statx_time statx_time(uint64_t ns)
{
    return (struct linux_statx_time){(int64_t)(ns / NS_PER_SECOND), (uint32_t)(ns % NS_PER_SECOND),
                                     0};
}

int64_t call_statx(const struct call *c)
{
    struct attributes a = {0};
    int64_t e = status_at((int)c->a, c->b, c->c, &a);
    struct linux_statx s = {
        .stx_mask = 0x7ff, /* STATX_BASIC_STATS */
        .stx_blksize = BLOCK_SIZE,
        .stx_nlink = (uint32_t)a.links,
        .stx_uid = (uint32_t)a.owner,
        .stx_gid = (uint32_t)(a.owner >> 32),
        .stx_mode = (uint16_t)a.mode,
        .stx_ino = a.inode,
        .stx_size = a.size,
        .stx_blocks = a.blocks,
        .stx_atime = statx_time(a.atime),
        .stx_mtime = statx_time(a.mtime),
        .stx_ctime = statx_time(a.ctime),
        .stx_rdev_major = (uint32_t)(a.device >> 8) & 0xfff,
        .stx_rdev_minor = (uint32_t)a.device & 0xff,
        .stx_dev_minor = (uint32_t)(DEVICE_NUMBER + a.origin),
    };

    return e < 0 ? e : copy_to_user(c->e, &s, sizeof(s));
}

/* The permission bits, for a process that is user 0: everything may be read and
 * written, and executed if anybody may; nothing may be written in a tree that is
 * read-only. */
static int64_t access_at(int directory, uint64_t address, uint64_t how, uint64_t flags)
{
    struct attributes a;
    int64_t e;

    if (how > 7)
        return -E_INVAL;
    e = status_at(directory, address, flags, &a);
    if (e < 0)
        return e;
    if ((how & 1) != 0 && (a.mode & MODE_TYPE) == MODE_REGULAR && (a.mode & 0111) == 0)
        return -E_ACCES;
    if ((how & 2) != 0 && !caps.names_writable && (a.mode & MODE_TYPE) != MODE_CHARACTER)
        return -E_ROFS;
    return 0;
}

int64_t call_access(const struct call *c)
{
    return access_at(AT_FDCWD, c->a, c->b, 0);
}

int64_t call_faccessat(const struct call *c)
{
    return access_at((int)c->a, c->b, c->c, 0);
}

int64_t call_faccessat2(const struct call *c)
{
    return access_at((int)c->a, c->b, c->c, c->d);
}

static int64_t store_statfs(uint64_t to)
{
    struct file_system fs;
    struct linux_statfs s;
    int64_t e = names_statistics(&fs);

    if (e < 0)
        return e;
    s = (struct linux_statfs){
        .f_type = 0x858458f6, /* RAMFS_MAGIC */
        .f_bsize = (int64_t)fs.block_size, .f_frsize = (int64_t)fs.block_size,
        .f_blocks = (int64_t)fs.blocks,
        .f_bfree = (int64_t)fs.free, .f_bavail = (int64_t)fs.free,
        .f_files = (int64_t)fs.files, .f_ffree = (int64_t)fs.free_files,
        .f_namelen = 255,
        .f_flags = caps.names_writable ? 0x20 : 0x21, /* ST_VALID, ST_RDONLY */
    };
    return copy_to_user(to, &s, sizeof(s));
}

int64_t call_statfs(const struct call *c)
{
    struct attributes a;
    int64_t e = status_at(AT_FDCWD, c->a, 0, &a);

    return e < 0 ? e : store_statfs(c->b);
}

int64_t call_fstatfs(const struct call *c)
{
    return descriptor_is_open((uint32_t)c->a) ? store_statfs(c->b) : -E_BADF;
}

/* --- setting -------------------------------------------------------------- */

static int64_t set_at(int directory, uint64_t address, uint64_t flags, uint64_t which,
                      const struct attributes *a)
{
    struct file *file = NULL;
    int64_t e;
    char *path = path_get(directory, address, (flags & AT_EMPTY_PATH) != 0, &file, &e);

    if ((flags & AT_SYMLINK_NOFOLLOW) != 0)
        which |= SET_NOT_THROUGH_LINK;
    if (path != NULL)
        e = names_set(path, which, a);
    else if (file != NULL)
        e = names_file_set(file, which, a);
    if (file != NULL)
        file_unref(file);
    path_put(path);
    return e;
}

static int64_t set_of(uint64_t number, uint64_t which, const struct attributes *a)
{
    struct file *file = descriptor_get(number);
    int64_t e;

    if (file == NULL)
        return -E_BADF;
    e = names_file_set(file, which, a);
    file_unref(file);
    return e;
}

int64_t call_chmod(const struct call *c)
{
    struct attributes a = {.mode = c->b & 07777};

    return set_at(AT_FDCWD, c->a, 0, SET_MODE, &a);
}

int64_t call_fchmodat(const struct call *c)
{
    struct attributes a = {.mode = c->c & 07777};

    return set_at((int)c->a, c->b, 0, SET_MODE, &a);
}

int64_t call_fchmod(const struct call *c)
{
    struct attributes a = {.mode = c->b & 07777};

    return set_of((uint32_t)c->a, SET_MODE, &a);
}

/* -1 leaves a number as it is. */
static uint64_t owner(uint64_t uid, uint64_t gid, struct attributes *a)
{
    *a = (struct attributes){.owner = (uint32_t)uid | (uint64_t)(uint32_t)gid << 32};
    return ((uint32_t)uid != ~0u ? SET_UID : 0) | ((uint32_t)gid != ~0u ? SET_GID : 0);
}

int64_t call_chown(const struct call *c)
{
    struct attributes a;
    uint64_t which = owner(c->b, c->c, &a);

    return set_at(AT_FDCWD, c->a, 0, which, &a);
}

int64_t call_lchown(const struct call *c)
{
    struct attributes a;
    uint64_t which = owner(c->b, c->c, &a);

    return set_at(AT_FDCWD, c->a, AT_SYMLINK_NOFOLLOW, which, &a);
}

int64_t call_fchownat(const struct call *c)
{
    struct attributes a;
    uint64_t which = owner(c->c, c->d, &a);

    return set_at((int)c->a, c->b, c->e, which, &a);
}

int64_t call_fchown(const struct call *c)
{
    struct attributes a;
    uint64_t which = owner(c->b, c->c, &a);

    return set_of((uint32_t)c->a, which, &a);
}

int64_t call_truncate(const struct call *c)
{
    struct attributes a = {.size = c->b};

    return (int64_t)c->b < 0 ? -E_INVAL : set_at(AT_FDCWD, c->a, 0, SET_SIZE, &a);
}

int64_t call_ftruncate(const struct call *c)
{
    struct attributes a = {.size = c->b};
    struct file *file = descriptor_get((uint32_t)c->a);
    int64_t e = -E_INVAL;

    if (file == NULL)
        return -E_BADF;
    if ((int64_t)c->b >= 0 && (file->flags & OPENED_WRITE) != 0)
        e = names_file_set(file, SET_SIZE, &a);
    file_unref(file);
    return e;
}

/* Room that is certain: a memory file has it when it is written, or not. Growing is
 * all that can be done for it, and only where that is what was asked. */
int64_t call_fallocate(const struct call *c)
{
    struct attributes a;
    int64_t e, end;

    if ((int64_t)c->c < 0 || (int64_t)c->d <= 0 ||
        __builtin_add_overflow((int64_t)c->c, (int64_t)c->d, &end))
        return -E_INVAL;
    if (c->b != 0)
        return -E_OPNOTSUPP;
    e = status_of((uint32_t)c->a, &a);
    if (e < 0 || (uint64_t)end <= a.size)
        return e;
    a.size = (uint64_t)end;
    return set_of((uint32_t)c->a, SET_SIZE, &a);
}

/* --- times ---------------------------------------------------------------- */

static int64_t now(uint64_t *ns)
{
    *ns = time_realtime();
    return time_is_known() ? 0 : -E_PERM;
}

/* One of utimensat's two times: which bit it sets, and to what. */
static int64_t one_time(const struct linux_timespec *t, uint64_t bit, uint64_t *which, uint64_t *ns)
{
    if (t->tv_nsec == UTIME_OMIT)
        return 0;
    *which |= bit;
    if (t->tv_nsec == UTIME_NOW)
        return now(ns);
    if (t->tv_nsec < 0 || t->tv_nsec >= (int64_t)NS_PER_SECOND)
        return -E_INVAL;
    *ns = (uint64_t)t->tv_sec * NS_PER_SECOND + (uint64_t)t->tv_nsec;
    return 0;
}

static int64_t set_times(int directory, uint64_t address, uint64_t flags,
                         const struct linux_timespec t[2])
{
    struct attributes a = {0};
    uint64_t which = 0;
    int64_t e = one_time(&t[0], SET_ATIME, &which, &a.atime);

    if (e == 0)
        e = one_time(&t[1], SET_MTIME, &which, &a.mtime);
    if (e < 0 || which == 0)
        return e;
    if (address == 0)
        return set_of((uint64_t)directory, which, &a);
    return set_at(directory, address, flags, which, &a);
}

int64_t call_utimensat(const struct call *c)
{
    struct linux_timespec t[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    int64_t e = c->c == 0 ? 0 : copy_from_user(t, c->c, sizeof(t));

    return e < 0 ? e : set_times((int)c->a, c->b, c->d, t);
}

static int64_t set_timevals(int directory, uint64_t address, uint64_t times)
{
    struct linux_timespec t[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    struct linux_timeval v[2];
    int64_t e = times == 0 ? 0 : copy_from_user(v, times, sizeof(v));

    if (e < 0)
        return e;
    for (int i = 0; i < 2 && times != 0; i++) {
        if (v[i].tv_usec < 0 || v[i].tv_usec >= 1000000)
            return -E_INVAL;
        t[i] = (struct linux_timespec){v[i].tv_sec, v[i].tv_usec * 1000};
    }
    return address == 0 ? -E_FAULT : set_times(directory, address, 0, t);
}

int64_t call_utimes(const struct call *c)
{
    return set_timevals(AT_FDCWD, c->a, c->b);
}

int64_t call_futimesat(const struct call *c)
{
    return set_timevals((int)c->a, c->b, c->c);
}

int64_t call_utime(const struct call *c)
{
    struct linux_timespec t[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    int64_t seconds[2], e = c->b == 0 ? 0 : copy_from_user(seconds, c->b, sizeof(seconds));

    if (e < 0)
        return e;
    for (int i = 0; i < 2 && c->b != 0; i++)
        t[i] = (struct linux_timespec){seconds[i], 0};
    return c->a == 0 ? -E_FAULT : set_times(AT_FDCWD, c->a, 0, t);
}

/* --- extended attributes: the service has none ---------------------------- */

static int64_t no_attribute(int64_t e, int64_t answer)
{
    return e < 0 ? e : answer;
}

int64_t call_getxattr(const struct call *c)
{
    struct attributes a;

    return no_attribute(status_at(AT_FDCWD, c->a, 0, &a), -E_OPNOTSUPP);
}

int64_t call_lgetxattr(const struct call *c)
{
    struct attributes a;

    return no_attribute(status_at(AT_FDCWD, c->a, AT_SYMLINK_NOFOLLOW, &a), -E_OPNOTSUPP);
}

int64_t call_fgetxattr(const struct call *c)
{
    return descriptor_is_open((uint32_t)c->a) ? -E_OPNOTSUPP : -E_BADF;
}

int64_t call_listxattr(const struct call *c)
{
    struct attributes a;

    return no_attribute(status_at(AT_FDCWD, c->a, 0, &a), 0);
}

int64_t call_llistxattr(const struct call *c)
{
    struct attributes a;

    return no_attribute(status_at(AT_FDCWD, c->a, AT_SYMLINK_NOFOLLOW, &a), 0);
}

int64_t call_flistxattr(const struct call *c)
{
    return descriptor_is_open((uint32_t)c->a) ? 0 : -E_BADF;
}
