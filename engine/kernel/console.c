/* SPDX-License-Identifier: MIT */
/*
 * The console: the machine's one serial line, as streams.
 *
 * Framed (a launcher is on the other side): every byte travels in a frame that
 * says which stream it belongs to, in both directions (core/framing.h). Raw: a
 * terminal; Ctrl-C is the interrupt event once somebody watches for it.
 *
 * Input that nobody reads stays in the device when the buffer is full: the line is
 * stopped, and the sender with it. Nothing is ever dropped.
 */
#include "framing.h"
#include "thread.h"

#define INPUT_BYTES 4096
#define WRITE_MOST 96 /* bytes an operation puts on the line */
#define CTRL_C 3

static struct {
    bool framed;
    bool stopped; /* the device was told to wait: no room */
    bool end;     /* end of input came */
    struct framing decoder;
    uint8_t input[INPUT_BYTES];
    uint32_t head, whole, tail; /* bytes read, readable, put */
    uint64_t events, terminal;
    struct watch watch;
    struct list readers;
} console = { .readers = { &console.readers, &console.readers } };

void console_init(void)
{
    console.framed = boot_has_word(kernel.boot->command_line, "console=framed");
    if (!console.framed)
        console.terminal = 7 | 80 << 8 | 24UL << 24;
    else
        console_emit(FRAMING_READY, FRAMING_MAGIC, 4);
    arch_serial_interrupt(true);
}

bool console_framed(void)
{
    return console.framed;
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
    uint8_t header[FRAMING_HEADER_SIZE];

    if (!console.framed) {
        emit_raw(bytes, length);
        return;
    }
    framing_header(header, (uint8_t)type, (uint16_t)length);
    arch_serial_write(header, sizeof header);
    arch_serial_write(bytes, length);
}

/* --- input ----------------------------------------------------------------- */

static uint32_t input_room(void)
{
    return INPUT_BYTES - (console.tail - console.head);
}

/* What may be read: a frame when it is whole, so that a reader is not woken for each
 * few bytes of it that the device has room for; its end is on the way. */
static uint32_t input_waiting(void)
{
    return console.whole - console.head;
}

static void event(uint64_t bits)
{
    console.events |= bits;
    watch_tell(&console.watch);
}

static void put(uint8_t byte)
{
    console.input[console.tail++ % INPUT_BYTES] = byte;
}

static void take_raw(uint8_t byte)
{
    if (byte == CTRL_C && console.watch.notification.object)
        event(FRAMING_CONTROL_INTERRUPT);
    else
        put(byte);
}

static void take_framed(uint8_t byte)
{
    struct framing *f = &console.decoder;
    unsigned what = framing_feed(f, byte);

    if ((what & FRAMING_PAYLOAD) && f->type == FRAMING_STDIN)
        put(byte);
    if (!(what & FRAMING_END))
        return;
    console.whole = console.tail;
    if (f->type == FRAMING_STDIN_END)
        console.end = true;
    else if (f->type == FRAMING_CONTROL)
        event(f->value & 0xffffffff);
    else if (f->type == FRAMING_TERMINAL)
        console.terminal = f->value & 0xffffffffff;
}

/* Take at most `most` bytes out of the buffer into a program's memory. */
static err_t give(struct space *s, uint64_t address, uint64_t most, uint64_t *got)
{
    *got = 0;
    while (*got < most && input_waiting() > 0) {
        uint32_t at = console.head % INPUT_BYTES;
        uint64_t n = INPUT_BYTES - at;

        n = n < input_waiting() ? n : input_waiting();
        n = n < most - *got ? n : most - *got;
        TRY(copy_out(s, address + *got, console.input + at, n));
        console.head += (uint32_t)n;
        *got += n;
    }
    return OK;
}

static void wake_readers(void)
{
    struct list *first;

    while ((first = list_first(&console.readers)) && (input_waiting() > 0 || console.end)) {
        struct waiter *w = CONTAINER(first, struct waiter, link);
        uint64_t out[5] = { 0 };
        err_t err = give(w->thread->process->space, w->mask, w->length, &out[0]);

        out[1] = out[0] == 0;
        wait_end(w);
        wait_answer_words(w, err, out);
    }
}

static void stop_line(bool stop)
{
    if (stop == console.stopped)
        return;
    console.stopped = stop;
    arch_serial_interrupt(!stop);
}

static void pull(void)
{
    int byte;

    if (input_room() > 0)
        stop_line(false);
    while (input_room() > 0 && (byte = arch_serial_read()) >= 0) {
        if (console.framed)
            take_framed((uint8_t)byte);
        else
            take_raw((uint8_t)byte);
    }
    if (input_room() == 0)
        stop_line(true);
    if (console.stopped || !console.framed)
        console.whole = console.tail;
}

void console_input(void)
{
    do {
        pull();
        wake_readers();
    } while (console.stopped && input_room() > 0);
}

bool console_sweep(uint64_t sweep)
{
    return wait_sweep(&console.readers, sweep);
}

/* --- operations ------------------------------------------------------------ */

/* A hold's badge: 0 the whole console, else 1 + the stream. */
static bool is_stream(uint64_t badge, unsigned stream)
{
    return badge == 0 || badge == stream + 1u;
}

int op_console_write(struct invocation *inv, const struct console_write_in *in,
                     struct console_write_out *out)
{
    char bytes[WRITE_MOST];
    uint64_t n = in->length < WRITE_MOST ? in->length : WRITE_MOST;
    bool errors = inv->badge == 3;

    if (!is_stream(inv->badge, 1) && !errors)
        return PHX_PERMISSION_DENIED;
    TRY(copy_in(inv->thread->process->space, bytes, in->address, n));
    if (n > 0)
        console_emit(errors ? FRAMING_STDERR : FRAMING_STDOUT, bytes, n);
    out->written = n;
    return OK;
}

int op_console_read(struct invocation *inv, const struct console_read_in *in,
                    struct console_read_out *out)
{
    struct space *s = inv->thread->process->space;

    if (!is_stream(inv->badge, 0))
        return PHX_PERMISSION_DENIED;
    if (in->length == 0 || in->length > PHX_PAGE_SIZE)
        return PHX_INVALID_ARGUMENT;
    TRY(user_check(s, in->address, in->length, PHX_PROT_WRITE));
    if (input_waiting() > 0 || console.end) {
        TRY(give(s, in->address, in->length, &out->got));
        out->end = out->got == 0;
        if (console.stopped)
            console_input();
        return OK;
    }
    inv->waiter->mask = in->address;
    inv->waiter->length = in->length;
    return wait_for(inv->waiter, WAIT_CONSOLE, NULL, &console.readers, in->deadline);
}

int op_console_stream(struct invocation *inv, const struct console_stream_in *in,
                      struct console_stream_out *out)
{
    if (in->number > 2 || (inv->badge != 0 && inv->badge != in->number + 1))
        return PHX_INVALID_ARGUMENT;
    return result_derive(inv, inv->row->methods, in->number + 1, IFACE_CONSOLE, 0, &out->console);
}

int op_console_watch(struct invocation *inv, const struct console_watch_in *in)
{
    TRY(watch_set(&console.watch, inv->thread, in->notification, in->bits));
    if (console.events)
        watch_tell(&console.watch);
    return OK;
}

int op_console_info(struct invocation *inv, struct console_info_out *out)
{
    uint64_t taken = inv->row->methods & CONSOLE_M_WATCH ? console.events : 0;

    out->framed = console.framed;
    out->events = taken;
    out->terminal = console.terminal;
    console.events &= ~taken;
    return OK;
}
