/* SPDX-License-Identifier: MIT */
/*
 * What people read: names and lines of documentation as tables for the shell and
 * for tools, and the reference page.
 */
#include "emit.h"

std::string emitErrorTexts(const Model &model)
{
    Text out;

    out.add("%s", opening("the errors' names and what they mean.").c_str());
    out.add("#include \"interfaces.h\"\n\n");
    out.add("const struct phx_error_text phx_error_texts[PHX_ERROR_COUNT] = {\n");
    for (const Enumerant &value : model.errors->values)
        out.add("    [PHX_%s] = { %s, %s },\n", upperCase(value.name).c_str(),
            quoted(titleCase(value.name)).c_str(), quoted(value.doc).c_str());
    out.add("};\n");
    return out.str();
}

std::string emitInterfaceHeader(const Model &model)
{
    Text out;

    out.add("%s", opening("interfaces, methods and errors by name.").c_str());
    out.add("#ifndef GEN_INTERFACES_H\n#define GEN_INTERFACES_H\n\n"
            "#include <stdint.h>\n\n#include \"kernel.capnp.h\"\n\n"
            "struct phx_error_text {\n    const char *name, *text;\n};\n\n"
            "/* By error number; error_texts.inc.c. */\n"
            "extern const struct phx_error_text phx_error_texts[PHX_ERROR_COUNT];\n\n"
            "struct phx_method_info {\n    const char *name, *doc;\n    uint8_t bit;\n"
            "    uint8_t marker; /* a permission that is never invoked */\n};\n\n"
            "struct phx_facet_info {\n    const char *name;\n    uint64_t methods;\n};\n\n"
            "struct phx_interface_info {\n    const char *name, *doc;\n    uint16_t number;\n"
            "    uint16_t method_count, facet_count;\n    const struct phx_method_info *methods;\n"
            "    const struct phx_facet_info *facets;\n"
            "    uint64_t all; /* every method, Capability's included */\n};\n\n");
    out.add("#define PHX_INTERFACES %zu\n\n"
            "/* Ascending by number, Capability first; behind the last one stands a name of NULL. The\n"
            " * table is an object file of its own (interfaces.inc.c), so that a system with more\n"
            " * interfaces links another. */\n"
            "extern const struct phx_interface_info phx_interfaces[];\n\n#endif\n",
        model.all().size());
    return out.str();
}

static void emitTables(const Interface &iface, Text &out)
{
    std::string name = snakeCase(iface.name);

    if (!iface.methods.empty())
        out.add("static const struct phx_method_info %s_methods[] = {\n", name.c_str());
    for (const Method &method : iface.methods)
        out.add("    { %s, %s, %u, %u },\n", quoted(method.name).c_str(),
            quoted(method.doc).c_str(), method.bit, method.marker);
    if (!iface.methods.empty())
        out.add("};\n");
    if (!iface.facets.empty())
        out.add("static const struct phx_facet_info %s_facets[] = {\n", name.c_str());
    for (const Facet &facet : iface.facets)
        out.add("    { %s, %s },\n", quoted(facet.name).c_str(), hex(facet.mask).c_str());
    if (!iface.facets.empty())
        out.add("};\n");
}

std::string emitInterfaceTables(const Model &model)
{
    uint64_t common = model.capability()->ownMask();
    Text out;

    out.add("%s", opening("every interface, by name.").c_str());
    out.add("#include \"interfaces.h\"\n\n");
    for (const Interface *iface : model.all())
        emitTables(*iface, out);
    out.add("\nconst struct phx_interface_info phx_interfaces[PHX_INTERFACES + 1] = {\n");
    for (const Interface *iface : model.all()) {
        std::string name = snakeCase(iface->name);

        out.add("    { %s,\n        %s, %u, %zu, %zu, %s, %s, %s },\n",
            quoted(iface->name).c_str(), quoted(iface->doc).c_str(), iface->number,
            iface->methods.size(), iface->facets.size(),
            iface->methods.empty() ? "0" : (name + "_methods").c_str(),
            iface->facets.empty() ? "0" : (name + "_facets").c_str(),
            hex(iface->ownMask() | common).c_str());
    }
    out.add("};\n");
    return out.str();
}

