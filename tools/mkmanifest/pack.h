/* SPDX-License-Identifier: MIT */
/*
 * Writes a package as a boot module: what the kernel reads, and one Cap'n Proto message
 * (SystemManifest) in standard stream framing, of two or three segments.
 *
 *   boot header     two pages (boot.h)
 *   segment table   16 bytes
 *   segment 0       the manifest's structs and texts, padded so that
 *   segment 1       starts at a page of the module; binaries, each at a page
 *   segment 2       the files of trees, each extent at a page; not there without any
 *
 * The kernel hands pages of a blob out as they lie there, without a copy. A pointer
 * to a blob is a double-far one, which needs nothing beside the blob itself, so any
 * reader of Cap'n Proto reads the message (`tail -c +8193 MODULE | capnp decode ...`).
 * What is in segment 2 and where depends on nothing but the files, so that it can be
 * kept and used again behind another manifest.
 *
 * Tests    tests/build/mkmanifest_test.sh
 */
#ifndef MKMANIFEST_PACK_H
#define MKMANIFEST_PACK_H

#include "package.h"

#define PACK_BINARIES 1
#define PACK_TREES 2

/* Give every blob its place; sets package->segment_bytes. */
void pack_place(struct package *package);

/* How many bytes there are in front of segment 2. */
uint64_t pack_head_size(const struct package *package);

/*
 * Write it to an empty, seekable file; says how many bytes that is. Without `trees`
 * segment 2 is not written: whoever did that before has hashed its blobs.
 */
uint64_t pack_write(const struct package *package, int fd, bool trees);

#endif
