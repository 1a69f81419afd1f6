/* SPDX-License-Identifier: MIT */
/*
 * A message of all.capnp's All as text, and copied: every accessor and every
 * setter that is generated for it. peer.cc writes the same text with the C++
 * library, so that two texts are equal exactly if all values are.
 */
#ifndef TESTS_CAPNP_WALK_H
#define TESTS_CAPNP_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Text that grows up to WALK_MAX bytes; what is beyond is dropped. */
#define WALK_MAX (16u << 20)
struct walk_text {
    char *bytes; /* NUL-terminated; freed by walk_free */
    size_t used, size;
    bool cut;
};
void walk_put(struct walk_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void walk_put_hex(struct walk_text *text, const void *bytes, size_t size);
void walk_free(struct walk_text *text);

enum walk_outcome { WALK_READ, WALK_REFUSED, WALK_EXHAUSTED };
/* Untyped: AnyPointers too, as what peer.cc makes of them. */
enum walk_outcome walk_all(
    const void *bytes, size_t size, uint64_t limit, bool untyped, struct walk_text *text);
/* The most segments that a message may have here; the peer has no such limit. */
#define WALK_SEGMENTS 512
/* How long the message at bytes is, framing included; 0: it is none. */
size_t walk_length(const void *bytes, size_t size);
/* Read a message and build it again in [to, to + capacity): its length, or 0. */
size_t copy_all(const void *bytes, size_t size, uint64_t limit, void *to, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
