/* SPDX-License-Identifier: MIT */
/* Files of this host, copied and hashed; see blob.h. */
#define _GNU_SOURCE
#include "blob.h"

#include "refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK 262144

static struct blob *blobs, **blobs_end = &blobs;

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct blob_stamp stamp_of(const struct stat *status)
{
    return (struct blob_stamp){status->st_dev, status->st_ino, (uint64_t)status->st_size,
        nanoseconds(status->st_mtim), nanoseconds(status->st_ctim)};
}

static int blob_open(const struct blob *blob)
{
    /* What became a pipe meanwhile would wait for a writer. */
    int fd = open(blob->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0)
        refuse("cannot read %s: %s", blob->path, strerror(errno));
    if (status.st_dev != blob->stamp.device || status.st_ino != blob->stamp.inode)
        refuse("%s became another file while it was read", blob->path);
    return fd;
}

static bool blob_changed(const struct blob *blob, int fd)
{
    struct stat status;
    struct blob_stamp now;

    if (fstat(fd, &status) != 0)
        return true;
    now = stamp_of(&status);
    return now.size != blob->stamp.size || now.modified != blob->stamp.modified ||
           now.changed != blob->stamp.changed;
}

static void add_extent(struct blob *blob, uint64_t offset, uint64_t end)
{
    while (offset < end) {
        uint64_t size = end - offset < BLOB_EXTENT_MAX ? end - offset : BLOB_EXTENT_MAX;

        blob->extents =
            must_grow(blob->extents, blob->extent_count + 1, sizeof *blob->extents);
        blob->extents[blob->extent_count++] = (struct blob_extent){offset, size, 0};
        offset += size;
    }
}

/* Where its data are, as the file system tells; pages that have some are data. */
static void find_extents(struct blob *blob)
{
    int fd = blob_open(blob);
    uint64_t end = 0;

    while (end < blob->size) {
        off_t data = lseek(fd, (off_t)end, SEEK_DATA), hole;
        uint64_t start;

        if (data < 0 && errno == ENXIO)
            break;
        hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
        /* It cannot tell holes: all of it is data. */
        start = hole < 0 ? end : (uint64_t)data / BLOB_PAGE * BLOB_PAGE;
        start = start < end ? end : start;
        end = hole < 0 ? blob->size : ((uint64_t)hole + BLOB_PAGE - 1) / BLOB_PAGE * BLOB_PAGE;
        end = end < blob->size ? end : blob->size;
        add_extent(blob, start, end);
    }
    close(fd);
}

static struct blob *blob_add(struct blob blob)
{
    struct blob *b = must_allocate(sizeof *b);

    *b = blob;
    *blobs_end = b;
    blobs_end = &b->next;
    return b;
}

static struct blob *blob_known(const struct stat *status)
{
    struct blob *b = blobs;

    /* Text has no inode, and 0 is no file's. */
    while (b && !(b->path && b->stamp.inode == status->st_ino &&
                     b->stamp.device == status->st_dev))
        b = b->next;
    return b;
}

/* Files of /proc say that they are empty and are not. */
static void refuse_untold_size(const char *path, const char *what)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char byte;

    if (fd >= 0 && read(fd, &byte, 1) == 1)
        refuse("%s: %s does not tell its size; give a copy of it", what, path);
    if (fd >= 0)
        close(fd);
}

/* A file that can be read, known or new. */
static struct blob *blob_found(const char *path, const struct stat *status, const char *what)
{
    struct blob *known;

    if (!S_ISREG(status->st_mode))
        refuse("%s: %s is not a regular file", what, path);
    if (access(path, R_OK) != 0)
        refuse("%s: cannot read %s: %s", what, path, strerror(errno));
    if (status->st_size == 0)
        refuse_untold_size(path, what);
    /* Only links can be known already; looking through all for others is for nothing. */
    known = status->st_nlink > 1 ? blob_known(status) : NULL;
    return known ? known
                 : blob_add((struct blob){.path = must_copy(path),
                       .size = (uint64_t)status->st_size,
                       .stamp = stamp_of(status)});
}

