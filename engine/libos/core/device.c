/* SPDX-License-Identifier: MIT */
/*
 * Devices that are no hardware: null, zero, full, random and the terminal.
 */
#include "heap.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "random.h"
#include "stream.h"
#include "user.h"

struct device_file {
    struct file file;
    unsigned minor;
};

enum { MINOR_NULL = 3, MINOR_ZERO = 5, MINOR_FULL = 7, MINOR_RANDOM = 8, MINOR_URANDOM = 9 };

static int64_t null_read(struct file *file, uint64_t address, uint64_t length, uint64_t offset)
{
    (void)file, (void)address, (void)length, (void)offset;
    return 0;
}

static int64_t null_write(struct file *file, uint64_t address, uint64_t length, uint64_t *offset)
{
    (void)file, (void)address, (void)offset;
    return (int64_t)length;
}

static int64_t full_write(struct file *file, uint64_t address, uint64_t length, uint64_t *offset)
{
    (void)file, (void)address, (void)offset;
    return length == 0 ? 0 : -E_NOSPC;
}

static int64_t zero_read(struct file *file, uint64_t address, uint64_t length, uint64_t offset)
{
    int64_t e = raw_zero(user_pointer(address), length);

    (void)file, (void)offset;
    return e < 0 ? e : (int64_t)length;
}

static int64_t random_read(struct file *file, uint64_t address, uint64_t length, uint64_t offset)
{
    (void)file, (void)offset;
    return random_fill(address, length);
}

static int64_t device_status(struct file *file, struct attributes *a)
{
    unsigned minor = ((struct device_file *)file)->minor;

    *a = (struct attributes){.inode = 100 + minor, .mode = MODE_CHARACTER | 0666, .links = 1,
                             .device = 1 << 8 | minor, .origin = ORIGIN_DEVICE};
    return 0;
}

static void device_close(struct file *file)
{
    heap_free(file, sizeof(struct device_file));
}

#define DEVICE(name, read_, write_) \
    static const struct file_ops name = { \
        .kind = "device", .read = read_, .write = write_, .status = device_status, \
        .close = device_close}

DEVICE(null_ops, null_read, null_write);
DEVICE(zero_ops, zero_read, null_write);
DEVICE(full_ops, zero_read, full_write);
DEVICE(random_ops, random_read, null_write);

static const struct file_ops *ops_of(unsigned minor)
{
    switch (minor) {
    case MINOR_NULL:
        return &null_ops;
    case MINOR_ZERO:
        return &zero_ops;
    case MINOR_FULL:
        return &full_ops;
    case MINOR_RANDOM:
    case MINOR_URANDOM:
        return caps.entropy == 0 ? NULL : &random_ops;
    default:
        return NULL;
    }
}

/* The controlling terminal: whichever standard stream is one. */
static struct file *terminal_open(uint32_t flags, int64_t *e)
{
    unsigned stream = (flags & OPENED_READ) != 0 ? 0 : 1;
    struct file *file = console_open(stream);
    struct terminal terminal;

    *e = -E_NOMEM;
    if (file == NULL)
        return NULL;
    *e = -E_NXIO;
    if (!console_terminal(file, &terminal)) {
        file_unref(file);
        return NULL;
    }
    file->flags = flags;
    return file;
}

struct file *device_open(unsigned major, unsigned minor, uint32_t flags, int64_t *e)
{
    const struct file_ops *ops = major == 1 ? ops_of(minor) : NULL;
    struct device_file *file;

    if (major == 5 && minor == 0)
        return terminal_open(flags, e);
    *e = -E_NXIO;
    if (ops == NULL)
        return NULL;
    *e = -E_NOMEM;
    file = heap_alloc(sizeof(*file));
    if (file == NULL)
        return NULL;
    file->minor = minor;
    file_init(&file->file, ops, flags, 0);
    return &file->file;
}
