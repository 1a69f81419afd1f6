/* SPDX-License-Identifier: MIT */
/*
 * Names of a manifest in terms of the generated table of interfaces, and the limits of
 * what init can start.
 */
#ifndef MANIFEST_NAMES_H
#define MANIFEST_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "interfaces.h"

#define SERVICES_MAX 64
#define GRANTS_MAX 23 /* of one service */

/* Whether something may be called that; NAME_RULE says what is right. */
bool name_is_good(const char *name, size_t length);
#define NAME_RULE                                                                                  \
    "a name begins with a small letter, goes on with letters, digits, - and _, "                  \
    "and has at most 63"

/* What every process has of its own, or by providing something: no grant's name. */
bool name_is_own(const char *name);

/* What the kernel can grant to init, up to one without a name. */
struct kernel_grant {
    const char *name;
    unsigned interface;
    unsigned slot; /* its well-known row; 0: it has none */
};
extern const struct kernel_grant kernel_grants[];
const struct kernel_grant *kernel_grant(const char *name); /* NULL: there is none */

/* Which interface a kernel grant, or what a service provides, has; NULL: no such thing. */
const struct phx_interface_info *interface_of_grant(const char *name);
const struct phx_interface_info *interface_of_provided(const char *name);

/* Whether it is granted by the range (what drivers have), not as a whole. */
bool has_ranges(const struct phx_interface_info *interface);

/* What a grant that names no methods is: no device reaches all memory unless the manifest
 * says so. */
uint64_t methods_by_default(const struct phx_interface_info *interface);

/* The bits that a method or facet names, Capability's included; 0: there is none. */
uint64_t methods_named(const struct phx_interface_info *interface, const char *name);

#endif
