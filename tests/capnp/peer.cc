/* SPDX-License-Identifier: MIT */
/*
 * The C++ library's side, by its dynamic API.
 */
#include "peer.h"

#include <capnp/dynamic.h>
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/filesystem.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

using namespace capnp;

uint64_t Random::next()
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

Peer::Peer() : disk(kj::newDiskFilesystem())
{
    auto file = parser.parseFromDirectory(
        disk->getCurrent(), kj::Path::parse("tests/capnp/all.capnp"), nullptr);

    all = file.getNested("All").asStruct();
    inner = file.getNested("Inner").asStruct();
}

/* --- making --------------------------------------------------------------- */

namespace
{

class Maker
{
public:
    Maker(Random &source, bool isPlain, StructSchema any)
        : random(source), plain(isPlain), anySchema(any) {}
    void fill(DynamicStruct::Builder to, unsigned levels);

private:
    Random &random;
    bool plain;
    StructSchema anySchema;

    void setField(DynamicStruct::Builder to, StructSchema::Field field, unsigned levels);
    void setAny(DynamicStruct::Builder to, StructSchema::Field field, unsigned levels);
    void fillList(DynamicList::Builder to, unsigned levels);
    uint64_t number();
    double real(bool isSingle);
    DynamicEnum enumerant(EnumSchema schema);
    std::string bytes(bool isText);
};

uint64_t Maker::number()
{
    static const uint64_t special[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff,
        0x80000000, 0xffffffff, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX };

    if (random.chance(40))
        return special[random.below(sizeof(special) / sizeof(special[0]))];
    return random.next() >> random.below(64);
}

double Maker::real(bool isSingle)
{
    uint64_t bits = random.next();
    uint32_t half = (uint32_t)bits;
    double wide;
    float narrow;

    memcpy(&wide, &bits, sizeof(wide));
    memcpy(&narrow, &half, sizeof(narrow));
    /* As text a Float32 may come back one bit off, if it is not a round number. */
    double value = random.chance(30) || (plain && isSingle) ? (double)(int64_t)(bits % 2000) / 8 - 100
        : isSingle                   ? (double)narrow
                                     : wide;
    return plain && !std::isfinite(value) ? 0.5 : value;
}

DynamicEnum Maker::enumerant(EnumSchema schema)
{
    uint16_t value = (uint16_t)random.below(schema.getEnumerants().size());

    if (!plain && random.chance(20))
        value = (uint16_t)random.next();
    return DynamicEnum(schema, value);
}

std::string Maker::bytes(bool isText)
{
    std::string text(random.below(random.chance(20) ? 200 : 20), ' ');

    for (char &c : text) {
        c = (char)(isText ? ' ' + random.below(95) : random.next());
        if (plain && strchr("()[]{}\n", c))
            c = '"'; /* `capnp` finds the end of a text by counting brackets */
    }
    return text;
}

void Maker::setAny(DynamicStruct::Builder to, StructSchema::Field field, unsigned levels)
{
    auto any = to.init(field).as<AnyPointer>();
    kj::StringPtr name = field.getProto().getName();

    if (name == "anyStruct") {
        fill(any.initAs<DynamicStruct>(anySchema), levels);
    } else if (name == "anyList") {
        auto list = any.initAs<List<uint32_t>>((uint)random.below(20));
        for (uint i = 0; i < list.size(); i++)
            list.set(i, (uint32_t)number());
    } else {
        any.setAs<Text>(bytes(true).c_str());
    }
}

void Maker::setField(DynamicStruct::Builder to, StructSchema::Field field, unsigned levels)
{
    Type type = field.getType();

    if (field.getProto().isGroup())
        return fill(to.init(field).as<DynamicStruct>(), levels);
    if (type.isAnyPointer() && !plain)
        setAny(to, field, levels);
    else if (type.isBool())
        to.set(field, random.chance(50));
    else if (type.isVoid())
        to.set(field, VOID);
    else if (type.isFloat32() || type.isFloat64())
        to.set(field, real(type.isFloat32()));
    else if (type.isEnum())
        to.set(field, enumerant(type.asEnum()));
    else if (type.isText())
        to.set(field, DynamicValue::Reader(Text::Reader(bytes(true).c_str())));
    else if (type.isData()) {
        std::string data = bytes(false);
        to.set(field, Data::Reader((const byte *)data.data(), data.size()));
    } else if (type.isList() && levels > 0)
        fillList(to.init(field, (uint)random.below(random.chance(10) ? 70 : 6))
                     .as<DynamicList>(),
            levels - 1);
    else if (type.isStruct() && levels > 0)
        fill(to.init(field).as<DynamicStruct>(), levels - 1);
    else if (type.isInt8())
        to.set(field, (int8_t)number());
    else if (type.isInt16())
        to.set(field, (int16_t)number());
    else if (type.isInt32())
        to.set(field, (int32_t)number());
    else if (type.isInt64())
        to.set(field, (int64_t)number());
    else if (type.isUInt8())
        to.set(field, (uint8_t)number());
    else if (type.isUInt16())
        to.set(field, (uint16_t)number());
    else if (type.isUInt32())
        to.set(field, (uint32_t)number());
    else if (type.isUInt64())
        to.set(field, number());
}

void Maker::fillList(DynamicList::Builder to, unsigned levels)
{
    Type type = to.getSchema().getElementType();

    for (uint i = 0; i < to.size(); i++) {
        if (type.isBool())
            to.set(i, random.chance(50));
        else if (type.isFloat32() || type.isFloat64())
            to.set(i, real(type.isFloat32()));
        else if (type.isEnum())
            to.set(i, enumerant(type.asEnum()));
        else if (type.isText())
            to.set(i, DynamicValue::Reader(Text::Reader(bytes(true).c_str())));
        else if (type.isData()) {
            std::string data = bytes(false);
            to.set(i, Data::Reader((const byte *)data.data(), data.size()));
        } else if (type.isStruct())
            fill(to[i].as<DynamicStruct>(), levels ? levels - 1 : 0);
        else if (type.isList())
            fillList(to.init(i, (uint)random.below(4)).as<DynamicList>(), levels ? levels - 1 : 0);
        else if (type.isInt8())
            to.set(i, (int8_t)number());
        else if (type.isInt16())
            to.set(i, (int16_t)number());
        else if (type.isInt32())
            to.set(i, (int32_t)number());
        else if (type.isInt64())
            to.set(i, (int64_t)number());
        else if (type.isUInt8())
            to.set(i, (uint8_t)number());
        else if (type.isUInt16())
            to.set(i, (uint16_t)number());
        else if (type.isUInt32())
            to.set(i, (uint32_t)number());
        else if (type.isUInt64())
            to.set(i, number());
    }
}

void Maker::fill(DynamicStruct::Builder to, unsigned levels)
{
    auto members = to.getSchema().getUnionFields();

    for (auto field : to.getSchema().getNonUnionFields())
        if (random.chance(60) || field.getProto().isGroup())
            setField(to, field, levels);
    if (members.size() > 0)
        setField(to, members[(uint)random.below(members.size())], levels);
}

} /* namespace */

