/* SPDX-License-Identifier: MIT */
/*
 * A system on its way into a boot module: SystemManifest (schema/manifest.capnp)
 * with files of this host where the module has their bytes.
 *
 * Three ways lead here and one leads on. mkmanifest reads JSON that CUE wrote, the
 * launcher builds one for a single program; both check it (check.h) and write it
 * (pack.h). Everything lives until the process ends: these are host programs
 * that run for a moment.
 */
#ifndef MKMANIFEST_PACKAGE_H
#define MKMANIFEST_PACKAGE_H

#include "tree.h"

struct strings {
    char **list;
    size_t count;
};

struct grant {
    char *name, *source;
    struct strings methods; /* facets or methods; none: the default set */
    uint64_t first, count;  /* count 0: no range was said */
};

struct service {
    char *name, *binary;
    struct strings arguments;
    struct grant *grants;
    size_t grant_count;
    struct strings provides;
    uint64_t pages, holds, threads;
    bool restart;
};

struct binary {
    char *name;
    struct blob *blob;
};

struct run {
    char *program; /* a binary's name */
    struct strings arguments, environment;
    char *directory;
    uint64_t scratch;
    bool trace_calls, stats;
};

struct package {
    char *name;
    char *init_binary;
    struct strings init_capabilities;
    struct service *services;
    size_t service_count;
    struct binary *binaries;
    size_t binary_count;
    struct tree_node *tree; /* what is at "/"; NULL: no files */
    struct run *run;        /* NULL: a system with a shell */
    uint64_t slots, slot_length; /* of a core; 0: nothing is said of time */
    const char *refused;    /* by the schema of manifests, with file, line and reason; or NULL */
    uint64_t segment_bytes[3]; /* of the module, by number, once pack_place() was called */
};

void strings_add(struct strings *s, const char *text);
bool strings_have(const struct strings *s, const char *text);
void package_add_binary(struct package *package, const char *name, struct blob *blob);
struct binary *package_binary(const struct package *package, const char *name);

#endif
