/* SPDX-License-Identifier: MIT */
/*
 * The line editor, by typing at it: what the line is afterwards, and what a
 * terminal with the few commands that it sends would show.
 */
#include "line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static char screen[4096];
static size_t column, most;

/* A terminal of one line. */
static void out(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\r') {
            column = 0;
        } else if (bytes[i] == '\n') {
            continue; /* the test looks at the line before */
        } else if (bytes[i] == '\a') {
            continue;
        } else if (bytes[i] == '\033') {
            char *end;
            long n = strtol(bytes + i + 2, &end, 10);

            if (*end == 'C')
                column += (size_t)n;
            else if (*end == 'K')
                memset(screen + column, ' ', sizeof screen - column);
            i = (size_t)(end - bytes);
        } else {
            screen[column++] = bytes[i];
            most = column > most ? column : most;
        }
    }
}

static char *copy(const char *text, size_t length)
{
    return strndup(text, length);
}

static const char *names(bool first, size_t n)
{
    static const char *const commands[] = {"help", "history", "run", NULL};
    static const char *const others[] = {"clock", "console", NULL};

    return first ? (n < 3 ? commands[n] : NULL) : (n < 2 ? others[n] : NULL);
}

static struct line line;

static enum line_event type(const char *keys)
{
    enum line_event event = LINE_MORE;

    for (; *keys != 0 && event == LINE_MORE; keys++)
        event = line_feed(&line, (unsigned char)*keys);
    return event;
}

static void begin(void)
{
    memset(screen, ' ', sizeof screen);
    column = most = 0;
    line.columns = 40;
    line.echo = true;
    line.out = out;
    line.copy = copy;
    line.free = free;
    line.complete = names;
    line_begin(&line, "> ");
}

static bool shows(const char *text)
{
    return memcmp(screen, text, strlen(text)) == 0 && screen[strlen(text)] == ' ';
}

static void expect(const char *name, const char *keys, const char *text, const char *visible)
{
    bool good;

    begin();
    good = type(keys) == LINE_DONE && strcmp(line.text, text) == 0 &&
           (visible == NULL || shows(visible)) && most <= 40;
    line_remember(&line);
    printf(
        "%s line.%s%s%s\n", good ? "ok" : "FAIL", name, good ? "" : " got ", good ? "" : line.text);
    failures += !good;
}

static void check(const char *name, bool good)
{
    printf("%s line.%s%s\n", good ? "ok" : "FAIL", name, good ? "" : " is not so");
    failures += !good;
}

int main(void)
{
    static char random[4000];

    expect("plain", "hello\r", "hello", "> hello");
    expect("insert_in_the_middle", "hllo\033[D\033[D\033[De\r", "hello", "> hello");
    expect("home_and_end", "bc\001a\005d\r", "abcd", "> abcd");
    expect("home_and_end_keys", "bc\033[Ha\033[Fd\033[1~_\033OF_\r", "_abcd_", "> _abcd_");
    expect("backspace_and_delete", "abcx\177\033[D\033[3~\r", "ab", "> ab");
    expect("kill_to_the_start", "one two\025three\r", "three", "> three");
    expect("kill_to_the_end", "one two\001\033[C\013\r", "o", "> o");
    expect("kill_a_word", "one two  \027x\r", "one x", "> one x");
    expect(
        "characters_of_several_bytes", "\xc3\xa4\xc3\xb6\033[D\177u\r", "u\xc3\xb6", "> u\xc3\xb6");
    expect("completes_a_command", "hel\t\r", "help ", NULL);
    expect("completes_as_far_as_names_agree", "h\ti\t\r", "history ", NULL);
    expect("completes_behind_a_comma", "run a,cl\tx\r", "run a,clock x", NULL);
    expect("first", "first\r", "first", NULL);
    expect("history_back", "\033[A\r", "first", "> first");
    expect("history_back_and_on", "dra\033[A\033[A\033[B\033[Bft\r", "draft", "> draft");
    expect("long_lines_scroll", "0123456789012345678901234567890123456789012345678901234567\001x\r",
        "x0123456789012345678901234567890123456789012345678901234567", NULL);
    expect("unknown_escapes_are_dropped", "a\033[5~\033[1;5Cb\033xc\r", "abc", "> abc");
    begin();
    check("control_c_cancels", type("abc\003") == LINE_CANCELLED);
    begin();
    check("control_d_on_an_empty_line_ends", type("\004") == LINE_END);
    begin();
    check("control_d_elsewhere_deletes",
        type("ab\001\004\r") == LINE_DONE && strcmp(line.text, "b") == 0);
    begin();
    line.echo = false;
    for (unsigned i = 0; i <= LINE_MAX; i++)
        type("x");
    check("what_nobody_sees_is_not_cut_silently", type("\r") == LINE_DONE && line.cut_short);
    begin();
    check("the_next_line_is_whole", type("x\r") == LINE_DONE && !line.cut_short);
    srand(3);
    begin();
    for (unsigned i = 0; i < 300000; i++) {
        random[0] = (char)(rand() % 3 ? 'a' + rand() % 26 : rand() % 256);
        if (line_feed(&line, (unsigned char)random[0]) != LINE_MORE) {
            line_remember(&line);
            line_begin(&line, "> ");
            column = 0;
        }
        column = column > 100 ? 0 : column;
        if (line.length > LINE_MAX || line.cursor > line.length || line.shown > line.length)
            failures++;
    }
    check("random_keys_keep_it_in_bounds", failures == 0);
    return failures != 0;
}
