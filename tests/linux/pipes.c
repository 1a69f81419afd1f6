/* SPDX-License-Identifier: MIT */
/* Pipes between threads, and waiting for several of them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

#include "say.h"

#define TOTAL 1000000

static int data[2], other[2];

static void *produce(void *argument)
{
    static unsigned char bytes[7001];
    unsigned done = 0;

    while (done < TOTAL) {
        unsigned n = TOTAL - done < sizeof(bytes) ? TOTAL - done : sizeof(bytes);

        for (unsigned i = 0; i < n; i++)
            bytes[i] = (unsigned char)((done + i) * 7 >> 2);
        for (unsigned at = 0; at < n;)
            at += (unsigned)write(data[1], bytes + at, n - at);
        done += n;
    }
    close(data[1]);
    return argument;
}

static void through_a_pipe(void)
{
    static unsigned char bytes[3333];
    unsigned done = 0, wrong = 0;
    pthread_t t;

    pipe(data);
    pthread_create(&t, NULL, produce, NULL);
    for (ssize_t n; (n = read(data[0], bytes, sizeof(bytes))) > 0; done += (unsigned)n)
        for (unsigned i = 0; i < (unsigned)n; i++)
            wrong += bytes[i] != (unsigned char)((done + i) * 7 >> 2);
    pthread_join(t, NULL);
    close(data[0]);
    printf("%u bytes, %u wrong\n", done, wrong);
}

static void full_and_empty(void)
{
    char bytes[4096] = {0};
    int written = 0, waiting = 0;

    pipe2(data, O_NONBLOCK | O_CLOEXEC);
    FAILS(read(data[0], bytes, 1), EAGAIN);
    while (write(data[1], bytes, sizeof(bytes)) == sizeof(bytes))
        written++;
    SAY(errno == EAGAIN);
    printf("%d pages fit\n", written);
    SAY(ioctl(data[0], FIONREAD, &waiting) == 0 && waiting == 65536);
    SAY(read(data[0], bytes, 100) == 100);
    FAILS(write(data[1], bytes, 4096), EAGAIN);
    SAY(read(data[0], bytes, 3996) == 3996 && write(data[1], bytes, 4096) == 4096);
    FAILS(lseek(data[0], 0, SEEK_SET), ESPIPE);
    FAILS(write(data[0], bytes, 1), EBADF);
    FAILS(pread(data[0], bytes, 1, 0), ESPIPE);
    SAY((fcntl(data[0], F_GETFL) & O_NONBLOCK) != 0);
    signal(SIGPIPE, SIG_IGN);
    close(data[0]);
    FAILS(write(data[1], bytes, 1), EPIPE);
    close(data[1]);
}

static void *write_later(void *argument)
{
    usleep(20000);
    if (write((int)(intptr_t)argument, "late", 4) != 4)
        abort();
    return NULL;
}

static void polling(void)
{
    struct pollfd p[3];
    char bytes[16];
    pthread_t t;

    pipe(data);
    pipe(other);
    p[0] = (struct pollfd){data[0], POLLIN, 0};
    p[1] = (struct pollfd){other[0], POLLIN, 0};
    p[2] = (struct pollfd){data[1], POLLOUT, 0};
    SAY(poll(p, 2, 0) == 0);
    SAY(poll(p, 2, 10) == 0);
    SAY(poll(p, 3, -1) == 1 && p[2].revents == POLLOUT);
    pthread_create(&t, NULL, write_later, (void *)(intptr_t)other[1]);
    SAY(poll(p, 2, -1) == 1 && p[0].revents == 0 && p[1].revents == POLLIN);
    pthread_join(t, NULL);
    SAY(read(other[0], bytes, 16) == 4);
    close(other[1]);
    SAY(poll(p, 2, 1000) == 1 && p[1].revents == POLLHUP);
    close(data[0]);
    SAY(poll(p + 2, 1, 0) == 1 && p[2].revents == (POLLOUT | POLLERR));
    p[0].fd = -1;
    p[1].fd = 99;
    SAY(poll(p, 2, 1000) == 1 && p[0].revents == 0 && p[1].revents == POLLNVAL);
    close(other[0]);
    close(data[1]);
}

static void selecting(void)
{
    struct timeval t = {0, 10000};
    fd_set set, out;
    pthread_t thread;

    pipe(data);
    FD_ZERO(&set);
    FD_SET(data[0], &set);
    SAY(select(data[1] + 1, &set, NULL, NULL, &t) == 0 && !FD_ISSET(data[0], &set));
    FD_SET(data[0], &set);
    FD_ZERO(&out);
    FD_SET(data[1], &out);
    SAY(select(data[1] + 1, &set, &out, NULL, NULL) == 1 && FD_ISSET(data[1], &out));
    pthread_create(&thread, NULL, write_later, (void *)(intptr_t)data[1]);
    FD_SET(data[0], &set);
    SAY(select(data[1] + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(data[0], &set));
    pthread_join(thread, NULL);
    FD_SET(99, &set);
    FAILS(select(100, &set, NULL, NULL, NULL), EBADF);
    close(data[0]);
    close(data[1]);
}

/* What is on standard input, looked at before it is read. */
static void standard_input(void)
{
    struct pollfd p = {0, POLLIN, 0};
    char bytes[64];
    ssize_t n, total = 0;

    while (poll(&p, 1, 5000) == 1 && (n = read(0, bytes, sizeof(bytes))) > 0)
        total += n;
    printf("%d bytes of standard input\n", (int)total);
}

static void descriptors(void)
{
    int first, count = 0;

    pipe(data);
    first = data[0];
    SAY(dup(data[0]) == data[1] + 1 && close(data[0]) == 0 && dup(data[1]) == first);
    SAY(fcntl(data[1], F_DUPFD, 100) == 100 && close(100) == 0);
    FAILS(dup2(99, 5), EBADF);
    SAY(dup2(data[1], data[1]) == data[1]);
    for (int i = 3; i < 20; i++)
        close(i);
    while (dup(0) >= 0)
        count++;
    SAY(errno == EMFILE);
    printf("%s\n", count >= 1000 ? "many descriptors" : "few descriptors");
    for (int i = 3; i < 4096; i++)
        close(i);
}

int main(void)
{
    through_a_pipe();
    full_and_empty();
    polling();
    selecting();
    standard_input();
    descriptors();
    return 0;
}
