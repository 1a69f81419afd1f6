/* SPDX-License-Identifier: MIT */
/* The loop between a machine and our streams; see relay.h. */
#define _GNU_SOURCE
#include "relay.h"

#include "death.h"
#include "frames.h"
#include "log.h"
#include "names.h"
#include "queue.h"
#include "say.h"
#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>

#define READ_SIZE 65536
#define INPUT_SIZE 4096 /* read at once: what a control frame may have to wait behind */
#define BOOT_MS 60000   /* a machine that is not ready by then never will be */
#define EPITAPH_MS 2000 /* what a dying kernel gets to say it all */
#define DEATH_MS 1000   /* what an emulator gets to end by itself */
#define TAKEN_MS 200    /* how often is asked whether the terminal is ours again */
#define KEY_INTERRUPT 3
#define KEY_END 0x1d /* Ctrl-] */
#define SIGNALS_PATIENCE 3

struct relay {
    const struct options *options;
    const char *kernel; /* the path of its file */
    struct machine_process *machine;
    struct log log;
    int signals;
    unsigned signals_seen;
    bool keys; /* stdin is a raw terminal */

    struct frame_reader reader;
    bool input_open;   /* stdin is still read */
    bool machine_open; /* COM1 is still read */
    bool epitaph, epitaph_in_line; /* one came; its last line has no end yet */
    bool decided; /* `status` is the answer; only output is left to hand on */
    int status;
    uint64_t started, ended_by; /* ms of the monotonic clock; 0: no limit */

    size_t errors_length; /* the end of what the emulator itself said */
    char errors[2048];
    struct queue to, out, err;
    struct queue *err_in; /* where stderr is put: `out` if both are one file */
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Then what is written keeps its order. */
static bool streams_are_one_file(void)
{
    struct stat out, err;

    return fstat(1, &out) == 0 && fstat(2, &err) == 0 && out.st_dev == err.st_dev &&
           out.st_ino == err.st_ino && fcntl(1, F_GETFL) == fcntl(2, F_GETFL) &&
           (fcntl(1, F_GETFL) & O_ACCMODE) != O_RDONLY; /* not given at all */
}

struct relay *relay_new(const struct options *options, const char *kernel)
{
    struct relay *r = calloc(1, sizeof *r);
    sigset_t set;

    if (!r)
        fail(STATUS_FAILED, "out of memory");
    r->options = options;
    r->kernel = kernel;
    r->err_in = streams_are_one_file() ? &r->out : &r->err;
    log_open(&r->log, options->log);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r->signals < 0)
        fail(STATUS_FAILED, "cannot watch for signals: %s", strerror(errno));
    frame_reader_init(&r->reader);
    return r;
}

/* The first reason to end is the one that counts. */
static void decide(struct relay *r, int status)
{
    if (!r->decided)
        r->status = status;
    r->decided = true;
    r->input_open = false;
    r->to.start = r->to.end = 0;
}

/* --- to the machine ------------------------------------------------------- */

static void send_frame(struct relay *r, uint8_t type, const void *payload, uint16_t length)
{
    uint8_t header[FRAMING_HEADER_SIZE];

    if (r->decided || queue_room(&r->to) < sizeof header + length)
        return;
    framing_header(header, type, length);
    queue_put(&r->to, header, sizeof header);
    if (length)
        queue_put(&r->to, payload, length);
}

static void send_control(struct relay *r, uint8_t bits)
{
    uint8_t payload[4] = {bits};

    send_frame(r, FRAMING_CONTROL, payload, sizeof payload);
}

static void send_terminal(struct relay *r)
{
    uint8_t payload[5];

    terminal_describe(payload);
    send_frame(r, FRAMING_TERMINAL, payload, sizeof payload);
}

static void end_input(struct relay *r)
{
    r->input_open = false;
    send_frame(r, FRAMING_STDIN_END, NULL, 0);
}

