/* SPDX-License-Identifier: MIT */
/*
 * X.build.h: for struct Shape a type `struct shape_builder`, `shape_build(build)`
 * for the root, `shape_build_at(list, index)`, and for each field
 *   shape_set_FIELD(b, value)           numbers, text, data; nothing: of a union
 *   shape_init_FIELD(b)                 structs and groups: their builder
 *   shape_init_FIELD(b, count)          lists; data: where its bytes go
 *   shape_external_FIELD(b, ...)        data in another segment
 *   shape_slot_FIELD(b)                 what has no type of its own
 * Setting a member of a union makes it the one that is set.
 */
#include "structs.h"

class Builders
{
public:
    explicit Builders(const File &from) : claims(from.path) {}
    void emitType(const StructType &type);
    void emitStruct(const StructType &type);
    Text out;

private:
    Claims claims;
    const StructType *type = nullptr;

    void open(const StructField &field, const char *verb, const std::string &result,
        const std::string &parameters);
    void emitNumber(const StructField &field);
    void emitBytes(const StructField &field);
    void emitList(const StructField &field);
    void emitNested(const StructField &field);
    void emitField(const StructField &field);
};

void Builders::emitType(const StructType &declared)
{
    out.add("struct %s {\n    struct capnp_build_struct s;\n};\n",
        claims.claim(declared.prefix + "_builder", declared.name).c_str());
    if (!declared.isGroup)
        out.add("#define %s %u, %u /* words of data, pointers */\n",
            claims.claim("CAPNP_SIZE_" + upperCase(declared.prefix), declared.name).c_str(),
            declared.dataWords, declared.pointers);
}

/* The head of a setter; the union, if there is one, learns what is set. */
void Builders::open(const StructField &field, const char *verb, const std::string &result,
    const std::string &parameters)
{
    std::string name = type->prefix + "_" + verb + "_" + field.name;
    std::string head = "static inline " + result + (result.back() == '*' ? "" : " ") +
        claims.claim(name, field.where) + "(struct " + type->prefix + "_builder b" + parameters +
        ")";

    out.add("%s\n{\n", wrapped(head, 4, 0).c_str());
    if (field.unionValue >= 0)
        out.add("    capnp_set_u16(b.s, %u, %d);\n", type->discriminant, field.unionValue);
}

void Builders::emitNumber(const StructField &field)
{
    std::string bits = field.kind == StructField::boolean ? "bool"
                                                          : "u" + std::to_string(field.bits);
    std::string value = field.isSigned ? "(uint" + std::to_string(field.bits) + "_t)value"
                                       : "value";
    std::string raw = field.kind == StructField::boolean ? "bool"
                                                         : "uint" + std::to_string(field.bits) +
            "_t";

    if (!field.mask.empty())
        value = "(" + raw + ")(" + value + " ^ " + field.mask + ")";
    StructField named = field;
    if (field.kind == StructField::floating)
        named.name += "_bits";
    open(named, "set", "void", ", " + field.type() + " value");
    out.add("    capnp_set_%s(b.s, %u, %s);\n}\n\n", bits.c_str(), field.offset, value.c_str());
}

void Builders::emitBytes(const StructField &field)
{
    bool text = field.kind == StructField::text;
    std::string slot = "capnp_slot_of(b.s, " + std::to_string(field.offset) + ")";

    open(field, "set", "void",
        text ? ", const char *text, size_t size" : ", const void *data, size_t size");
    out.add("    capnp_set_%s(%s, %s, size);\n}\n\n", text ? "text" : "data", slot.c_str(),
        text ? "text" : "data");
    if (text)
        return;
    open(field, "init", "uint8_t *", ", size_t size");
    out.add("    return capnp_set_space(%s, size);\n}\n\n", slot.c_str());
    open(field, "external", "void", ", uint32_t segment, uint64_t offset, size_t size");
    out.add("    capnp_set_external(%s, segment, offset, size);\n}\n\n", slot.c_str());
}

void Builders::emitList(const StructField &field)
{
    std::string slot = "capnp_slot_of(b.s, " + std::to_string(field.offset) + ")";

    open(field, "init", "struct capnp_build_list", ", uint32_t count");
    if (field.element.empty())
        out.add("    return capnp_set_list(%s, %s, count);\n}\n\n", slot.c_str(),
            field.other.c_str());
    else
        out.add("    return capnp_set_structs(%s, count, CAPNP_SIZE_%s);\n}\n\n", slot.c_str(),
            upperCase(field.element).c_str());
}

void Builders::emitNested(const StructField &field)
{
    std::string result = "struct " + field.other + "_builder";

    open(field, "init", result, "");
    if (field.kind == StructField::group)
        out.add("    return (%s){ b.s };\n}\n\n", result.c_str());
    else
        out.add("    return (%s){\n        capnp_set_struct(capnp_slot_of(b.s, %u), CAPNP_SIZE_%s)\n"
                "    };\n}\n\n",
            result.c_str(), field.offset, upperCase(field.other).c_str());
}

void Builders::emitField(const StructField &field)
{
    switch (field.kind) {
    case StructField::nothing:
        if (field.unionValue >= 0) {
            open(field, "set", "void", "");
            out.add("}\n\n");
        }
        return;
    case StructField::boolean:
    case StructField::integer:
    case StructField::floating:
        return emitNumber(field);
    case StructField::text:
    case StructField::data:
        return emitBytes(field);
    case StructField::list:
        return emitList(field);
    case StructField::structure:
    case StructField::group:
        return emitNested(field);
    case StructField::any:
        open(field, "slot", "struct capnp_slot", "");
        out.add("    return capnp_slot_of(b.s, %u);\n}\n\n", field.offset);
    }
}

void Builders::emitStruct(const StructType &declared)
{
    std::string view = "struct " + declared.prefix + "_builder";

    type = &declared;
    if (!declared.isGroup) {
        out.add("static inline %s %s(struct capnp_build *build)\n{\n", view.c_str(),
            claims.claim(declared.prefix + "_build", declared.name).c_str());
        out.add("    return (%s){ capnp_set_struct(capnp_build_root(build), CAPNP_SIZE_%s) };\n}\n\n",
            view.c_str(), upperCase(declared.prefix).c_str());
        out.add("static inline %s %s(\n    struct capnp_build_list list, uint32_t index)\n{\n",
            view.c_str(), claims.claim(declared.prefix + "_build_at", declared.name).c_str());
        out.add("    return (%s){ capnp_build_at(list, index) };\n}\n\n", view.c_str());
    }
    for (const StructField &field : declared.fields)
        emitField(field);
}

std::string emitBuilders(const Model &model, const File &file)
{
    std::string guard = "GEN_" + upperCase(file.base) + "_BUILD_H";
    std::vector<StructType> types = structsOf(model, file);
    Builders builders(file);
    Text head;

    head.add("%s", opening("building the structs of " + file.path + ".").c_str());
    head.add("#ifndef %s\n#define %s\n\n", guard.c_str(), guard.c_str());
    head.add("#include \"%s.capnp.h\"\n#include \"capnp/build.h\"\n", file.base.c_str());
    for (const std::string &import : file.imports)
        head.add("#include \"%s.build.h\"\n", import.c_str());
    head.add("\n");
    if (file.id != annotationsFile) {
        for (const StructType &type : types)
            builders.emitType(type);
        builders.out.add("\n");
        for (const StructType &type : types)
            builders.emitStruct(type);
    }
    return head.str() + builders.out.str() + "#endif\n";
}
