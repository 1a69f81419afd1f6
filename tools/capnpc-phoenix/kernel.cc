/* SPDX-License-Identifier: MIT */
/*
 * kernel_ops.h and kernel_dispatch.inc.c: what the kernel does, as prototypes
 * and as the tables that its dispatcher looks things up in.
 *
 * A row's handler has one type for all methods; the thunk behind it gives the
 * words their names and is compiled to a jump.
 */
#include "emit.h"

static std::string handlerName(const Interface &iface, const Method &method)
{
    return snakeCase(iface.name) + "_" + snakeCase(method.name);
}

/* Whether it has a handler of its own. */
static bool isHandled(const Interface &iface, const Method &method)
{
    return iface.isKernel() && !method.marker && method.as.empty();
}

/* The row's handler: its own, or that of the method which does it too. */
static std::string handlerOf(const Model &model, const Interface &iface, const Method &method)
{
    if (method.marker)
        return "0";
    if (method.as.empty())
        return "run_" + handlerName(iface, method);
    for (const Interface *other : model.all())
        for (const Method &does : other->methods)
            if (does.where == method.as && isHandled(*other, does) &&
                wordCount(does.in) == wordCount(method.in) &&
                wordCount(does.out) == wordCount(method.out))
                return "run_" + handlerName(*other, does);
    throw Refusal(iface.file, method.where, "is not done as " + method.as + " is");
}

static std::string prototype(const Interface &iface, const Method &method)
{
    std::string in = wordsStruct(iface, method, true);
    std::string out = wordsStruct(iface, method, false);
    std::string list = "op_" + handlerName(iface, method) + "(struct invocation *inv";

    if (!in.empty())
        list += ", const " + in + " *in";
    if (!out.empty())
        list += ", " + out + " *out";
    return list + ")";
}

std::string emitKernelHeader(const Model &model)
{
    unsigned count = 0, highest = 0;
    Text out;

    for (const Interface *iface : model.all())
        if (iface->isKernel()) {
            count += (unsigned)iface->methods.size();
            highest = iface->number;
        }
    out.add("%s", opening("the kernel's operations.").c_str());
    out.add("#ifndef GEN_KERNEL_OPS_H\n#define GEN_KERNEL_OPS_H\n\n");
    out.add("#include <stdint.h>\n\n#include \"kernel.capnp.h\"\n\nstruct invocation;\n\n");
    out.add("/* `in` is the kernel's own copy of the words; `out` becomes words 0-4. */\n"
            "typedef int kernel_handler(\n"
            "    struct invocation *inv, const uint64_t in[%u], uint64_t out[%u]);\n\n",
        kernelWords, kernelWords);
    out.add("#define KERNEL_OP_INTERRUPT_SAFE 1 /* the timer may drain it from a ring */\n"
            "#define KERNEL_OP_MARKER 2 /* a permission; invoked: InvalidSyscall, no handler */\n\n"
            "struct kernel_op {\n"
            "    kernel_handler *handler;\n"
            "    uint64_t errors; /* bit n: may answer with error n */\n"
            "    uint8_t interface, method, words_in, words_out, flags;\n"
            "};\n\n");
    out.add("#define KERNEL_OPS %u\n#define KERNEL_INTERFACES %u /* numbers below this */\n\n",
        count, highest + 1);
    out.add("extern const struct kernel_op kernel_ops[KERNEL_OPS];\n"
            "/* By interface and method: 1 + row of kernel_ops; 0: there is none. */\n"
            "extern const uint8_t kernel_op_index[KERNEL_INTERFACES][64];\n\n"
            "/* libnyx's numbers; op is 1 + row of kernel_ops, 0: not the kernel's. */\n"
            "struct nyx_op {\n"
            "    uint8_t op, interface, method;\n"
            "    uint8_t slot; /* well-known row for capability 0; 0: there is none */\n"
            "};\n\nextern const struct nyx_op nyx_ops[256];\n\n");
    for (const Interface *iface : model.all())
        for (const Method &method : iface->methods)
            if (isHandled(*iface, method))
                out.add("int %s;\n", wrapped(prototype(*iface, method), 4, 4).c_str());
    out.add("\n#endif\n");
    return out.str();
}

