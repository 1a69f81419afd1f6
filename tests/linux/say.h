/* SPDX-License-Identifier: MIT */
/*
 * A line a fact: what is true prints alike everywhere, what is not says where.
 */
#ifndef SAY_H
#define SAY_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SAY(what) printf("%s: %s\n", #what, (what) ? "yes" : "NO")

/* A call that must fail in one way. */
#define FAILS(call, error) \
    do { \
        errno = 0; \
        long said = (long)(call); \
        printf("%s: %s\n", #call, said == -1 ? strerror(errno) : "SUCCEEDED"); \
        if (said != -1 || errno != (error)) \
            printf("  expected %s\n", strerror(error)); \
    } while (0)

#endif
