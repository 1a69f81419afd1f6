/* SPDX-License-Identifier: MIT */
/*
 * Pipes between threads of one process: a ring of bytes under one lock.
 *
 * All pipes share the lock and the queue of threads that poll. A process has few
 * pipes and what is done under the lock is a copy of at most a page, so that one
 * lock is enough.
 */
#include "bytes.h"
#include "heap.h"
#include "phoenix/abi.h"
#include "stream.h"
#include "thread.h"
#include "user.h"

#define PIPE_SIZE 65536
#define PIPE_ATOMIC 4096 /* a write of at most this is not split */

/* Holds under pipe_lock: the bytes are [head, tail), tail - head <= PIPE_SIZE. */
struct pipe {
    uint64_t head, tail;
    unsigned ends;    /* files that name it */
    bool read, write; /* whether that end is open */
    uint8_t *bytes;
    struct wait_queue waiters;
    uint64_t inode;
};

struct pipe_file {
    struct file file;
    struct pipe *pipe;
};

static struct lock pipe_lock;
static struct wait_queue pollers = {{&pollers.threads, &pollers.threads}};
static uint64_t changes, inodes = 1000;

static struct pipe *pipe_of(struct file *file)
{
    return ((struct pipe_file *)file)->pipe;
}

static void changed(struct pipe *pipe)
{
    changes++;
    wait_wake_all(&pipe->waiters);
    wait_wake_all(&pollers);
}

/* Up to where the ring wraps. */
static uint64_t straight(uint64_t position, uint64_t n)
{
    uint64_t room = PIPE_SIZE - position % PIPE_SIZE;

    return n < room ? n : room;
}

static int64_t take_out(struct pipe *pipe, uint64_t address, uint64_t length)
{
    uint64_t done = 0;

    while (done < length && pipe->head < pipe->tail) {
        uint64_t n = straight(pipe->head, pipe->tail - pipe->head);
        int64_t e;

        if (n > length - done)
            n = length - done;
        e = raw_copy(user_pointer(address + done), pipe->bytes + pipe->head % PIPE_SIZE, n);
        if (e < 0)
            return done == 0 ? e : (int64_t)done;
        pipe->head += n;
        done += n;
    }
    return (int64_t)done;
}

static int64_t put_in(struct pipe *pipe, uint64_t address, uint64_t length)
{
    uint64_t done = 0;

    while (done < length && pipe->tail - pipe->head < PIPE_SIZE) {
        uint64_t n = straight(pipe->tail, PIPE_SIZE - (pipe->tail - pipe->head));
        int64_t e;

        if (n > length - done)
            n = length - done;
        e = raw_copy(pipe->bytes + pipe->tail % PIPE_SIZE, user_pointer(address + done), n);
        if (e < 0)
            return done == 0 ? e : (int64_t)done;
        pipe->tail += n;
        done += n;
    }
    return (int64_t)done;
}

static int64_t pipe_read(struct file *file, uint64_t address, uint64_t length, uint64_t offset)
{
    struct pipe *pipe = pipe_of(file);
    int64_t e = 0;

    (void)offset;
    if (length == 0)
        return 0;
    lock_take(&pipe_lock);
    while (pipe->head == pipe->tail && pipe->write && e == 0)
        e = (file->flags & OPENED_NONBLOCK) != 0 ? -E_AGAIN
                                               : wait_in(&pipe->waiters, &pipe_lock, PHX_FOREVER);
    if (pipe->head != pipe->tail) {
        e = take_out(pipe, address, length);
        changed(pipe);
    }
    lock_release(&pipe_lock);
    return e;
}

/* Room for all of a small write, for some of a large one. */
static bool has_room(const struct pipe *pipe, uint64_t length)
{
    uint64_t room = PIPE_SIZE - (pipe->tail - pipe->head);

    return room >= (length <= PIPE_ATOMIC ? length : 1);
}

