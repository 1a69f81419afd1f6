/* SPDX-License-Identifier: MIT */
/*
 * Eight threads that compute with doubles and give way all the time, so that they
 * wander from core to core: the sums are those of one core only if each thread's
 * extended registers wander with it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#define THREADS 8
#define TERMS 300000

static double sums[THREADS];

static void *sum(void *argument)
{
    double s = 0, x = 1.0 + (double)(long)argument;

    for (int i = 1; i < TERMS; i++) {
        s = (s + x / i) * 1.0000001;
        if (i % 1000 == 0)
            sched_yield();
    }
    sums[(long)argument] = s;
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];

    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, sum, (void *)i))
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        printf("%.12f\n", sums[i]);
    return 0;
}
