/* SPDX-License-Identifier: MIT */
#include "phoenix/script.h"

#include <stdlib.h>
#include <string.h>

#include "../harness/test.h"

/* In memory of just that size, so that a look behind its end is seen. */
static void check_script(const char *text, const char *interpreter)
{
    size_t size = strlen(text);
    char *copy = malloc(size ? size : 1);
    struct script script;

    memcpy(copy, text, size);
    CHECK(script_parse(copy, size, &script) == (interpreter != NULL));
    if (interpreter) {
        CHECK_EQ(script.interpreter_size, strlen(interpreter));
        CHECK(memcmp(copy + script.interpreter, interpreter, script.interpreter_size) == 0);
    }
    free(copy);
}

TEST(script, names_its_interpreter, "without blanks and arguments")
{
    check_script("#!/bin/sh\necho", "/bin/sh");
    check_script("#!/bin/sh", "/bin/sh");
    check_script("#! \t/usr/bin/env  python3 -u \t\n", "/usr/bin/env");
    check_script("#!a b", "a");
    check_script("#!a \t", "a");
    check_script("#!", NULL);
    check_script("#! \t \n/bin/sh", NULL);
    check_script("#", NULL);
    check_script("", NULL);
    check_script("/bin/sh", NULL);
    check_script("#x/bin/sh", NULL);
}

TEST(script, a_first_line_has_255_bytes_at_most, "and no 0")
{
    char line[300];
    struct script script;

    memset(line, 'x', sizeof line);
    memcpy(line, "#!", 2);
    line[255] = '\n';
    CHECK(script_parse(line, sizeof line, &script) && script.interpreter_size == 253);
    line[255] = 'x';
    line[256] = '\n';
    CHECK(!script_parse(line, sizeof line, &script));
    CHECK(!script_parse("#!/bin\0sh\n", 10, &script));
}
