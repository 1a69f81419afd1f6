/* SPDX-License-Identifier: MIT */
/* Packed trees, found or made; see trees.h. */
#define _GNU_SOURCE
#include "trees.h"

#include "cache.h"
#include "mkmanifest/pack.h"
#include "mkmanifest/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x3173656572746870) /* "phtrees1" */
#define TICK_NS 2000000000                 /* the coarsest clock of a file system */
#define NAME_SIZE (2 * SHA256_SIZE + 20)
#define CHUNK 262144

/* An index file: this, the hash of each blob, and the hash of both. */
struct index {
    uint64_t magic, count;
    uint8_t content[SHA256_SIZE];
    uint64_t inode; /* of the file with that content, as it was written */
    int64_t modified;
};

static struct blob *first_of_trees(struct blob *blob)
{
    while (blob && blob->segment != PACK_TREES)
        blob = blob->next;
    return blob;
}

/* All blobs whose bytes are in the segment of trees. */
#define EACH_BLOB(blob)                                                      \
    (struct blob *blob = first_of_trees(blob_first()); blob; blob = first_of_trees(blob->next))

static uint64_t count_blobs(void)
{
    uint64_t count = 0;

    for EACH_BLOB (blob)
        count++;
    return count;
}

static void name_of(char name[NAME_SIZE], const uint8_t hash[SHA256_SIZE], const char *ending)
{
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < SHA256_SIZE; i++) {
        *name++ = digits[hash[i] >> 4];
        *name++ = digits[hash[i] & 15];
    }
    strcpy(name, ending);
}

/* What all files look like, and where they are to be. */
static void hash_looks(uint64_t base, uint8_t digest[SHA256_SIZE])
{
    struct sha256 hash;

    sha256_init(&hash);
    sha256_update(&hash, &base, sizeof base);
    for EACH_BLOB (blob) {
        uint64_t count = blob->extent_count;

        sha256_update(&hash, &blob->stamp, sizeof blob->stamp);
        sha256_update(&hash, &count, sizeof count);
        sha256_update(&hash, blob->extents, count * sizeof *blob->extents);
    }
    sha256_final(&hash, digest);
}

/* What is in them, and where. */
static void hash_content(uint64_t base, uint8_t digest[SHA256_SIZE])
{
    struct sha256 hash;

    sha256_init(&hash);
    sha256_update(&hash, &base, sizeof base);
    for EACH_BLOB (blob) {
        uint64_t count = blob->extent_count;

        sha256_update(&hash, blob->sha256, sizeof blob->sha256);
        sha256_update(&hash, &count, sizeof count);
        sha256_update(&hash, blob->extents, count * sizeof *blob->extents);
    }
    sha256_final(&hash, digest);
}

/* --- the index ------------------------------------------------------------------ */

