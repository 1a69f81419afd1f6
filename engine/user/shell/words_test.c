/* SPDX-License-Identifier: MIT */
/* Quoting, case by case. */
#include "words.h"

#include <stdio.h>
#include <string.h>

static int failures;

/* `wanted` has the words with | between them, or !text: the line is refused so. */
static void expect(const char *line, const char *wanted)
{
    char copy[256], got[256] = "", *words[WORDS_MAX + 1];
    const char *problem;
    size_t count;

    strcpy(copy, line);
    problem = words_split(copy, words, &count);
    if (problem != NULL)
        snprintf(got, sizeof got, "!%s", problem);
    for (size_t i = 0; problem == NULL && i < count; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i ? "|" : "", words[i]);
    if (strcmp(got, wanted) == 0)
        return;
    printf("FAIL words.are_split_as_quoted <%s>: wanted <%s>, got <%s>\n", line, wanted, got);
    failures++;
}

int main(void)
{
    expect("", "");
    expect("  one\ttwo  three ", "one|two|three");
    expect("a 'b c' \"d e\" f\\ g", "a|b c|d e|f g");
    expect("'' x\"\"y", "|xy");
    expect("\"a \\\" \\\\ \\n\"", "a \" \\ \\n");
    expect("'a \\' b", "a \\|b");
    expect("a'b'\"c\"\\d", "abcd");
    expect("\"open", "!a \" is missing");
    expect("'open", "!a ' is missing");
    expect("end\\", "!nothing follows the backslash");
    if (failures == 0)
        printf("ok words.are_split_as_quoted\n");
    return failures != 0;
}
