/* SPDX-License-Identifier: MIT */
/* The text of a call, piece by piece; see trace.h. */
#include "trace.h"

#include "bytes.h"
#include "face.h"
#include "fmt/fmt.h"
#include "user.h"

void put(struct trace *t, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    t->length += vfmt(t->text + t->length, sizeof(t->text) - t->length, format, arguments);
    va_end(arguments);
    if (t->length >= sizeof(t->text))
        t->length = sizeof(t->text) - 1;
}

void put_char(struct trace *t, char c)
{
    if (t->length < sizeof(t->text) - 1)
        t->text[t->length++] = c;
}

void put_address(struct trace *t, uint64_t address)
{
    if (address == 0)
        put(t, "NULL");
    else
        put(t, "0x%lx", address);
}

void put_mode(struct trace *t, uint64_t n)
{
    unsigned shift = 63;

    put(t, n < 8 ? "00" : "0");
    while (shift > 0 && n >> shift == 0)
        shift -= 3;
    for (; shift > 0; shift -= 3)
        put_char(t, (char)('0' + (n >> shift & 7)));
    put_char(t, (char)('0' + (n & 7)));
}

/* What follows, `next`, must not be read as part of an octal number. */
static void put_escaped(struct trace *t, uint8_t c, uint8_t next)
{
    unsigned digits = (next >= '0' && next <= '7') || c >= 64 ? 3 : c >= 8 ? 2 : 1;

    if (c >= 9 && c <= 13) {
        put_char(t, '\\');
        put_char(t, "tnvfr"[c - 9]);
    } else if (c >= ' ' && c < 127) {
        if (c == '"' || c == '\\')
            put_char(t, '\\');
        put_char(t, (char)c);
    } else {
        put_char(t, '\\');
        while (digits-- > 0)
            put_char(t, (char)('0' + (c >> 3 * digits & 7)));
    }
}

/* Quoted; `more` are there that are not shown. */
static void put_quoted(struct trace *t, const uint8_t *bytes, uint64_t length, bool more)
{
    put_char(t, '"');
    for (uint64_t i = 0; i < length; i++)
        put_escaped(t, bytes[i], i + 1 < length ? bytes[i + 1] : 0);
    put(t, more ? "\"..." : "\"");
}

void put_bytes(struct trace *t, uint64_t address, uint64_t length, uint64_t most)
{
    uint8_t bytes[TRACE_SHOWN];
    uint64_t n = length < most ? length : most;

    if (address == 0 || copy_from_user(bytes, address, n) < 0)
        put_address(t, address);
    else
        put_quoted(t, bytes, n, n < length);
}

void put_text(struct trace *t, uint64_t address, uint64_t most)
{
    char bytes[TRACE_SHOWN + 1];
    int64_t n = address == 0 ? -E_FAULT : copy_string_from_user(bytes, address, most + 1);

    if (n == -E_NAMETOOLONG)
        put_quoted(t, (uint8_t *)bytes, most, true);
    else if (n < 0)
        put_address(t, address);
    else
        put_quoted(t, (uint8_t *)bytes, (uint64_t)n, false);
}

void put_random(struct trace *t, uint64_t address, uint64_t length)
{
    uint8_t bytes[TRACE_STRING];
    uint64_t n = length < TRACE_STRING ? length : TRACE_STRING;

    if (copy_from_user(bytes, address, n) < 0) {
        put_address(t, address);
        return;
    }
    put_char(t, '"');
    for (uint64_t i = 0; i < n; i++)
        put(t, "\\x%02x", bytes[i]);
    put(t, n < length ? "\"..." : "\"");
}

void put_signal(struct trace *t, uint64_t n)
{
    const char *name = word_of(n, words_signal);

    if (n >= 32 && n <= SIGNALS)
        put(t, n == 32 ? "SIGRTMIN" : "SIGRT_%lu", n - 32);
    else if (name != NULL)
        put(t, "%s", name);
    else
        put(t, "%d", (int32_t)n);
}

void put_open_flags(struct trace *t, uint64_t flags)
{
    static const char *const access[4] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};

    put(t, "%s", access[flags & O_ACCMODE]);
    if ((flags & ~(uint64_t)O_ACCMODE) != 0) {
        put_char(t, '|');
        put_flags(t, flags & ~(uint64_t)O_ACCMODE, words_open, "O_???");
    }
}

/* --- results -------------------------------------------------------------- */

static void put_error(struct trace *t)
{
    const char *text = "", *name = error_name((unsigned)-t->result, &text);

    if (t->result == -E_RESTART)
        put(t, "? ERESTARTSYS (To be restarted if SA_RESTART is set)");
    else if (name != NULL)
        put(t, "-1 %s (%s)", name, text);
    else
        put(t, "-1 (errno %d)", (int)-t->result);
}

static void put_fcntl_result(struct trace *t)
{
    if (t->a[1] != F_GETFL && t->a[1] != F_GETFD) {
        put(t, "%ld", t->result);
        return;
    }
    put(t, t->result == 0 ? "0" : "0x%lx", t->result);
    if (t->a[1] == F_GETFL) {
        put(t, " (flags ");
        put_open_flags(t, (uint64_t)t->result);
        put_char(t, ')');
    } else if (t->result == 1) {
        put(t, " (flags FD_CLOEXEC)");
    }
}

static void put_result_of(struct trace *t)
{
    switch (t->call->result) {
    case ADDRESS:
        put(t, t->result == 0 ? "0" : "0x%lx", t->result);
        break;
    case IN_OCTAL:
        put_mode(t, (uint64_t)t->result);
        break;
    case OF_FCNTL:
        put_fcntl_result(t);
        break;
    case OF_SIGNAL:
        put(t, "%ld (", t->result);
        put_signal(t, (uint64_t)t->result);
        put_char(t, ')');
        break;
    case OF_PERSONALITY:
        put(t, t->result == 0 ? "0 (PER_LINUX)" : "0x%lx", t->result);
        break;
    default:
        put(t, "%ld", t->result);
    }
}

void trace_show_result(struct trace *t)
{
    put_char(t, ')');
    while (t->column + t->length < TRACE_COLUMN)
        put_char(t, ' ');
    put(t, " = ");
    if (t->call->endless)
        put_char(t, '?');
    else if (trace_failed(t))
        put_error(t);
    else
        put_result_of(t);
    if (t->call->result == OF_POLL && !trace_failed(t))
        put_poll_result(t);
    if (t->call->result == OF_SELECT && !trace_failed(t))
        put_select_result(t);
}
