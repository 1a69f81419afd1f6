/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing open files of the Namespace.
 *
 * A file of the boot tree is lent as a frame while no byte of it was changed. So
 * what this process does to any file for the first time moves `changes`, after
 * which a mapping is asked for again.
 */
#include "names_file.h"

#include "bytes.h"
#include "heap.h"
#include "kernel.h"
#include "names.h"
#include "services.stubs.h"
#include "user.h"

#define CHUNK NAMES_MESSAGE
#define MAP_LEAST CHUNK   /* a smaller file is read with one message */

static uint64_t changes;

void names_changed(void)
{
    __atomic_fetch_add(&changes, 1, __ATOMIC_ACQ_REL);
}

static struct names_file *names_of(struct file *file)
{
    return (struct names_file *)file;
}

/* --- bytes that are mapped ------------------------------------------------ */

static void mapping_free(struct backing *backing)
{
    uint64_t pages = (backing->length + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;

    region_free((uint64_t)backing->content, pages);
    sys_release(backing->frame);
    heap_free(backing, sizeof(*backing));
}

static struct backing *mapping_new(uint64_t frame, uint64_t pages, uint64_t size)
{
    struct backing *backing = heap_alloc(sizeof(*backing));

    if (backing == NULL)
        return NULL;
    backing->content = (const uint8_t *)region_map(frame, pages, PHX_PROT_READ);
    if (backing->content == NULL) {
        heap_free(backing, sizeof(*backing));
        return NULL;
    }
    backing->length = size;
    backing->frame = frame;
    backing->pins = 1;
    backing->free = mapping_free;
    return backing;
}

/* With file->lock: ask the service for the file's pages. */
static struct backing *ask_mapping(struct names_file *f)
{
    struct file_status_out status;
    struct file_map_out out = {0};
    struct backing *backing;
    uint64_t frame, detail = 0;

    if (file_map(f->cap, &frame, &out, &detail) < 0)
        return NULL;
    if (file_status(f->cap, &status, &detail) < 0 || status.size > out.pages * PHX_PAGE_SIZE) {
        sys_release(frame);
        return NULL;
    }
    backing = mapping_new(frame, (status.size + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE, status.size);
    if (backing == NULL)
        sys_release(frame);
    return backing;
}

struct backing *names_backing(struct file *file)
{
    struct names_file *f = names_of(file);
    struct backing *old = NULL, *backing;
    uint64_t now = __atomic_load_n(&changes, __ATOMIC_ACQUIRE);

    if (!names_is(file) || (f->mode & MODE_TYPE) != MODE_REGULAR ||
        (file->flags & OPENED_WRITE) != 0 || f->size == 0)
        return NULL;
    lock_take(&f->lock);
    if (f->seen != now || (f->backing == NULL && !f->unmappable)) {
        old = f->backing;
        f->backing = ask_mapping(f);
        f->unmappable = f->backing == NULL;
        f->seen = now;
    }
    backing = f->backing;
    lock_release(&f->lock);
    if (old != NULL)
        backing_unpin(old);
    return backing;
}

/* --- the operations ------------------------------------------------------- */

static int64_t read_mapped(const struct backing *b, uint64_t address, uint64_t length,
                           uint64_t offset)
{
    int64_t e;

    if (offset >= b->length)
        return 0;
    if (length > b->length - offset)
        length = b->length - offset;
    e = raw_copy(user_pointer(address), b->content + offset, length);
    return e < 0 ? e : (int64_t)length;
}

static int64_t names_file_read(struct file *file, uint64_t address, uint64_t length,
                               uint64_t offset)
{
    struct names_file *f = names_of(file);
    struct file_read_out out = {0};
    uint64_t done = 0, detail = 0;

    if ((f->mode & MODE_TYPE) == MODE_DIRECTORY)
        return -E_ISDIR;
    if (f->size > MAP_LEAST) {
        const struct backing *backing = names_backing(file);

        if (backing != NULL)
            return read_mapped(backing, address, length, offset);
    }
    while (done < length) {
        uint64_t n = length - done < CHUNK ? length - done : CHUNK;
        size_t got = 0;
        int64_t e = user_touch(address + done, n, true);

        if (e == 0)
            e = SERVED(detail, file_read(f->cap, offset + done, n, user_pointer(address + done),
                                         n, &got, &out, &detail));
        if (e < 0)
            return done == 0 ? e : (int64_t)done;
        done += got;
        if (got < n)
            break;
    }
    return (int64_t)done;
}

static int64_t names_file_write(struct file *file, uint64_t address, uint64_t length,
                                uint64_t *offset)
{
    struct names_file *f = names_of(file);
    bool append = (file->flags & OPENED_APPEND) != 0;
    struct file_write_out out = {0};
    uint64_t done = 0, detail = 0;

    while (done < length) {
        uint64_t n = length - done < CHUNK ? length - done : CHUNK;
        int64_t e = user_touch(address + done, n, false);

        if (e == 0)
            e = SERVED(detail, file_write(f->cap, *offset, append, user_pointer(address + done),
                                          n, &out, &detail));
        if (e < 0)
            return done == 0 ? e : (int64_t)done;
        if (!f->written)
            names_changed();
        f->written = true;
        done += out.written;
        *offset = out.end;
        if (out.written < n)
            break;
    }
    return (int64_t)done;
}

static int64_t names_file_status(struct file *file, struct attributes *a)
{
    struct file_status_out out = {0};
    uint64_t detail = 0;
    int64_t e = SERVED(detail, file_status(names_of(file)->cap, &out, &detail));

    if (e < 0)
        return e;
    *a = (struct attributes){out.inode, out.mode, out.links, out.owner, out.size,
                             out.blocks, out.mtime, out.ctime, out.atime, out.device, 0};
    return 0;
}

static void names_file_close(struct file *file)
{
    struct names_file *f = names_of(file);

    if (f->backing != NULL)
        backing_unpin(f->backing);
    sys_release(f->cap);
    heap_free(f, sizeof(*f));
}

static const struct file_ops names_ops = {
    .kind = "file",
    .seekable = true,
    .read = names_file_read,
    .write = names_file_write,
    .status = names_file_status,
    .close = names_file_close,
};

struct names_file *names_file_new(uint64_t cap, uint64_t mode, uint64_t size, uint32_t flags)
{
    struct names_file *f = heap_alloc(sizeof(*f));

    if (f == NULL)
        return NULL;
    f->cap = cap;
    f->mode = mode;
    f->size = size;
    file_init(&f->file, &names_ops, flags, 0);
    return f;
}

bool names_is(const struct file *file)
{
    return file->ops == &names_ops;
}

uint64_t names_mode(const struct file *file)
{
    return ((const struct names_file *)file)->mode;
}

int64_t names_file_set(struct file *file, uint64_t which, const struct attributes *a)
{
    uint64_t detail = 0;
    int64_t e;

    if (!names_is(file))
        return -E_INVAL;
    e = SERVED(detail, file_set_attributes(names_of(file)->cap, which, a->mode, a->owner, a->mtime,
                                     a->atime, a->size, &detail));
    if (e == 0 && (which & SET_SIZE) != 0)
        names_changed();
    if (e == -E_ACCES && detail == 0 && !caps.names_writable)
        e = -E_ROFS;
    return e;
}

int64_t names_list(struct file *file, uint64_t cookie, void *entries, size_t size)
{
    struct file_list_out out = {0};
    uint64_t detail = 0;
    size_t length = 0;
    int64_t e;

    if (!names_is(file) || (names_mode(file) & MODE_TYPE) != MODE_DIRECTORY)
        return -E_NOTDIR;
    e = SERVED(detail, file_list(names_of(file)->cap, cookie, entries, size, &length, &out,
                                 &detail));
    return e < 0 ? e : (int64_t)length;
}

int64_t names_path(struct file *file, char *path, size_t size)
{
    uint64_t detail = 0;
    size_t length = 0;
    int64_t e;

    if (!names_is(file))
        return -E_NOTDIR;
    e = SERVED(detail, file_path(names_of(file)->cap, path, size, &length, &detail));
    return e < 0 ? e : (int64_t)length;
}

int64_t names_sync(struct file *file)
{
    uint64_t detail = 0;

    if (!names_is(file))
        return -E_INVAL;
    return SERVED(detail, file_sync(names_of(file)->cap, &detail));
}
