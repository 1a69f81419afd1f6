/* SPDX-License-Identifier: MIT */
/*
 * The standard streams: output over Consoles, which are the kernel's, input over a Terminal,
 * which the console's driver serves.
 *
 * Whether there is input can only be found out by taking it, so poll takes it into
 * a buffer, which reads empty first.
 */
#include "bytes.h"
#include "heap.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "rt/terminal.h"
#include "start.h"
#include "stream.h"
#include "thread.h"
#include "tty.h"
#include "user.h"

#define CHUNK 4096 /* as much as is moved at once */

struct console_file {
    struct file file;
    unsigned stream;
};

/* Input that poll took; all of it under the lock. */
static struct lock input_lock;
static uint8_t *input;
static unsigned input_start, input_end;
static bool input_ended; /* the last thing that poll took was the end */
static struct tty *tty;  /* NULL: not needed, or not yet made */

struct tty *console_tty(void)
{
    if (tty != NULL || !start_program.raw_terminal || caps.streams[0] == 0 ||
        (terminal_look(caps.streams[0]) & 1) == 0)
        return tty;
    tty = heap_alloc(sizeof(*tty));
    if (tty != NULL)
        tty_init(tty);
    return tty;
}

/* With input_lock and no input left: keys until there is something to read. A key at
 * a time, so that what follows a line is left for whoever reads next. */
static int64_t tty_fill(uint64_t deadline)
{
    for (;;) {
        uint64_t got;
        uint8_t key;
        int64_t e = terminal_read_until(caps.streams[0], (uint64_t)&key, 1, deadline, &got);
        bool ready;

        if (e < 0)
            return e;
        ready = got == 0 || tty_key(tty, key);
        if (tty->shown_length > 0 && caps.streams[1] != 0)
            console_write(caps.streams[1], (uint64_t)tty->shown, tty->shown_length, NULL);
        tty->shown_length = 0;
        if (!ready)
            continue;
        memcpy(input, tty->line, tty->length);
        input_start = 0;
        input_end = tty->length;
        input_ended = tty->length == 0;
        tty->length = 0;
        return 0;
    }
}

static int64_t input_take(uint64_t address, uint64_t length)
{
    uint64_t n;
    int64_t e = -E_AGAIN;

    lock_take(&input_lock);
    n = input_end - input_start;
    if (n > length)
        n = length;
    if (n > 0) {
        e = raw_copy(user_pointer(address), input + input_start, n);
        if (e == 0) {
            input_start += (unsigned)n;
            e = (int64_t)n;
        }
    } else if (input_ended) {
        input_ended = false;
        e = 0;
    }
    lock_release(&input_lock);
    return e;
}

/* What a raw terminal sends, by way of the line discipline. */
static int64_t tty_read(uint64_t address, uint64_t length, uint64_t deadline)
{
    int64_t e = user_touch(address, length, true);

    if (e == 0)
        e = input_take(address, length);
    while (e == -E_AGAIN) {
        lock_take(&input_lock);
        if (input == NULL)
            input = heap_alloc_buffer(CHUNK);
        e = input == NULL ? -PHX_OUT_OF_MEMORY
            : input_start != input_end || input_ended ? 0
                                                      : tty_fill(deadline);
        lock_release(&input_lock);
        if (e == -PHX_INTERRUPTED)
            e = face_interrupts() ? -E_RESTART : -E_AGAIN;
        else if (e < 0)
            return e == -PHX_TIMEOUT ? -E_AGAIN : error_of(e, 0);
        else
            e = input_take(address, length);
    }
    return e;
}

static int64_t console_file_read(struct file *file, uint64_t address, uint64_t length,
                                 uint64_t offset)
{
    uint64_t deadline = (file->flags & OPENED_NONBLOCK) != 0 ? 0 : PHX_FOREVER;
    uint64_t cap = caps.streams[0], got;
    int64_t e;

    (void)offset;
    if (cap == 0 || length == 0)
        return 0;
    if (length > CHUNK)
        length = CHUNK;
    if (console_tty() != NULL)
        return tty_read(address, length, deadline);
    e = input_take(address, length);
    while (e == -E_AGAIN) {
        e = user_touch(address, length, true);
        if (e < 0)
            return e;
        e = terminal_read_until(cap, address, length, deadline, &got);
        if (e >= 0)
            return (int64_t)got;
        if (e != -PHX_INTERRUPTED)
            return e == -PHX_TIMEOUT ? -E_AGAIN : error_of(e, 0);
        e = face_interrupts() ? -E_RESTART : -E_AGAIN;
    }
    return e;
}

