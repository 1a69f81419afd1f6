// SPDX-License-Identifier: MIT
#include "oracle.h"

#include <capnp/serialize.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "manifest.capnp.h"

// What this shares with the checks: hashes, the ELF reader and the generated table of
// interfaces, each of which has tests of its own.
extern "C" {
struct method_info {
    const char *name, *doc;
    uint8_t bit, marker;
};
struct facet_info {
    const char *name;
    uint64_t methods;
};
struct interface_info {
    const char *name, *doc;
    uint16_t number, method_count, facet_count;
    const method_info *methods;
    const facet_info *facets;
    uint64_t all;
};
extern const interface_info phx_interfaces[];
void sha256(const void *bytes, size_t size, uint8_t digest[32]);
const char *program_problem(const void *image, uint64_t size, uint64_t low, uint64_t high);
}

namespace {

using std::string;

const uint64_t PAGE = 4096, MANIFEST = 2 * PAGE; // which a module has behind its header
const uint64_t NATIVE = 0x200000, NATIVE_END = 0x3e0000;
const uint64_t LIBOS = 0x7fffe0000000, LIBOS_END = 0x7ffff0000000;

const std::map<string, string> kernel_grants = {{"account", "Account"}, {"pool", "FramePool"},
    {"console", "Console"}, {"clock", "Clock"}, {"entropy", "Entropy"}, {"power", "Power"},
    {"log", "Log"}, {"bootPackage", "BootPackage"},
    {"irq", "Irq"}, {"ioPort", "IoPort"}, {"deviceMemory", "DeviceMemory"},
    {"pciFunction", "PciFunction"}};

void must(bool good, const string &what) {
    if (!good) throw std::runtime_error(what);
}

string text(capnp::Text::Reader t) {
    must(memchr(t.begin(), 0, t.size()) == nullptr, "a zero byte in a text");
    return string(t.begin(), t.size());
}

string name(capnp::Text::Reader t) {
    static const char small[] = "abcdefghijklmnopqrstuvwxyz";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    string s = text(t);

    must(!s.empty() && s.size() <= 63 && strchr(small, s[0]), "no name");
    must(s.find_first_not_of(all) == string::npos, "no name");
    return s;
}

template <typename List> std::vector<string> texts(List list) {
    std::vector<string> all;

    for (auto t : list) all.push_back(text(t));
    return all;
}

const interface_info *interface(const string &name) {
    for (const interface_info *i = phx_interfaces; i->name; i++)
        if (name == i->name) return i;
    return nullptr;
}

uint64_t number(const uint8_t *at, unsigned bytes) {
    uint64_t value = 0;

    memcpy(&value, at, bytes);
    return value;
}

bool has_method(const interface_info *i, const string &name) {
    for (unsigned k = 0; k < i->method_count; k++)
        if (name == i->methods[k].name) return true;
    for (unsigned k = 0; k < i->facet_count; k++)
        if (name == i->facets[k].name) return true;
    return false;
}

class Oracle {
public:
    Oracle(SystemManifest::Reader root, const uint8_t *bytes)
        : manifest(root), module(bytes), hashes(!root.hasRun()) {
        for (unsigned i = 0; i < number(module + 44, 4); i++)
            for (auto &[grant, of] : kernel_grants)
                if (interface(of)->number == number(module + 560 + i * 4, 2)) given.insert(grant);
    }

    void check() {
        must(manifest.getVersion() == 1, "version");
        text(manifest.getName());
        check_time(manifest.getTime());
        check_init();
        check_binaries();
        check_services();
        for (auto tree : manifest.getTrees()) check_tree(tree);
        if (manifest.hasRun())
            check_run(manifest.getRun());
        else
            must(manifest.getServices().size() > 0, "nothing to start");
    }

private:
    SystemManifest::Reader manifest;
    const uint8_t *module;
    bool hashes;
    std::set<string> given, init_has; // by the boot header; as the manifest says
    std::map<string, capnp::Data::Reader> binaries;
    std::map<string, unsigned> providers;
    std::map<unsigned, std::set<unsigned>> needs;
    std::map<string, std::vector<std::pair<uint64_t, uint64_t>>> granted;

    void check_hash(const string &bytes, capnp::Data::Reader wanted) {
        uint8_t digest[32];

        sha256(bytes.data(), bytes.size(), digest);
        must(!hashes || (wanted.size() == 32 && memcmp(digest, wanted.begin(), 32) == 0), "hash");
    }

