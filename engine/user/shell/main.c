/* SPDX-License-Identifier: MIT */
/*
 * The shell: commands on the console.
 *
 *   needs      console terminal; for its commands launcher, namespace, account, log, power
 *
 * It has no authority of its own: what a command needs and the shell was not handed
 * is refused in one line. A second thread waits for Ctrl-C, which ends the program
 * that runs, or else the line that is being written.
 */
#include "shell.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "line.h"
#include "rt/rt.h"
#include "rt/terminal.h"
#include "services.stubs.h"
#include "words.h"

#define PROMPT "phoenix> "
#define CTRL_C 3

static uint64_t console, terminal, main_thread, events;
static bool cancel;           /* atomic: the line that is being written */

static void help_command(size_t count, char **words);

const struct command commands[] = {
    {"help", "[COMMAND]", "say what there is", "", help_command},
    {"caps", "[PID]", "what this shell was handed, or what a process holds",
        "Each line is a capability: its name, its interface, and the methods it allows.\n"
        "With PID all holds of that process by their numbers, those derived from a hold below\n"
        "it, in whichever process they are.\n",
        caps_command},
    {"revoke", "[--below] PID HOLD", "take a hold from a process",
        "HOLD is a number that `caps PID` shows. All that was derived from it goes with it, in\n"
        "whichever process it is; with --below that goes, and the hold stays. From a process\n"
        "can be taken what it could give up itself: of a hold without `revoke` the row alone.\n",
        revoke_command},
    {"run", "[--with NAME[,NAME...]] [--tap] [--] PROGRAM [ARG...]", "run a program",
        "PROGRAM is a program of the boot package by its name (run shell), a Linux program by\n"
        "its path (run /bin/busybox), or a name that is looked for in /bin and /usr/bin.\n"
        "It gets its standard streams, itself (its process, threads, space and memory), and\n"
        "exactly the capabilities of this shell that --with names; see `caps`. Without\n"
        "namespace it sees no files, without clock no time. --tap tells in the end what it asked\n"
        "of the kernel last, as `tap` does. Ctrl-C ends it, the second time\n"
        "even if it does not want to.\n",
        run_command},
    {"ps", "", "what runs", "", ps_command},
    {"top", "[TABLES]", "who had a core, who has memory",
        "A line for each Account: how much of a core its threads had since the table before (at\n"
        "first: since the machine began), how long in all, and what it uses of its limit. On a\n"
        "terminal a new table each second, until a key is typed; with TABLES so many; else one.\n",
        top_command},
    {"tap", "PID [SECONDS]", "what a process asks of the kernel",
        "A line for each operation of the threads of its account (when, process/thread, what, on\n"
        "which of its capabilities) and for each result; nothing of what is sent. What it does in\n"
        "the first hundredths of a second may be missing. On a terminal until a key is typed.\n",
        tap_command},
    {"mem", "", "memory, capabilities and threads, used and left", "", mem_command},
    {"log", "", "the machine's log", "", log_command},
    {"exit", "[STATUS]", "turn the machine off", "STATUS is 0 to 255; 0 if it is left out.\n",
        exit_command},
};
const size_t command_count = sizeof commands / sizeof commands[0];

