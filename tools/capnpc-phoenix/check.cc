/* SPDX-License-Identifier: MIT */
/*
 * What must hold between the parts of all schemas: numbers and bits are unique,
 * fit their tables, and names mean something.
 *
 * Tests  tests/capnp/refusals.sh
 */
#include "model.h"

#include <algorithm>

uint64_t Interface::ownMask() const
{
    uint64_t mask = 0;

    for (const Method &method : methods)
        mask |= method.mask();
    for (const Interface *super : supers)
        for (const Method &method : super->methods)
            mask |= method.mask();
    return mask;
}

void Model::checkNumbers() const
{
    std::map<unsigned, const Interface *> numbers;
    std::map<unsigned, std::string> nyx;

    for (const Interface *iface : all()) {
        auto placed = numbers.emplace(iface->number, iface);

        if (!placed.second)
            throw Refusal(iface->file, iface->name,
                "has the number of " + placed.first->second->name);
        for (const Method &method : iface->methods)
            for (unsigned number : method.nyx) {
                auto used = nyx.emplace(number, method.where);

                if (!used.second)
                    throw Refusal(iface->file, method.where,
                        "has the $nyx number of " + used.first->second);
            }
    }
}

/* One bit a method, superclasses flattened; the highest eight are Capability's. */
void Model::checkBits(const Interface &iface) const
{
    std::map<unsigned, std::string> bits;
    std::vector<const Interface *> sources = iface.supers;

    sources.push_back(&iface);
    for (const Interface *source : sources)
        for (const Method &method : source->methods) {
            bool common = method.bit >= firstCommonBit;
            auto placed = bits.emplace(method.bit, method.where);

            if (method.bit >= 64)
                throw Refusal(iface.file, method.where, "$bit is above 63: 64 methods at most");
            if (common != (source->number == 0))
                throw Refusal(iface.file, method.where,
                    "bits 56 to 63 are Capability's, and it has no others");
            if (!placed.second)
                throw Refusal(iface.file, method.where,
                    "has the $bit of " + placed.first->second);
        }
}

static const char *const commonErrors[] = {
    "success", "invalidSyscall", "invalidCapability", "permissionDenied",
    "invalidArgument", "revoked", "consumed",
};

void Model::checkErrors(const Interface &iface) const
{
    for (const Method &method : iface.methods)
        for (const std::string &name : method.errors) {
            if (!errors)
                throw Refusal(iface.file, method.where,
                    "names errors, and no file of this run has Capability and enum Error");
            if (std::none_of(errors->values.begin(), errors->values.end(),
                    [&](const Enumerant &value) { return value.name == name; }))
                throw Refusal(iface.file, method.where, "no error is called " + name);
        }
}

uint64_t Model::errorMask(const Method &method) const
{
    uint64_t mask = 0;

    for (size_t i = 0; errors && i < errors->values.size(); i++) {
        const std::string &name = errors->values[i].name;
        bool common = std::find(std::begin(commonErrors), std::end(commonErrors), name) !=
            std::end(commonErrors);
        bool listed = std::find(method.errors.begin(), method.errors.end(), name) !=
            method.errors.end();

        if (common || listed)
            mask |= UINT64_C(1) << i;
    }
    return mask;
}
