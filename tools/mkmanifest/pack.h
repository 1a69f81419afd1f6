/* SPDX-License-Identifier: MIT */
/*
 * Writes a package as a boot module: one Cap'n Proto message (SystemManifest) in
 * standard stream framing, of two segments.
 *
 *   segment table   16 bytes
 *   segment 0       the manifest's structs and texts, padded so that
 *   segment 1       starts at a page of the module; blobs, each at a page
 *
 * The kernel hands pages of a blob out as they lie there, without a copy. A pointer
 * to a blob is a double-far one, which needs nothing beside the blob itself, so
 * any reader of Cap'n Proto reads the module (`capnp decode`).
 *
 * Tests    tests/build/mkmanifest_test.sh
 */
#ifndef MKMANIFEST_PACK_H
#define MKMANIFEST_PACK_H

#include "package.h"

/* Write it to an empty, seekable file; says how many bytes it has. */
uint64_t pack_write(const struct package *package, int fd);

#endif