std::string emitTests(const Model &model)
{
    Text out;

    for (const Interface *iface : model.all())
        for (const Method &method : iface->methods)
            for (const std::string &test : method.tests)
                out.add("%s %s\n", method.where.c_str(), test.c_str());
    return out.str();
}

/* --- the reference page --------------------------------------------------- */

static std::string paramList(const std::vector<Param> &params)
{
    std::string list;

    for (const Param &param : params) {
        static const char *const kinds[] = { "", ": signed", ": bytes", ": capability" };

        list += (list.empty() ? "" : ", ") + param.name + kinds[param.kind];
    }
    return list;
}

static void describeMethod(const Method &method, Text &out)
{
    std::string signature = method.name;

    if (!method.marker) {
        signature += "(" + paramList(method.in) + ")";
        if (!method.out.empty())
            signature += " -> (" + paramList(method.out) + ")";
    }
    out.add("- **%u** `%s`: %s", method.bit, signature.c_str(), method.doc.c_str());
    if (method.marker)
        out.add(" *A permission; not invoked by itself.*");
    if (method.interruptSafe)
        out.add(" *Interrupt safe.*");
    for (size_t i = 0; i < method.nyx.size(); i++)
        out.add("%s%u", i ? ", " : " libnyx ", method.nyx[i]);
    if (!method.nyx.empty())
        out.add(".");
    for (size_t i = 0; i < method.errors.size(); i++)
        out.add("%s%s", i ? ", " : " Errors: ", titleCase(method.errors[i]).c_str());
    out.add("%s\n", method.errors.empty() ? "" : ".");
}

static void describe(const Interface &iface, Text &out)
{
    out.add("\n## %s (%u)\n\n%s\n", iface.name.c_str(), iface.number, iface.doc.c_str());
    for (const Interface *super : iface.supers)
        out.add("Extends %s.\n", super->name.c_str());
    if (!iface.detail.empty())
        out.add("Word 0 of a failed answer: %s.\n", iface.detail.c_str());
    if (!iface.methods.empty())
        out.add("\n");
    for (const Method &method : iface.methods)
        describeMethod(method, out);
    if (!iface.facets.empty())
        out.add("\nFacets: ");
    for (size_t i = 0; i < iface.facets.size(); i++) {
        const Facet &facet = iface.facets[i];

        out.add("%s%s =", i ? "; " : "", facet.name.c_str());
        for (const std::string &constant : facet.constants)
            out.add(" `%s`", constant.c_str());
    }
    if (!iface.facets.empty())
        out.add(".\n");
}

std::string emitReference(const Model &model)
{
    Text out;

    out.add("<!-- SPDX-License-Identifier: MIT -->\n# Reference: interfaces, methods, errors\n\n"
            "Made from `schema/` by `capnpc-phoenix`; change it there. A method's number is its "
            "bit in\na hold's method set and the `method` of an operation word. Words are 64 bits; "
            "bytes\ntravel in a message's buffer, capabilities beside it. Every operation may "
            "answer\nInvalidSyscall, InvalidCapability, PermissionDenied, InvalidArgument, Revoked "
            "and\nConsumed; a method's further errors are listed with it.\n");
    for (const Interface *iface : model.all())
        describe(*iface, out);
    out.add("\n## Errors\n\nOn the wire the number is negative.\n\n");
    for (size_t i = 0; i < model.errors->values.size(); i++)
        out.add("- **%zu** %s: %s\n", i, titleCase(model.errors->values[i].name).c_str(),
            model.errors->values[i].doc.c_str());
    return out.str();
}
