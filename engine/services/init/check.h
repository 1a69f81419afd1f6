/* SPDX-License-Identifier: MIT */
/*
 * Whether a manifest can be started: every reference leads somewhere, every name
 * is there once, every blob is what was packed.
 *
 * The host's packer refuses the same things earlier and with file and line; this
 * is for a module that was made by something else, or that changed on its way. The
 * first thing that is wrong is said with the field it is in, and nothing starts.
 *
 * With MANIFEST_HASHES every blob is hashed again. Without, a machine that runs a
 * single program saves the time (a second for 10 MB, under emulation): its module comes
 * from the launcher that started it, which is all that such a machine trusts. What was
 * packed earlier is looked after there (tools/phoenix/cache.h).
 *
 * Tests  check_test.c, on the host
 */
#ifndef INIT_CHECK_H
#define INIT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifest.capnp.h"
#include "manifest/names.h"

#define CHECK_TEXT 256
#define MANIFEST_HASHES 1

/* False: `why` is "services[1].grants[0].source: ...". The message is freshly opened,
 * and opened anew by the caller afterwards: its traversal limit was used up for this.
 * `granted` says whether init itself was handed a kernel grant of that name. */
bool manifest_check(struct capnp_message *message, unsigned flags,
    bool (*granted)(const char *name), char why[CHECK_TEXT]);

/* --- order.c ---------------------------------------------------------------- */

bool text_is(struct capnp_text a, struct capnp_text b);
/* The service that provides a name, by index; services.count: none does. */
uint32_t service_providing(struct capnp_list services, struct capnp_text name);
/* An order in which each service comes after those that it needs. Answers how many
 * could be put in order; if not all, order[that many] is one that needs itself. */
uint32_t services_order(struct system_manifest_reader manifest, uint32_t order[SERVICES_MAX]);

#endif
