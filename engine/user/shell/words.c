/* SPDX-License-Identifier: MIT */
#include "words.h"

/* One word: reads at *from, writes at `to`, which is never ahead. */
static const char *take_word(char **from, char *to)
{
    char *at = *from, quote = 0;

    for (; *at != 0; at++) {
        if (quote == 0 && (*at == ' ' || *at == '\t'))
            break;
        if (*at == quote) {
            quote = 0;
        } else if (quote == 0 && (*at == '\'' || *at == '"')) {
            quote = *at;
        } else if (*at == '\\' && quote != '\'' && (quote == 0 || at[1] == '"' || at[1] == '\\')) {
            if (*++at == 0)
                return "nothing follows the backslash";
            *to++ = *at;
        } else {
            *to++ = *at;
        }
    }
    *from = *at == 0 ? at : at + 1;
    *to = 0;
    return quote == 0 ? NULL : quote == '"' ? "a \" is missing" : "a ' is missing";
}

const char *words_split(char *line, char *words[WORDS_MAX + 1], size_t *count)
{
    char *at = line;

    *count = 0;
    for (;;) {
        const char *problem;
        char *word;

        while (*at == ' ' || *at == '\t')
            at++;
        if (*at == 0)
            break;
        if (*count == WORDS_MAX)
            return "too many words";
        word = at;
        problem = take_word(&at, word);
        if (problem != NULL)
            return problem;
        words[(*count)++] = word;
    }
    words[*count] = NULL;
    return NULL;
}
