/* SPDX-License-Identifier: MIT */
/*
 * ioctl: what programs ask of a terminal.
 *
 * Where the terminal is the launcher's, lines are edited and echoed there, and cannot
 * be had otherwise from here: settings can be read, and set to what they are; another
 * line mode is refused. Where the libos has the line discipline itself (tty.h), line
 * mode, echo and what Enter sends can be set.
 */
#include "bytes.h"
#include "face.h"
#include "kernel.h"
#include "stream.h"
#include "tty.h"
#include "user.h"

#define TCGETS 0x5401
#define TCSETS 0x5402
#define TCSETSW 0x5403
#define TCSETSF 0x5404
#define TCFLSH 0x540b
#define TIOCGPGRP 0x540f
#define TIOCSPGRP 0x5410
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define FIONREAD 0x541b
#define FIONBIO 0x5421
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451

struct linux_termios {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t line, cc[19];
};

static const struct linux_termios settings = {
    .iflag = 0x4500, /* ICRNL IXON IUTF8 */
    .oflag = 0x5,    /* OPOST ONLCR */
    .cflag = 0xbf,   /* B38400 CS8 CREAD */
    .lflag = 0x8a3b, /* ISIG ICANON ECHO ECHOE ECHOK ECHOCTL ECHOKE IEXTEN */
    .cc = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0},
};

#define ICRNL 0x100
#define ICANON 0x2
#define ECHO 0x8

/* What was set last; what is not the line discipline's own is only kept. */
static struct linux_termios current;
static bool current_set;

static int64_t get_settings(uint64_t address)
{
    return copy_to_user(address, current_set ? &current : &settings, sizeof(settings));
}

static int64_t set_settings(uint64_t address)
{
    struct tty *tty = console_tty();
    struct linux_termios new;
    int64_t e = copy_from_user(&new, address, sizeof(new));

    if (e < 0)
        return e;
    if (tty == NULL)
        return new.lflag == settings.lflag ? 0 : -E_INVAL;
    tty->map_return = (new.iflag & ICRNL) != 0;
    tty->canonical = (new.lflag & ICANON) != 0;
    tty->echo = (new.lflag & ECHO) != 0;
    current = new;
    current_set = true;
    return 0;
}

static int64_t store_size(uint64_t address, const struct terminal *t)
{
    uint16_t size[4] = {(uint16_t)t->rows, (uint16_t)t->columns, 0, 0};

    return copy_to_user(address, size, sizeof(size));
}

static int64_t terminal_control(const struct terminal *t, uint64_t request, uint64_t address)
{
    uint32_t group;
    int64_t e;

    switch ((uint32_t)request) {
    case TCGETS:
        return get_settings(address);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return set_settings(address);
    case TCFLSH:
        return 0;
    case TIOCGWINSZ:
        return store_size(address, t);
    case TIOCGPGRP:
        return store_user32(address, (uint32_t)program_pid);
    case TIOCSPGRP:
        e = load_user32(address, &group);
        return e < 0 ? e : group == program_pid ? 0 : -E_PERM;
    default:
        return -E_NOTTY;
    }
}

static int64_t set_nonblocking(struct file *file, uint64_t address)
{
    uint32_t on;
    int64_t e = load_user32(address, &on);

    if (e < 0)
        return e;
    file->flags = (file->flags & ~(uint32_t)OPENED_NONBLOCK) | (on != 0 ? OPENED_NONBLOCK : 0);
    file->face_flags = (file->face_flags & ~(uint32_t)O_NONBLOCK) | (on != 0 ? O_NONBLOCK : 0);
    return 0;
}

static int64_t store_waiting(struct file *file, uint64_t address)
{
    struct attributes a;
    int64_t n = pipe_waiting(file), e;

    if (n < 0 && file->ops->seekable) {
        e = file->ops->status(file, &a);
        if (e < 0)
            return e;
        n = a.size > file->position ? (int64_t)(a.size - file->position) : 0;
    }
    return n < 0 ? n : store_user32(address, (uint32_t)n);
}

static int64_t control(struct file *file, const struct call *c)
{
    struct terminal terminal;

    switch ((uint32_t)c->b) {
    case FIONBIO:
        return set_nonblocking(file, c->c);
    case FIONREAD:
        return store_waiting(file, c->c);
    case FIOCLEX:
        descriptor_flag((uint32_t)c->a, 1);
        return 0;
    case FIONCLEX:
        descriptor_flag((uint32_t)c->a, 0);
        return 0;
    }
    if (!console_is(file) || !console_terminal(file, &terminal))
        return -E_NOTTY;
    return terminal_control(&terminal, c->b, c->c);
}

int64_t call_ioctl(const struct call *c)
{
    struct file *file = descriptor_get((uint32_t)c->a);
    int64_t e;

    if (file == NULL)
        return -E_BADF;
    e = control(file, c);
    file_unref(file);
    return e;
}
