/* SPDX-License-Identifier: MIT */
/* Files of this host, copied and hashed; see blob.h. */
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

static int blob_open(const struct blob *blob)
{
    int fd = open(blob->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        refuse("cannot read %s: %s", blob->path, strerror(errno));
    return fd;
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
    while (b && !(b->path && b->inode == status->st_ino && b->device == status->st_dev))
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

struct blob *blob_of_file(const char *path, const char *what)
{
    struct stat status;
    struct blob *known;

    if (stat(path, &status) != 0)
        refuse("%s: cannot read %s: %s", what, path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        refuse("%s: %s is not a regular file", what, path);
    if (access(path, R_OK) != 0)
        refuse("%s: cannot read %s: %s", what, path, strerror(errno));
    if ((uint64_t)status.st_size > BLOB_MAX)
        refuse("%s: %s has %" PRIu64 " bytes; a file of a module can have %" PRIu64, what, path,
            (uint64_t)status.st_size, BLOB_MAX);
    if (status.st_size == 0)
        refuse_untold_size(path, what);
    /* Only links can be known already; looking through all for others is for nothing. */
    known = status.st_nlink > 1 ? blob_known(&status) : NULL;
    if (known)
        return known;
    return blob_add((struct blob){.path = must_copy(path),
        .size = (uint64_t)status.st_size,
        .device = status.st_dev,
        .inode = status.st_ino});
}

struct blob *blob_of_text(const char *text)
{
    return blob_add((struct blob){.text = must_copy(text), .size = strlen(text)});
}

static size_t read_some(const struct blob *blob, int fd, void *buffer, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t n = read(fd, (char *)buffer + have, size - have);

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

void blob_copy(struct blob *blob, int fd, uint64_t position)
{
    static char chunk[CHUNK];
    struct sha256 hash;
    int from = blob->path ? blob_open(blob) : -1;

    sha256_init(&hash);
    for (uint64_t done = 0; done < blob->size;) {
        size_t want = blob->size - done < CHUNK ? (size_t)(blob->size - done) : CHUNK;
        const char *bytes = blob->path ? chunk : blob->text + done;

        if (blob->path && read_some(blob, from, chunk, want) != want)
            refuse("%s became shorter while it was read", blob->path);
        sha256_update(&hash, bytes, want);
        write_all(fd, bytes, want, position + done);
        done += want;
    }
    sha256_final(&hash, blob->sha256);
    if (from >= 0)
        close(from);
}
