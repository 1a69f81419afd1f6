/* SPDX-License-Identifier: MIT */
/*
 * A machine for the launcher's tests: takes QEMU's place (PHOENIX_QEMU) and speaks
 * the serial protocol as FAKE says, with FAKE_ARG as its argument where it has one.
 */
#define _GNU_SOURCE
#include "framing/framing.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const void *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = write(1, (const char *)data + done, length - done);

        if (n <= 0)
            _exit(9);
        done += (size_t)n;
    }
}

static void frame(uint8_t type, const void *payload, size_t length)
{
    uint8_t header[FRAMING_HEADER_SIZE];

    framing_header(header, type, (uint16_t)length);
    put(header, sizeof header);
    put(payload, length);
}

static void text(uint8_t type, const char *line)
{
    frame(type, line, strlen(line));
}

static void ready(void)
{
    text(FRAMING_READY, FRAMING_MAGIC);
}

static _Noreturn void end(uint32_t status)
{
    frame(FRAMING_EXIT, &status, sizeof status);
    /* A machine takes a while to turn off; nobody should wait for it. */
    pause();
    _exit(0);
}

static struct framing from_host;

/* The next whole frame, into `payload`. */
static void next_frame(uint8_t payload[FRAMING_GUEST_MAX])
{
    uint8_t byte;

    while (read(0, &byte, 1) == 1) {
        unsigned what = framing_feed(&from_host, byte);

        if (what & FRAMING_MALFORMED)
            end(77);
        if (what & FRAMING_PAYLOAD)
            payload[from_host.position - 1] = byte;
        if (what & FRAMING_END)
            return;
    }
    _exit(9);
}

/* Input to output, as frames come, then the end. */
static void echo(uint8_t to)
{
    uint8_t payload[FRAMING_GUEST_MAX];

    for (;;) {
        next_frame(payload);
        if (from_host.type == FRAMING_STDIN)
            frame(to, payload, from_host.length);
        if (from_host.type == FRAMING_STDIN_END)
            end(0);
    }
}

/* Says what is asked of it; a `terminate` ends it. */
static void controls(void)
{
    uint8_t payload[FRAMING_GUEST_MAX];
    char line[100];

    for (;;) {
        next_frame(payload);
        if (from_host.type == FRAMING_TERMINAL) {
            snprintf(line, sizeof line, "terminal %d %d x %d\n", (int)(from_host.value & 7),
                (int)(from_host.value >> 8 & 0xffff), (int)(from_host.value >> 24 & 0xffff));
            text(FRAMING_STDOUT, line);
        }
        if (from_host.type == FRAMING_CONTROL) {
            snprintf(line, sizeof line, "control %d\n", (int)from_host.value);
            text(FRAMING_STDOUT, line);
            if (from_host.value & FRAMING_CONTROL_TERMINATE)
                end(128 + SIGTERM);
        }
    }
}

/* Asks twice for the terminal; the status is how often it was said. */
static void ask(void)
{
    uint8_t payload[FRAMING_GUEST_MAX];
    uint32_t said = 0;

    while (said < 3) {
        next_frame(payload);
        if (from_host.type != FRAMING_TERMINAL)
            continue;
        if (said++ < 2)
            frame(FRAMING_ASK, NULL, 0);
    }
    end(said);
}

static void show_arguments(char **argv)
{
    for (; *argv; argv++) {
        text(FRAMING_STDOUT, *argv);
        text(FRAMING_STDOUT, "\n");
    }
    end(0);
}