static int64_t console_file_write(struct file *file, uint64_t address, uint64_t length,
                                  uint64_t *offset)
{
    unsigned stream = ((struct console_file *)file)->stream;
    /* A terminal that was opened for both: what is written goes out at stdout. */
    uint64_t cap = caps.streams[stream == 0 ? 1 : stream];
    uint64_t done = 0;

    (void)offset;
    if (cap == 0)
        return -E_IO;
    while (done < length) {
        uint64_t n = length - done < CHUNK ? length - done : CHUNK;
        struct console_write_out out = {0};
        int64_t e = user_touch(address + done, n, false);

        if (e == 0)
            e = error_of(console_write(cap, address + done, n, &out), 0);
        if (e < 0)
            return done == 0 ? e : (int64_t)done;
        done += out.written;
    }
    return (int64_t)done;
}

/* With input_lock: take what there is, waiting until the deadline. */
static void input_fill(uint64_t deadline)
{
    uint64_t got;

    if (input == NULL)
        input = heap_alloc_buffer(CHUNK);
    if (input == NULL || input_start != input_end || input_ended)
        return;
    if (console_tty() != NULL) {
        tty_fill(deadline);
        return;
    }
    if (terminal_read_until(caps.streams[0], (uint64_t)input, CHUNK, deadline, &got) < 0)
        return;
    input_start = 0;
    input_end = (unsigned)got;
    input_ended = got == 0;
}

void console_await(uint64_t deadline)
{
    lock_take(&input_lock);
    if (caps.streams[0] != 0)
        input_fill(deadline);
    lock_release(&input_lock);
}

static unsigned console_poll(struct file *file)
{
    bool ready;

    if (((struct console_file *)file)->stream != 0)
        return FILE_CAN_WRITE;
    console_await(0);
    lock_take(&input_lock);
    ready = caps.streams[0] == 0 || input_start != input_end || input_ended;
    lock_release(&input_lock);
    return FILE_CAN_WRITE | (ready ? FILE_CAN_READ : 0);
}

bool console_terminal(const struct file *file, struct terminal *terminal)
{
    unsigned stream = ((const struct console_file *)file)->stream;
    uint64_t said = 0;

    if (caps.streams[stream] != 0 && caps.streams[0] != 0)
        said = terminal_look(caps.streams[0]);
    terminal->is_terminal = (said >> stream & 1) != 0;
    terminal->columns = said >> 8 & 0xffff;
    terminal->rows = said >> 24 & 0xffff;
    return terminal->is_terminal;
}

static int64_t console_status(struct file *file, struct attributes *a)
{
    unsigned stream = ((struct console_file *)file)->stream;
    struct terminal terminal;

    if (console_terminal(file, &terminal))
        *a = (struct attributes){.inode = 3, .mode = MODE_CHARACTER | 0620, .links = 1,
                                 .device = 5 << 8, .origin = ORIGIN_CONSOLE};
    else
        *a = (struct attributes){.inode = 10 + stream, .mode = MODE_PIPE | 0600, .links = 1,
                                 .origin = ORIGIN_CONSOLE};
    return 0;
}

static void console_close(struct file *file)
{
    heap_free(file, sizeof(struct console_file));
}

static const struct file_ops console_ops = {
    .kind = "console",
    .read = console_file_read,
    .write = console_file_write,
    .poll = console_poll,
    .status = console_status,
    .close = console_close,
};

struct file *console_open(unsigned stream)
{
    struct console_file *file = heap_alloc(sizeof(*file));

    if (file == NULL)
        return NULL;
    file->stream = stream;
    file_init(&file->file, &console_ops, stream == 0 ? OPENED_READ : OPENED_WRITE, 0);
    return &file->file;
}

bool console_is(const struct file *file)
{
    return file->ops == &console_ops;
}

bool console_is_input(const struct file *file)
{
    return console_is(file) && ((const struct console_file *)file)->stream == 0;
}
