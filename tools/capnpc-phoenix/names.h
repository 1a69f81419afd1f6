/* SPDX-License-Identifier: MIT */
/*
 * Names: what a schema calls something, and what it is called in C.
 *
 * A schema writes camelCase, C here snake_case and CONSTANTS. Two schema names
 * may become one in C; whoever emits claims each name, and the second claim of
 * one is refused rather than left to the C compiler.
 */
#ifndef CAPNPC_PHOENIX_NAMES_H
#define CAPNPC_PHOENIX_NAMES_H

#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>

/* What is wrong in a schema, where. */
struct Refusal : std::runtime_error {
    Refusal(const std::string &file, const std::string &where, const std::string &what)
        : std::runtime_error(file + ": " + where + ": " + what) {}
};

std::string snakeCase(const std::string &name);  /* newThread -> new_thread */
std::string upperCase(const std::string &name);  /* newThread -> NEW_THREAD */
std::string titleCase(const std::string &name);  /* newThread -> NewThread */
std::string variable(const std::string &name);   /* snake case, and no C keyword */
std::string quoted(const std::string &text);     /* a C string literal */
std::string hex(uint64_t value);                 /* UINT64_C(0x...) */

/* The C names that one generated file defines. */
class Claims
{
public:
    explicit Claims(const std::string &path) : file(path) {}
    /* Hands the name back, or refuses it because something else has it. */
    const std::string &claim(const std::string &name, const std::string &where);

private:
    std::string file;
    std::set<std::string> taken;
};

#endif
