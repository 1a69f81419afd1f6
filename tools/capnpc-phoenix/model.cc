/* SPDX-License-Identifier: MIT */
/*
 * The model: read out of the compiler's request.
 *
 * A method's parameters are reached through the interface's methods, because
 * their struct has no scope and a name like write$Params. Annotations are found
 * by their name within annotations.capnp, whichever ids the compiler gave them.
 *
 * Tests  tests/capnp/refusals.sh
 */
#include "model.h"

#include <algorithm>

using capnp::InterfaceSchema;
using capnp::StructSchema;
namespace schema = capnp::schema;

static std::string plain(kj::StringPtr text)
{
    return std::string(text.begin(), text.end());
}

static std::string baseName(const std::string &path)
{
    size_t slash = path.rfind('/');
    std::string base = slash == std::string::npos ? path : path.substr(slash + 1);

    return base.substr(0, base.rfind(".capnp"));
}

static std::string localName(schema::Node::Reader node)
{
    return plain(node.getDisplayName().slice(node.getDisplayNamePrefixLength()));
}

Model::Model(schema::CodeGeneratorRequest::Reader request)
{
    for (auto node : request.getNodes()) {
        nodes.emplace(node.getId(), node);
        loader.load(node);
    }
    for (auto requested : request.getRequestedFiles()) {
        File file;

        file.id = requested.getId();
        file.path = plain(requested.getFilename());
        file.base = baseName(file.path);
        for (auto import : requested.getImports())
            file.imports.push_back(baseName(plain(import.getName())));
        readEnums(file, file.id);
        files.push_back(file);
    }
    for (auto &entry : nodes)
        if (entry.second.isInterface())
            readInterface(entry.second);
    for (File &file : files)
        findScopes(file, file.id);
    findErrors();
    for (auto &entry : interfaces)
        flatten(*entry.second, loader.get(entry.first).asInterface());
    checkNumbers();
    for (auto &entry : interfaces) {
        checkBits(*entry.second);
        readFacets(*entry.second, nodes.at(entry.first));
        checkErrors(*entry.second);
    }
}

const Interface *Model::byNumber(unsigned number) const
{
    for (auto &entry : interfaces)
        if (entry.second->number == number)
            return entry.second.get();
    return nullptr;
}

const Interface *Model::byId(uint64_t id) const
{
    auto found = interfaces.find(id);

    return found == interfaces.end() ? nullptr : found->second.get();
}

std::vector<const Interface *> Model::all() const
{
    std::vector<const Interface *> list;

    for (auto &entry : interfaces)
        list.push_back(entry.second.get());
    std::stable_sort(list.begin(), list.end(),
        [](const Interface *a, const Interface *b) { return a->number < b->number; });
    return list;
}

std::string Model::fileOf(uint64_t id) const
{
    auto node = nodes.find(id);

    while (node != nodes.end() && !node->second.isFile())
        node = nodes.find(node->second.getScopeId());
    return node == nodes.end() ? "" : plain(node->second.getDisplayName());
}

kj::Maybe<schema::Value::Reader> Model::annotation(Annotations list, const char *name) const
{
    for (auto annotation : list) {
        auto node = nodes.find(annotation.getId());

        if (node != nodes.end() && node->second.getScopeId() == annotationsFile &&
            localName(node->second) == name)
            return annotation.getValue();
    }
    return nullptr;
}

std::string Model::text(Annotations list, const char *name) const
{
    KJ_IF_MAYBE (value, annotation(list, name))
        return plain(value->getText());
    return "";
}

/* --- enums and structs ---------------------------------------------------- */

Enum Model::readEnum(schema::Node::Reader node) const
{
    Enum out;

    out.id = node.getId();
    out.name = localName(node);
    out.doc = text(node.getAnnotations(), "doc");
    for (auto value : node.getEnum().getEnumerants())
        out.values.push_back({ plain(value.getName()), text(value.getAnnotations(), "doc") });
    return out;
}

void Model::readEnums(File &file, uint64_t scope)
{
    for (auto nested : nodes.at(scope).getNestedNodes()) {
        auto node = nodes.find(nested.getId());

        if (node == nodes.end())
            continue;
        if (node->second.isEnum())
            file.enums.push_back(readEnum(node->second));
        else
            readEnums(file, nested.getId());
    }
}