static void send_input(struct relay *r, const uint8_t *data, size_t length)
{
    while (length) {
        uint16_t n = (uint16_t)(length < FRAMING_HOST_MAX ? length : FRAMING_HOST_MAX);

        send_frame(r, FRAMING_STDIN, data, n);
        data += n;
        length -= n;
    }
}

/* Keys of a raw terminal: two of them are meant for us. */
static void send_keys(struct relay *r, const uint8_t *data, size_t length)
{
    size_t from = 0;

    for (size_t i = 0; i < length; i++) {
        if (data[i] != KEY_INTERRUPT && data[i] != KEY_END)
            continue;
        send_input(r, data + from, i - from);
        from = i + 1;
        if (data[i] == KEY_INTERRUPT)
            send_control(r, FRAMING_CONTROL_INTERRUPT);
        else
            decide(r, 0);
    }
    send_input(r, data + from, length - from);
}

static void read_input(struct relay *r)
{
    uint8_t data[INPUT_SIZE];
    ssize_t n = read(0, data, sizeof data);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n < 0 && errno != EIO) /* EIO: the terminal is gone, which is an end too */
        say("cannot read standard input: %s", strerror(errno));
    if (n <= 0)
        end_input(r);
    else if (r->keys)
        send_keys(r, data, (size_t)n);
    else
        send_input(r, data, (size_t)n);
}

/* A program may make of a signal what it likes; whoever insists means us. A shell is no
 * program that could be told to end, only what it runs can be interrupted. */
static bool ends_us(struct relay *r, uint32_t signal)
{
    bool shell = r->options->command == COMMAND_SHELL;

    return !r->reader.ready || r->decided || (shell && signal != SIGINT) ||
           ++r->signals_seen == SIGNALS_PATIENCE;
}

/* Ctrl-Z: the machine, in a session of its own, stands still as long as we do. */
static void pause_together(struct relay *r)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    kill(r->machine->pid, SIGSTOP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* it arrives here, and SIGCONT ends it */
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(r->machine->pid, SIGCONT);
}