/* Take the blobs' hashes from the index. False: there is none, or it is damaged. */
static bool index_read(const struct cache *cache, const char *name, struct index *index)
{
    uint64_t count = count_blobs();
    size_t size = sizeof *index + count * SHA256_SIZE, have = 0;
    uint8_t *bytes = must_allocate(size + SHA256_SIZE + 1), *at = bytes + sizeof *index;
    uint8_t digest[SHA256_SIZE];
    int fd = cache_find(cache, name);
    ssize_t n = 1;
    bool good;

    while (fd >= 0 && n > 0 && have <= size + SHA256_SIZE) {
        n = read(fd, bytes + have, size + SHA256_SIZE + 1 - have);
        have += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        close(fd);
    memcpy(index, bytes, sizeof *index);
    sha256(bytes, size, digest);
    good = have == size + SHA256_SIZE && index->magic == MAGIC && index->count == count &&
           memcmp(digest, bytes + size, SHA256_SIZE) == 0;
    if (good) {
        for EACH_BLOB (blob) {
            memcpy(blob->sha256, at, SHA256_SIZE);
            blob->hashed = true;
            at += SHA256_SIZE;
        }
    }
    free(bytes);
    return good;
}

static void index_write(const struct cache *cache, const char *name, const struct index *index)
{
    size_t size = sizeof *index + index->count * SHA256_SIZE;
    uint8_t *bytes = must_allocate(size + SHA256_SIZE), *at = bytes + sizeof *index;
    int fd = cache_new(cache, 0, size + SHA256_SIZE);

    memcpy(bytes, index, sizeof *index);
    for EACH_BLOB (blob) {
        memcpy(at, blob->sha256, SHA256_SIZE);
        at += SHA256_SIZE;
    }
    sha256(bytes, size, bytes + size);
    if (fd >= 0) {
        write_all(fd, bytes, size + SHA256_SIZE, 0);
        cache_keep(cache, fd, name);
        close(fd);
    }
    free(bytes);
}

/* --- what is kept ----------------------------------------------------------------- */

static int64_t modified_of(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

static bool extent_is(int fd, uint64_t position, uint64_t size, struct sha256 *hash)
{
    static char chunk[CHUNK];

    while (size) {
        ssize_t n = pread(fd, chunk, size < CHUNK ? size : CHUNK, (off_t)position);

        if (n <= 0)
            return false;
        sha256_update(hash, chunk, (size_t)n);
        position += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return true;
}

/* Every blob in it has the hash that it should have. */
static bool content_is_right(int fd, uint64_t base)
{
    for EACH_BLOB (blob) {
        struct sha256 hash;
        uint8_t digest[SHA256_SIZE];

        sha256_init(&hash);
        for (size_t i = 0; i < blob->extent_count; i++)
            if (!extent_is(fd, base + blob->extents[i].place, blob->extents[i].size, &hash))
                return false;
        sha256_final(&hash, digest);
        if (memcmp(digest, blob->sha256, SHA256_SIZE) != 0)
            return false;
    }
    return true;
}

static int find(const struct cache *cache, const char *index_name, uint64_t base, uint64_t bytes)
{
    struct index index;
    struct stat status;
    char name[NAME_SIZE];
    int fd;

    if (!index_read(cache, index_name, &index))
        return -1;
    name_of(name, index.content, ".trees");
    fd = cache_find(cache, name);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && (uint64_t)status.st_size >= base + bytes) {
        if (status.st_ino == index.inode && modified_of(&status) == index.modified)
            return fd;
        if (content_is_right(fd, base)) {
            index.inode = status.st_ino;
            index.modified = modified_of(&status);
            index_write(cache, index_name, &index);
            return fd;
        }
    }
    cache_remove(cache, name);
    close(fd);
    return -1;
}

/* --- what is made ------------------------------------------------------------------ */

/* Since a look at the clock no file was touched, and none in the tick before. */
static bool looks_are_final(int64_t started)
{
    for EACH_BLOB (blob)
        if (blob->changed || blob->stamp.modified > started - TICK_NS ||
            blob->stamp.changed > started - TICK_NS)
            return false;
    return true;
}

static int make(const struct cache *cache, const char *index_name, uint64_t base, uint64_t bytes)
{
    int fd = cache_new(cache, base, bytes);
    bool kept = fd >= 0;
    struct index index = {.magic = MAGIC, .count = count_blobs()};
    struct timespec now;
    struct stat status;
    char name[NAME_SIZE];

    clock_gettime(CLOCK_REALTIME, &now);
    if (!kept)
        fd = memfd_create("trees", MFD_CLOEXEC);
    if (fd < 0 || (!kept && ftruncate(fd, (off_t)(base + bytes)) != 0))
        refuse("cannot make a file in memory: %s", strerror(errno));
    for EACH_BLOB (blob)
        blob_copy(blob, fd, base);
    if (!kept || !looks_are_final((int64_t)now.tv_sec * 1000000000 + now.tv_nsec) ||
        fstat(fd, &status) != 0)
        return fd;
    hash_content(base, index.content);
    index.inode = status.st_ino;
    index.modified = modified_of(&status);
    name_of(name, index.content, ".trees");
    cache_keep(cache, fd, name);
    index_write(cache, index_name, &index);
    return fd;
}

int trees_open(uint64_t base, uint64_t bytes)
{
    uint8_t looks[SHA256_SIZE];
    char name[NAME_SIZE];
    struct cache cache;
    int fd;

    cache_open(&cache);
    hash_looks(base, looks);
    name_of(name, looks, ".index");
    fd = find(&cache, name, base, bytes);
    if (fd < 0)
        fd = make(&cache, name, base, bytes);
    if (cache.folder >= 0)
        close(cache.folder);
    return fd;
}

void trees_extend(int fd, uint64_t size)
{
    struct stat status;

    /* Of two that look at once, the one that wants less must not make it shorter. */
    flock(fd, LOCK_EX);
    if (fstat(fd, &status) != 0 ||
        ((uint64_t)status.st_size < size && ftruncate(fd, (off_t)size) != 0))
        refuse("cannot make room for the machine's memory beside the trees: %s", strerror(errno));
    /* What is in it has not changed. */
    if ((uint64_t)status.st_size < size)
        futimens(fd, (struct timespec[2]){{.tv_nsec = UTIME_OMIT}, status.st_mtim});
    flock(fd, LOCK_UN);
}
