/* SPDX-License-Identifier: MIT */
/* A folder that may be lost; see cache.h. Whatever cannot be done here is done without. */
#define _GNU_SOURCE
#include "cache.h"

#include "mkmanifest/refuse.h"
#include "size.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LIMIT (UINT64_C(2) << 30)
#define SPARE (UINT64_C(16) << 20) /* free space that is left to others */

/* NULL: nobody says where. */
static char *folder_name(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *name;

    if (cache && cache[0] == '/')
        name = must_copy(cache);
    else if (home && home[0] == '/')
        name = must_format("%s/.cache", home);
    else
        return NULL;
    mkdir(name, 0700);
    return must_format("%s/phoenix", name);
}

static uint64_t limit(void)
{
    const char *given = getenv("PHOENIX_CACHE_SIZE");

    if (!given || !*given)
        return LIMIT;
    return strcmp(given, "0") == 0 ? 0 : size_parse("PHOENIX_CACHE_SIZE", given);
}

void cache_open(struct cache *cache)
{
    char *name = folder_name();
    struct stat status;

    *cache = (struct cache){.folder = -1, .limit = limit()};
    if (!name || !cache->limit)
        return;
    mkdir(name, 0700);
    cache->folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cache->folder < 0)
        return;
    if (fstat(cache->folder, &status) == 0 && status.st_uid == geteuid() &&
        !(status.st_mode & (S_IWGRP | S_IWOTH)))
        return;
    close(cache->folder);
    cache->folder = -1;
}

int cache_find(const struct cache *cache, const char *name)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
    int fd = -1;

    if (cache->folder >= 0)
        fd = openat(cache->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0)
        futimens(fd, times);
    return fd;
}

int cache_new(const struct cache *cache, uint64_t base, uint64_t bytes)
{
    struct statvfs space;
    int fd;

    if (cache->folder < 0 || bytes > cache->limit || fstatvfs(cache->folder, &space) != 0 ||
        (uint64_t)space.f_bavail * space.f_frsize < bytes + SPARE)
        return -1;
    fd = openat(cache->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    /* Now, so that nothing is missing later; where it cannot be reserved the look at
     * what is free has to do. */
    if (fallocate(fd, 0, (off_t)base, (off_t)bytes) == 0 ||
        (errno == EOPNOTSUPP && ftruncate(fd, (off_t)(base + bytes)) == 0))
        return fd;
    close(fd);
    return -1;
}

struct kept {
    char *name;
    uint64_t bytes;
    struct timespec used;
};

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct kept *)a)->used;
    const struct timespec *y = &((const struct kept *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

static size_t list_files(const struct cache *cache, struct kept **files)
{
    DIR *folder = fdopendir(openat(cache->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct dirent *entry;
    struct stat status;
    size_t count = 0;

    *files = NULL;
    while (folder && (entry = readdir(folder)) != NULL) {
        if (fstatat(cache->folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        *files = must_grow(*files, count + 1, sizeof **files);
        (*files)[count++] = (struct kept){
            must_copy(entry->d_name), (uint64_t)status.st_blocks * 512, status.st_atim};
    }
    if (folder)
        closedir(folder);
    return count;
}

static void make_room(const struct cache *cache, const char *keep)
{
    struct kept *files;
    size_t count = list_files(cache, &files);
    uint64_t bytes = 0;

    qsort(files, count, sizeof *files, by_use);
    for (size_t i = 0; i < count; i++)
        bytes += files[i].bytes;
    for (size_t i = 0; i < count; i++) {
        if (bytes > cache->limit && strcmp(files[i].name, keep) != 0) {
            cache_remove(cache, files[i].name);
            bytes -= files[i].bytes;
        }
        free(files[i].name);
    }
    free(files);
}

void cache_keep(const struct cache *cache, int fd, const char *name)
{
    char *from = must_format("/proc/self/fd/%d", fd);

    cache_remove(cache, name);
    if (linkat(AT_FDCWD, from, cache->folder, name, AT_SYMLINK_FOLLOW) == 0)
        make_room(cache, name);
    free(from);
}

void cache_remove(const struct cache *cache, const char *name)
{
    unlinkat(cache->folder, name, 0);
}