struct blob *blob_of_file(const char *path, const char *what)
{
    struct stat status;
    struct blob *blob;

    if (stat(path, &status) != 0)
        refuse("%s: cannot read %s: %s", what, path, strerror(errno));
    blob = blob_found(path, &status, what);
    if (blob->size > BLOB_MAX)
        refuse("%s: %s has %" PRIu64 " bytes; a file of a module can have %" PRIu64, what, path,
            blob->size, BLOB_MAX);
    if (blob->extent_count != 1 || !blob_is_whole(blob)) {
        blob->extents = must_allocate(sizeof *blob->extents);
        blob->extents[0] = (struct blob_extent){0, blob->size, 0};
        blob->extent_count = 1;
    }
    return blob;
}

struct blob *blob_of_tree(const char *path, const struct stat *status, const char *what)
{
    struct blob *blob = blob_found(path, status, what);

    if (blob->extent_count)
        return blob;
    if ((uint64_t)status->st_blocks * 512 < blob->size)
        find_extents(blob);
    else
        add_extent(blob, 0, blob->size);
    return blob;
}

struct blob *blob_of_text(const char *text)
{
    struct blob *blob = blob_add((struct blob){.text = must_copy(text), .size = strlen(text)});

    add_extent(blob, 0, blob->size);
    return blob;
}

struct blob *blob_first(void)
{
    return blobs;
}

bool blob_is_whole(const struct blob *blob)
{
    if (blob->extent_count == 0)
        return blob->size == 0;
    return blob->extent_count == 1 && blob->extents[0].size == blob->size && blob->size <= BLOB_MAX;
}

static size_t read_some(
    const struct blob *blob, int fd, void *buffer, size_t size, uint64_t position)
{
    size_t have = 0;

    while (have < size) {
        ssize_t n = pread(fd, (char *)buffer + have, size - have, (off_t)(position + have));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            refuse("cannot read %s: %s", blob->path, strerror(errno));
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return have;
}

const void *blob_map(const struct blob *blob)
{
    void *bytes;
    int fd;

    if (!blob->path || blob->size == 0)
        return blob->path ? "" : blob->text;
    fd = blob_open(blob);
    bytes = mmap(NULL, blob->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        refuse("cannot read %s: %s", blob->path, strerror(errno));
    close(fd);
    return bytes;
}

void write_all(int fd, const void *bytes, size_t size, uint64_t position)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, (const char *)bytes + done, size - done, (off_t)(position + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            refuse("cannot write the module: %s", strerror(n ? errno : ENOSPC));
        done += (size_t)n;
    }
}

static void copy_extent(struct blob *blob, const struct blob_extent *extent, int from, int fd,
    uint64_t position, struct sha256 *hash)
{
    static char chunk[CHUNK];

    for (uint64_t done = 0; done < extent->size;) {
        size_t want = extent->size - done < CHUNK ? (size_t)(extent->size - done) : CHUNK;
        const char *bytes = blob->path ? chunk : blob->text + done;

        if (blob->path && read_some(blob, from, chunk, want, extent->offset + done) != want)
            refuse("%s became shorter while it was read", blob->path);
        sha256_update(hash, bytes, want);
        write_all(fd, bytes, want, position + extent->place + done);
        done += want;
    }
}

void blob_copy(struct blob *blob, int fd, uint64_t position)
{
    struct sha256 hash;
    int from = blob->path ? blob_open(blob) : -1;

    sha256_init(&hash);
    for (size_t i = 0; i < blob->extent_count; i++)
        copy_extent(blob, &blob->extents[i], from, fd, position, &hash);
    sha256_final(&hash, blob->sha256);
    blob->hashed = true;
    if (from >= 0) {
        blob->changed = blob_changed(blob, from);
        close(from);
    }
}