/* The module that this machine was given, as it is. */
static void show_module(char **argv)
{
    char chunk[FRAMING_GUEST_MAX];
    size_t n;
    FILE *f;

    while (*argv && strcmp(*argv, "-initrd") != 0)
        argv++;
    f = *argv ? fopen(argv[1], "r") : NULL;
    while (f && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
        frame(FRAMING_STDOUT, chunk, n);
    end(f ? 0 : 1);
}

/* Bytes of a file, as output. */
static void show_file(const char *path, uint64_t from, uint64_t size)
{
    char chunk[FRAMING_GUEST_MAX];
    FILE *f = fopen(path, "r");

    if (!f || fseek(f, (long)from, SEEK_SET) != 0)
        end(1);
    while (size) {
        size_t n = fread(chunk, 1, size < sizeof chunk ? size : sizeof chunk, f);

        if (n == 0)
            end(2);
        frame(FRAMING_STDOUT, chunk, n);
        size -= n;
    }
    fclose(f);
}

static char *after(char **argv, const char *what)
{
    for (; *argv; argv++) {
        char *at = strstr(*argv, what);

        if (at)
            return at + strlen(what);
    }
    end(3);
}

/* The trees' part of a module whose trees are the machine's memory. */
static void show_trees(char **argv)
{
    char *at = after(argv, "module="), *memory = after(argv, "mem-path=");
    uint64_t base = strtoull(at, &at, 16), size = strtoull(at + 1, NULL, 16);
    struct stat head;

    if (stat(after(argv, ",file="), &head) != 0)
        end(4);
    show_file(memory, base + (uint64_t)head.st_size, size - (uint64_t)head.st_size);
    end(0);
}

/* How many bytes our launcher has read until now. */
static void show_reads(void)
{
    char path[40], line[100];
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/io", (int)getppid());
    f = fopen(path, "r");
    if (f && fgets(line, sizeof line, f))
        text(FRAMING_STDOUT, line);
    end(0);
}

static void flood(void)
{
    char chunk[FRAMING_GUEST_MAX];

    memset(chunk, 'y', sizeof chunk);
    for (;;)
        frame(FRAMING_STDOUT, chunk, sizeof chunk);
}

static void noise(void)
{
    static const char garbage[] = "\x13\x04\0PHX\x13\x04\0P\x01\x02\xff boot \x13\x13\x04";

    put("firmware\r\n", 10);
    put(garbage, sizeof garbage - 1);
    ready();
    echo(FRAMING_STDOUT);
}

static void speak(const char *what, char **argv)
{
    const char *argument = getenv("FAKE_ARG");

    if (strcmp(what, "echo") == 0)
        echo(FRAMING_STDOUT);
    if (strcmp(what, "echo2") == 0)
        echo(FRAMING_STDERR);
    if (strcmp(what, "status") == 0)
        end((uint32_t)atoi(argument));
    if (strcmp(what, "controls") == 0)
        controls();
    if (strcmp(what, "ask") == 0)
        ask();
    if (strcmp(what, "arguments") == 0)
        show_arguments(argv);
    if (strcmp(what, "module") == 0)
        show_module(argv);
    if (strcmp(what, "trees") == 0)
        show_trees(argv);
    if (strcmp(what, "reads") == 0)
        show_reads();
    if (strcmp(what, "flood") == 0)
        flood();
    if (strcmp(what, "log") == 0) {
        text(FRAMING_LOG, "one");
        text(FRAMING_LOG, "two");
        text(FRAMING_STDOUT, "out\n");
        end(3);
    }
    if (strcmp(what, "turns") == 0) {
        for (char c = '1'; c <= '9'; c++)
            frame(c & 1 ? FRAMING_STDERR : FRAMING_STDOUT, &c, 1);
        end(0);
    }
    if (strcmp(what, "epitaph") == 0) {
        text(FRAMING_STDOUT, "before\n");
        text(FRAMING_EPITAPH, "the kernel ");
        text(FRAMING_EPITAPH, "died: test");
        text(FRAMING_EPITAPH, "\n");
        text(FRAMING_EPITAPH, "  0xffffffff80100001");
        text(FRAMING_EPITAPH, "\n");
        text(FRAMING_EPITAPH, "last words");
        end(0);
    }
    if (strcmp(what, "midframe") == 0)
        put("\x01\x64\0only a part", 14);
    if (strcmp(what, "garbage") == 0) {
        put("\x55\x55\x55\x55", 4);
        text(FRAMING_STDOUT, "as if nothing were wrong\n");
        end(0);
    }
    if (strcmp(what, "hang") == 0)
        pause();
}

/* A whole conversation, of which FAKE_ARG bytes are said. */
static void cut_short(void)
{
    static const char conversation[] = "\x13\4\0PHX1"
                                       "\x10\3\0log"
                                       "\1\4\0out\n"
                                       "\2\4\0err\n"
                                       "\x12\4\0\7\0\0\0";
    size_t all = sizeof conversation - 1, said = (size_t)atoi(getenv("FAKE_ARG"));

    put(conversation, said < all ? said : all);
}

/* What another program than QEMU, or an old one, says of itself. */
static void show_version(void)
{
    const char *version = getenv("FAKE_VERSION");

    printf("%s\n", version ? version : "QEMU emulator version 7.2.22 (pretended)");
}

int main(int argc, char **argv)
{
    const char *what = getenv("FAKE");

    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        show_version();
        return 0;
    }
    if (!what || strcmp(what, "silent") == 0)
        pause();
    if (strcmp(what, "noise") == 0)
        noise();
    if (strcmp(what, "refuse") == 0) {
        put("too little memory\n", 18);
        fprintf(stderr, "qemu: something was wrong\n");
        return 1;
    }
    if (strcmp(what, "words") == 0) {
        fprintf(stderr, "%s\n", getenv("FAKE_ARG"));
        return 1;
    }
    if (strcmp(what, "nothing") == 0)
        return 0;
    if (strcmp(what, "cut") == 0) {
        cut_short();
        return 0;
    }
    ready();
    speak(what, argv);
    return 0;
}
