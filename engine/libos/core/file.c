/* SPDX-License-Identifier: MIT */
#include "file.h"

#include "bytes.h"
#include "heap.h"

struct descriptor {
    struct file *file; /* NULL: free */
    bool close_on_exec;
};

/* Holds whenever the lock is free: table has `size` rows, and no row below
 * `lowest` is free. */
static struct lock table_lock;
static struct descriptor first_rows[16];
static struct descriptor *table = first_rows;
static unsigned size = 16, lowest;

void file_init(struct file *file, const struct file_ops *ops, uint32_t flags, uint32_t face_flags)
{
    file->ops = ops;
    file->refs = 1;
    file->flags = flags;
    file->face_flags = face_flags;
}

void file_ref(struct file *file)
{
    __atomic_fetch_add(&file->refs, 1, __ATOMIC_RELAXED);
}

void file_unref(struct file *file)
{
    /* Release what was done with it, acquire what others did, before it goes. */
    if (__atomic_sub_fetch(&file->refs, 1, __ATOMIC_ACQ_REL) == 0)
        file->ops->close(file);
}

/* Room for row `number`; the table never shrinks. */
static bool make_room(unsigned number)
{
    unsigned want = size;
    struct descriptor *rows;

    while (want <= number)
        want *= 2;
    if (want == size)
        return true;
    rows = heap_alloc(want * sizeof(*rows));
    if (rows == NULL)
        return false;
    memcpy(rows, table, size * sizeof(*rows));
    if (table != first_rows)
        heap_free(table, size * sizeof(*rows));
    table = rows;
    size = want;
    return true;
}

int64_t descriptor_new(struct file *file, unsigned least, bool close_on_exec)
{
    unsigned i;

    lock_take(&table_lock);
    i = least > lowest ? least : lowest;
    while (i < size && table[i].file != NULL)
        i++;
    if (i >= DESCRIPTORS_MAX || !make_room(i)) {
        lock_release(&table_lock);
        file_unref(file);
        return -E_MFILE;
    }
    table[i] = (struct descriptor){file, close_on_exec};
    if (least <= lowest)
        lowest = i + 1;
    lock_release(&table_lock);
    return i;
}

int64_t descriptor_put(struct file *file, unsigned number, bool close_on_exec)
{
    struct file *old;

    lock_take(&table_lock);
    if (number >= DESCRIPTORS_MAX || !make_room(number)) {
        lock_release(&table_lock);
        file_unref(file);
        return -E_BADF;
    }
    old = table[number].file;
    table[number] = (struct descriptor){file, close_on_exec};
    lock_release(&table_lock);
    if (old != NULL)
        file_unref(old);
    return number;
}

struct file *descriptor_get(uint64_t number)
{
    struct file *file = NULL;

    lock_take(&table_lock);
    if (number < size)
        file = table[number].file;
    if (file != NULL)
        file_ref(file);
    lock_release(&table_lock);
    return file;
}

bool descriptor_is_open(uint64_t number)
{
    return number < size && table[number].file != NULL;
}

int64_t descriptor_close(uint64_t number)
{
    struct file *file = NULL;

    lock_take(&table_lock);
    if (number < size)
        file = table[number].file;
    if (file != NULL) {
        table[number].file = NULL;
        if (number < lowest)
            lowest = (unsigned)number;
    }
    lock_release(&table_lock);
    if (file == NULL)
        return -E_BADF;
    file_unref(file);
    return 0;
}

int64_t descriptor_flag(uint64_t number, int set)
{
    int64_t e = -E_BADF;

    lock_take(&table_lock);
    if (number < size && table[number].file != NULL) {
        if (set >= 0)
            table[number].close_on_exec = set != 0;
        e = table[number].close_on_exec;
    }
    lock_release(&table_lock);
    return e;
}

/* --- reading and writing where the file stands ---------------------------- */

int64_t io_read(struct file *file, uint64_t address, uint64_t length)
{
    int64_t done;

    if ((file->flags & OPENED_READ) == 0 || (file->flags & OPENED_PATH_ONLY) != 0)
        return -E_BADF;
    if (!file->ops->seekable)
        return file->ops->read(file, address, length, 0);
    lock_take(&file->position_lock);
    done = file->ops->read(file, address, length, file->position);
    if (done > 0)
        file->position += (uint64_t)done;
    lock_release(&file->position_lock);
    return done;
}

int64_t io_write(struct file *file, uint64_t address, uint64_t length)
{
    int64_t done;

    if ((file->flags & OPENED_WRITE) == 0 || (file->flags & OPENED_PATH_ONLY) != 0)
        return -E_BADF;
    if (!file->ops->seekable)
        return file->ops->write(file, address, length, NULL);
    lock_take(&file->position_lock);
    done = file->ops->write(file, address, length, &file->position);
    lock_release(&file->position_lock);
    return done;
}

int64_t io_read_at(struct file *file, uint64_t address, uint64_t length, uint64_t offset)
{
    if ((file->flags & OPENED_READ) == 0 || (file->flags & OPENED_PATH_ONLY) != 0)
        return -E_BADF;
    if (!file->ops->seekable)
        return -E_SPIPE;
    if ((int64_t)offset < 0)
        return -E_INVAL;
    return file->ops->read(file, address, length, offset);
}

int64_t io_write_at(struct file *file, uint64_t address, uint64_t length, uint64_t offset)
{
    if ((file->flags & OPENED_WRITE) == 0 || (file->flags & OPENED_PATH_ONLY) != 0)
        return -E_BADF;
    if (!file->ops->seekable)
        return -E_SPIPE;
    if ((int64_t)offset < 0)
        return -E_INVAL;
    return file->ops->write(file, address, length, &offset);
}

unsigned io_poll(struct file *file)
{
    unsigned mask = FILE_HUNG_UP | FILE_BROKEN;

    if ((file->flags & OPENED_READ) != 0)
        mask |= FILE_CAN_READ;
    if ((file->flags & OPENED_WRITE) != 0)
        mask |= FILE_CAN_WRITE;
    if (file->ops->poll == NULL)
        return mask & (FILE_CAN_READ | FILE_CAN_WRITE);
    return file->ops->poll(file) & mask;
}
