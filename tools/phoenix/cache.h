/* SPDX-License-Identifier: MIT */
/*
 * A folder of files that can be made again: ${XDG_CACHE_HOME:-~/.cache}/phoenix. What a
 * file means is its user's business (trees.h); here are names, sizes and ages.
 */
#ifndef PHOENIX_CACHE_H
#define PHOENIX_CACHE_H

#include <stdbool.h>
#include <stdint.h>

struct cache {
    int folder;     /* -1: there is none */
    uint64_t limit; /* bytes of all files */
};

void cache_open(struct cache *cache);

/* A file of the folder, to read and write, as one that was used now; -1: not there. */
int cache_find(const struct cache *cache, const char *name);

/* A new file without a name, with room for `bytes` from `base` on; -1: there is no
 * folder, or no room. */
int cache_new(const struct cache *cache, uint64_t base, uint64_t bytes);

/* Give it a name, which another file may have had, and make room for it: the files that
 * were not used for longest go. */
void cache_keep(const struct cache *cache, int fd, const char *name);

void cache_remove(const struct cache *cache, const char *name);

#endif
