/* SPDX-License-Identifier: MIT */
/*
 * Structs: from the schema's to what C needs.
 *
 * A group is a struct of its own here that shares its parent's sections. The wire
 * has numbers XORed with their default; the default of a pointer is a message,
 * copied here into one segment.
 */
#include "structs.h"

#include <capnp/message.h>

#include <cstring>

namespace schema = capnp::schema;

std::string StructField::type() const
{
    if (kind == boolean)
        return "bool";
    return (isSigned ? "int" : "uint") + std::to_string(bits) + "_t";
}

static std::string prefixOf(const Model &model, uint64_t id)
{
    schema::Node::Reader node = model.loader.get(id).getProto();
    std::string own = snakeCase(node.getDisplayName().cStr() + node.getDisplayNamePrefixLength());
    uint64_t scope = node.getScopeId();

    KJ_IF_MAYBE (outer, model.loader.tryGet(scope))
        if (!outer->getProto().isFile())
            return prefixOf(model, scope) + "_" + own;
    return own;
}

static const char *elementSize(schema::Type::Reader type)
{
    switch (type.which()) {
    case schema::Type::VOID:
        return "CAPNP_VOID";
    case schema::Type::BOOL:
        return "CAPNP_BIT";
    case schema::Type::INT8:
    case schema::Type::UINT8:
        return "CAPNP_BYTE";
    case schema::Type::INT16:
    case schema::Type::UINT16:
    case schema::Type::ENUM:
        return "CAPNP_TWO";
    case schema::Type::INT32:
    case schema::Type::UINT32:
    case schema::Type::FLOAT32:
        return "CAPNP_FOUR";
    case schema::Type::INT64:
    case schema::Type::UINT64:
    case schema::Type::FLOAT64:
        return "CAPNP_EIGHT";
    case schema::Type::STRUCT:
        return "CAPNP_COMPOSITE";
    default:
        return "CAPNP_POINTER";
    }
}

/* A pointer default as one segment: its root pointer is the default itself. */
static std::vector<uint64_t> constantWords(capnp::AnyPointer::Reader value)
{
    if (value.isNull())
        return {};
    capnp::MallocMessageBuilder message(
        (uint)value.targetSize().wordCount + 1, capnp::AllocationStrategy::FIXED_SIZE);
    message.setRoot(value);
    auto segment = message.getSegmentsForOutput()[0];
    std::vector<uint64_t> words(segment.size());
    memcpy(words.data(), segment.begin(), segment.size() * 8);
    return words;
}

static void setNumber(StructField &field, unsigned bits, bool isSigned, uint64_t value)
{
    uint64_t kept = bits == 64 ? value : value & ((UINT64_C(1) << bits) - 1);

    field.kind = StructField::integer;
    field.bits = bits;
    field.isSigned = isSigned;
    field.fallback = "(" + field.type() + ")" + hex(kept);
    field.mask = kept ? "(uint" + std::to_string(bits) + "_t)" + hex(kept) : "";
}

