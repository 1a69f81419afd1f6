/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing and moving in open files.
 */
#include "bytes.h"
#include "face.h"
#include "heap.h"
#include "names.h"
#include "stream.h"
#include "user.h"

#define LENGTH_MAX UINT64_C(0x7ffff000) /* as much as Linux moves in one call */
#define VECTORS_MAX 1024

/* Nobody reads any more: the error, and the signal that most programs die of. */
static int64_t pipe_signal(int64_t result)
{
    if (result == -E_PIPE)
        signal_thread(thread_self(), SIGPIPE, SI_USER);
    return result;
}

/* One piece of a read or write; offset -1: where the file stands. */
static int64_t move(struct file *file, bool write, uint64_t address, uint64_t length,
                    int64_t offset)
{
    if (!user_range(address, length))
        return -E_FAULT;
    if (write)
        return pipe_signal(offset < 0 ? io_write(file, address, length)
                                      : io_write_at(file, address, length, (uint64_t)offset));
    return offset < 0 ? io_read(file, address, length)
                      : io_read_at(file, address, length, (uint64_t)offset);
}

static int64_t move_one(const struct call *c, bool write, bool at)
{
    uint64_t length = c->c < LENGTH_MAX ? c->c : LENGTH_MAX;
    struct file *file;
    int64_t e;

    if (at && (int64_t)c->d < 0)
        return -E_INVAL;
    file = descriptor_get(c->a);
    if (file == NULL)
        return -E_BADF;
    e = move(file, write, c->b, length, at ? (int64_t)c->d : -1);
    file_unref(file);
    return e;
}

int64_t call_read(const struct call *c)
{
    return move_one(c, false, false);
}

int64_t call_write(const struct call *c)
{
    return move_one(c, true, false);
}

int64_t call_pread64(const struct call *c)
{
    return move_one(c, false, true);
}

int64_t call_pwrite64(const struct call *c)
{
    return move_one(c, true, true);
}

/* --- several pieces at once ----------------------------------------------- */

static int64_t move_vector(struct file *file, bool write, const struct linux_iovec *v,
                           uint64_t count, int64_t offset)
{
    uint64_t done = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t length = v[i].length;
        int64_t e;

        if (length > LENGTH_MAX - done)
            length = LENGTH_MAX - done;
        if (length == 0)
            continue;
        e = move(file, write, v[i].base, length, offset < 0 ? -1 : offset + (int64_t)done);
        if (e < 0)
            return done == 0 ? e : (int64_t)done;
        done += (uint64_t)e;
        if ((uint64_t)e < length)
            break;
    }
    return (int64_t)done;
}

static int64_t vector(const struct call *c, bool write, int64_t offset)
{
    struct linux_iovec small[8], *v = small;
    uint64_t size = c->c * sizeof(*v);
    struct file *file;
    int64_t e;

    if (c->c > VECTORS_MAX)
        return -E_INVAL;
    if (c->c > 8)
        v = heap_alloc_buffer(size);
    if (v == NULL)
        return -E_NOMEM;
    file = descriptor_get(c->a);
    e = file == NULL ? -E_BADF : copy_from_user(v, c->b, size);
    for (uint64_t i = 0; i < c->c && e == 0; i++)
        if ((int64_t)v[i].length < 0)
            e = -E_INVAL;
    if (e == 0)
        e = move_vector(file, write, v, c->c, offset);
    if (file != NULL)
        file_unref(file);
    if (v != small)
        heap_free(v, size);
    return e;
}

int64_t call_readv(const struct call *c)
{
    return vector(c, false, -1);
}

int64_t call_writev(const struct call *c)
{
    return vector(c, true, -1);
}

int64_t call_preadv(const struct call *c)
{
    return (int64_t)c->d < 0 ? -E_INVAL : vector(c, false, (int64_t)c->d);
}

int64_t call_pwritev(const struct call *c)
{
    return (int64_t)c->d < 0 ? -E_INVAL : vector(c, true, (int64_t)c->d);
}

int64_t call_preadv2(const struct call *c)
{
    return c->f != 0 ? -E_OPNOTSUPP : vector(c, false, (int64_t)c->d);
}

int64_t call_pwritev2(const struct call *c)
{
    return c->f != 0 ? -E_OPNOTSUPP : vector(c, true, (int64_t)c->d);
}

/* --- where a file stands -------------------------------------------------- */

static int64_t seek_base(struct file *file, uint64_t whence, int64_t offset)
{
    struct attributes a;
    int64_t e;

    switch (whence) {
    case 0: /* SEEK_SET */
        return 0;
    case 1: /* SEEK_CUR */
        return (int64_t)file->position;
    case 2: /* SEEK_END */
    case 3: /* SEEK_DATA: all of it is */
    case 4: /* SEEK_HOLE: at its end */
        e = file->ops->status(file, &a);
        if (e < 0)
            return e;
        if (whence > 2 && (offset < 0 || (uint64_t)offset >= a.size))
            return -E_NXIO;
        return whence == 3 ? 0 : whence == 4 ? (int64_t)a.size - offset : (int64_t)a.size;
    default:
        return -E_INVAL;
    }
}