/* Which interfaces and structs are a file's. */
void Model::findScopes(File &file, uint64_t scope)
{
    for (auto nested : nodes.at(scope).getNestedNodes()) {
        auto node = nodes.find(nested.getId());
        auto iface = interfaces.find(nested.getId());

        if (node == nodes.end())
            continue;
        if (iface != interfaces.end()) {
            file.interfaces.push_back(iface->second.get());
            file.isKernel |= iface->second->number == 0;
        }
        if (node->second.isStruct())
            file.structs.push_back(nested.getId());
        findScopes(file, nested.getId());
    }
}

/* The enum Error beside Capability is what operations answer with. */
void Model::findErrors()
{
    uint64_t home = capability() ? nodes.at(capability()->id).getScopeId() : 0;

    for (auto &node : nodes)
        if (node.second.isEnum() && node.second.getScopeId() == home &&
            localName(node.second) == "Error")
            errors = std::make_unique<Enum>(readEnum(node.second));
    for (File &file : files)
        for (Enum &e : file.enums)
            e.isError = errors && e.id == errors->id;
}

/* --- interfaces ----------------------------------------------------------- */

void Model::readInterface(schema::Node::Reader node)
{
    auto iface = std::make_unique<Interface>();

    iface->id = node.getId();
    iface->file = fileOf(node.getId());
    iface->name = localName(node);
    iface->doc = text(node.getAnnotations(), "doc");
    iface->detail = text(node.getAnnotations(), "detail");
    KJ_IF_MAYBE (number, annotation(node.getAnnotations(), "number"))
        iface->number = number->getUint16();
    else {
        for (auto method : node.getInterface().getMethods())
            if (annotation(method.getAnnotations(), "bit") != nullptr)
                throw Refusal(iface->file, iface->name, "has method bits but no $number");
        return;
    }
    interfaces.emplace(node.getId(), std::move(iface));
}

void Model::flatten(Interface &iface, InterfaceSchema schema)
{
    for (auto super : schema.getSuperclasses()) {
        const Interface *known = byId(super.getProto().getId());

        if (!known)
            throw Refusal(iface.file, iface.name, "extends an interface without a $number");
        if (std::find(iface.supers.begin(), iface.supers.end(), known) == iface.supers.end())
            iface.supers.push_back(known);
        flatten(iface, super);
    }
    if (schema.getProto().getId() == iface.id)
        readMethods(iface, schema);
}

void Model::readMethods(Interface &iface, InterfaceSchema schema)
{
    for (auto declared : schema.getMethods()) {
        auto list = declared.getProto().getAnnotations();
        Method method;

        method.name = plain(declared.getProto().getName());
        method.where = iface.name + "." + method.name;
        method.doc = text(list, "doc");
        KJ_IF_MAYBE (bit, annotation(list, "bit"))
            method.bit = bit->getUint8();
        else
            throw Refusal(iface.file, method.where, "has no $bit");
        method.as = text(list, "as");
        method.marker = annotation(list, "marker") != nullptr;
        method.interruptSafe = annotation(list, "interruptSafe") != nullptr;
        method.words = annotation(list, "words") != nullptr;
        readOperation(iface, method, list);
        if (method.words) {
            method.in = readParams(iface, method, declared.getParamType());
            method.out = readParams(iface, method, declared.getResultType());
        } else if (iface.isKernel()) {
            throw Refusal(iface.file, method.where, "is the kernel's and not $words");
        }
        if (method.marker && !(method.in.empty() && method.out.empty()))
            throw Refusal(iface.file, method.where, "is a $marker and has parameters");
        iface.methods.push_back(method);
    }
}

