/* SPDX-License-Identifier: MIT */
/*
 * OpenBLAS, static: single-precision matrix products of odd shapes against the plain
 * triple loop, by as many threads as the first argument says.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cblas.h>

static float *matrix(int rows, int columns, unsigned seed)
{
    float *m = malloc(sizeof(float) * (size_t)rows * (size_t)columns);

    for (int i = 0; i < rows * columns; i++) {
        seed = seed * 1664525 + 1013904223;
        m[i] = (float)(seed >> 8) / (1 << 23) - 1;
    }
    return m;
}

/* The largest difference of c from alpha * a * b + beta * before. */
static double difference(int m, int n, int k, float alpha, const float *a, const float *b,
                         float beta, const float *before, const float *c)
{
    double worst = 0;

    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;

            for (int l = 0; l < k; l++)
                sum += (double)a[i * k + l] * b[l * n + j];
            worst = fmax(worst, fabs(alpha * sum + beta * before[i * n + j] - c[i * n + j]));
        }
    return worst;
}

static int multiply(int m, int n, int k, float alpha, float beta)
{
    float *a = matrix(m, k, 1), *b = matrix(k, n, 2), *c = matrix(m, n, 3), *old = matrix(m, n, 3);
    double worst;

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, alpha, a, k, b, n, beta, c, n);
    worst = difference(m, n, k, alpha, a, b, beta, old, c);
    printf("%d x %d x %d: %s\n", m, n, k, worst < 1e-4 * k ? "as the plain loop" : "WRONG");
    free(a);
    free(b);
    free(c);
    free(old);
    return worst < 1e-4 * k;
}

int main(int argc, char **argv)
{
    int good = 1;

    openblas_set_num_threads(argc > 1 ? atoi(argv[1]) : 1);
    good &= multiply(1, 1, 1, 1, 0);
    good &= multiply(7, 5, 3, 2, 0.5F);
    good &= multiply(64, 64, 64, 1, 0);
    good &= multiply(129, 65, 257, -1, 1);
    good &= multiply(300, 200, 100, 0.25F, -2);
    good &= multiply(256, 256, 256, 1, 0);
    return good ? 0 : 1;
}
