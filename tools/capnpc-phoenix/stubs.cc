/* SPDX-License-Identifier: MIT */
/*
 * X.stubs.h: how a program calls the methods. A method whose parameters and
 * results are words goes in registers; one with a buffer, a capability, or a
 * detail of failure goes as a message.
 *
 * A stub's parameters are the capability, the method's parameters in their order
 * (a buffer is a pointer and a length, a capability its id and how it travels),
 * then buffers and capabilities that come back, then the words that come back,
 * then the detail. It answers 0 or a negative error.
 */
#include "emit.h"

/* Registers carry five words each way and nothing else. */
static bool needsMessage(const Interface &iface, const Method &method)
{
    for (const Param &param : method.in)
        if (param.kind == Param::blob || param.kind == Param::capability)
            return true;
    for (const Param &param : method.out)
        if (param.kind == Param::blob || param.kind == Param::capability)
            return true;
    return !iface.detail.empty() || wordCount(method.in) > 5 || wordCount(method.out) > 5;
}

static std::string signature(const Interface &iface, const Method &method)
{
    std::string list = "uint64_t self";

    for (const Param &param : method.in) {
        std::string name = variable(param.name), plain = snakeCase(param.name);

        if (param.kind == Param::word)
            list += ", uint64_t " + name;
        if (param.kind == Param::signedWord)
            list += ", int64_t " + name;
        if (param.kind == Param::blob)
            list += ", const void *" + name + ", size_t " + plain + "_length";
        if (param.kind == Param::capability)
            list += ", uint64_t " + name + ", unsigned " + plain + "_mode";
    }
    for (const Param &param : method.out) {
        std::string plain = snakeCase(param.name), name = "out_" + plain;

        if (param.kind == Param::blob)
            list += ", void *" + name + ", size_t " + name + "_capacity, size_t *" + name +
                "_length";
        if (param.kind == Param::capability)
            list += ", uint64_t *" + name;
    }
    std::string words = wordsStruct(iface, method, false);
    if (!words.empty())
        list += ", " + words + " *out";
    if (!iface.detail.empty())
        list += ", uint64_t *detail";
    return list;
}

static std::string wordList(const Method &method)
{
    std::string list;

    for (const Param &param : method.in) {
        if (param.kind == Param::word)
            list += (list.empty() ? "" : ", ") + variable(param.name);
        if (param.kind == Param::signedWord)
            list += (list.empty() ? "(uint64_t)" : ", (uint64_t)") + variable(param.name);
    }
    return list.empty() ? "0" : list;
}

static void emitResults(const Method &method, const char *words, Text &out)
{
    unsigned index = 0;

    if (wordCount(method.out) == 0)
        return;
    out.add("    if (result >= 0 && out) {\n");
    for (const Param &param : method.out) {
        if (param.kind == Param::word)
            out.add("        out->%s = %s[%u];\n", variable(param.name).c_str(), words, index++);
        if (param.kind == Param::signedWord)
            out.add("        out->%s = (int64_t)%s[%u];\n", variable(param.name).c_str(), words,
                index++);
    }
    out.add("    }\n");
}

static void emitRegisters(const Interface &iface, const Method &method, Text &out)
{
    std::string constant = iface.prefix() + "_" + upperCase(method.name);

    out.add("    uint64_t words[PHX_WORDS] = { %s };\n", wordList(method).c_str());
    if (iface.isKernel())
        out.add("    int64_t result = phx_invoke(self, %s, words, %u);\n\n", constant.c_str(),
            wordCount(method.in));
    else
        out.add("    int64_t result = stub_call_words(self, %s, words, %u, %u);\n\n",
            constant.c_str(), wordCount(method.in), wordCount(method.out));
    emitResults(method, "words", out);
    out.add("    return result;\n");
}

static void emitMessage(const Interface &iface, const Method &method, Text &out)
{
    std::string constant = iface.prefix() + "_" + upperCase(method.name);
    unsigned sent = 0, accepted = 0, taken = 0;

    out.add("    struct phx_message message = { .words = { %s }, .deadline = PHX_FOREVER };\n\n",
        wordList(method).c_str());
    for (const Param &param : method.in) {
        std::string name = variable(param.name), plain = snakeCase(param.name);

        if (param.kind == Param::blob)
            out.add("    stub_send_bytes(&message, %s, %s_length);\n", name.c_str(),
                plain.c_str());
        if (param.kind == Param::capability)
            out.add("    message.caps[%u] = %s;\n    message.cap_modes[%u] = (uint8_t)%s_mode;\n"
                    "    message.send_caps = %u;\n",
                sent, name.c_str(), sent, plain.c_str(), sent + 1), sent++;
    }
    for (const Param &param : method.out) {
        std::string name = "out_" + snakeCase(param.name);

        if (param.kind == Param::blob)
            out.add("    stub_take_bytes(&message, %s, %s_capacity);\n", name.c_str(),
                name.c_str());
        if (param.kind == Param::capability)
            out.add("    message.accept[%u] = %u;\n    message.accept_caps = %u;\n", accepted,
                param.interface, accepted + 1), accepted++;
    }
    out.add("    int64_t result = stub_call(self, %s, &message, %u, %u);\n\n", constant.c_str(),
        wordCount(method.in), wordCount(method.out));
    for (const Param &param : method.out) {
        std::string name = "out_" + snakeCase(param.name);

        if (param.kind == Param::blob)
            out.add("    *%s_length = PHX_INFO_LENGTH(message.info);\n", name.c_str());
        if (param.kind == Param::capability)
            out.add("    *%s = message.caps[%u];\n", name.c_str(), taken++);
    }
    emitResults(method, "message.words", out);
    if (!iface.detail.empty())
        out.add("    stub_detail(&message, result, detail);\n");
    out.add("    return result;\n");
}

static void emitStub(const Interface &iface, const Method &method, Claims &claims, Text &out)
{
    std::string name = snakeCase(iface.name) + "_" + snakeCase(method.name);
    std::string head = claims.claim(name, method.where) + "(" + signature(iface, method) + ")";

    out.add("/* %s */\n", method.doc.c_str());
    out.add("static inline int64_t %s\n{\n", wrapped(head, 4, 22).c_str());
    if (needsMessage(iface, method))
        emitMessage(iface, method, out);
    else
        emitRegisters(iface, method, out);
    out.add("}\n\n");
}

std::string emitStubs(const File &file)
{
    Claims claims(file.path);
    std::string guard = "GEN_" + upperCase(file.base) + "_STUBS_H";
    Text out;

    out.add("%s", opening("how a program calls what " + file.path + " describes.").c_str());
    out.add("#ifndef %s\n#define %s\n\n", guard.c_str(), guard.c_str());
    out.add("#include \"%s.capnp.h\"\n#include \"capnp/stub.h\"\n\n", file.base.c_str());
    for (const Interface *iface : file.interfaces)
        for (const Method &method : iface->methods)
            if (method.words && !method.marker)
                emitStub(*iface, method, claims, out);
    out.add("#endif\n");
    return out.str();
}
