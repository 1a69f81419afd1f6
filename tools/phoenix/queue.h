/* SPDX-License-Identifier: MIT */
/* Bytes on their way to a descriptor: a plain buffer, emptied from the front. */
#ifndef PHOENIX_QUEUE_H
#define PHOENIX_QUEUE_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define QUEUE_SIZE 262144
/* No more than a pipe that polls writable takes without blocking (pipe(7)): the
 * descriptors that others gave us stay blocking, since that is theirs to choose. */
#define QUEUE_WRITE 4096

struct queue {
    size_t start, end;
    uint8_t bytes[QUEUE_SIZE];
};

static inline size_t queue_length(const struct queue *q)
{
    return q->end - q->start;
}

static inline size_t queue_room(const struct queue *q)
{
    return QUEUE_SIZE - queue_length(q);
}

/* The caller made sure of the room. */
static inline void queue_put(struct queue *q, const void *data, size_t length)
{
    assert(length <= queue_room(q));
    if (length > QUEUE_SIZE - q->end) {
        memmove(q->bytes, q->bytes + q->start, queue_length(q));
        q->end -= q->start;
        q->start = 0;
    }
    memcpy(q->bytes + q->end, data, length);
    q->end += length;
}

/* Write once. 0, or an errno other than those that mean "later". */
static inline int queue_write(struct queue *q, int fd)
{
    size_t n = queue_length(q) < QUEUE_WRITE ? queue_length(q) : QUEUE_WRITE;
    ssize_t written = write(fd, q->bytes + q->start, n);

    if (written < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : errno;
    q->start += (size_t)written;
    if (q->start == q->end)
        q->start = q->end = 0;
    return 0;
}

#endif
