/* SPDX-License-Identifier: MIT */
/*
 * Emitters: each prints one generated file from the checked model and cannot
 * refuse anything but a C name that is taken twice.
 */
#ifndef CAPNPC_PHOENIX_EMIT_H
#define CAPNPC_PHOENIX_EMIT_H

#include "model.h"

/* Text that grows by printf. */
class Text
{
public:
    void add(const char *format, ...) __attribute__((format(printf, 2, 3)));
    const std::string &str() const { return text; }

private:
    std::string text;
};

/* A comma separated list that starts in column `start`, broken into lines of at
 * most 100 columns. */
std::string wrapped(const std::string &list, unsigned indent, unsigned start);
/* The comment that every generated C file opens with, from a sentence. */
std::string opening(const std::string &promise);
/* "struct frame_pool_alloc_in"; empty if it would have no field. */
std::string wordsStruct(const Interface &iface, const Method &method, bool in);
unsigned wordCount(const std::vector<Param> &params);

std::string emitHeader(const Model &model, const File &file);     /* X.capnp.h */
std::string emitStubs(const File &file);                          /* X.stubs.h */
std::string emitBuilders(const Model &model, const File &file);   /* X.build.h */
std::string emitKernelHeader(const Model &model);                 /* kernel_ops.h */
std::string emitKernelTables(const Model &model);                 /* kernel_dispatch.inc.c */
std::string emitErrorTexts(const Model &model);                   /* error_texts.inc.c */
std::string emitInterfaceHeader(const Model &model);              /* interfaces.h */
std::string emitInterfaceTables(const Model &model);              /* interfaces.inc.c */
std::string emitTests(const Model &model);                        /* schema_tests.txt */
std::string emitReference(const Model &model);                    /* reference.md */

/* The part of X.capnp.h that reads structs. */
void emitReaders(const Model &model, const File &file, Claims &claims, Text &out);

#endif
