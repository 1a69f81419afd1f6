/* SPDX-License-Identifier: MIT */
/* Runs the tests of the program that it is linked into; see test.h. */
#include "test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct test *const __start_tests[], *const __stop_tests[];

static const struct test *running;
static jmp_buf ended;
static uint64_t seed = 1, state;

uint64_t test_rand(void)
{
    /* SplitMix64: any seed will do, 0 and its neighbours too. */
    uint64_t x = state += 0x9e3779b97f4a7c15;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

uint64_t test_below(uint64_t n)
{
    return test_rand() % n;
}

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list list;

    printf("FAIL %s.%s %s:%d ", running->group, running->name, file, line);
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    printf(" (seed %llu; should hold %s)\n", (unsigned long long)seed, running->sentence);
    fflush(stdout);
    longjmp(ended, 1);
}

void test_check_str(const char *file, int line, const char *a, const char *b)
{
    if (strcmp(a, b) != 0)
        test_fail(file, line, "\"%s\" is not \"%s\"", a, b);
}

static bool run(const struct test *test)
{
    running = test;
    state = seed;
    if (setjmp(ended))
        return false;
    test->run();
    printf("ok %s.%s\n", test->group, test->name);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    const char *chosen = getenv("TEST_SEED");
    unsigned failed = 0, ran = 0;

    if (chosen)
        seed = strtoull(chosen, NULL, 0);
    printf("# %s: seed %llu\n", argv[0], (unsigned long long)seed);
    for (const struct test *const *at = __start_tests; at < __stop_tests; at++) {
        char name[256];

        /* A sanitizer may leave room between the pointers. */
        if (!*at)
            continue;
        snprintf(name, sizeof(name), "%s.%s", (*at)->group, (*at)->name);
        if (argc > 1 && !strstr(name, argv[1]))
            continue;
        ran++;
        if (!run(*at))
            failed++;
    }
    if (!ran)
        printf("FAIL %s no test was chosen\n", argv[0]);
    return failed || !ran;
}
