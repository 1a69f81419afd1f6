/* SPDX-License-Identifier: MIT */
/*
 * What the C++ library makes of all.capnp: random messages, and messages as the
 * text that walk.c writes. Schemas are read from the source when a test runs, so
 * nothing of it comes out of capnpc-phoenix.
 */
#ifndef TESTS_CAPNP_PEER_H
#define TESTS_CAPNP_PEER_H

#include <capnp/schema-parser.h>
#include <kj/array.h>

#include <cstdint>
#include <string>

#include "walk.h"

/* Numbers that are the same on every machine. */
class Random
{
public:
    explicit Random(uint64_t seed) : state(seed) {}
    uint64_t next();
    uint64_t below(uint64_t n) { return next() % n; }
    bool chance(unsigned percent) { return below(100) < percent; }

private:
    uint64_t state;
};

class Peer
{
public:
    Peer();
    /*
     * A message with its framing, in many segments or few. Plain: only what the
     * text and JSON forms can say too (no NaNs, unknown enumerants, AnyPointers).
     */
    kj::Array<capnp::word> make(Random &random, bool plain);

    enum Outcome { read, refused, exhausted };
    /* `limit` words may be traversed, as the library counts them. */
    std::string why; /* of the last refusal */
    Outcome walk(kj::ArrayPtr<const capnp::word> message, uint64_t limit, struct walk_text *text);

private:
    capnp::SchemaParser parser;
    kj::Own<kj::Filesystem> disk;
    capnp::StructSchema all, inner;
};

#endif
