/* SPDX-License-Identifier: MIT */
#include "line.h"

#include "bytes.h"
#include "fmt/fmt.h"

#define KEY(c) ((c) - 'A' + 1)
#define KEY_ESCAPE 27
#define KEY_DELETE 127

/* --- the screen ---------------------------------------------------------------- */

static void show(struct line *line, const char *text, size_t length)
{
    if (line->echo)
        line->out(text, length);
}

static bool continues(char c)
{
    return (c & 0xc0) == 0x80;
}

static size_t width(const char *text, size_t length)
{
    size_t columns = 0;

    for (size_t i = 0; i < length; i++)
        columns += !continues(text[i]);
    return columns;
}

static size_t step_back(const struct line *line, size_t at)
{
    while (at > 0 && continues(line->text[--at]))
        ;
    return at;
}

static size_t step_on(const struct line *line, size_t at)
{
    while (at < line->length && continues(line->text[++at]))
        ;
    return at < line->length ? at : line->length;
}

/* How many columns there are for text, behind the prompt. */
static size_t room(const struct line *line)
{
    size_t prompt = strlen(line->prompt);

    return line->columns > prompt + 8 ? line->columns - prompt - 1 : 8;
}

/* So that the cursor is on the screen. */
static void scroll(struct line *line)
{
    if (line->cursor < line->shown)
        line->shown = line->cursor;
    while (width(line->text + line->shown, line->cursor - line->shown) > room(line))
        line->shown = step_on(line, line->shown);
}

static void refresh(struct line *line)
{
    char move[16];
    size_t end, column;

    scroll(line);
    end = line->shown;
    for (size_t i = 0; i < room(line) && end < line->length; i++)
        end = step_on(line, end);
    show(line, "\r", 1);
    show(line, line->prompt, strlen(line->prompt));
    show(line, line->text + line->shown, end - line->shown);
    show(line, "\033[K\r", 4);
    column = strlen(line->prompt) + width(line->text + line->shown, line->cursor - line->shown);
    if (column > 0)
        show(line, move, fmt(move, sizeof move, "\033[%luC", column));
}

/* --- changes ------------------------------------------------------------------- */

static void insert(struct line *line, const char *text, size_t length)
{
    bool at_end = line->cursor == line->length;

    if (length > LINE_MAX - line->length) {
        show(line, "\a", 1);
        line->cut_short = !line->echo;
        return;
    }
    memmove(
        line->text + line->cursor + length, line->text + line->cursor, line->length - line->cursor);
    memcpy(line->text + line->cursor, text, length);
    line->length += length;
    line->cursor += length;
    if (at_end && width(line->text + line->shown, line->length - line->shown) <= room(line))
        show(line, text, length);
    else
        refresh(line);
}

static void cut(struct line *line, size_t from, size_t to)
{
    memmove(line->text + from, line->text + to, line->length - to);
    line->length -= to - from;
    line->cursor = from;
    refresh(line);
}

static void move_to(struct line *line, size_t at)
{
    line->cursor = at;
    refresh(line);
}

static size_t word_before(const struct line *line)
{
    size_t at = line->cursor;

    while (at > 0 && line->text[at - 1] == ' ')
        at--;
    while (at > 0 && line->text[at - 1] != ' ')
        at--;
    return at;
}

static void replace(struct line *line, const char *text)
{
    line->length = strlen(text);
    memcpy(line->text, text, line->length);
    line->cursor = line->length;
    line->shown = 0;
    refresh(line);
}

/* --- history -------------------------------------------------------------------- */

static void history_show(struct line *line, size_t at)
{
    if (at > line->history_count)
        return;
    if (line->history_at == 0) {
        line->free(line->draft);
        line->draft = line->copy(line->text, line->length);
    }
    line->history_at = at;
    if (at > 0)
        replace(line, line->history[at - 1]);
    else
        replace(line, line->draft != NULL ? line->draft : "");
}

void line_remember(struct line *line)
{
    char *copy;

    if (line->length == 0 || (line->history_count > 0 && strlen(line->history[0]) == line->length &&
                                 memcmp(line->history[0], line->text, line->length) == 0))
        return;
    copy = line->copy(line->text, line->length);
    if (copy == NULL)
        return;
    if (line->history_count == LINE_HISTORY)
        line->free(line->history[--line->history_count]);
    memmove(line->history + 1, line->history, line->history_count * sizeof line->history[0]);
    line->history[0] = copy;
    line->history_count++;
}

/* --- completion ------------------------------------------------------------------ */

/* How far all names that begin with the word agree; *count is how many there are. */
static size_t common(const struct line *line, bool first, const char *word, size_t length,
    const char **found, size_t *count)
{
    size_t agreed = 0;
    const char *name;

    *count = 0;
    for (size_t n = 0; (name = line->complete(first, n)) != NULL; n++) {
        size_t same = 0;

        if (strlen(name) < length || memcmp(name, word, length) != 0)
            continue;
        if (++*count == 1) {
            *found = name;
            agreed = strlen(name);
        }
        while (same < agreed && name[same] == (*found)[same])
            same++;
        agreed = same;
    }
    return agreed;
}