void say_wrong(const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vfmt(text, sizeof text, format, arguments);
    va_end(arguments);
    rt_error("%s\n", text);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (rt_equal(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static void help_command(size_t count, char **words)
{
    const struct command *command;

    if (count > 2) {
        say_wrong("help: one command at a time");
        return;
    }
    if (count == 1) {
        for (size_t i = 0; i < command_count; i++)
            rt_print("%-6s %s\n", commands[i].name, commands[i].summary);
        rt_print("`help COMMAND` says more.\n");
        return;
    }
    command = find(words[1]);
    if (command == NULL)
        say_wrong("help: no command is called `%s`", words[1]);
    else
        rt_print("%s%s%s\n%s.\n%s", command->name, *command->arguments ? " " : "",
            command->arguments, command->summary, command->more);
}

/* --- input ------------------------------------------------------------------------ */

static void put(const char *bytes, size_t length)
{
    rt_write(console, bytes, length);
}

static const char *complete(bool first, size_t n)
{
    struct rt_capability capability;
    static char name[64];

    if (first)
        return n < command_count ? commands[n].name : NULL;
    if (!rt_cap_at((unsigned)n, &capability))
        return NULL;
    fmt(name, sizeof name, "%s", capability.name);
    return name;
}

static struct line line = {.out = put, .copy = rt_copy, .free = rt_free, .complete = complete};

static void look_at_terminal(void)
{
    uint64_t said = terminal_look(terminal);

    line.echo = (said & 3) == 3;
    line.columns = (unsigned)(said >> 8 & 0xffff);
    if (line.columns == 0)
        line.columns = 80;
}

/* A byte at a time: what follows the line is for the program that it starts. */
static enum line_event read_line(void)
{
    enum line_event event = LINE_MORE;

    look_at_terminal();
    line_begin(&line, PROMPT);
    while (event == LINE_MORE) {
        unsigned char byte;
        uint64_t got;
        int64_t result = terminal_read_until(terminal, (uint64_t)&byte, 1, PHX_FOREVER, &got);

        if (result >= 0 && got == 1)
            event = line_feed(&line, byte);
        else if (result >= 0 && line.length > 0)
            event = line_feed(&line, '\n'); /* the last line has no end */
        else if (result != -PHX_INTERRUPTED)
            return LINE_END;
        if (__atomic_exchange_n(&cancel, false, __ATOMIC_RELAXED) && event == LINE_MORE)
            event = line_feed(&line, CTRL_C);
    }
    return event;
}

bool is_terminal(void)
{
    return line.echo;
}

bool wait_key(uint64_t deadline)
{
    unsigned char byte;
    uint64_t got;
    int64_t result = terminal_read_until(terminal, (uint64_t)&byte, 1, deadline, &got);

    return __atomic_exchange_n(&cancel, false, __ATOMIC_RELAXED) || result != -PHX_TIMEOUT;
}

/* --- Ctrl-C ------------------------------------------------------------------------- */

#define EVENT_INTERRUPT 2
#define EVENT_TERMINATE 4
#define AGAIN_NS UINT64_C(5000000)

/* The main thread may be between looking and waiting: tell it until it knows. */
static void cancel_line(void)
{
    __atomic_store_n(&cancel, true, __ATOMIC_RELAXED);
    while (__atomic_load_n(&cancel, __ATOMIC_RELAXED)) {
        struct clock_now_out now = {0};

        thread_interrupt(main_thread, 1);
        clock_now(rt_cap("clock"), &now);
        thread_control_sleep(RT_THREAD, now.ns + AGAIN_NS);
    }
}

static void watch_events(void *argument)
{
    (void)argument;
    for (;;) {
        struct notification_wait_out bits = {0};
        struct terminal_events_out taken = {0};

        if (notification_wait(events, 1, PHX_FOREVER, &bits) < 0)
            return;
        if (terminal_events(terminal, &taken) >= 0 &&
            (taken.events & (EVENT_INTERRUPT | EVENT_TERMINATE)) && !run_interrupt())
            cancel_line();
    }
}

/* Without an account there is no notification to watch with: Ctrl-C is only a key. */
static void begin_watching(void)
{
    struct account_new_notification_out notification = {0};
    struct thread_control_self_out self = {0};
    uint64_t thread;

    if (thread_control_self(RT_THREAD, &self) < 0 ||
        account_new_notification(rt_cap("account"), &notification) < 0)
        return;
    main_thread = self.thread;
    events = notification.notification;
    if (rt_thread(watch_events, NULL, &thread) >= 0)
        terminal_watch(terminal, 1, events, PHX_CAP_COPY);
}

/* --- the loop ------------------------------------------------------------------------ */

static void obey(char *text)
{
    char *words[WORDS_MAX + 1];
    const struct command *command;
    const char *problem;
    size_t count;

    problem = words_split(text, words, &count);
    if (problem != NULL) {
        say_wrong("%s", problem);
        return;
    }
    if (count == 0)
        return;
    command = find(words[0]);
    if (command == NULL)
        say_wrong("no command is called `%s`; `help` lists them, `run` runs programs", words[0]);
    else
        command->run(count, words);
}

int main(void)
{
    char *end[] = {NULL};
    enum line_event event;

    console = rt_cap("console");
    if (console == 0)
        rt_panic("it was handed no console");
    terminal = rt_cap("terminal");
    if (terminal == 0)
        rt_panic("it was handed no terminal, which the service `console` provides");
    begin_watching();
    while ((event = read_line()) != LINE_END) {
        if (event != LINE_DONE)
            continue;
        line_remember(&line);
        if (line.cut_short)
            say_wrong("a line can have %u bytes; this one has more", (unsigned)LINE_MAX);
        else
            obey(line.text);
    }
    exit_command(1, end);
    return 0;
}