int64_t call_lseek(const struct call *c)
{
    struct file *file = descriptor_get(c->a);
    int64_t e = -E_SPIPE, base;

    if (file == NULL)
        return -E_BADF;
    if (file->ops->seekable) {
        lock_take(&file->position_lock);
        base = seek_base(file, c->c, (int64_t)c->b);
        e = base;
        if (base >= 0 && (__builtin_add_overflow(base, (int64_t)c->b, &e) || e < 0))
            e = -E_INVAL;
        if (e >= 0)
            file->position = (uint64_t)e;
        lock_release(&file->position_lock);
    }
    file_unref(file);
    return e;
}

/* --- from file to file ---------------------------------------------------- */

#define COPY_CHUNK 16384

/* Copy at most `length` bytes; *from: where to read, or -1 for where it stands. */
static int64_t copy_between(struct file *in, int64_t *from, struct file *out, int64_t *to,
                            uint64_t length)
{
    uint8_t *buffer = heap_alloc_buffer(COPY_CHUNK);
    uint64_t address = (uint64_t)buffer, done = 0;
    int64_t e = buffer == NULL ? -E_NOMEM : 0;

    while (e >= 0 && done < length) {
        uint64_t n = length - done < COPY_CHUNK ? length - done : COPY_CHUNK;
        int64_t got = *from < 0 ? io_read(in, address, n)
                                : io_read_at(in, address, n, (uint64_t)*from);

        e = got;
        if (got <= 0)
            break;
        e = *to < 0 ? io_write(out, address, (uint64_t)got)
                    : io_write_at(out, address, (uint64_t)got, (uint64_t)*to);
        if (e > 0) {
            done += (uint64_t)e;
            *from += *from < 0 ? 0 : e;
            *to += *to < 0 ? 0 : e;
        }
        if (e == got)
            continue;
        /* What was read and could not be written is not lost. */
        if (*from < 0)
            in->position -= (uint64_t)(got - (e > 0 ? e : 0));
        break;
    }
    heap_free(buffer, COPY_CHUNK);
    return done > 0 ? (int64_t)done : e;
}

static int64_t load_offset(uint64_t address, int64_t *offset)
{
    int64_t e;

    *offset = -1;
    if (address == 0)
        return 0;
    e = copy_from_user(offset, address, 8);
    return e == 0 && *offset < 0 ? -E_INVAL : e;
}

static int64_t store_offset(uint64_t address, int64_t offset, int64_t result)
{
    int64_t e = 0;

    if (address != 0 && result >= 0)
        e = copy_to_user(address, &offset, 8);
    return e < 0 ? e : result;
}

int64_t call_sendfile(const struct call *c)
{
    uint64_t length = c->d < LENGTH_MAX ? c->d : LENGTH_MAX;
    struct file *in = descriptor_get(c->b), *out = descriptor_get(c->a);
    int64_t from, to = -1, e = load_offset(c->c, &from);

    if (in == NULL || out == NULL)
        e = -E_BADF;
    else if (e == 0 && (!names_is(in) || (names_mode(in) & MODE_TYPE) != MODE_REGULAR ||
                        (out->flags & OPENED_APPEND) != 0))
        e = -E_INVAL;
    if (e == 0)
        e = store_offset(c->c, from, pipe_signal(copy_between(in, &from, out, &to, length)));
    if (in != NULL)
        file_unref(in);
    if (out != NULL)
        file_unref(out);
    return e;
}

static bool is_regular(const struct file *file)
{
    return names_is(file) && (names_mode(file) & MODE_TYPE) == MODE_REGULAR;
}

int64_t call_copy_file_range(const struct call *c)
{
    uint64_t length = c->e < LENGTH_MAX ? c->e : LENGTH_MAX;
    struct file *in = descriptor_get(c->a), *out = descriptor_get(c->c);
    int64_t from, to, e = load_offset(c->b, &from);

    if (e == 0)
        e = load_offset(c->d, &to);
    if (in == NULL || out == NULL)
        e = -E_BADF;
    else if (e == 0 && (!is_regular(in) || !is_regular(out) || c->f != 0))
        e = -E_INVAL;
    else if (e == 0 && (out->flags & OPENED_APPEND) != 0)
        e = -E_BADF;
    if (e == 0) {
        e = copy_between(in, &from, out, &to, length);
        e = store_offset(c->b, from, e);
        e = store_offset(c->d, to, e);
    }
    if (in != NULL)
        file_unref(in);
    if (out != NULL)
        file_unref(out);
    return e;
}