static void complete(struct line *line)
{
    size_t start = line->cursor, count, agreed;
    const char *found = NULL;

    if (line->complete == NULL)
        return;
    while (start > 0 && line->text[start - 1] != ' ' && line->text[start - 1] != ',')
        start--;
    agreed = common(line, start == 0, line->text + start, line->cursor - start, &found, &count);
    if (count == 0) {
        show(line, "\a", 1);
        return;
    }
    if (agreed > line->cursor - start)
        insert(line, found + (line->cursor - start), agreed - (line->cursor - start));
    else if (count > 1)
        show(line, "\a", 1);
    if (count == 1 && line->cursor == line->length)
        insert(line, " ", 1);
}

/* --- keys ------------------------------------------------------------------------ */

void line_begin(struct line *line, const char *prompt)
{
    line->prompt = prompt;
    line->length = line->cursor = line->shown = 0;
    line->escape_length = 0;
    line->history_at = 0;
    line->cut_short = false;
    show(line, prompt, strlen(prompt));
}

static void escape_key(struct line *line, unsigned char key)
{
    switch (key) {
    case 'A':
        history_show(line, line->history_at + 1);
        break;
    case 'B':
        if (line->history_at > 0)
            history_show(line, line->history_at - 1);
        break;
    case 'C':
        move_to(line, step_on(line, line->cursor));
        break;
    case 'D':
        move_to(line, step_back(line, line->cursor));
        break;
    case 'H':
        move_to(line, 0);
        break;
    case 'F':
        move_to(line, line->length);
        break;
    default:
        break;
    }
}

/* ESC [ digits ~, ESC [ letter, ESC O letter. Anything else is dropped. */
static void escape(struct line *line, unsigned char byte)
{
    unsigned char *e = line->escape;

    if (line->escape_length < sizeof line->escape)
        e[line->escape_length++] = byte;
    if (line->escape_length == 2 && (byte == '[' || byte == 'O'))
        return;
    if (line->escape_length > 2 && ((byte >= '0' && byte <= '9') || byte == ';'))
        return;
    if (line->escape_length == 4 && byte == '~' && e[2] == '3') {
        if (line->cursor < line->length)
            cut(line, line->cursor, step_on(line, line->cursor));
    } else if (line->escape_length == 4 && byte == '~') {
        escape_key(line, e[2] == '1' || e[2] == '7' ? 'H' : e[2] == '4' || e[2] == '8' ? 'F' : 0);
    } else if (line->escape_length == 3) {
        escape_key(line, byte);
    }
    line->escape_length = 0;
}

/* Keys that mean the same as an arrow, Home or End. */
static const unsigned char arrows[' '] = {[KEY('A')] = 'H',
    [KEY('B')] = 'D',
    [KEY('E')] = 'F',
    [KEY('F')] = 'C',
    [KEY('N')] = 'B',
    [KEY('P')] = 'A'};

static void control(struct line *line, unsigned char byte)
{
    switch (byte) {
    case KEY('D'):
        if (line->cursor < line->length)
            cut(line, line->cursor, step_on(line, line->cursor));
        break;
    case KEY('H'):
    case KEY_DELETE:
        if (line->cursor > 0)
            cut(line, step_back(line, line->cursor), line->cursor);
        break;
    case KEY('I'):
        complete(line);
        break;
    case KEY('K'):
        line->length = line->cursor;
        refresh(line);
        break;
    case KEY('L'):
        show(line, "\033[H\033[2J", 7);
        refresh(line);
        break;
    case KEY('U'):
        cut(line, 0, line->cursor);
        break;
    case KEY('W'):
        cut(line, word_before(line), line->cursor);
        break;
    default:
        escape_key(line, byte < sizeof arrows ? arrows[byte] : 0);
        break;
    }
}

enum line_event line_feed(struct line *line, unsigned char byte)
{
    char c = (char)byte;

    if (line->escape_length > 0) {
        escape(line, byte);
        return LINE_MORE;
    }
    switch (byte) {
    case '\r':
    case '\n':
        line->text[line->length] = 0;
        show(line, "\n", 1);
        return LINE_DONE;
    case KEY('C'):
        show(line, "^C\n", 3);
        return LINE_CANCELLED;
    case KEY('D'):
        if (line->length == 0)
            return LINE_END;
        break;
    case KEY_ESCAPE:
        line->escape[line->escape_length++] = byte;
        return LINE_MORE;
    default:
        break;
    }
    if ((byte >= ' ' && byte != KEY_DELETE) || (!line->echo && byte == '\t'))
        insert(line, &c, 1);
    else
        control(line, byte);
    return LINE_MORE;
}