kj::Array<word> Peer::make(Random &random, bool plain)
{
    for (;;) {
        uint words = random.chance(50) ? 1024 : (uint)(1 + random.below(60));
        MallocMessageBuilder message(words, AllocationStrategy::FIXED_SIZE);

        Maker(random, plain, inner).fill(message.initRoot<DynamicStruct>(all),
            (unsigned)(1 + random.below(4)));
        if (message.getSegmentsForOutput().size() <= 512)
            return messageToFlatArray(message);
    }
}

/* --- walking -------------------------------------------------------------- */

namespace
{

class Walker
{
public:
    Walker(walk_text *to, StructSchema any) : t(to), anySchema(any) {}
    void value(const char *name, DynamicValue::Reader value, Type type);

private:
    walk_text *t;
    StructSchema anySchema;

    void body(DynamicStruct::Reader from);
    void field(DynamicStruct::Reader from, StructSchema::Field field, bool member);
    void any(const char *name, AnyPointer::Reader value);
    void bytes(const char *name, const void *from, size_t size);
};

void Walker::bytes(const char *name, const void *from, size_t size)
{
    walk_put(t, "%s=", name);
    walk_put_hex(t, from, size);
    walk_put(t, ";");
}

void Walker::any(const char *name, AnyPointer::Reader from)
{
    if (name == kj::StringPtr("anyStruct"))
        return value(name, from.getAs<DynamicStruct>(anySchema), anySchema);
    if (name == kj::StringPtr("anyText")) {
        auto text = from.getAs<Text>();
        return bytes(name, text.begin(), text.size());
    }
    walk_put(t, "%s=[", name);
    for (uint32_t element : from.getAs<List<uint32_t>>())
        walk_put(t, "=%llu;", (unsigned long long)element);
    walk_put(t, "]");
}

template <typename Bits, typename Number> unsigned long long bitsOf(Number number)
{
    Bits bits;

    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

void Walker::value(const char *name, DynamicValue::Reader from, Type type)
{
    switch (from.getType()) {
    case DynamicValue::VOID:
        return walk_put(t, "%s;", name);
    case DynamicValue::BOOL:
        return walk_put(t, "%s=%d;", name, from.as<bool>());
    case DynamicValue::INT:
        return walk_put(t, "%s=%lld;", name, (long long)from.as<int64_t>());
    case DynamicValue::UINT:
        return walk_put(t, "%s=%llu;", name, (unsigned long long)from.as<uint64_t>());
    case DynamicValue::ENUM:
        return walk_put(t, "%s=%u;", name, from.as<DynamicEnum>().getRaw());
    case DynamicValue::FLOAT:
        if (std::isnan(from.as<double>()))
            return walk_put(t, "%s=nan;", name);
        if (type.isFloat32())
            return walk_put(t, "%s=x%llx;", name, bitsOf<uint32_t>(from.as<float>()));
        return walk_put(t, "%s=x%llx;", name, bitsOf<uint64_t>(from.as<double>()));
    case DynamicValue::TEXT:
        return bytes(name, from.as<Text>().begin(), from.as<Text>().size());
    case DynamicValue::DATA:
        return bytes(name, from.as<Data>().begin(), from.as<Data>().size());
    case DynamicValue::LIST:
        walk_put(t, "%s=[", name);
        for (auto element : from.as<DynamicList>())
            if (!t->cut)
                value("", element, type.asList().getElementType());
        return walk_put(t, "]");
    case DynamicValue::STRUCT:
        walk_put(t, "%s{", name);
        body(from.as<DynamicStruct>());
        return walk_put(t, "}");
    case DynamicValue::ANY_POINTER:
        return any(name, from.as<AnyPointer>());
    default:
        KJ_FAIL_ASSERT("a kind of value that all.capnp does not have");
    }
}

/* Whether a capability is null; the library also minds what else it may be. */
static bool isThere(DynamicStruct::Reader from, StructSchema::Field field)
{
    try {
        return from.has(field);
    } catch (const kj::Exception &) {
        return true;
    }
}

/* A struct that is null and has no default is not walked into, except the one
 * that a union is set to. */
void Walker::field(DynamicStruct::Reader from, StructSchema::Field field, bool member)
{
    auto proto = field.getProto();
    Type type = field.getType();

    if (type.isInterface())
        return walk_put(t, "%s=%d;", proto.getName().cStr(), isThere(from, field));
    if (type.isStruct() && proto.isSlot() && !proto.getSlot().getHadExplicitDefault() && !member &&
        !from.has(field))
        return;
    value(proto.getName().cStr(), from.get(field), type);
}

void Walker::body(DynamicStruct::Reader from)
{
    auto schema = from.getSchema();
    std::vector<StructSchema::Field> fields;

    for (auto declared : schema.getNonUnionFields())
        fields.push_back(declared);
    std::sort(fields.begin(), fields.end(), [](StructSchema::Field a, StructSchema::Field b) {
        return a.getProto().getCodeOrder() < b.getProto().getCodeOrder();
    });
    for (auto declared : fields)
        field(from, declared, false);
    if (schema.getUnionFields().size() == 0)
        return;
    KJ_IF_MAYBE (which, from.which())
        field(from, *which, true);
    else
        walk_put(t, "?");
}

} /* namespace */

Peer::Outcome Peer::walk(kj::ArrayPtr<const word> bytes, uint64_t limit, walk_text *text)
{
    ReaderOptions options;

    options.traversalLimitInWords = limit;
    try {
        FlatArrayMessageReader message(bytes, options);
        Walker(text, inner).value("all", message.getRoot<DynamicStruct>(all), all);
    } catch (const kj::Exception &exception) {
        why = exception.getDescription().cStr();
        bool spent = why.find("traversal limit") != std::string::npos ||
            why.find("amplified") != std::string::npos;

        return spent ? exhausted : refused;
    }
    return read;
}
