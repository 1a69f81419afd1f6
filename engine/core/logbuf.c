/* SPDX-License-Identifier: MIT */
/* The ring of lines: what was promised is in the header. */
#include "logbuf.h"

#include "fmt.h"

static char *at(const struct logbuf *log, uint64_t position)
{
    return &log->buffer[position & (log->size - 1)];
}

/* C0 but tab, DEL, and C1 as one byte or as UTF-8 has it. */
static bool is_control(unsigned char c, unsigned char before)
{
    return (c < 0x20 && c != '\t') || c == 0x7f ||
           (c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2));
}

static void append_line(struct logbuf *log, uint64_t nanoseconds, const char *text, size_t length)
{
    char line[LOGBUF_LINE_MAX];
    size_t end = fmt(line, sizeof(line), "[%5lu.%06lu] ", (unsigned long)(nanoseconds / 1000000000),
                     (unsigned long)(nanoseconds / 1000 % 1000000));

    for (size_t i = 0; i < length && i < LOGBUF_TEXT_MAX; i++) {
        unsigned char c = (unsigned char)text[i], before = (unsigned char)line[end - 1];

        line[end++] = is_control(c, before) ? '?' : text[i];
    }
    line[end++] = '\n';
    while (log->head + end - log->tail > log->size)
        while (*at(log, log->tail++) != '\n')
            ;
    for (size_t i = 0; i < end; i++)
        *at(log, log->head++) = line[i];
}

void logbuf_append(struct logbuf *log, uint64_t nanoseconds, const char *text, size_t length)
{
    do {
        size_t line = 0;

        while (line < length && text[line] != '\n')
            line++;
        append_line(log, nanoseconds, text, line);
        if (line < length)
            line++;
        text += line;
        length -= line;
    } while (length);
}

size_t logbuf_read(const struct logbuf *log, uint64_t *position, char *out, size_t size)
{
    size_t length = 0;

    if (*position < log->tail)
        *position = log->tail;
    if (*position > log->head)
        *position = log->head;
    while (length < size && *position < log->head)
        out[length++] = *at(log, (*position)++);
    return length;
}

bool logbuf_line(const struct logbuf *log, uint64_t *position, char out[LOGBUF_LINE_MAX])
{
    size_t got = logbuf_read(log, position, out, LOGBUF_LINE_MAX), length = 0;

    if (got == 0)
        return false;
    while (out[length] != '\n')
        length++;
    out[length] = 0;
    *position -= got - length - 1;
    return true;
}

uint64_t logbuf_last(const struct logbuf *log, size_t lines)
{
    uint64_t position = log->head;

    /* Every newline but the last line's own ends the line before. */
    for (; position > log->tail; position--)
        if (*at(log, position - 1) == '\n' && lines-- == 0)
            break;
    return position;
}