static void emitThunk(const Interface &iface, const Method &method, Text &out)
{
    std::string in = wordsStruct(iface, method, true);
    std::string results = wordsStruct(iface, method, false);
    std::string name = handlerName(iface, method), arguments = "inv";

    if (!in.empty())
        arguments += ", (const " + in + " *)in";
    if (!results.empty())
        arguments += ", (" + results + " *)out";
    out.add("static int run_%s(\n    struct invocation *inv, const uint64_t *in, uint64_t *out)\n"
            "{\n", name.c_str());
    if (in.empty())
        out.add("    (void)in;\n");
    if (results.empty())
        out.add("    (void)out;\n");
    out.add("    return %s;\n}\n\n", wrapped("op_" + name + "(" + arguments + ")", 8, 11).c_str());
}

static void emitRow(const Model &model, const Interface &iface, const Method &method, Text &out)
{
    std::string handler = handlerOf(model, iface, method);
    const char *flags = method.marker ? "KERNEL_OP_MARKER"
        : method.interruptSafe        ? "KERNEL_OP_INTERRUPT_SAFE"
                                      : "0";

    out.add("    { %s, %s, IFACE_%s,\n        %s_%s, %u, %u, %s },\n", handler.c_str(),
        hex(model.errorMask(method)).c_str(), iface.prefix().c_str(), iface.prefix().c_str(),
        upperCase(method.name).c_str(), wordCount(method.in), wordCount(method.out), flags);
}

static void emitIndex(const Model &model, Text &out)
{
    unsigned row = 0;
    Text common;

    for (const Method &method : model.capability()->methods)
        common.add("[%u] = %u, ", method.bit, ++row);
    out.add("const uint8_t kernel_op_index[KERNEL_INTERFACES][64] = {\n");
    for (const Interface *iface : model.all()) {
        Text own;

        if (!iface->isKernel())
            continue;
        for (const Method &method : iface->methods)
            if (iface->number != 0)
                own.add("[%u] = %u, ", method.bit, ++row);
        out.add("    [IFACE_%s] = { %s },\n", iface->prefix().c_str(),
            wrapped(own.str() + common.str(), 8, 40).c_str());
    }
    out.add("};\n\n");
}

static void emitNyx(const Model &model, Text &out)
{
    unsigned row = 0;

    out.add("const struct nyx_op nyx_ops[256] = {\n");
    for (const Interface *iface : model.all())
        for (const Method &method : iface->methods) {
            if (!iface->isKernel())
                continue;
            row++;
            for (unsigned number : method.nyx)
                out.add("    [%u] = { %u, IFACE_%s, %s_%s, %s },\n", number, row,
                    iface->prefix().c_str(), iface->prefix().c_str(),
                    upperCase(method.name).c_str(),
                    method.slot ? ("SLOT_" + upperCase(method.slotName)).c_str() : "0");
        }
    out.add("};\n");
}

std::string emitKernelTables(const Model &model)
{
    unsigned rows = 0;
    Text out;

    out.add("%s", opening("tables of the kernel's operations.").c_str());
    out.add("#include \"kernel_ops.h\"\n\n");
    for (const Interface *iface : model.all())
        for (const Method &method : iface->methods)
            if (isHandled(*iface, method))
                emitThunk(*iface, method, out);
    out.add("const struct kernel_op kernel_ops[KERNEL_OPS] = {\n");
    for (const Interface *iface : model.all())
        for (const Method &method : iface->methods)
            if (iface->isKernel()) {
                emitRow(model, *iface, method, out);
                if (++rows > 254)
                    throw Refusal(iface->file, method.where, "is one operation too many");
            }
    out.add("};\n\n");
    emitIndex(model, out);
    emitNyx(model, out);
    return out.str();
}
