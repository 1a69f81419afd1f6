/* SPDX-License-Identifier: MIT */
/* The ring of lines: what was promised is in the header. */
#include "logbuf.h"

#include "fmt.h"

static char *at(const struct logbuf *log, uint64_t position)
{
    return &log->buffer[position & (log->size - 1)];
}

void logbuf_init(struct logbuf *log, char *buffer, size_t size)
{
    *log = (struct logbuf){.buffer = buffer, .size = size};
}

static void append_line(struct logbuf *log, uint64_t nanoseconds, const char *text, size_t length)
{
    char prefix[32];
    size_t prefix_length = fmt(prefix, sizeof(prefix), "[%5lu.%06lu] ",
                               (unsigned long)(nanoseconds / 1000000000),
                               (unsigned long)(nanoseconds / 1000 % 1000000));
    uint64_t end;

    if (length > LOGBUF_TEXT_MAX)
        length = LOGBUF_TEXT_MAX;
    end = log->head + prefix_length + length + 1;
    while (end - log->tail > log->size)
        while (*at(log, log->tail++) != '\n')
            ;
    for (size_t i = 0; i < prefix_length; i++)
        *at(log, log->head++) = prefix[i];
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        *at(log, log->head++) = (c < 0x20 && c != '\t') || c == 0x7f ? '?' : text[i];
    }
    *at(log, log->head++) = '\n';
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

static uint64_t clamp(const struct logbuf *log, uint64_t position)
{
    if (position > log->head)
        return log->head;
    return position < log->tail ? log->tail : position;
}

size_t logbuf_read(const struct logbuf *log, uint64_t *position, char *out, size_t size)
{
    uint64_t from = clamp(log, *position);
    size_t length = 0;

    while (length < size && from < log->head)
        out[length++] = *at(log, from++);
    *position = from;
    return length;
}

bool logbuf_line(const struct logbuf *log, uint64_t *position, char *out, size_t size)
{
    uint64_t from = clamp(log, *position);
    bool any = from < log->head;
    size_t length = 0;

    while (from < log->head) {
        char c = *at(log, from++);

        if (c == '\n')
            break;
        if (length + 1 < size)
            out[length++] = c;
    }
    out[length] = 0;
    *position = from;
    return any;
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