/* How libnyx calls it, what it may answer, what shows it. */
void Model::readOperation(const Interface &iface, Method &method, Annotations list) const
{
    KJ_IF_MAYBE (numbers, annotation(list, "nyx")) {
        for (auto number : numbers->getList().getAs<capnp::List<uint8_t>>())
            method.nyx.push_back(number);
        if (!iface.isKernel() || method.marker)
            throw Refusal(iface.file, method.where, "has $nyx, but the kernel does not do it");
    }
    KJ_IF_MAYBE (slot, annotation(list, "slot")) {
        for (auto &node : nodes)
            if (node.second.isEnum() && node.second.getScopeId() == annotationsFile &&
                localName(node.second) == "Slot")
                method.slotName = readEnum(node.second).values.at(slot->getEnum()).name;
        method.slot = slot->getEnum();
    }
    KJ_IF_MAYBE (names, annotation(list, "errors"))
        for (auto name : names->getList().getAs<capnp::List<capnp::Text>>())
            method.errors.push_back(plain(name));
    KJ_IF_MAYBE (names, annotation(list, "tests"))
        for (auto name : names->getList().getAs<capnp::List<capnp::Text>>())
            method.tests.push_back(plain(name));
}

static bool isCapability(schema::Type::Reader type)
{
    return type.isInterface() ||
        (type.isAnyPointer() && type.getAnyPointer().isUnconstrained() &&
            type.getAnyPointer().getUnconstrained().isCapability());
}

/*
 * A struct's fields as words, buffer and capabilities. The kernel has no buffers,
 * and takes capabilities as words.
 */
std::vector<Param> Model::readParams(
    const Interface &iface, const Method &method, StructSchema type) const
{
    std::vector<Param> params;
    unsigned words = 0, blobs = 0, caps = 0;

    for (auto field : type.getFields()) {
        std::string name = plain(field.getProto().getName());
        std::string where = method.where + "." + name;
        Param param{ name, Param::word, 0 };

        if (!field.getProto().isSlot() || field.getProto().getDiscriminantValue() != 0xffff)
            throw Refusal(iface.file, where, "a union or group in a $words method");
        auto t = field.getProto().getSlot().getType();
        if (t.isInt64())
            param.kind = Param::signedWord;
        else if ((t.isText() || t.isData()) && !iface.isKernel())
            param.kind = Param::blob;
        else if (isCapability(t) && !iface.isKernel())
            param.kind = Param::capability;
        else if (!t.isUint64() && !isCapability(t))
            throw Refusal(iface.file, where, "is no 64-bit word");
        if (param.kind == Param::capability && t.isInterface())
            if (const Interface *known = byId(t.getInterface().getTypeId()))
                param.interface = known->number;
        blobs += param.kind == Param::blob;
        caps += param.kind == Param::capability;
        words += param.kind == Param::word || param.kind == Param::signedWord;
        params.push_back(param);
    }
    if (words > (iface.isKernel() ? kernelWords : messageWords))
        throw Refusal(iface.file, method.where, "has more words than registers carry");
    if (blobs > 1 || caps > messageCaps)
        throw Refusal(iface.file, method.where, "has more than one buffer or four capabilities");
    return params;
}

void Model::readFacets(Interface &iface, schema::Node::Reader node)
{
    std::vector<const Interface *> sources = iface.supers;
    auto list = annotation(node.getAnnotations(), "facets");

    sources.insert(sources.begin(), &iface);
    if (capability() && iface.number != 0)
        sources.push_back(capability());
    KJ_IF_MAYBE (facets, list) {
        auto type = capnp::ListSchema::of(loader.get(facetType()).asStruct());

        for (auto element : facets->getList().getAs<capnp::DynamicList>(type)) {
            auto declared = element.as<capnp::DynamicStruct>();
            Facet facet;

            facet.name = plain(declared.get("name").as<capnp::Text>());
            for (auto value : declared.get("methods").as<capnp::DynamicList>()) {
                std::string name = plain(value.as<capnp::Text>());
                const Method *found = nullptr;

                for (const Interface *source : sources)
                    for (const Method &method : source->methods)
                        if (!found && method.name == name) {
                            found = &method;
                            facet.constants.push_back(
                                source->prefix() + "_M_" + upperCase(name));
                        }
                if (!found)
                    throw Refusal(iface.file, iface.name + "." + facet.name,
                        "no method is called " + name);
                facet.mask |= found->mask();
            }
            iface.facets.push_back(facet);
        }
    }
}

/* annotations.capnp's struct Facet. */
uint64_t Model::facetType() const
{
    for (auto &node : nodes)
        if (node.second.isStruct() && node.second.getScopeId() == annotationsFile &&
            localName(node.second) == "Facet")
            return node.first;
    throw Refusal("annotations.capnp", "Facet", "is not there");
}
