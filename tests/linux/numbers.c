/* SPDX-License-Identifier: MIT */
/* Arithmetic of all kinds, and what a C library makes of it. */
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "say.h"

static double series(int n)
{
    double sum = 0;

    for (int i = 1; i <= n; i++)
        sum += 1.0 / i;
    return sum;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(void)
{
    volatile double third = 1.0 / 3, zero = 0;
    volatile long double precise = 1.0L / 3;
    double numbers[1000];
    unsigned __int128 product = (unsigned __int128)0x123456789abcdef0 * 0xfedcba9876543210;

    printf("%.17g %a %.20Lg\n", third, third, precise);
    printf("%.15f %.15f %.15f\n", sin(1), exp(1), sqrt(2));
    printf("%g %g %g\n", 1 / zero, -1 / zero, zero / zero);
    printf("%.12f\n", series(1000000));
    printf("%d %d\n", (int)lrint(2.5), (int)lrint(3.5));
    SAY(fesetround(FE_UPWARD) == 0);
    printf("%d\n", (int)lrint(2.1));
    SAY(fesetround(FE_TONEAREST) == 0);
    SAY(fetestexcept(FE_INEXACT) != 0);
    printf("%016llx%016llx\n", (unsigned long long)(product >> 64), (unsigned long long)product);
    for (int i = 0; i < 1000; i++)
        numbers[i] = fmod(i * 7919.0, 1009) / 3;
    qsort(numbers, 1000, sizeof(numbers[0]), ascending);
    printf("%.6f %.6f %.6f\n", numbers[0], numbers[500], numbers[999]);
    printf("%.6f\n", strtod("3.14159e2xyz", NULL));
    return 0;
}
