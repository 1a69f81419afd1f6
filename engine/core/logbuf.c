/* SPDX-License-Identifier: MIT */
/* The ring of lines: what was promised is in the header. */
#include "logbuf.h"

#include "bytes.h"
#include "text.h"

static char *at(const struct logbuf *log, uint64_t position)
{
    return &log->buffer[position & (log->size - 1)];
}

/* How much of n bytes lies in one piece from there. */
static size_t piece(const struct logbuf *log, uint64_t position, size_t n)
{
    size_t room = log->size - (position & (log->size - 1));

    return n < room ? n : room;
}

/* C0 but tab, DEL, and C1 as one byte or as UTF-8 has it. */
static bool is_control(unsigned char c, unsigned char before)
{
    return (c < 0x20 && c != '\t') || c == 0x7f ||
           (c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2));
}

size_t logbuf_append(struct logbuf *log, uint64_t nanoseconds, const char *text, size_t length,
                     char line[LOGBUF_LINE_MAX])
{
    size_t end = text_fmt(line, LOGBUF_LINE_MAX, "[%5lu.%06lu] ", nanoseconds / 1000000000,
                          nanoseconds / 1000 % 1000000);

    length -= length > 0 && text[length - 1] == '\n';
    for (size_t i = 0; i < length && i < LOGBUF_TEXT_MAX; i++) {
        unsigned char c = (unsigned char)text[i], before = (unsigned char)line[end - 1];

        line[end++] = (c < 0x20 || c >= 0x7f) && is_control(c, before) ? '?' : text[i];
    }
    line[end++] = '\n';
    if (log->head + end - log->tail > log->size) {
        log->tail = log->head + end - log->size - 1;
        while (*at(log, log->tail++) != '\n')
            ;
    }
    size_t first = piece(log, log->head, end);
    memcpy(at(log, log->head), line, first);
    memcpy(log->buffer, line + first, end - first);
    log->head += end;
    return end;
}

size_t logbuf_read(const struct logbuf *log, uint64_t *position, char *out, size_t size)
{
    if (*position < log->tail)
        *position = log->tail;
    if (*position > log->head)
        *position = log->head;
    size_t length = log->head - *position < size ? log->head - *position : size;
    size_t first = piece(log, *position, length);
    memcpy(out, at(log, *position), first);
    memcpy(out + first, log->buffer, length - first);
    *position += length;
    return length;
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
