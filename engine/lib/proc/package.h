/* SPDX-License-Identifier: MIT */
/*
 * The boot package as a program sees it that was handed it: the whole module mapped
 * read-only, its manifest open, its blobs in place and as frames. What is in front of the
 * manifest (phoenix/boot.h) was the kernel's.
 */
#ifndef PROC_PACKAGE_H
#define PROC_PACKAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "manifest.capnp.h"
#include "proc/proc.h"

struct package {
    uint64_t capability; /* BootPackage */
    const uint8_t *module;
    uint64_t size;
    struct capnp_message message;
    struct system_manifest_reader manifest;
};

/* Map and open. NULL, or what is wrong. */
const char *package_open(struct package *package, uint64_t capability);

/* Once more, with a whole traversal limit; false: it is no message. */
bool package_reopen(struct package *package);

/* An entry of binaries by name; false: there is none. */
bool package_binary(struct package *package, const char *name, struct binary_reader *binary);

/* A new Frame of a blob's pages; 0: it is not page-aligned in the module, or no memory. */
uint64_t package_frame(const struct package *package, const uint8_t *blob, uint64_t size);

/* A binary with its frame, to build a process from. NULL, or what is wrong. The
 * frame is the caller's. */
const char *package_image(struct package *package, const char *name, struct proc_image *image);

#endif
