/* SPDX-License-Identifier: MIT */
/* Threads: a mutex, conditions, thread-local memory, many that come and go. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

#define THREADS 4
#define ROUNDS 20000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter, turn;
static __thread int own = 7;

static void *count(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
        if (i % 1000 == 0)
            sched_yield();
    }
    own += (int)(intptr_t)argument;
    return (void *)(intptr_t)own;
}

static void counting(void)
{
    pthread_t t[THREADS];
    void *result;

    for (intptr_t i = 0; i < THREADS; i++)
        SAY(pthread_create(&t[i], NULL, count, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], &result);
        printf("thread %d had %d\n", i, (int)(intptr_t)result);
    }
    printf("counted to %ld, own is %d\n", counter, own);
}

/* Threads that take turns, in order. */
static void *take_turns(void *argument)
{
    long mine = (intptr_t)argument;

    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != mine)
            pthread_cond_wait(&condition, &mutex);
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void turns(void)
{
    pthread_t t[THREADS];

    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, take_turns, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    printf("%ld turns\n", turn);
}

static sem_t semaphore;

static void *post_later(void *argument)
{
    struct timespec t = {0, 20000000};

    nanosleep(&t, NULL);
    sem_post(&semaphore);
    return argument;
}

static void waiting(void)
{
    struct timespec until;
    pthread_t t;

    sem_init(&semaphore, 0, 0);
    pthread_create(&t, NULL, post_later, NULL);
    SAY(sem_wait(&semaphore) == 0);
    pthread_join(t, NULL);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 10000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    FAILS(sem_timedwait(&semaphore, &until), ETIMEDOUT);
    pthread_mutex_lock(&mutex);
    SAY(pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

static void *nothing(void *argument)
{
    volatile double d = 1.5;

    return d > 1 ? argument : NULL;
}

static void many(void)
{
    int ok = 0;

    for (intptr_t i = 0; i < 300; i++) {
        pthread_t t;
        void *result = NULL;

        if (pthread_create(&t, NULL, nothing, (void *)i) == 0 && pthread_join(t, &result) == 0)
            ok += result == (void *)i;
    }
    printf("%d came and went\n", ok);
}

static pthread_barrier_t barrier;
static _Atomic int touched;
static unsigned char *shared;

/* All touch the same fresh memory at the same time. */
static void *touch(void *argument)
{
    unsigned first = (unsigned)(intptr_t)argument;

    pthread_barrier_wait(&barrier);
    for (unsigned i = 0; i < 2000; i++)
        __atomic_fetch_add(&shared[i * 4096], 1, __ATOMIC_RELAXED);
    touched += (int)first * 0 + 1;
    return NULL;
}

static void touching(void)
{
    pthread_t t[THREADS];
    int right = 0;

    shared = calloc(2000, 4096);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, touch, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    for (unsigned i = 0; i < 2000; i++)
        right += shared[i * 4096] == THREADS;
    printf("%d threads, %d pages right\n", touched, right);
    free(shared);
}

static pthread_key_t key;
static _Atomic int destroyed;
static volatile pthread_t signalled;

static void destroy(void *value)
{
    destroyed += (int)(intptr_t)value;
}

static void *with_key(void *argument)
{
    pthread_setspecific(key, argument);
    pthread_exit(NULL);
}

static void on_signal(int number)
{
    (void)number;
    signalled = pthread_self();
}

static void *wait_for_signal(void *argument)
{
    sigset_t none;

    sigemptyset(&none);
    sem_post(&semaphore);
    while (!signalled)
        sched_yield();
    return argument;
}

static void ending(void)
{
    pthread_t t;

    pthread_key_create(&key, destroy);
    pthread_create(&t, NULL, with_key, (void *)5);
    pthread_join(t, NULL);
    printf("destroyed %d\n", destroyed);
    signal(SIGUSR1, on_signal);
    pthread_create(&t, NULL, wait_for_signal, NULL);
    sem_wait(&semaphore);
    SAY(pthread_kill(t, SIGUSR1) == 0 && pthread_join(t, NULL) == 0);
    SAY(pthread_equal(signalled, t));
}

static void *cancelled(void *argument)
{
    sem_post(&semaphore);
    for (;;)
        pause();
    return argument;
}

static void cancelling(void)
{
    void *result;
    pthread_t t;

    pthread_create(&t, NULL, cancelled, NULL);
    sem_wait(&semaphore);
    SAY(pthread_cancel(t) == 0 && pthread_join(t, &result) == 0 && result == PTHREAD_CANCELED);
}

static void *leave(void *argument)
{
    struct timespec t = {0, 10000000};

    nanosleep(&t, NULL);
    puts("the last one out");
    fflush(stdout);
    exit(3);
    return argument;
}

/* --- what a processor has of a thread ------------------------------------------- */

#define SWITCHES 3000

/* True: what went into extended registers is there after others had their turn. */
static int keeps(uint64_t value)
{
    uint64_t low, high, number = SYS_sched_yield;

    __asm__ volatile("movq %3, %%xmm5\n\t"
                     "movq %3, %%xmm15\n\t"
                     "syscall\n\t"
                     "mov $200, %%ecx\n"
                     "1:\tpause\n\t"
                     "dec %%ecx\n\t"
                     "jnz 1b\n\t"
                     "movq %%xmm5, %1\n\t"
                     "movq %%xmm15, %2"
                     : "+a"(number), "=&r"(low), "=&r"(high)
                     : "r"(value)
                     : "rcx", "r11", "xmm5", "xmm15", "memory", "cc");
    return low == value && high == value;
}

static void *use_extended(void *argument)
{
    uint64_t mine = (uint64_t)(intptr_t)argument * 0x0101010101010101, lost = 0;

    for (unsigned i = 0; i < SWITCHES; i++)
        lost += !keeps(mine + i);
    return (void *)(intptr_t)lost;
}

static void registers(void)
{
    pthread_t t[THREADS];
    void *lost;

    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, use_extended, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], &lost);
        printf("thread %d lost its registers %d times\n", i, (int)(intptr_t)lost);
    }
}

