/* SPDX-License-Identifier: MIT */
/*
 * Whether a manifest is one that can be started, by another reader (Cap'n Proto's C++
 * library) and by rules that were written down a second time, from what the schema, the
 * services and the packer say. For comparing with the kernel's and init's checks.
 */
#ifndef TESTS_MANIFEST_ORACLE_H
#define TESTS_MANIFEST_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The module begins at a page boundary. False: `why` says what it objects to. */
bool oracle_accepts(const uint8_t *module, size_t size, char why[256]);

#ifdef __cplusplus
}
#endif

#endif
