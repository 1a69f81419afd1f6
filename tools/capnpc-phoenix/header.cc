/* SPDX-License-Identifier: MIT */
/*
 * X.capnp.h: the constants of enums and interfaces, the words of methods, and
 * (readers.cc) the structs.
 */
#include "emit.h"

/* Operation errors are an enum of their own; others are constants, because an
 * enum read from a message may have any value. */
static void emitEnum(const Enum &e, Claims &claims, Text &out)
{
    std::string prefix = e.isError ? "PHX" : upperCase(e.name);

    if (!e.doc.empty())
        out.add("/* %s */\n", e.doc.c_str());
    out.add("enum%s {\n", e.isError ? " phx_error" : "");
    for (size_t i = 0; i < e.values.size(); i++) {
        std::string name = prefix + "_" + upperCase(e.values[i].name);

        out.add("    %s = %zu,", claims.claim(name, e.name).c_str(), i);
        if (!e.values[i].doc.empty())
            out.add(" /* %s */", e.values[i].doc.c_str());
        out.add("\n");
    }
    std::string count = e.isError ? "PHX_ERROR_COUNT" : prefix + "_COUNT";
    out.add("};\n#define %s %zu\n\n", claims.claim(count, e.name).c_str(), e.values.size());
}

static void emitFacets(const Interface &iface, Claims &claims, Text &out)
{
    for (const Facet &facet : iface.facets) {
        std::string name = iface.prefix() + "_F_" + facet.name, set;

        for (const std::string &constant : facet.constants)
            set += (set.empty() ? "" : " | ") + constant;
        out.add("#define %s (%s)\n", claims.claim(name, iface.name).c_str(),
            set.empty() ? "UINT64_C(0)" : set.c_str());
    }
}

static void emitConstants(const Interface &iface, Claims &claims, Text &out)
{
    std::string prefix = iface.prefix(), common = iface.number ? " | CAPABILITY_M_ALL" : "";

    out.add("/* %s: %s */\n", iface.name.c_str(), iface.doc.c_str());
    out.add("#define %s %u\n", claims.claim("IFACE_" + prefix, iface.name).c_str(),
        iface.number);
    for (const Method &method : iface.methods) {
        std::string name = upperCase(method.name);

        out.add("#define %s %u\n",
            claims.claim(prefix + "_" + name, method.where).c_str(), method.bit);
        out.add("#define %s (UINT64_C(1) << %u)\n",
            claims.claim(prefix + "_M_" + name, method.where).c_str(), method.bit);
    }
    out.add("#define %s (%s%s)\n", claims.claim(prefix + "_M_ALL", iface.name).c_str(),
        hex(iface.ownMask()).c_str(), common.c_str());
    emitFacets(iface, claims, out);
    out.add("\n");
}

static void emitWords(const Interface &iface, const Method &method, bool in, Text &out)
{
    std::string name = wordsStruct(iface, method, in);

    if (name.empty())
        return;
    out.add("%s {\n", name.c_str());
    for (const Param &param : in ? method.in : method.out) {
        if (param.kind == Param::word)
            out.add("    uint64_t %s;\n", variable(param.name).c_str());
        if (param.kind == Param::signedWord)
            out.add("    int64_t %s;\n", variable(param.name).c_str());
    }
    out.add("};\n");
}

std::string emitHeader(const Model &model, const File &file)
{
    Claims claims(file.path);
    std::string guard = "GEN_" + upperCase(file.base) + "_CAPNP_H";
    bool plain = file.id == annotationsFile;
    Text out;

    out.add("%s", opening("what " + file.path + " says, for C.").c_str());
    out.add("#ifndef %s\n#define %s\n\n", guard.c_str(), guard.c_str());
    out.add("#ifndef __ASSEMBLER__\n#include <stdint.h>\n#endif\n");
    for (const std::string &import : file.imports)
        out.add("#include \"%s.capnp.h\"\n", import.c_str());
    if (!file.structs.empty() && !plain)
        out.add("#ifndef __ASSEMBLER__\n#include \"capnp/read.h\"\n#endif\n");
    out.add("\n");
    for (const Interface *iface : file.interfaces)
        emitConstants(*iface, claims, out);
    out.add("#ifndef __ASSEMBLER__\n\n");
    for (const Enum &e : file.enums)
        emitEnum(e, claims, out);
    for (const Interface *iface : file.interfaces)
        for (const Method &method : iface->methods) {
            emitWords(*iface, method, true, out);
            emitWords(*iface, method, false, out);
        }
    if (!plain)
        emitReaders(model, file, claims, out);
    out.add("\n#endif\n#endif\n");
    return out.str();
}
