/* SPDX-License-Identifier: MIT */
/*
 * Structs as the emitters of readers and builders see them: C names, fields with
 * their places and defaults, unions.
 */
#ifndef CAPNPC_PHOENIX_STRUCTS_H
#define CAPNPC_PHOENIX_STRUCTS_H

#include "emit.h"

struct StructField {
    enum Kind { nothing, boolean, integer, floating, text, data, list, structure, any, group };
    std::string name;     /* snake case */
    std::string where;    /* for refusals */
    std::string function; /* system_manifest_name */
    std::string doc;
    Kind kind;
    unsigned bits = 0;       /* of a number */
    bool isSigned = false;
    uint32_t offset = 0;     /* in units of its size; pointers: index */
    std::string fallback;    /* a number's default as a C constant, sign and all */
    std::string mask;        /* what a number is XORed with; empty: nothing */
    std::string bytes;       /* text, data: the default, without NUL */
    std::vector<uint64_t> words; /* list, structure, any: the default as a message */
    std::string other;       /* list: CAPNP_*; structure, group: the C prefix there */
    std::string element;     /* list of structs: the C prefix of those */
    int unionValue = -1;     /* in the union: its discriminant */

    bool isPointer() const { return kind >= text && kind <= any; }
    std::string type() const; /* uint32_t */
};

struct StructType {
    std::string prefix; /* system_manifest */
    std::string name;   /* CapSet.Entry, for refusals */
    std::string doc;
    unsigned dataWords, pointers;
    unsigned discriminant; /* in 16-bit units; meaningless without a union */
    bool hasUnion, isGroup;
    std::vector<StructField> fields;
};

/* A file's structs with their groups, each after what it is declared in. */
std::vector<StructType> structsOf(const Model &model, const File &file);

#endif
