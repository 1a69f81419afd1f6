/* SPDX-License-Identifier: MIT */
/* Raw mode and window size; see terminal.h. */
#include "terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;

static void terminal_restore(void)
{
    tcsetattr(0, TCSADRAIN, &before);
}

void terminal_raw(void)
{
    struct termios raw;

    if (tcgetattr(0, &before) != 0)
        return;
    atexit(terminal_restore);
    raw = before;
    cfmakeraw(&raw);
    /* What is written here, by the launcher too, still gets its carriage returns. */
    raw.c_oflag = before.c_oflag;
    tcsetattr(0, TCSADRAIN, &raw);
}

bool terminal_is_taken(void)
{
    pid_t foreground = tcgetpgrp(0);

    return foreground >= 0 && foreground != getpgrp();
}

void terminal_describe(uint8_t payload[5])
{
    struct winsize size = {.ws_col = 80, .ws_row = 24};
    uint8_t terminals = 0;

    for (int fd = 2; fd >= 0; fd--) {
        struct winsize of_this;

        if (!isatty(fd))
            continue;
        terminals |= (uint8_t)(1 << fd);
        if (ioctl(fd, TIOCGWINSZ, &of_this) == 0 && of_this.ws_col && of_this.ws_row)
            size = of_this;
    }
    payload[0] = terminals;
    payload[1] = (uint8_t)size.ws_col;
    payload[2] = (uint8_t)(size.ws_col >> 8);
    payload[3] = (uint8_t)size.ws_row;
    payload[4] = (uint8_t)(size.ws_row >> 8);
}
