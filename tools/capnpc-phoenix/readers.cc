/* SPDX-License-Identifier: MIT */
/*
 * The part of X.capnp.h that reads structs: for struct Shape a type
 * `struct shape_reader`, `shape_root(message)`, `shape_at(list, index)`, and for
 * each field `shape_FIELD(r)`; pointers have `shape_has_FIELD(r)`, unions
 * `shape_which(r)` and SHAPE_IS_FIELD. A member of a union that is not set reads
 * as its default. Floats are read as bits: the kernel has no registers for more.
 */
#include "structs.h"

static void emitType(const StructType &type, Claims &claims, Text &out)
{
    if (!type.doc.empty())
        out.add("/* %s */\n", type.doc.c_str());
    out.add("struct %s {\n    struct capnp_struct s;\n};\n",
        claims.claim(type.prefix + "_reader", type.name).c_str());
    if (!type.hasUnion)
        return;
    out.add("enum {\n");
    for (const StructField &field : type.fields)
        if (field.unionValue >= 0)
            out.add("    %s = %d,\n",
                claims.claim(upperCase(type.prefix) + "_IS_" + upperCase(field.name), field.where)
                    .c_str(),
                field.unionValue);
    out.add("};\n");
}

static void emitFunction(
    Text &out, const std::string &type, const std::string &name, const std::string &parameters)
{
    out.add("static inline %s %s(%s)\n{\n", type.c_str(), name.c_str(), parameters.c_str());
}

static void emitStructFunctions(const StructType &type, Claims &claims, Text &out)
{
    std::string view = "struct " + type.prefix + "_reader";

    if (type.hasUnion) {
        emitFunction(out, "uint16_t", claims.claim(type.prefix + "_which", type.name), view + " r");
        out.add("    return capnp_u16(&r.s, %u);\n}\n\n", type.discriminant);
    }
    if (type.isGroup)
        return;
    emitFunction(out, view, claims.claim(type.prefix + "_read", type.name),
        "struct capnp_pointer pointer");
    out.add("    return (%s){ capnp_read_struct(pointer) };\n}\n\n", view.c_str());
    emitFunction(out, view, claims.claim(type.prefix + "_root", type.name),
        "struct capnp_message *message");
    out.add("    return %s_read(capnp_root(message));\n}\n\n", type.prefix.c_str());
    emitFunction(out, view, claims.claim(type.prefix + "_at", type.name),
        "struct capnp_list list, uint32_t index");
    out.add("    return (%s){ capnp_list_struct(list, index) };\n}\n\n", view.c_str());
}

static void emitNumber(const StructType &type, const StructField &field, Text &out)
{
    std::string load = field.kind == StructField::boolean
        ? "capnp_bool(&r.s, " + std::to_string(field.offset) + ")"
        : "capnp_u" + std::to_string(field.bits) + "(&r.s, " + std::to_string(field.offset) + ")";
    std::string value = field.mask.empty() ? load : "(" + load + " ^ " + field.mask + ")";

    emitFunction(out, field.type(), field.function, "struct " + type.prefix + "_reader r");
    if (field.unionValue >= 0)
        out.add("    if (capnp_u16(&r.s, %u) != %d)\n        return %s;\n", type.discriminant,
            field.unionValue, field.fallback.c_str());
    out.add("    return (%s)%s;\n}\n\n", field.type().c_str(), value.c_str());
}

static void emitGroup(const StructType &type, const StructField &field, Text &out)
{
    std::string view = "struct " + field.other + "_reader";

    emitFunction(out, view, field.function, "struct " + type.prefix + "_reader r");
    if (field.unionValue >= 0)
        out.add("    return (%s){ capnp_member_group(r.s, %u, %d) };\n}\n\n", view.c_str(),
            type.discriminant, field.unionValue);
    else
        out.add("    return (%s){ r.s };\n}\n\n", view.c_str());
}

static std::string pointerOf(const StructType &type, const StructField &field)
{
    std::string index = std::to_string(field.offset);

    if (field.unionValue < 0)
        return "capnp_field(&r.s, " + index + ")";
    return "capnp_member(&r.s, " + index + ", " + std::to_string(type.discriminant) + ", " +
        std::to_string(field.unionValue) + ")";
}

/* What a null pointer reads as, in front of the reading of another one. */
static void emitFallback(const StructField &field, Text &out)
{
    if (!field.bytes.empty() && field.kind == StructField::text)
        out.add("    if (capnp_is_null(pointer))\n"
                "        return (struct capnp_text){ %s, %zu };\n",
            quoted(field.bytes).c_str(), field.bytes.size());
    if (!field.bytes.empty() && field.kind == StructField::data)
        out.add("    if (capnp_is_null(pointer))\n"
                "        return (struct capnp_data){ (const uint8_t *)%s, %zu };\n",
            quoted(field.bytes).c_str(), field.bytes.size());
    if (field.words.empty())
        return;
    std::string list;
    for (uint64_t word : field.words)
        list += (list.empty() ? "" : ", ") + hex(word);
    out.add("    static const uint64_t words[] = {\n        %s\n    };\n\n"
            "    if (capnp_is_null(pointer))\n"
            "        pointer = capnp_constant(pointer, words, %zu);\n",
        wrapped(list, 8, 8).c_str(), field.words.size());
}

static void emitPointer(const StructType &type, const StructField &field, Claims &claims, Text &out)
{
    std::string parameter = "struct " + type.prefix + "_reader r";
    std::string result, how;

    switch (field.kind) {
    case StructField::text:
        result = "struct capnp_text", how = "capnp_read_text(pointer)";
        break;
    case StructField::data:
        result = "struct capnp_data", how = "capnp_read_data(pointer)";
        break;
    case StructField::list:
        result = "struct capnp_list", how = "capnp_read_list(pointer, " + field.other + ")";
        break;
    case StructField::structure:
        result = "struct " + field.other + "_reader";
        how = "(" + result + "){ capnp_read_struct(pointer) }";
        break;
    default:
        result = "struct capnp_pointer", how = "pointer";
    }
    emitFunction(out, "bool", claims.claim(type.prefix + "_has_" + field.name, field.where),
        parameter);
    out.add("    return !capnp_is_null(%s);\n}\n\n", pointerOf(type, field).c_str());
    emitFunction(out, result, field.function, parameter);
    out.add("    struct capnp_pointer pointer = %s;\n\n", pointerOf(type, field).c_str());
    emitFallback(field, out);
    out.add("    return %s;\n}\n\n", how.c_str());
}

void emitReaders(const Model &model, const File &file, Claims &claims, Text &out)
{
    std::vector<StructType> types = structsOf(model, file);

    for (const StructType &type : types)
        emitType(type, claims, out);
    out.add("\n");
    for (const StructType &type : types) {
        emitStructFunctions(type, claims, out);
        for (const StructField &field : type.fields) {
            if (field.kind == StructField::nothing)
                continue;
            claims.claim(field.function, field.where);
            if (!field.doc.empty())
                out.add("/* %s */\n", field.doc.c_str());
            if (field.isPointer())
                emitPointer(type, field, claims, out);
            else if (field.kind == StructField::group)
                emitGroup(type, field, out);
            else
                emitNumber(type, field, out);
        }
    }
}
