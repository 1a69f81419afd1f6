/* SPDX-License-Identifier: MIT */
/* The line discipline, by typing at it. */
#include "tty.h"

#include <stdio.h>
#include <string.h>

static int failures;
static struct tty tty;

/* Keys, what a program reads of them (lines with | between, an end as $), and what
 * the screen is sent. */
static void expect(const char *name, const char *keys, const char *read, const char *screen)
{
    static char got[20000], shown[20000];

    got[0] = shown[0] = 0;
    for (; *keys != 0; keys++) {
        bool ready = tty_key(&tty, (uint8_t)*keys);

        strncat(shown, (const char *)tty.shown, tty.shown_length);
        if (!ready)
            continue;
        if (tty.length == 0)
            strcat(got, "$");
        strncat(got, (const char *)tty.line, tty.length);
        strcat(got, "|");
        tty.length = 0;
    }
    if (strcmp(got, read) == 0 && strcmp(shown, screen) == 0) {
        printf("ok tty.%s\n", name);
        return;
    }
    printf("FAIL tty.%s read <%s>, shown <%s>\n", name, got, shown);
    failures++;
}

int main(void)
{
    static char keys[6000], line[6000], screen[8000];

    tty_init(&tty);
    expect("enter_ends_a_line", "one\rtwo\n", "one\n|two\n|", "one\ntwo\n");
    expect("a_line_can_be_edited", "abx\177c\r", "abc\n|", "abx\b \bc\n");
    expect("a_character_of_several_bytes_goes_at_once", "\xc3\xa4\177\r", "\n|", "\xc3\xa4\b \b\n");
    expect("a_word_goes", "one two \027\r", "one \n|", "one two \b \b\b \b\b \b\b \b\n");
    expect("a_line_goes", "abc\025d\r", "d\n|", "abc\b \b\b \b\b \bd\n");
    expect("control_d_is_the_end", "\004", "$|", "");
    expect("control_d_hands_over_what_there_is", "ab\004c\r", "ab|c\n|", "abc\n");
    expect("control_characters_are_shown", "a\001\177\r", "a\n|", "a^A\b \b\b \b\n");
    expect("control_v_takes_the_next_as_it_is", "\026\177\r", "\177\n|", "^?\n");
    memset(keys, 'x', 5000);
    strcpy(keys + 5000, "\r");
    memset(line, 'x', TTY_LINE - 1);
    strcpy(line + TTY_LINE - 1, "\n|");
    memset(screen, 'x', TTY_LINE - 1);
    memset(screen + TTY_LINE - 1, 7, 5000 - (TTY_LINE - 1));
    strcpy(screen + 5000, "\n");
    expect("a_line_has_an_end", keys, line, screen);
    tty.echo = false;
    expect("without_echo_nothing_is_shown", "secret\r", "secret\n|", "");
    tty.canonical = tty.map_return = false;
    expect("raw_keys_come_one_by_one", "a\r\004\177", "a|\r|\004|\177|", "");
    return failures != 0;
}
