/* SPDX-License-Identifier: MIT */
/*
 * `tap`: what the threads of an account ask of the kernel, as its debug tap tells it.
 *
 * The kernel's lines are numbers: who, the operation word, the capability; or who and the
 * result. What was asked is put into words here; of what was sent nothing is known.
 */
#include "shell.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "rt/rt.h"
#include "services.stubs.h"

#define LINE_ROOM 160
#define LOOK_NS UINT64_C(100000000)
#define SECOND_NS UINT64_C(1000000000)

static uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

static uint64_t hexadecimal(const char **text)
{
    uint64_t value = 0;

    for (;; (*text)++) {
        char c = **text;

        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return value;
    }
}

/* "OP CAP" in words. */
static void print_operation(const char *text)
{
    static const char *const names[] = {"?", "NOP", "CALL", "RECV", "RETURN", "RETURN_RECV", "SEND",
        "RELEASE", "SIGNAL", "WAIT", "ENTER1"};
    uint64_t op = hexadecimal(&text), cap, number = op >> 8 & 0xff, method = op >> 16 & 0xff;

    text += *text == ' ';
    cap = hexadecimal(&text);
    if ((op & 0xff) == PHX_KIND_NYX)
        rt_print("libnyx %lu", number);
    else
        rt_print("%s", names[(op & 0xff) == PHX_KIND_TRANSPORT && number <= 10 ? number : 0]);
    if ((op & 0xff) == PHX_KIND_TRANSPORT && number == PHX_T_CALL)
        rt_print(" method %lu", method);
    else if ((op & 0xff) == PHX_KIND_TRANSPORT && number >= PHX_T_RETURN && number <= PHX_T_SEND)
        rt_print(" %lu", method);
    if (cap != 0)
        rt_print(" #%u", PHX_ID_INDEX(cap));
    rt_print("\n");
}

static void print_line(char *line, size_t length)
{
    size_t at = 0;

    line[length] = 0;
    while (at < length && line[at] != ']')
        at++;
    while (at + 1 < length && !(line[at] == ':' && line[at + 1] == ' ') && line[at] != '=')
        at++;
    if (at + 2 >= length || line[at] != ':') {
        rt_print("%s\n", line);
        return;
    }
    rt_print("%.*s: ", (int)at, line);
    print_operation(line + at + 2);
}

/* What has come since `position`. */
static void print_new(uint64_t tap, uint64_t *position)
{
    static char text[2048], line[LINE_ROOM];
    static size_t length;
    struct log_read_out out = {.next = *position};

    while (log_read(tap, out.next, (uint64_t)text, sizeof text, &out) >= 0 && out.got > 0) {
        if (out.next - out.got > *position && *position != 0)
            rt_print("(%lu bytes are lost)\n", out.next - out.got - *position);
        *position = out.next;
        for (uint64_t i = 0; i < out.got; i++) {
            if (text[i] == '\n' || length + 1 == LINE_ROOM) {
                print_line(line, length);
                length = 0;
            } else {
                line[length++] = text[i];
            }
        }
    }
}

uint64_t tap_open(const char *command, uint64_t pid)
{
    struct account_new_tap_out out = {0};
    uint64_t account = 0;
    int64_t result = launcher_account(rt_cap("launcher"), pid, &account);

    if (rt_cap("launcher") == 0) {
        say_wrong("%s: this shell was not handed `launcher`", command);
        return 0;
    }
    if (result >= 0)
        result = account_new_tap(account, &out);
    phx_release(account);
    if (result == -PHX_NOT_FOUND)
        say_wrong("%s: no process with an account of its own has the number %lu", command, pid);
    else if (result == -PHX_EXISTS)
        say_wrong("%s: somebody taps already", command);
    else if (result < 0)
        say_wrong("%s: %s", command, rt_error_text(result));
    return out.log;
}

void tap_close(uint64_t tap, uint64_t *position)
{
    if (tap != 0)
        print_new(tap, position);
    phx_release(tap);
}

void tap_command(size_t count, char **words)
{
    uint64_t pid, seconds = 1, tap, position = 0, end;
    struct process_getpid_out own = {0};
    bool goes_on = count == 2 && is_terminal();

    if (count < 2 || count > 3 ||
        (count == 3 && (!rt_number(words[2], &seconds) || seconds == 0 || seconds > 3600))) {
        say_wrong("tap: takes the number of a process, and for how many seconds (1 to 3600)");
        return;
    }
    if (!rt_number(words[1], &pid)) {
        say_wrong("tap: `%s` is no number of a process; see `ps`", words[1]);
        return;
    }
    if (process_getpid(RT_PROCESS, &own) >= 0 && own.pid == pid) {
        say_wrong("tap: %lu is this shell, which would tell of its telling", pid);
        return;
    }
    tap = tap_open("tap", pid);
    if (tap == 0)
        return;
    if (goes_on)
        rt_print("a key ends this\n");
    end = now() + seconds * SECOND_NS;
    while (!wait_key(now() + LOOK_NS) && (goes_on || now() < end))
        print_new(tap, &position);
    tap_close(tap, &position);
}
