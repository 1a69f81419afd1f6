/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the benchmark program share: the two ways of measuring with the
 * clock of bench/stamp.h.
 *
 * MEASURE runs a body many times and divides; ONCE times single runs, each after
 * something that is not timed. Both take the least of several rounds, less what the
 * measuring itself costs, and so leave out what a timer interrupt added to some.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

#include "proc/proc.h"
#include "rt/rt.h"
#include "stamp.h"

#define BENCH_ROUNDS 5

/* A part of the program that bench/trace.py finds by its name. */
#define PART static __attribute__((noinline)) void

static inline void bench_report(const char *name, uint64_t value)
{
    rt_print("%s\t%lu\tinstructions\n", name, value);
}

static inline void must(int64_t result, const char *what)
{
    if (result < 0)
        rt_panic("%s: %s", what, rt_error_text(result));
}

/* Instructions of one run of the body, out of `repeat` in a row. */
#define MEASURE(repeat, body)                                                                      \
    ({                                                                                             \
        uint64_t least_ = ~0UL;                                                                    \
        for (unsigned r_ = 0; r_ < BENCH_ROUNDS; r_++) {                                           \
            uint64_t empty_ = bench_stamp();                                                         \
            for (unsigned i_ = 0; i_ < (repeat); i_++)                                             \
                __asm__ volatile("" ::: "memory");                                                 \
            uint64_t from_ = bench_stamp();                                                          \
            for (unsigned i_ = 0; i_ < (repeat); i_++) {                                           \
                __asm__ volatile("" ::: "memory");                                                 \
                body;                                                                              \
            }                                                                                      \
            uint64_t took_ = bench_stamp() - from_ - (from_ - empty_);                               \
            least_ = took_ < least_ ? took_ : least_;                                              \
        }                                                                                          \
        (least_ + (repeat) / 2) / (repeat);                                                        \
    })

/* Instructions of one run of the body, each after `before`, which is not counted. */
#define ONCE(before, body)                                                                         \
    ({                                                                                             \
        uint64_t least_ = ~0UL;                                                                    \
        for (unsigned r_ = 0; r_ < BENCH_ROUNDS; r_++) {                                           \
            before;                                                                                \
            uint64_t empty_ = bench_stamp();                                                         \
            uint64_t from_ = bench_stamp();                                                          \
            body;                                                                                  \
            uint64_t took_ = bench_stamp() - from_ - (from_ - empty_);                               \
            least_ = took_ < least_ ? took_ : least_;                                              \
        }                                                                                          \
        least_;                                                                                    \
    })

/* A program of the module. */
struct proc_image bench_image(const char *name);
/*
 * handlers.S: two upcall entries, and a load that faults. One leaves past the faulting load,
 * the other after what `bench_copy` says: the operation, and the space and the pool for it.
 */
void bench_upcall_entry(void);
void bench_unprotect_entry(void);
void bench_copy_entry(void);
void bench_fault(void *address);
extern const uint64_t bench_copy[3];

void bench_kernel(void);  /* kernel.c: null operation, ring, capabilities, memory */
void bench_threads(void); /* threads.c: faults, notifications */
void bench_calls(void);   /* calls.c: calls between processes, and their pages */
void bench_wakes(void);   /* wake.c: a driver under load */
void bench_revoke(void);  /* kernel.c: what 100,000 holds descend from */
_Noreturn void bench_serve(const char *role);

#endif