    void check_blob(capnp::Data::Reader content) {
        must(content.size() == 0 || (content.begin() - module) % PAGE == 0, "between pages");
    }

    void must_be_native(const string &binary, uint64_t low, uint64_t high) {
        auto found = binaries.find(binary);

        must(found != binaries.end(), "no binary " + binary);
        must(program_problem(found->second.begin(), found->second.size(), low, high) == nullptr,
            "no program of that kind: " + binary);
    }

    void check_time(Time::Reader time) {
        uint64_t length = time.getLength();

        must(time.getSlots() <= 16, "too many slots");
        must(length == 0 || (length >= 100000 && length <= 1000000000), "length of a slot");
    }

    void check_init() {
        for (const string &s : texts(manifest.getInit().getCapabilities())) {
            must(kernel_grants.count(s) == 1, "no kernel grant " + s);
            must(init_has.insert(s).second, "twice " + s);
        }
        must(init_has == given, "another set of grants than the boot header has");
        for (const char *s : {"account", "pool", "bootPackage"})
            must(init_has.count(s) == 1, string("init has no ") + s);
    }

    void check_binaries() {
        for (auto b : manifest.getBinaries()) {
            auto content = b.getContent();

            must(binaries.emplace(name(b.getName()), content).second, "binary twice");
            must(content.size() > 0 && content.size() == b.getSize(), "size of a binary");
            check_blob(content);
            check_hash(string(content.begin(), content.end()), b.getSha256());
        }
        must_be_native(text(manifest.getInit().getBinary()), NATIVE, NATIVE_END);
    }

    void check_services() {
        auto services = manifest.getServices();
        std::set<string> names;

        must(services.size() <= 64, "too many services");
        for (unsigned s = 0; s < services.size(); s++)
            for (const string &p : texts(services[s].getProvides())) {
                string of = p.empty() ? p : string(1, (char)toupper(p[0])) + p.substr(1);

                must(interface(of) && interface(of)->number >= 64 && !isupper(p[0]), "provides " + p);
                must(providers.emplace(p, s).second, "provided twice " + p);
            }
        for (unsigned s = 0; s < services.size(); s++) {
            auto service = services[s];

            must(names.insert(name(service.getName())).second, "service twice");
            must_be_native(text(service.getBinary()), NATIVE, NATIVE_END);
            texts(service.getArguments());
            must(!service.getPages() == !service.getHolds() &&
                    !service.getPages() == !service.getThreads(), "limits");
            check_grants(s, service.getGrants());
        }
        std::set<unsigned> done;
        for (unsigned s = 0; s < services.size(); s++) start(s, {}, done);
    }

    void check_grants(unsigned s, capnp::List<Grant>::Reader grants) {
        static const std::set<string> own = {"process", "thread", "space", "endpoint"};
        std::set<string> names;

        must(grants.size() <= 23, "too many grants");
        for (auto grant : grants) {
            string called = name(grant.getName()), source = text(grant.getSource());
            const interface_info *of;

            must(names.insert(called).second && !own.count(called), "grant's name");
            must(called != "pool" || source == "pool", "a pool from elsewhere");
            if (kernel_grants.count(source)) {
                must(init_has.count(source) == 1, "init has no " + source);
                of = interface(kernel_grants.at(source));
            } else {
                must(providers.count(source) == 1 && providers[source] != s, "source " + source);
                needs[s].insert(providers[source]);
                of = interface(string(1, (char)toupper(source[0])) + source.substr(1));
            }
            check_range(source, grant.getFirst(), grant.getCount());
            for (const string &m : texts(grant.getMethods()))
                must(has_method(of, m) || has_method(&phx_interfaces[0], m), "method " + m);
        }
    }

    void check_range(const string &source, uint64_t first, uint64_t count) {
        static const std::set<string> ranged = {"irq", "ioPort", "deviceMemory", "pciFunction"};

        must(first < 1UL << 32 && count < 1UL << 32, "a range that is too long");
        must(ranged.count(source) ? count > 0 : first == 0 && count == 0, "range of " + source);
        for (auto &[from, end] : granted[source])
            must(first >= end || first + count <= from, "overlap");
        if (count) granted[source].emplace_back(first, first + count);
    }

