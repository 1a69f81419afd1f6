/* SPDX-License-Identifier: MIT */
/* Ways to end: one each run, by the first argument. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *store_to_null(void *address)
{
    *(volatile int *)address = 1;
    return NULL;
}

static int overflow(int n)
{
    volatile char room[4000];

    room[0] = (char)n;
    return overflow(n + 1) + room[0];
}

/* More memory than there is, all of it used. */
static void exhaust(void)
{
    for (;;) {
        char *p = malloc(1 << 20);

        if (p == NULL)
            return;
        memset(p, 1, 1 << 20);
    }
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    volatile int zero = 0;
    pthread_t t;

    printf("%s\n", way);
    fflush(stdout);
    if (strcmp(way, "abort") == 0)
        abort();
    else if (strcmp(way, "null") == 0)
        store_to_null(NULL);
    else if (strcmp(way, "address") == 0)
        store_to_null((void *)(uintptr_t)0x123456789000);
    else if (strcmp(way, "divide") == 0)
        return argc * 7 / zero;
    else if (strcmp(way, "illegal") == 0)
        __asm__ volatile("ud2");
    else if (strcmp(way, "kill") == 0)
        kill(getpid(), SIGKILL);
    else if (strcmp(way, "stack") == 0)
        return overflow(0);
    else if (strcmp(way, "thread") == 0 &&
             pthread_create(&t, NULL, store_to_null, (void *)16) == 0)
        pthread_join(t, NULL);
    else if (strcmp(way, "text") == 0)
        *(volatile char *)(uintptr_t)main = 0;
    else if (strcmp(way, "pipe") == 0 && (close(0), pipe((int[2]){0}) == 0) && close(0) == 0)
        return (int)write(3, "x", 1);
    else if (strcmp(way, "exhaust") == 0)
        exhaust();
    else if (strcmp(way, "large") == 0)
        return malloc((size_t)1 << 40) == NULL && malloc((size_t)1 << 40) == NULL ? 3 : 0;
    else if (strcmp(way, "status") == 0)
        exit(argc > 2 ? atoi(argv[2]) : 0);
    return 0;
}
