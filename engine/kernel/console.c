/* SPDX-License-Identifier: MIT */
/*
 * The console: the machine's one serial line, and the one lock that whole frames of the
 * log, an epitaph and programs' output are put on it under.
 *
 * Framed (a launcher is on the other side): every byte travels in a frame that says what it
 * is (phoenix/framing.h). Raw: a terminal. What comes in is nobody's here: who may `take`
 * gets it as it is, and what nobody takes stays in the device, and the sender is stopped.
 */
#include "phoenix/framing.h"
#include "thread.h"

#define MOST 96 /* bytes an operation moves */

static bool framed;

void console_init(void)
{
    framed = boot_has_word(kernel.boot->command_line, "console=framed");
    if (framed)
        console_emit(FRAMING_READY, FRAMING_MAGIC, 4);
}

bool console_framed(void)
{
    return framed;
}

/* A terminal wants a carriage return before each newline. */
static void emit_raw(const char *text, size_t length)
{
    char out[64];
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            out[n++] = '\r';
        out[n++] = text[i];
        if (n >= sizeof out - 1 || i + 1 == length) {
            arch_serial_write(out, n);
            n = 0;
        }
    }
}

void console_emit(unsigned type, const void *bytes, size_t length)
{
    const uint8_t header[] = { (uint8_t)type, (uint8_t)length, (uint8_t)(length >> 8) };

    if (!framed) {
        emit_raw(bytes, length);
        return;
    }
    arch_serial_write(header, sizeof header);
    arch_serial_write(bytes, length);
}

/* --- operations ------------------------------------------------------------ */

/* As what a hold's bytes travel, by its badge: the whole console, or 1 + a stream of it. */
static const uint8_t types[] = { [0] = FRAMING_STDOUT, [2] = FRAMING_STDOUT,
                                 [3] = FRAMING_STDERR, [4] = FRAMING_ASK };

int op_console_write(struct invocation *inv, const struct console_write_in *in,
                     struct console_write_out *out)
{
    char bytes[MOST];
    uint64_t n = in->length < MOST ? in->length : MOST;

    TRY(copy_in(inv->thread->process->space, bytes, in->address, n));
    console_emit(types[inv->badge], bytes, n);
    out->written = n;
    return OK;
}

int op_console_stream(struct invocation *inv, const struct console_stream_in *in,
                      struct console_stream_out *out)
{
    if (in->number - 1 > 2 || (inv->badge != 0 && inv->badge != in->number + 1))
        return PHX_INVALID_ARGUMENT;
    return result_derive(inv, inv->row->methods & ~CONSOLE_M_TAKE, in->number + 1, IFACE_CONSOLE,
                         0, &out->console);
}

/* The memory is looked at first, so that no byte is taken that cannot be handed over. */
int op_console_take(struct invocation *inv, const struct console_take_in *in,
                    struct console_take_out *out)
{
    struct space *s = inv->thread->process->space;
    uint64_t most = in->length < MOST ? in->length : MOST, got = 0;
    uint8_t bytes[MOST];
    int byte;

    TRY(user_check(s, in->address, most, PHX_PROT_WRITE));
    while (got < most && (byte = arch_serial_read()) >= 0)
        bytes[got++] = (uint8_t)byte;
    TRY(copy_out(s, in->address, bytes, got));
    out->got = got;
    out->framed = framed;
    return OK;
}
