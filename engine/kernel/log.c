/* SPDX-License-Identifier: MIT */
/*
 * The log, and what is said when the kernel cannot go on.
 */
#include "logbuf.h"
#include "phoenix/framing.h"
#include "text.h"
#include "thread.h"

#define LOG_BYTES 16384
#define EPITAPH_LINES 20

static char log_buffer[LOG_BYTES];
static struct logbuf log = { .buffer = log_buffer, .size = LOG_BYTES };
/* The debug tap: a log of what the threads of one account ask of the kernel. */
static char tap_buffer[LOG_BYTES];
static struct logbuf tap = { .buffer = tap_buffer, .size = LOG_BYTES };
static struct object device_tap = { .type = IFACE_LOG };
struct account *tapped;
static unsigned shown = LOG_WARNING; /* up to here lines go to a raw console too */

void log_init(void)
{
    static const char *const levels[] = { "loglevel=0", "loglevel=1", "loglevel=2" };

    for (unsigned i = 0; i < 3; i++)
        if (boot_has_word(kernel.boot->command_line, levels[i]))
            shown = i;
}

static void append(enum log_level level, const char *text, size_t length)
{
    char line[LOGBUF_LINE_MAX];
    size_t n = logbuf_append(&log, now_ns(), text, length, line);

    if (console_framed() || level <= shown)
        console_emit(FRAMING_LOG, line, n - console_framed()); /* a frame ends by itself */
}

void klog(enum log_level level, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    text_vfmt(text, sizeof text, format, arguments);
    va_end(arguments);
    append(level, text, strlen(text));
}

/* --- the tap ---------------------------------------------------------------- */

void tap_note(struct thread *t, uint64_t op, uint64_t cap)
{
    const char *format = op ? "%lu/%lx: %lx %lx" : "%lu/%lx = %ld";
    char text[128], line[LOGBUF_LINE_MAX];

    if (t->process->object.account != tapped)
        return;
    if (op || t->tapped)
        logbuf_append(&tap, now_ns(), text, text_fmt(text, sizeof text, format, t->process->pid,
                      (uint64_t)t & 0xffffffffff, op ? op : t->regs.rax, cap), line);
    t->tapped = op != 0;
    t->attention = true; /* so that it comes the long way */
}

int op_account_new_tap(struct invocation *inv, struct account_new_tap_out *out)
{
    if (tapped)
        return PHX_EXISTS;
    tapped = (struct account *)inv->object;
    tapped->object.refs++;
    tap.tail = tap.head; /* what another's did is none of its business */
    return object_hold(inv->thread, &device_tap, IFACE_LOG, LOG_M_READ | CAPABILITY_M_ALL, 1,
                       &out->log);
}

void tap_end(void)
{
    struct account *a = tapped;

    tapped = NULL;
    object_unref(&a->object);
}

/* --- epitaphs -------------------------------------------------------------- */

static void epitaph_line(const char *text)
{
    console_emit(FRAMING_EPITAPH, text, strlen(text));
    console_emit(FRAMING_EPITAPH, "\n", 1);
}

static void epitaph_registers(const struct phx_registers *r, uint64_t address)
{
    static const char *const names[] = { "rsi", "rdx", "r10", "r8",  "r9",  "rbx",
                                         "r12", "r13", "r14", "r15", "rbp", "r11",
                                         "rax", "rcx", "rdi", "rip", "rfl", "rsp" };
    const uint64_t *values = &r->rsi;
    char line[128];

    for (unsigned i = 0; i < 18; i += 3) {
        text_fmt(line, sizeof line, "%s %016lx  %s %016lx  %s %016lx", names[i], values[i],
            names[i + 1], values[i + 1], names[i + 2], values[i + 2]);
        epitaph_line(line);
    }
    text_fmt(line, sizeof line, "address %016lx  core %u", address, this_cpu()->index);
    epitaph_line(line);
}

void kernel_epitaph(const char *what, const struct phx_registers *registers, uint64_t address)
{
    char line[LOGBUF_LINE_MAX];
    static uint32_t once;

    if (__atomic_exchange_n(&once, 1, __ATOMIC_ACQ_REL))
        arch_shutdown(125);
    arch_stop_others();
    text_fmt(line, sizeof line, "Phoenix stopped: %s", what);
    epitaph_line(line);
    if (registers)
        epitaph_registers(registers, address);
    arch_backtrace(registers, epitaph_line);
    uint64_t position = logbuf_last(&log, EPITAPH_LINES);
    for (size_t n; (n = logbuf_read(&log, &position, line, sizeof line)) > 0;)
        console_emit(FRAMING_EPITAPH, line, n);
    arch_shutdown(125);
}

void panic(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    text_vfmt(text, sizeof text, format, arguments);
    va_end(arguments);
    kernel_epitaph(text, NULL, 0);
}

/* --- operations ------------------------------------------------------------ */

int op_log_write(struct invocation *inv, const struct log_write_in *in)
{
    char text[PHX_LOG_LINE];

    if (in->length > sizeof text)
        return PHX_INVALID_ARGUMENT;
    TRY(copy_in(inv->thread->process->space, text, in->address, in->length));
    append(LOG_INFO, text, in->length);
    return OK;
}

int op_log_read(struct invocation *inv, const struct log_read_in *in, struct log_read_out *out)
{
    char piece[512];
    uint64_t position = in->position;
    size_t n = logbuf_read(inv->badge ? &tap : &log, &position, piece,
                           in->length < sizeof piece ? in->length : sizeof piece);

    TRY(copy_out(inv->thread->process->space, in->address, piece, n));
    out->got = n;
    out->next = position;
    return OK;
}