    void start(unsigned s, std::set<unsigned> above, std::set<unsigned> &done) {
        must(above.insert(s).second, "a circle");
        if (!done.count(s))
            for (unsigned other : needs[s]) start(other, above, done);
        done.insert(s);
    }

    static bool is_component(const string &s) {
        return !s.empty() && s.size() <= 255 && s != "." && s != ".." &&
            s.find('/') == string::npos;
    }

    static void check_path(const string &path) {
        must(!path.empty() && path[0] == '/', "path");
        for (size_t at = 0; path != "/" && at < path.size();) {
            size_t end = std::min(path.find('/', at + 1), path.size());

            must(is_component(path.substr(at + 1, end - at - 1)), "path");
            at = end;
        }
    }

    void check_tree(Tree::Reader tree) {
        string path = text(tree.getPath());
        auto entries = tree.getEntries();
        std::vector<unsigned> open = {0}; // directories that may yet have entries
        std::map<unsigned, string> last;

        check_path(path);
        must(entries.size() > 0, "an empty tree");
        for (unsigned e = 0; e < entries.size(); e++) {
            auto entry = entries[e];
            string called = text(entry.getName());
            unsigned parent = entry.getParent(), type = entry.getMode() >> 12;

            must(type == 4 || type == 8 || type == 10, "mode");
            must(e > 0 || path != "/" || type == 4, "a root that is no directory");
            if (e > 0) {
                while (!open.empty() && open.back() != parent) open.pop_back();
                must(!open.empty() && entries[parent].getMode() >> 12 == 4, "parent");
                must(is_component(called) && (!last.count(parent) || last[parent] < called), "name");
                last[parent] = called;
                open.push_back(e);
            }
            check_entry(entry, type);
        }
    }

    void check_entry(Entry::Reader entry, unsigned type) {
        auto content = entry.getContent(), hash = entry.getSha256();
        string target = text(entry.getTarget()), bytes;
        uint64_t end = 0;

        for (auto extent : entry.getExtents()) {
            auto piece = extent.getContent();
            uint64_t from = extent.getOffset();

            if (type != 8) continue;
            check_blob(piece);
            must(from % PAGE == 0 && from >= end && piece.size() > 0, "extent");
            end = from + piece.size();
            must(end >= from && end <= entry.getSize(), "extent behind the end");
            must(piece.size() % PAGE == 0 || end == entry.getSize(), "part of a page");
            bytes.append(piece.begin(), piece.end());
        }
        must(type != 10 || !target.empty(), "a link to nothing");
        if (type != 8) return;
        if (entry.hasExtents()) {
            must(content.size() == 0, "content and extents");
        } else {
            must(content.size() == entry.getSize(), "size of a file");
            check_blob(content);
            bytes.assign(content.begin(), content.end());
        }
        check_hash(bytes, hash);
    }

    void check_run(Run::Reader run) {
        string directory = text(run.getDirectory());

        must(binaries.count(text(run.getProgram())) == 1, "no such program");
        must_be_native("libos", LIBOS, LIBOS_END);
        must(texts(run.getArguments()).size() > 0, "no arguments");
        texts(run.getEnvironment());
        must(directory.empty() || directory[0] == '/', "directory");
        must(init_has.count("console") == 1, "no console");
        must(init_has.count("irq") == 1, "no irq");
        must_be_native("console", NATIVE, NATIVE_END);
        if (manifest.getTrees().size() > 0 || run.getScratch() > 0)
            must_be_native("ramfs", NATIVE, NATIVE_END);
    }
};

} // namespace

bool oracle_accepts(const uint8_t *module, size_t size, char why[256]) {
    capnp::ReaderOptions options = {64 << 20, 64};

    try {
        must(size > MANIFEST, "too short");
        auto words = kj::arrayPtr(reinterpret_cast<const capnp::word *>(module + MANIFEST),
            (size - MANIFEST) / 8);
        capnp::FlatArrayMessageReader message(words, options);

        Oracle(message.getRoot<SystemManifest>(), module).check();
        return true;
    } catch (const kj::Exception &e) {
        snprintf(why, 256, "%s", e.getDescription().cStr());
    } catch (const std::runtime_error &e) {
        snprintf(why, 256, "%s", e.what());
    }
    return false;
}
