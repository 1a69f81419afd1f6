/* SPDX-License-Identifier: MIT */
/* What the files of the check share: how it refuses, and what each looks at. */
#ifndef INIT_CHECK_PARTS_H
#define INIT_CHECK_PARTS_H

#include "check.h"

#define BLOB_PAGE 4096 /* where blobs begin in a module */

struct check {
    struct capnp_message *message;
    struct system_manifest_reader manifest;
    struct capnp_list services, binaries, trees;
    bool (*granted)(const char *name);
    unsigned flags;
    char *why;
};

/* Says what is wrong, and where; false. */
bool refuse(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* By name; false: there is none. */
bool find_binary(const struct check *c, struct capnp_text name, struct binary_reader *binary);

/* What the manifest says of a file's bytes. */
struct claim {
    const char *name;
    struct capnp_data content;
    uint64_t size;
    struct capnp_data sha256;
};
/* They are that many, of that hash, at a page boundary of the module. `place` is the
 * struct that says so, with %u for i and then k. */
bool check_blob(
    struct check *c, const struct claim *claim, const char *place, uint32_t i, uint32_t k);

/* Whether this is the hash that the manifest has. */
bool digest_is(const uint8_t digest[], struct capnp_data wanted);

/* whole.c: everything can be read, and no text has a zero byte in it. */
bool check_whole(struct check *c);

/* check_services.c */
bool check_services(struct check *c);

/* check_trees.c */
bool check_trees(struct check *c);

#endif
