/* SPDX-License-Identifier: MIT */
/* The lines of a backtrace, with this program for a kernel. */
#include "phoenix/names.h"

#include <stdio.h>
#include <string.h>

#include "../harness/test.h"

#define SELF "/proc/self/exe"

extern const char __executable_start[];
void named_function(void);
void named_function(void)
{
    static volatile unsigned n;

    n++; /* more than one byte of code */
}

static bool ask(const char *kernel, const char *line, char out[64])
{
    out[0] = 0;
    return names_line(kernel, (const uint8_t *)line, strlen(line), out, 64);
}

TEST(names, a_line_with_an_address_gets_the_function, "and how far into it that is")
{
    char line[32], out[64];
    uint64_t address = (uint64_t)named_function - (uint64_t)__executable_start;

    snprintf(line, sizeof line, "  0x%llx", (unsigned long long)address);
    CHECK(ask(SELF, line, out));
    CHECK_STR(out, "  named_function+0x0");
    snprintf(line, sizeof line, "  0x%llx", (unsigned long long)address + 1);
    CHECK(ask(SELF, line, out));
    CHECK_STR(out, "  named_function+0x1");
}

TEST(names, other_lines_stay, "and all do where the file is no kernel's")
{
    static const char *const lines[] = {"", "  0x", "  0xg", " 0x1000", "rip 0x1000", "  0x1000 ",
        "  0x11112222333344445", "  0X1000"};
    char out[64];

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK(!ask(SELF, lines[i], out));
    CHECK(!ask("/nowhere", "  0x1000", out));
    CHECK(!ask("/proc/self/cmdline", "  0x1000", out));
    CHECK(!ask("tests/launcher/names_test.c", "  0x1000", out));
}
