/* SPDX-License-Identifier: MIT */
/* What QEMU's last words mean; see death.h. */
#define _GNU_SOURCE
#include "death.h"

#include "say.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the options and the serial line were tried with. */
#define VERSION_LEAST_MAJOR 7
#define VERSION_LEAST_MINOR 2
#define VERSION_WAIT_MS 3000

#define PACKAGE "`apt-get install qemu-system-x86` (as root) brings one"

/* Read what a child prints until it ends, or it is too long about it. */
static void read_answer(int from, char *text, size_t size)
{
    size_t length = 0;
    ssize_t n = 1;

    for (struct pollfd p = {.fd = from, .events = POLLIN};
         n > 0 && length + 1 < size && poll(&p, 1, VERSION_WAIT_MS) == 1;) {
        n = read(from, text + length, size - 1 - length);
        length += n > 0 ? (size_t)n : 0;
    }
    text[length] = 0;
}

/* What `qemu --version` prints: only asked when something went wrong, as the question
 * takes a fifth of a machine's whole life. False: it could not be asked. */
static bool ask_version(const char *qemu, char *text, size_t size)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execl(qemu, qemu, "--version", (char *)NULL);
        _exit(STATUS_FAILED);
    }
    close(ends[1]);
    read_answer(ends[0], text, size);
    close(ends[0]);
    if (pid < 0)
        return false;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return true;
}

static bool explain_version(const char *qemu)
{
    unsigned major, minor;
    char text[256];
    const char *at;

    if (!ask_version(qemu, text, sizeof text))
        return false;
    /* "QEMU emulator version 7.2.22 (...)" */
    at = strstr(text, "version ");
    if (!at || sscanf(at, "version %u.%u", &major, &minor) != 2) {
        say("%s does not behave like QEMU; " PACKAGE ", PHOENIX_QEMU names another", qemu);
        return true;
    }
    if (major > VERSION_LEAST_MAJOR ||
        (major == VERSION_LEAST_MAJOR && minor >= VERSION_LEAST_MINOR))
        return false;
    say("%s is QEMU %u.%u, which is too old; %u.%u or newer is needed: " PACKAGE, qemu, major,
        minor, VERSION_LEAST_MAJOR, VERSION_LEAST_MINOR);
    return true;
}

/* The last line of what QEMU said, without its name in front. */
static char *last_line(const char *words)
{
    size_t end = strlen(words), start;
    const char *colon;

    while (end && isspace((unsigned char)words[end - 1]))
        end--;
    for (start = end; start && words[start - 1] != '\n';)
        start--;
    colon = strstr(words + start, ": ");
    if (strncmp(words + start, "qemu", 4) == 0 && colon && colon < words + end)
        start = (size_t)(colon + 2 - words);
    return strndup(words + start, end - start);
}

/* True: said. */
static bool explain_words(const struct death *death)
{
    const char *words = death->words;
    const struct machine_process *machine = death->machine;
    char *line;

    if (strstr(words, "Cannot allocate memory")) {
        say("this host cannot give the machine %" PRIu64 "M of memory; less is loaded with "
            "smaller trees, less is asked for with --mem",
            machine->memory >> 20);
        return true;
    }
    if (strstr(words, "PC BIOS") || strstr(words, "romfile")) {
        say("QEMU does not find its firmware; `apt-get install --reinstall qemu-system-data "
            "seabios` (as root) brings it");
        return true;
    }
    if (machine->kvm && !death->was_ready) {
        line = last_line(words);
        say("KVM does not run a machine here (%s); --accel tcg does without it",
            line && *line ? line : "QEMU does not say why");
        free(line);
        return true;
    }
    return false;
}

/* Bytes from elsewhere, as far as they can be shown. */
static void show(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isprint((unsigned char)text[i]) || text[i] == '\n')
            putc(text[i], stderr);
    if (length && text[length - 1] != '\n')
        putc('\n', stderr);
}

void death_explain(const struct death *death)
{
    int status = death->wait_status;

    if (explain_words(death) || (!death->was_ready && explain_version(death->machine->qemu)))
        return;
    if (!death->was_ready)
        show(death->noise, death->noise_length);
    show(death->words, strlen(death->words));
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        say("QEMU was ended by signal %d", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && !death->was_ready)
        say("QEMU ended with status %d before the machine was ready", WEXITSTATUS(status));
    else
        say("the machine ended without saying how its program did");
}

void death_explain_silence(const struct death *death, unsigned seconds)
{
    if (explain_version(death->machine->qemu))
        return;
    show(death->noise, death->noise_length);
    show(death->words, strlen(death->words));
    say("the machine was not ready after %u seconds; this host may have too much other work",
        seconds);
}
