/* SPDX-License-Identifier: MIT */
/*
 * A good program, to be damaged: with text, constants, data, zeroes and memory of a
 * thread's own, and an answer that shows whether all of them were what they should be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_GOOD 7
#define SUM 31350

static int numbers[100] = {[0] = 50, [99] = 1300};
static int zeroes[3000];
static __thread volatile int own = 30000;

int main(int argc, char **argv)
{
    int sum = own, *more = malloc(4000);

    for (int i = 0; i < 100; i++)
        sum += numbers[i];
    for (int i = 0; i < 3000; i++)
        sum += zeroes[i];
    if (argc != 2 || strcmp(argv[1], "argument") != 0 || more == NULL || sum != SUM)
        return 1;
    more[999] = sum;
    printf("victim: %d %.3f\n", more[999], sum / 7.0);
    return STATUS_GOOD;
}
