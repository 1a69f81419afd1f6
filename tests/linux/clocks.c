/* SPDX-License-Identifier: MIT */
/* Time passes, forwards, and about as fast as is said. */
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

static int64_t now(clockid_t clock)
{
    struct timespec t = {0, 0};

    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void)
{
    struct timespec t = {0, 30000000}, resolution;
    int64_t start = now(CLOCK_MONOTONIC), last = start, backwards = 0;
    struct timeval v;
    struct rusage usage;
    struct tms tms;

    for (int i = 0; i < 10000; i++) {
        int64_t n = now(CLOCK_MONOTONIC);

        backwards += n < last;
        last = n;
    }
    SAY(backwards == 0 && last > start);
    start = now(CLOCK_MONOTONIC);
    SAY(nanosleep(&t, NULL) == 0);
    last = now(CLOCK_MONOTONIC);
    SAY(last - start >= 30000000 && last - start < 5000000000);
    start += 100000000;
    t = (struct timespec){start / 1000000000, start % 1000000000};
    SAY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0);
    SAY(now(CLOCK_MONOTONIC) >= start);
    SAY(now(CLOCK_REALTIME) > 1700000000LL * 1000000000 && time(NULL) > 1700000000);
    SAY(gettimeofday(&v, NULL) == 0 && v.tv_sec - time(NULL) <= 1 && v.tv_usec < 1000000);
    SAY(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_nsec > 0);
    SAY(now(CLOCK_BOOTTIME) > 0 && now(CLOCK_PROCESS_CPUTIME_ID) > 0);
    SAY(getrusage(RUSAGE_SELF, &usage) == 0 && times(&tms) != (clock_t)-1);
    FAILS(clock_gettime(12345, &t), EINVAL);
    t = (struct timespec){0, 1000000000};
    FAILS(nanosleep(&t, NULL), EINVAL);
    t.tv_nsec = -1;
    FAILS(nanosleep(&t, NULL), EINVAL);
    return 0;
}
