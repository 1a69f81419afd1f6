/* SPDX-License-Identifier: MIT */
/*
 * Writes to the log what would be more than a line, escape sequences, the end of a line
 * in the middle and bytes of every value, ten thousand times: each is one line of
 * text, and the shell's terminal is never told anything.
 *
 * With  log
 * Gets  every line is one line
 */
#include "hostile.h"

#define TIMES 10000
#define LONG (PHX_LOG_LINE + 1)

int main(void)
{
    static char line[1024], text[4096];
    struct log_read_out out = {0};
    unsigned lines = 0, newlines = 0;
    unsigned char c = 0, before;

    for (unsigned i = 0; i < TIMES; i++) {
        uint64_t length = draw(LONG);

        for (unsigned k = 0; k < length; k++)
            line[k] = draw(4) ? (char)draw(256) : "\n\r\033\007\b"[draw(5)];
        MUST(log_write(rt_cap("log"), (uint64_t)line, length) >= 0, "line %u", i);
    }
    for (uint64_t next = 0;
         log_read(rt_cap("log"), next, (uint64_t)text, sizeof text, &out) >= 0 && out.got > 0;
         next = out.next)
        for (unsigned k = 0; k < out.got; k++) {
            before = c;
            c = (unsigned char)text[k];
            newlines += c == '\n';
            lines += before == '\n' && c == '[';
            MUST(c == '\n' || c == '\t' || (c >= ' ' && c < 127) || c >= 0xa0 ||
                     (c >= 0x80 && before >= 0x80 && before != 0xc2),
                "a byte 0x%x behind 0x%x in the log", c, before);
        }
    MUST(newlines > 10 && lines + 1 >= newlines, "%u newlines, %u lines", newlines, lines);
    rt_print("every line is one line\n");
    return 0;
}
