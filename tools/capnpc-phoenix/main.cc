/* SPDX-License-Identifier: MIT */
/*
 * capnpc-phoenix: makes C out of Phoenix's schemas.
 *
 * A plugin of the Cap'n Proto compiler (`capnp compile -o.../capnpc-phoenix:DIR`):
 * the request comes on standard input, files go to the working directory. For
 * each schema X.capnp there are X.capnp.h (constants, words, readers), X.build.h
 * (builders) and X.stubs.h (calls); and, once for all schemas of the run if the
 * kernel's is among them, the kernel's tables, the texts, the reference page, and
 * which tests the methods name.
 *
 * Tests  tests/capnp
 */
#include <capnp/serialize.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "emit.h"

static void save(const std::string &name, const std::string &text)
{
    std::ofstream file(name, std::ios::binary | std::ios::trunc);

    file << text;
    file.close();
    if (!file)
        throw Refusal(name, "output", "cannot be written");
}

static void emitAll(const Model &model)
{
    bool kernel = false;

    for (const File &file : model.files) {
        save(file.base + ".capnp.h", emitHeader(model, file));
        save(file.base + ".build.h", emitBuilders(model, file));
        save(file.base + ".stubs.h", emitStubs(file));
        kernel |= file.isKernel;
    }
    if (!kernel)
        return;
    if (!model.errors)
        throw Refusal(model.capability()->file, "Error", "the kernel's file has no such enum");
    save("kernel_ops.h", emitKernelHeader(model));
    save("kernel_dispatch.inc.c", emitKernelTables(model));
    save("error_texts.inc.c", emitErrorTexts(model));
    save("interfaces.h", emitInterfaceHeader(model));
    save("interfaces.inc.c", emitInterfaceTables(model));
    save("schema_tests.txt", emitTests(model));
    save("reference.md", emitReference(model));
}

int main()
{
    try {
        capnp::ReaderOptions options;

        options.traversalLimitInWords = UINT64_C(1) << 30;
        capnp::StreamFdMessageReader message(0, options);
        Model model(message.getRoot<capnp::schema::CodeGeneratorRequest>());
        emitAll(model);
    } catch (const Refusal &refusal) {
        std::cerr << refusal.what() << std::endl;
        return EXIT_FAILURE;
    } catch (const kj::Exception &exception) {
        std::cerr << "capnpc-phoenix: " << exception.getDescription().cStr() << std::endl;
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
