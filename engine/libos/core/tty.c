/* SPDX-License-Identifier: MIT */
#include "tty.h"

#define KEY(c) ((c) - 'A' + 1)
#define KEY_DELETE 127
#define BELL 7

void tty_init(struct tty *tty)
{
    tty->canonical = tty->echo = tty->map_return = true;
    tty->literal = false;
    tty->length = tty->shown_length = 0;
}

static void show(struct tty *tty, const char *text, uint32_t length)
{
    for (uint32_t i = 0; tty->echo && i < length && tty->shown_length < TTY_ECHO; i++)
        tty->shown[tty->shown_length++] = (uint8_t)text[i];
}

static bool is_control(uint8_t key)
{
    return key < ' ' || key == KEY_DELETE;
}

/* Control characters as ^X. */
static void show_key(struct tty *tty, uint8_t key)
{
    const char caret[2] = {'^', (char)(key ^ 0x40)};

    if (is_control(key) && key != '\n' && key != '\t')
        show(tty, caret, 2);
    else
        show(tty, (const char *)&key, 1);
}

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The last character, however many bytes and columns it has. */
static void erase(struct tty *tty)
{
    uint8_t byte;

    if (tty->length == 0)
        return;
    do
        byte = tty->line[--tty->length];
    while (continues(byte) && tty->length > 0);
    show(tty, "\b \b", 3);
    if (is_control(byte) && byte != '\t')
        show(tty, "\b \b", 3);
}

static void erase_word(struct tty *tty)
{
    while (tty->length > 0 && tty->line[tty->length - 1] == ' ')
        erase(tty);
    while (tty->length > 0 && tty->line[tty->length - 1] != ' ')
        erase(tty);
}

/* The last place in a line is kept for its newline. */
static bool append(struct tty *tty, uint8_t key)
{
    if (tty->length == TTY_LINE - (key == '\n' ? 0 : 1)) {
        show(tty, &(const char){BELL}, 1);
        return false;
    }
    tty->line[tty->length++] = key;
    show_key(tty, key);
    return true;
}

bool tty_key(struct tty *tty, uint8_t key)
{
    tty->shown_length = 0;
    if (!tty->literal && key == '\r' && tty->map_return)
        key = '\n';
    if (!tty->canonical) {
        append(tty, key);
        return true;
    }
    if (tty->literal) {
        tty->literal = false;
        append(tty, key);
        return false;
    }
    switch (key) {
    case '\n':
        return append(tty, key);
    case KEY('D'):
        return true;
    case KEY('H'):
    case KEY_DELETE:
        erase(tty);
        return false;
    case KEY('U'):
        while (tty->length > 0)
            erase(tty);
        return false;
    case KEY('V'):
        tty->literal = true;
        return false;
    case KEY('W'):
        erase_word(tty);
        return false;
    default:
        append(tty, key);
        return false;
    }
}
