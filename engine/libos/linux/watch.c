/* SPDX-License-Identifier: MIT */
/*
 * The lines of --trace-calls; see watch.h, and trace.h for what is in them.
 *
 * A line is written when its call is over. Calls that may wait are written as soon as
 * they begin, so that one sees where a program hangs; what others write meanwhile
 * breaks the line, and it is told as strace(1) tells it:
 *
 *     [pid 12] read(0,  <unfinished ...>
 *     [pid 13] write(1, "x", 1)               = 1
 *     [pid 12] <... read resumed>"y", 1)      = 1
 *
 * Locking  line_lock covers the stream and `broken_off`; held while a line is written
 */
#include "watch.h"

#include "bytes.h"
#include "face.h"
#include "fmt/fmt.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "stats.h"
#include "trace.h"
#include "upcall.h"
#include "user.h"

static struct lock line_lock;
static struct thread *writer;     /* who holds it */
static struct thread *broken_off; /* whose call stands in a line that has no end yet */

/* With line_lock. */
static void write_all(const char *text, size_t length)
{
    size_t done = 0;

    while (caps.streams[2] != 0 && done < length) {
        struct console_write_out out = {0};

        if (console_write(caps.streams[2], (uint64_t)text + done, length - done, &out) < 0 ||
            out.written == 0)
            return;
        done += out.written;
    }
}

static void take_line(void)
{
    lock_take(&line_lock);
    writer = thread_self();
}

static void release_line(void)
{
    writer = NULL;
    lock_release(&line_lock);
}

/* Which thread a line is of, where there are several. */
static size_t prefix(char text[32])
{
    text[0] = 0;
    return thread_is_alone() ? 0 : fmt(text, 32, "[pid %5lu] ", thread_self()->id);
}

/* With line_lock: a new line, whatever stands in the last one. Its column. */
static size_t begin_line(void)
{
    char text[32];
    size_t n = prefix(text);

    if (broken_off != NULL)
        write_all(" <unfinished ...>\n", 18);
    broken_off = NULL;
    write_all(text, n);
    return n;
}

/* A line that is no call's. */
static void write_line(struct trace *t)
{
    put_char(t, '\n');
    take_line();
    begin_line();
    write_all(t->text, t->length);
    release_line();
}

/* --- calls ---------------------------------------------------------------- */

static void trace_begin(struct trace *t, const struct phx_registers *r)
{
    static const struct trace_call unknown = {
        .name = "syscall_0x", .kinds = {HEX, HEX, HEX, HEX, HEX, HEX}};
    const struct trace_call *call = trace_call_of(r->rax);
    const uint64_t arguments[TRACE_ARGUMENTS] = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};

    t->call = call != NULL ? call : &unknown;
    t->number = r->rax;
    memcpy(t->a, arguments, sizeof(arguments));
    t->after = false;
    t->moved = t->next = t->shown = 0;
    t->length = t->column = 0;
    t->comma = false;
    for (unsigned i = 0; i < TRACE_ARGUMENTS; i++)
        if (t->call->kinds[i] == OUT_OFFSET && t->a[i] != 0)
            copy_from_user(&t->moved, t->a[i], 8);
    put(t, "%s", t->call->name);
    if (call == NULL)
        put(t, "%lx", t->number);
    put_char(t, '(');
    trace_show_arguments(t);
}

/* What there is of the line so far, and that it goes on. */
static void write_begun(struct trace *t)
{
    take_line();
    t->column = begin_line() + t->length;
    write_all(t->text, t->length);
    broken_off = thread_self();
    release_line();
    t->length = 0;
}

/* With line_lock: where the rest of a call's line goes. */
static void find_line(struct trace *t, bool begun)
{
    char text[48];
    size_t n;

    if (begun && broken_off == thread_self())
        return;
    t->column = begin_line();
    if (!begun)
        return;
    n = fmt(text, sizeof(text), "<... %s resumed>", t->call->name);
    write_all(text, n);
    t->column += n;
}

static void trace_end(struct trace *t, int64_t result, bool begun)
{
    t->result = result;
    t->after = true;
    take_line();
    find_line(t, begun);
    broken_off = NULL;
    trace_show_arguments(t);
    trace_show_result(t);
    put_char(t, '\n');
    write_all(t->text, t->length);
    release_line();
}

static int64_t result_of(const struct phx_registers *r)
{
    return linux_self()->restart >= 0 ? -E_RESTART : (int64_t)r->rax;
}

static void traced_call(struct phx_registers *r)
{
    struct trace t;
    bool begun;

    trace_begin(&t, r);
    begun = t.call->waits;
    if (t.call->endless)
        trace_end(&t, 0, false);
    else if (begun)
        write_begun(&t);
    face_syscall(r);
    trace_end(&t, result_of(r), begun);
}

void face_syscall_watched(struct phx_registers *r)
{
    uint64_t number = r->rax;

    stats_called(number);
    if (start_program.trace)
        traced_call(r);
    else
        face_syscall(r);
    stats_answered(number, result_of(r));
}

/* --- everything else ------------------------------------------------------ */

static void trace_clear(struct trace *t)
{
    t->length = t->column = 0;
}

static void write_end(unsigned status)
{
    struct trace t;

    trace_clear(&t);
    put(&t, "+++ ");
    if ((status & 0x7f) == 0) {
        put(&t, "exited with %u", status >> 8);
    } else {
        put(&t, "killed by ");
        put_signal(&t, status & 0x7f);
    }
    put(&t, " +++");
    write_line(&t);
    linux_self()->end_told = true;
}

void watch_thread_end(unsigned status)
{
    if (start_program.trace)
        write_end(status);
}

/* The process ends, by whatever happened in the calling thread. */
static void ending(unsigned status)
{
    bool own = writer == thread_self(); /* it broke in the middle of a line */

    process_ending = NULL;
    if (start_program.trace && !own && !linux_self()->end_told)
        write_end(status);
    if (!own)
        stats_print();
}

void trace_signal(int signal, int code, const struct fault *fault)
{
    struct trace t;

    trace_clear(&t);
    put(&t, "--- ");
    put_signal(&t, (uint64_t)signal);
    put_char(&t, ' ');
    put_signal_info(&t, signal, code, fault != NULL ? fault->address : program_pid);
    put(&t, " ---");
    write_line(&t);
}

/* The call that it began with, as its parent would have made it. */
static void write_start(const struct phx_registers *r)
{
    static const struct trace_call execve = {.name = "execve", .kinds = {PATH, TEXTS, TEXTS_COUNT}};
    struct trace t = {.call = &execve};

    t.a[1] = r->rsp + 8;
    t.a[2] = r->rsp + 8 * (start_program.arguments.count + 2);
    copy_from_user(&t.a[0], t.a[1], 8); /* it was started by the name that it is told */
    put(&t, "execve(");
    trace_show_arguments(&t);
    trace_show_result(&t);
    write_line(&t);
}

void watch_begin(const struct phx_registers *registers)
{
    if (!start_program.trace && !start_program.stats)
        return;
    if (start_program.stats)
        stats_begin();
    process_ending = ending;
    if (start_program.trace)
        write_start(registers);
}