/* --- the calls below all that ------------------------------------------------ */

#define FUTEX_WAIT 0 /* musl-gcc finds no header of the kernel's */
#define FUTEX_WAKE 1

static int word;

static long futex(int operation, int value, const struct timespec *limit)
{
    return syscall(SYS_futex, &word, operation, value, limit, NULL, ~0);
}

static void *wait_for_word(void *argument)
{
    futex(FUTEX_WAIT, 0, NULL);
    return argument;
}

/* How many were woken; nobody is at first, as they come when they come. */
static long wake(int most)
{
    long woken = 0;

    for (int i = 0; i < 1000 && woken == 0; i++) {
        usleep(1000);
        woken = futex(FUTEX_WAKE, most, NULL);
    }
    return woken;
}

static void words(void)
{
    pthread_t t[3];

    FAILS(futex(FUTEX_WAIT, 1, &(struct timespec){1, 0}), EAGAIN);
    FAILS(futex(FUTEX_WAIT, 0, &(struct timespec){0, 1000000}), ETIMEDOUT);
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, wait_for_word, NULL);
    usleep(100000);
    SAY(wake(1) == 1);
    SAY(wake(1) == 1);
    SAY(wake(7) == 1);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    SAY(futex(FUTEX_WAKE, 7, NULL) == 0);
}

static pthread_mutex_t robust;

static void *die_with_it(void *argument)
{
    pthread_mutex_lock(&robust);
    return argument;
}

/* Who dies with a mutex leaves word. */
static void dying(void)
{
    pthread_mutexattr_t attributes;
    pthread_t t;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_create(&t, NULL, die_with_it, NULL);
    pthread_join(t, NULL);
    SAY(pthread_mutex_lock(&robust) == EOWNERDEAD);
    SAY(pthread_mutex_consistent(&robust) == 0 && pthread_mutex_unlock(&robust) == 0);
    SAY(pthread_mutex_lock(&robust) == 0 && pthread_mutex_unlock(&robust) == 0);
}

int main(void)
{
    pthread_t t;

    setvbuf(stdout, NULL, _IOLBF, 0);
    counting();
    turns();
    waiting();
    many();
    touching();
    ending();
    cancelling();
    registers();
    words();
    dying();
    pthread_create(&t, NULL, leave, NULL);
    pthread_exit(NULL);
}
