/* SPDX-License-Identifier: MIT */
/*
 * The packed files of trees, kept from one run to the next.
 *
 * A file of the cache is named after what is in it: the hash of the hashes of all its
 * parts. Which one a run needs is known without reading the trees as long as all
 * their files look as they did (device, inode, size, times, holes); an index says
 * so. Where one does not, everything is read again, and only its hash counts. A
 * file that was touched so lately that it could change once more within the same
 * tick of its file system's clock is not believed to look different.
 *
 * What is kept is believed while its own times are those of when it was written; else
 * it is hashed first, and made again if that is not what its name says. That is
 * against accidents. Whoever can write to the folder can write to everything
 * else of its owner's too: a folder that others may write to is not used.
 *
 * Files come into the folder whole, by a link from one without a name, so a launcher
 * that dies leaves nothing, and two at once do not meet. The oldest go when the folder
 * has more than PHOENIX_CACHE_SIZE (2G). Without a folder, with one that is read-only or
 * full or too small, everything is packed into memory each time.
 *
 * Tests    tests/launcher/cache_test.sh
 */
#ifndef PHOENIX_TREES_H
#define PHOENIX_TREES_H

#include <stdint.h>

/* A file with what pack_place() has put into the segment of trees, from byte `base` on;
 * their blobs are hashed then. */
int trees_open(uint64_t base, uint64_t bytes);

/* Make the file at least that long, with holes; never shorter, whoever else uses it. */
void trees_extend(int fd, uint64_t size);

#endif