template <typename Bits, typename Number> static Bits bitsOf(Number number)
{
    Bits bits;

    static_assert(sizeof(bits) == sizeof(number), "a number's bits");
    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

static void setFloat(StructField &field, unsigned bits, uint64_t value)
{
    setNumber(field, bits, false, value);
    field.kind = StructField::floating;
    field.function += "_bits";
}

/* Numbers; false: it is none. */
static bool readNumber(StructField &field, schema::Value::Reader value)
{
    switch (value.which()) {
    case schema::Value::BOOL:
        field.kind = StructField::boolean;
        field.fallback = value.getBool() ? "true" : "false";
        field.mask = value.getBool() ? "true" : "";
        return true;
    case schema::Value::INT8:
        return setNumber(field, 8, true, (uint64_t)value.getInt8()), true;
    case schema::Value::INT16:
        return setNumber(field, 16, true, (uint64_t)value.getInt16()), true;
    case schema::Value::INT32:
        return setNumber(field, 32, true, (uint64_t)value.getInt32()), true;
    case schema::Value::INT64:
        return setNumber(field, 64, true, (uint64_t)value.getInt64()), true;
    case schema::Value::UINT8:
        return setNumber(field, 8, false, value.getUint8()), true;
    case schema::Value::UINT16:
        return setNumber(field, 16, false, value.getUint16()), true;
    case schema::Value::UINT32:
        return setNumber(field, 32, false, value.getUint32()), true;
    case schema::Value::UINT64:
        return setNumber(field, 64, false, value.getUint64()), true;
    case schema::Value::ENUM:
        return setNumber(field, 16, false, value.getEnum()), true;
    case schema::Value::FLOAT32:
        return setFloat(field, 32, bitsOf<uint32_t>(value.getFloat32())), true;
    case schema::Value::FLOAT64:
        return setFloat(field, 64, bitsOf<uint64_t>(value.getFloat64())), true;
    default:
        return false;
    }
}

static void readPointer(
    const Model &model, StructField &field, schema::Type::Reader type, schema::Value::Reader value)
{
    switch (value.which()) {
    case schema::Value::TEXT:
        field.kind = StructField::text;
        field.bytes = std::string(value.getText().begin(), value.getText().end());
        return;
    case schema::Value::DATA:
        field.kind = StructField::data;
        field.bytes = std::string((const char *)value.getData().begin(), value.getData().size());
        return;
    case schema::Value::LIST:
        field.kind = StructField::list;
        field.words = constantWords(value.getList());
        field.other = elementSize(type.getList().getElementType());
        if (type.getList().getElementType().isStruct())
            field.element = prefixOf(model,
                type.getList().getElementType().getStruct().getTypeId());
        return;
    case schema::Value::STRUCT:
        field.kind = StructField::structure;
        field.words = constantWords(value.getStruct());
        field.other = prefixOf(model, type.getStruct().getTypeId());
        return;
    case schema::Value::ANY_POINTER:
        field.words = constantWords(value.getAnyPointer());
        return;
    default:
        return;
    }
}

static StructField readField(
    const Model &model, const StructType &type, schema::Field::Reader proto)
{
    StructField field;

    field.name = snakeCase(proto.getName().cStr());
    field.where = type.name + "." + proto.getName().cStr();
    field.function = type.prefix + "_" + field.name;
    field.doc = model.text(proto.getAnnotations(), "doc");
    field.kind = StructField::any;
    if (proto.getDiscriminantValue() != schema::Field::NO_DISCRIMINANT)
        field.unionValue = proto.getDiscriminantValue();
    if (proto.isGroup()) {
        field.kind = StructField::group;
        field.other = prefixOf(model, proto.getGroup().getTypeId());
        return field;
    }
    auto slot = proto.getSlot();
    field.offset = slot.getOffset();
    if (slot.getType().isVoid())
        field.kind = StructField::nothing;
    else if (!readNumber(field, slot.getDefaultValue()))
        readPointer(model, field, slot.getType(), slot.getDefaultValue());
    return field;
}

static void addStruct(const Model &model, uint64_t id, std::vector<StructType> &list)
{
    schema::Node::Reader node = model.loader.get(id).getProto();
    schema::Node::Struct::Reader proto = node.getStruct();
    std::vector<uint64_t> groups;
    StructType type;

    type.prefix = prefixOf(model, id);
    type.name = node.getDisplayName().cStr();
    type.name = type.name.substr(type.name.find(':') + 1); /* without its file */
    type.doc = model.text(node.getAnnotations(), "doc");
    type.dataWords = proto.getDataWordCount();
    type.pointers = proto.getPointerCount();
    type.discriminant = proto.getDiscriminantOffset();
    type.hasUnion = proto.getDiscriminantCount() > 0;
    type.isGroup = proto.getIsGroup();
    for (auto field : proto.getFields()) {
        type.fields.push_back(readField(model, type, field));
        if (field.isGroup())
            groups.push_back(field.getGroup().getTypeId());
    }
    list.push_back(type);
    for (uint64_t group : groups)
        addStruct(model, group, list);
}

std::vector<StructType> structsOf(const Model &model, const File &file)
{
    std::vector<StructType> list;

    for (uint64_t id : file.structs)
        addStruct(model, id, list);
    return list;
}