static int64_t pipe_write(struct file *file, uint64_t address, uint64_t length, uint64_t *offset)
{
    struct pipe *pipe = pipe_of(file);
    uint64_t done = 0;
    int64_t e = 0;

    (void)offset;
    lock_take(&pipe_lock);
    while (done < length && e == 0) {
        if (!pipe->read) {
            e = -E_PIPE;
        } else if (has_room(pipe, length - done)) {
            e = put_in(pipe, address + done, length - done);
            if (e > 0) {
                done += (uint64_t)e;
                e = 0;
            }
            changed(pipe);
        } else if ((file->flags & OPENED_NONBLOCK) != 0) {
            e = -E_AGAIN;
        } else {
            e = wait_in(&pipe->waiters, &pipe_lock, PHX_FOREVER);
        }
    }
    lock_release(&pipe_lock);
    return done > 0 ? (int64_t)done : e;
}

static unsigned pipe_poll(struct file *file)
{
    const struct pipe *pipe = pipe_of(file);
    unsigned bits = 0;

    lock_take(&pipe_lock);
    if (pipe->head != pipe->tail)
        bits |= FILE_CAN_READ;
    if (!pipe->write && (file->flags & OPENED_READ) != 0)
        bits |= FILE_HUNG_UP;
    if (has_room(pipe, PIPE_ATOMIC))
        bits |= FILE_CAN_WRITE;
    if (!pipe->read && (file->flags & OPENED_WRITE) != 0)
        bits |= FILE_BROKEN;
    lock_release(&pipe_lock);
    return bits;
}

static int64_t pipe_status(struct file *file, struct attributes *a)
{
    *a = (struct attributes){.inode = pipe_of(file)->inode, .mode = MODE_PIPE | 0600, .links = 1,
                             .origin = ORIGIN_PIPE};
    return 0;
}

static void pipe_close(struct file *file)
{
    struct pipe *pipe = pipe_of(file);
    bool last;

    lock_take(&pipe_lock);
    if ((file->flags & OPENED_READ) != 0)
        pipe->read = false;
    else
        pipe->write = false;
    last = --pipe->ends == 0;
    changed(pipe);
    lock_release(&pipe_lock);
    heap_free(file, sizeof(struct pipe_file));
    if (last) {
        heap_free(pipe->bytes, PIPE_SIZE);
        heap_free(pipe, sizeof(*pipe));
    }
}

static const struct file_ops pipe_ops = {
    .kind = "pipe",
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .status = pipe_status,
    .close = pipe_close,
};

int64_t pipe_new(struct file *ends[2], uint32_t flags)
{
    struct pipe *pipe = heap_alloc(sizeof(*pipe));
    struct pipe_file *reader = heap_alloc(sizeof(*reader));
    struct pipe_file *writer = heap_alloc(sizeof(*writer));
    uint8_t *bytes = heap_alloc_buffer(PIPE_SIZE);

    if (pipe == NULL || reader == NULL || writer == NULL || bytes == NULL) {
        heap_free(pipe, sizeof(*pipe));
        heap_free(reader, sizeof(*reader));
        heap_free(writer, sizeof(*writer));
        heap_free(bytes, PIPE_SIZE);
        return -E_NOMEM;
    }
    pipe->bytes = bytes;
    pipe->ends = 2;
    pipe->read = pipe->write = true;
    pipe->inode = __atomic_fetch_add(&inodes, 1, __ATOMIC_RELAXED);
    wait_init(&pipe->waiters);
    reader->pipe = writer->pipe = pipe;
    file_init(&reader->file, &pipe_ops, OPENED_READ | flags, 0);
    file_init(&writer->file, &pipe_ops, OPENED_WRITE | flags, 0);
    ends[0] = &reader->file;
    ends[1] = &writer->file;
    return 0;
}

int64_t pipe_waiting(const struct file *file)
{
    const struct pipe *pipe = ((const struct pipe_file *)file)->pipe;

    return file->ops == &pipe_ops ? (int64_t)(pipe->tail - pipe->head) : -E_NOTTY;
}

uint64_t pipe_changes(void)
{
    return __atomic_load_n(&changes, __ATOMIC_ACQUIRE);
}

int64_t pipe_await(uint64_t seen, uint64_t deadline)
{
    int64_t e = 0;

    lock_take(&pipe_lock);
    if (changes == seen)
        e = wait_in(&pollers, &pipe_lock, deadline);
    lock_release(&pipe_lock);
    return e;
}
