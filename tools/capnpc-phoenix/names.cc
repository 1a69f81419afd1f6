/* SPDX-License-Identifier: MIT */
/*
 * Names: from a schema's to C's.
 *
 * Tests  tests/capnp/refusals.sh
 */
#include "names.h"

#include <cctype>
#include <cstdio>

/* Words that cannot be a variable in C, and those that generated functions use. */
static const std::set<std::string> reserved = {
    "asm",      "auto",     "break",    "case",    "char",   "const",   "continue", "default",
    "do",       "double",   "else",     "enum",    "extern", "float",   "for",      "goto",
    "if",       "inline",   "int",      "long",    "register", "restrict", "return", "short",
    "signed",   "sizeof",   "static",   "struct",  "switch", "typedef", "typeof",   "union",
    "unsigned", "void",     "volatile", "while",   "bool",   "true",    "false",    "self",
    "out",      "detail",   "words",    "message", "result",
};

std::string snakeCase(const std::string &name)
{
    std::string out;

    for (size_t i = 0; i < name.size(); i++) {
        bool upper = isupper(name[i]);
        bool afterLower = i > 0 && !isupper(name[i - 1]);
        bool endsAcronym = i > 0 && i + 1 < name.size() && islower(name[i + 1]);

        if (upper && (afterLower || endsAcronym) && name[i - 1] != '_')
            out += '_';
        out += (char)tolower(name[i]);
    }
    return out;
}

std::string upperCase(const std::string &name)
{
    std::string out = snakeCase(name);

    for (char &c : out)
        c = (char)toupper(c);
    return out;
}

std::string titleCase(const std::string &name)
{
    std::string out = name;

    if (!out.empty())
        out[0] = (char)toupper(out[0]);
    return out;
}

std::string variable(const std::string &name)
{
    std::string out = snakeCase(name);

    return reserved.count(out) ? out + "_" : out;
}

std::string quoted(const std::string &text)
{
    std::string out = "\"";

    for (char c : text) {
        char octal[8];

        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if ((unsigned char)c < ' ' || (unsigned char)c > '~') {
            snprintf(octal, sizeof(octal), "\\%03o", (unsigned char)c);
            out += octal;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string hex(uint64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "UINT64_C(0x%llx)", (unsigned long long)value);
    return text;
}

const std::string &Claims::claim(const std::string &name, const std::string &where)
{
    auto placed = taken.insert(name);

    if (!placed.second)
        throw Refusal(file, where, "its C name " + name + " is taken already");
    return *placed.first;
}
