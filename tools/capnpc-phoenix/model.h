/* SPDX-License-Identifier: MIT */
/*
 * The model: what Phoenix's schemas say, checked, in the form that every emitter
 * needs. Emitters only print; whatever can be wrong in a schema is refused here,
 * with file and name.
 */
#ifndef CAPNPC_PHOENIX_MODEL_H
#define CAPNPC_PHOENIX_MODEL_H

#include <capnp/dynamic.h>
#include <capnp/schema-loader.h>
#include <capnp/schema.capnp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "names.h"

constexpr uint64_t annotationsFile = 0xf1c2a7d0e95b3a41;

constexpr unsigned kernelInterfaces = 64; /* numbers below are the kernel's */
constexpr unsigned firstCommonBit = 56;   /* this one and up are Capability's */
constexpr unsigned kernelWords = 5;       /* registers for words of a kernel method */
constexpr unsigned messageWords = 10;
constexpr unsigned messageCaps = 4;

/* One parameter or result of a method in the register form. */
struct Param {
    enum Kind { word, signedWord, blob, capability };
    std::string name;
    Kind kind;
    unsigned interface; /* capability: the number it must have, 0 any */
};

struct Method {
    std::string name;
    std::string where; /* Interface.method, for refusals */
    unsigned bit = 0;
    std::string doc;
    std::string as; /* Interface.method whose handler does this one; empty: its own */
    bool marker = false, interruptSafe = false, words = false;
    std::vector<unsigned> nyx;
    unsigned slot = 0;
    std::string slotName;
    std::vector<std::string> errors; /* those beyond the common ones */
    std::vector<std::string> tests;
    std::vector<Param> in, out;

    uint64_t mask() const { return UINT64_C(1) << bit; }
};

struct Facet {
    std::string name;
    std::vector<std::string> constants; /* the method sets that it is made of */
    uint64_t mask = 0;                  /* without Capability's unless it is Capability */
};

struct Interface {
    uint64_t id = 0;
    std::string file, name;
    unsigned number = 0;
    std::string doc;
    std::string detail; /* what word 0 of a failed answer says; empty: nothing */
    std::vector<Method> methods;
    std::vector<const Interface *> supers; /* flattened */
    std::vector<Facet> facets;

    bool isKernel() const { return number < kernelInterfaces; }
    std::string prefix() const { return upperCase(name); }
    uint64_t ownMask() const;
};

struct Enumerant {
    std::string name, doc;
};

struct Enum {
    uint64_t id = 0;
    std::string name, doc;
    std::vector<Enumerant> values;
    bool isError = false; /* the one that operations answer with */
};

/* One requested schema file. */
struct File {
    uint64_t id = 0;
    std::string path, base; /* schema/kernel.capnp, kernel */
    std::vector<std::string> imports; /* bases */
    std::vector<Enum> enums;
    std::vector<Interface *> interfaces;
    std::vector<uint64_t> structs; /* in order of declaration, nested ones after theirs */
    bool isKernel = false;         /* has Capability, the interface with number 0 */
};

class Model
{
public:
    explicit Model(capnp::schema::CodeGeneratorRequest::Reader request);

    capnp::SchemaLoader loader;
    std::vector<File> files;
    std::unique_ptr<Enum> errors; /* what operations answer with */

    const Interface *capability() const { return byNumber(0); }
    const Interface *byNumber(unsigned number) const;
    const Interface *byId(uint64_t id) const;
    std::vector<const Interface *> all() const; /* by number */
    std::string fileOf(uint64_t node) const;
    uint64_t errorMask(const Method &method) const; /* common errors included */

    using Annotations = capnp::List<capnp::schema::Annotation>::Reader;
    /* The value of one of annotations.capnp's annotations, or nothing. */
    kj::Maybe<capnp::schema::Value::Reader> annotation(
        Annotations list, const char *name) const;
    std::string text(Annotations list, const char *name) const;

private:
    std::map<uint64_t, capnp::schema::Node::Reader> nodes;
    std::map<uint64_t, std::unique_ptr<Interface>> interfaces;

    void readEnums(File &file, uint64_t scope);
    Enum readEnum(capnp::schema::Node::Reader node) const;
    void readInterface(capnp::schema::Node::Reader node);
    void readMethods(Interface &iface, capnp::InterfaceSchema schema);
    void readOperation(const Interface &iface, Method &method, Annotations list) const;
    std::vector<Param> readParams(
        const Interface &iface, const Method &method, capnp::StructSchema schema) const;
    uint64_t facetType() const;
    void readFacets(Interface &iface, capnp::schema::Node::Reader node);
    void findScopes(File &file, uint64_t scope);
    void findErrors();
    void flatten(Interface &iface, capnp::InterfaceSchema schema);
    void checkNumbers() const;
    void checkBits(const Interface &iface) const;
    void checkErrors(const Interface &iface) const;
};

#endif
