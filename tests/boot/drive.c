/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "drive.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 40
#define PROMPT "phoenix> "

int test_failures;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *build_folder(void)
{
    const char *b = getenv("B");

    return b != NULL ? b : "build";
}

static void run_qemu(const char *module, const char *const *more)
{
    static char kernel[512], initrd[512];
    const char *arguments[ARGUMENTS_MAX] = {"qemu-system-x86_64", "-accel", "tcg", "-cpu", "max",
        "-display", "none", "-no-reboot", "-nodefaults", "-serial", "stdio", "-append",
        "console=raw exit=0xf4", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel",
        kernel, "-initrd", initrd};
    unsigned n = 0;

    snprintf(kernel, sizeof kernel, "%s/phoenix.elf", build_folder());
    snprintf(initrd, sizeof initrd, "%s/%s", build_folder(), module);
    while (arguments[n] != NULL)
        n++;
    while (*more != NULL && n + 1 < ARGUMENTS_MAX)
        arguments[n++] = *more++;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(arguments[0], (char *const *)(const void *)arguments);
    perror(arguments[0]);
    _exit(127);
}

void machine_start(struct machine *m, const char *module, const char *const *arguments)
{
    int to[2], from[2];

    m->length = m->seen = 0;
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
        perror("pipe");
        exit(1);
    }
    signal(SIGPIPE, SIG_IGN);
    m->pid = fork();
    if (m->pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        dup2(from[1], 2);
        run_qemu(module, arguments);
    }
    close(to[0]);
    close(from[1]);
    m->in = to[1];
    m->out = from[0];
}

/* As a terminal does it: a key after the other, the line takes its time. */
void machine_type(struct machine *m, const char *keys)
{
    size_t length = strlen(keys);

    if (write(m->in, keys, length) != (ssize_t)length)
        fprintf(stderr, "the machine takes no keys\n");
}

/* Whatever it says within so long; false: nothing, or it is gone. */
static bool listen(struct machine *m, double seconds)
{
    struct pollfd p = {.fd = m->out, .events = POLLIN};
    char bytes[4096];
    ssize_t got;

    if (seconds < 0 || poll(&p, 1, (int)(seconds * 1000) + 1) <= 0)
        return false;
    got = read(m->out, bytes, sizeof bytes);
    for (ssize_t i = 0; i < got && m->length < DRIVE_ROOM; i++)
        if (bytes[i] != '\r')
            m->said[m->length++] = bytes[i];
    m->said[m->length] = 0;
    return got > 0;
}

static char *find(struct machine *m, const char *text, double seconds)
{
    double end = now() + seconds;
    char *found;

    m->said[m->length] = 0;
    while ((found = strstr(m->said + m->seen, text)) == NULL)
        if (!listen(m, end - now()))
            return NULL;
    return found;
}

bool machine_expect(struct machine *m, const char *text, double seconds)
{
    char *found = find(m, text, seconds);

    if (found != NULL)
        m->seen = (size_t)(found - m->said) + strlen(text);
    return found != NULL;
}

const char *machine_command(struct machine *m, const char *command, double seconds)
{
    static char between[DRIVE_ROOM + 1];
    size_t start;
    char *prompt;

    between[0] = 0;
    machine_type(m, command);
    machine_type(m, "\r");
    if (!machine_expect(m, "\n", seconds)) /* the end of the echo */
        return between;
    start = m->seen;
    prompt = find(m, PROMPT, seconds);
    if (prompt == NULL)
        return between;
    memcpy(between, m->said + start, (size_t)(prompt - m->said) - start);
    between[(size_t)(prompt - m->said) - start] = 0;
    m->seen = (size_t)(prompt - m->said) + strlen(PROMPT);
    return between;
}

int machine_end(struct machine *m, double seconds)
{
    double end = now() + seconds;
    int status = 0;
    pid_t gone;

    while (listen(m, end - now()))
        ;
    while ((gone = waitpid(m->pid, &status, WNOHANG)) == 0 && now() < end)
        usleep(2000);
    if (gone == 0) {
        kill(m->pid, SIGKILL);
        waitpid(m->pid, &status, 0);
    }
    close(m->in);
    close(m->out);
    if (gone == 0 || !WIFEXITED(status) || WEXITSTATUS(status) % 2 == 0)
        return -1;
    return WEXITSTATUS(status) / 2;
}

void test_check(struct machine *m, const char *name, bool good)
{
    size_t from = m->length > 1000 ? m->length - 1000 : 0;

    printf("%s %s%s\n", good ? "ok" : "FAIL", name, good ? "" : " the end of what was said:");
    if (!good)
        printf("%s\n", m->said + from);
    fflush(stdout);
    test_failures += !good;
}