static void read_signals(struct relay *r)
{
    struct signalfd_siginfo info;

    if (read(r->signals, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGWINCH) {
        if (r->reader.ready) {
            send_terminal(r);
            send_control(r, FRAMING_CONTROL_WINDOW);
        }
        return;
    }
    if (info.ssi_signo == SIGTSTP) {
        pause_together(r);
        return;
    }
    if (ends_us(r, info.ssi_signo)) {
        decide(r, STATUS_SIGNAL + (int)info.ssi_signo);
        r->out.start = r->out.end = r->err.start = r->err.end = 0;
        return;
    }
    send_control(r, info.ssi_signo == SIGINT   ? FRAMING_CONTROL_INTERRUPT
                    : info.ssi_signo == SIGHUP ? FRAMING_CONTROL_HANGUP
                                               : FRAMING_CONTROL_TERMINATE);
}

/* --- from the machine ------------------------------------------------------- */

static void machine_ready(struct relay *r)
{
    r->keys = r->options->command == COMMAND_SHELL && isatty(0);
    if (r->keys)
        terminal_raw();
    send_terminal(r);
    r->input_open = true;
}

static void end_soon(struct relay *r)
{
    if (!r->ended_by)
        r->ended_by = now_ms() + EPITAPH_MS;
}

/* A text in pieces of any length, line ends included; a line of the backtrace is a piece. */
static void take_epitaph(struct relay *r, const struct frame *said)
{
    char text[256];
    struct frame named = *said, *f = &named;

    if (names_line(r->kernel, said->payload, said->length, text, sizeof text)) {
        named.payload = (const uint8_t *)text;
        named.length = (uint16_t)strlen(text);
    }
    end_soon(r);
    r->epitaph = true;
    r->epitaph_in_line = f->length != 0 && f->payload[f->length - 1] != '\n';
    queue_put(r->err_in, f->payload, f->length);
    log_write(&r->log, f);
}

static void take_frame(struct relay *r, const struct frame *f)
{
    if (r->reader.broken && f->type != FRAMING_EPITAPH)
        return;
    switch (f->type) {
    case FRAMING_STDOUT:
        queue_put(&r->out, f->payload, f->length);
        break;
    case FRAMING_STDERR:
        queue_put(r->err_in, f->payload, f->length);
        break;
    case FRAMING_LOG:
        log_write(&r->log, f);
        break;
    case FRAMING_EPITAPH:
        take_epitaph(r, f);
        break;
    case FRAMING_ASK:
        send_terminal(r);
        break;
    case FRAMING_EXIT:
        decide(r, r->epitaph || f->value > 255 ? STATUS_FAILED : (int)f->value);
        break;
    }
}

static void read_machine(struct relay *r)
{
    uint8_t data[READ_SIZE];
    ssize_t n = read(r->machine->from, data, sizeof data);
    struct frame frame;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    r->machine_open = n > 0;
    for (ssize_t taken = 0; taken < n && !r->decided;) {
        bool was_ready = r->reader.ready, was_broken = r->reader.broken;

        taken += (ssize_t)frame_take(&r->reader, data + taken, (size_t)(n - taken), &frame);
        if (r->reader.ready && !was_ready)
            machine_ready(r);
        if (r->reader.broken && !was_broken) {
            say("the serial line is out of step; the machine is ended");
            end_soon(r);
        }
        if (frame.payload)
            take_frame(r, &frame);
    }
}

/* QEMU's own words, of which the last are kept until it is known whether they matter.
 * False when there are none at the moment. */
static bool read_errors(struct relay *r)
{
    size_t half = (sizeof r->errors - 1) / 2;
    ssize_t n;

    if (r->errors_length > half) {
        memmove(r->errors, r->errors + r->errors_length - half, half);
        r->errors_length = half;
    }
    n = read(r->machine->errors, r->errors + r->errors_length, half);
    if (n > 0) {
        r->errors_length += (size_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(r->machine->errors);
        r->machine->errors = -1;
    }
    return n > 0;
}

/* --- the loop ----------------------------------------------------------------- */

static void write_out(struct relay *r, struct queue *q, int fd, const char *name)
{
    int error = queue_write(q, fd);

    if (!error)
        return;
    q->start = q->end = 0;
    /* As if the program itself had written there. */
    if (error == EPIPE) {
        decide(r, STATUS_SIGNAL + SIGPIPE);
    } else if (fd != 2) {
        say("cannot write to %s: %s", name, strerror(error));
        decide(r, STATUS_FAILED);
    }
}

static struct death death_of(struct relay *r, int wait_status)
{
    r->errors[r->errors_length] = 0;
    return (struct death){
        .machine = r->machine,
        .was_ready = r->reader.ready,
        .wait_status = wait_status,
        .noise = r->reader.noise,
        .noise_length = r->reader.noise_length,
        .words = r->errors,
    };
}

/* Milliseconds until something is due, -1: nothing is. What is due is decided. */
static int time_left(struct relay *r)
{
    uint64_t now = now_ms(), due = r->ended_by;
    uint64_t timeout = r->options->timeout_ms ? r->started + r->options->timeout_ms : 0;
    bool patient = r->reader.ready || r->decided || getenv("PHOENIX_GDB_SOCKET");
    uint64_t boot = patient ? 0 : r->started + BOOT_MS; /* what gdb stops may take its time */

    if (timeout && now >= timeout) {
        decide(r, STATUS_TIMEOUT);
        r->machine_open = false;
        r->out.start = r->out.end = r->err.start = r->err.end = 0;
    } else if (r->ended_by && !r->decided && now >= r->ended_by) {
        decide(r, STATUS_FAILED);
    } else if (boot && now >= boot) {
        struct death death = death_of(r, 0);

        death_explain_silence(&death, BOOT_MS / 1000);
        decide(r, STATUS_FAILED);
    }
    if (timeout && (!due || timeout < due))
        due = timeout;
    if (boot && (!due || boot < due))
        due = boot;
    return !due ? -1 : due <= now ? 0 : (int)(due - now < 1000000 ? due - now : 1000000);
}

static int wanted(bool condition, int fd)
{
    return condition ? fd : -1; /* poll() skips negative ones */
}

/*
 * The emulator writes a byte at a time. Whoever wakes for each of them takes from it
 * the time in which it would have written hundreds: 5 MB of output last 8.8 s then,
 * and 4.8 with this (two cores). Nobody sees half a millisecond.
 */
static void let_more_come(void)
{
    const struct timespec nap = {.tv_nsec = 500000};

    nanosleep(&nap, NULL);
}

static void relay_step(struct relay *r, int wait_ms)
{
    bool taken = r->input_open && terminal_is_taken();
    bool room = queue_room(&r->out) >= 2 * READ_SIZE && queue_room(&r->err) >= 2 * READ_SIZE;
    struct pollfd p[] = {
        {wanted(r->machine_open && !r->decided && room, r->machine->from), POLLIN, 0},
        {r->machine->errors, POLLIN, 0},
        {wanted(queue_length(&r->to), r->machine->to), POLLOUT, 0},
        {wanted(queue_length(&r->out), 1), POLLOUT, 0},
        {wanted(queue_length(&r->err), 2), POLLOUT, 0},
        {wanted(r->input_open && !queue_length(&r->to) && !taken, 0), POLLIN, 0},
        {r->signals, POLLIN, 0},
    };

    /* Nothing tells when the terminal is ours again. */
    if (taken && (wait_ms < 0 || wait_ms > TAKEN_MS))
        wait_ms = TAKEN_MS;
    if (poll(p, sizeof p / sizeof p[0], wait_ms) <= 0)
        return;
    if (p[0].revents)
        let_more_come();
    if (p[6].revents)
        read_signals(r);
    if (p[0].revents)
        read_machine(r);
    if (p[1].revents)
        read_errors(r);
    if (p[2].revents && queue_write(&r->to, r->machine->to) != 0)
        r->to.start = r->to.end = 0; /* its end is noticed at the other pipe */
    if (p[3].revents)
        write_out(r, &r->out, 1, "standard output");
    if (p[4].revents)
        write_out(r, &r->err, 2, "standard error");
    if (p[5].revents && r->input_open)
        read_input(r);
}

/* End the machine, if it still runs then, and tell what it took, if somebody asked. */
static int end_machine(struct relay *r, unsigned patience_ms)
{
    int wait_status;

    if (r->machine->stats)
        stats_look(r->machine->stats, r->machine->pid);
    wait_status = machine_end(r->machine, patience_ms);
    if (r->machine->stats)
        stats_print(r->machine->stats);
    return wait_status;
}

int relay_run(struct relay *r, struct machine_process *machine)
{
    int wait_status;

    r->machine = machine;
    r->machine_open = true;
    r->started = now_ms();
    for (;;) {
        int wait_ms = time_left(r);
        bool ended = r->decided || !r->machine_open;

        if (ended && !queue_length(&r->out) && !queue_length(&r->err))
            break;
        relay_step(r, wait_ms);
    }
    if (r->epitaph_in_line)
        putc('\n', stderr);
    if (r->decided) {
        end_machine(r, 0);
        return r->status;
    }
    /* Its line is closed, so it is ending; how, and what it has to say, is wanted. */
    wait_status = end_machine(r, DEATH_MS);
    while (r->machine->errors >= 0 && read_errors(r))
        ;
    if (!r->epitaph && !r->reader.broken) {
        struct death death = death_of(r, wait_status);

        death_explain(&death);
    }
    return STATUS_FAILED;
}
