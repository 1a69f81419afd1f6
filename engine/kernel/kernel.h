/* SPDX-License-Identifier: MIT */
/*
 * What every file of the kernel sees: the one lock, the log, the machine's state.
 *
 * Everything below runs with interrupts off on the core's one stack. The lock is
 * taken at each way in and let go on the way out (sched.c, kernel_exit); between
 * the two the kernel is sequential code.
 */
#pragma once

#include "account.h"
#include "bytes.h"
#include "cap.h"
#include "cpu.h"
#include "phoenix/abi.h"

/*
 * What an operation leaves to be done and nobody waits for: in bounded steps, between which
 * the lock is free, by whichever core chooses its next thread or is idle.
 */
struct chore {
    struct list link;      /* in kernel.chores */
    struct object *object; /* whose it is, counted */
    /* OK: that was the last; MORE; BLOCKED: it can do nothing until others have. */
    err_t (*step)(struct object *object);
};
/* Begin, unless it has begun already. */
void chore_begin(struct chore *chore, struct object *object, err_t (*step)(struct object *object));

struct kernel {
    uint32_t lock;            /* atomic: 1 held */
    struct memory memory;     /* where pages come from (frame.c) */
    struct account root;      /* all budget there is */
    struct caps caps;
    struct list processes;    /* of struct process.all_link */
    struct list chores;       /* of struct chore.link */
    uint64_t sweeps;          /* searches through queues and mappings so far */
    uint64_t copies;          /* of long messages that were begun so far */
    uint64_t process_count, swept_processes;
    uint64_t next_pid;
    const struct boot_info *boot;
};
extern struct kernel kernel;

void kernel_lock(struct cpu *c);

/* One core needs no lock; false: another core has it. */
static inline bool kernel_trylock(void)
{
    return cpu_count == 1 || !__atomic_exchange_n(&kernel.lock, 1, __ATOMIC_ACQUIRE);
}

static inline void kernel_unlock(void)
{
    __atomic_store_n(&kernel.lock, 0, __ATOMIC_RELEASE);
}

/* --- log ------------------------------------------------------------------ */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO };

void log_init(void);
void klog(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The kernel itself is wrong, or cannot go on: say what was true, and stop. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same from a ring 0 exception (arch). */
_Noreturn void kernel_epitaph(const char *what, const struct phx_registers *registers,
                              uint64_t address);

#define ASSERT(condition)                                                   \
    do {                                                                    \
        if (!(condition))                                                   \
            panic("%s:%d: not true: %s", __FILE__, __LINE__, #condition);   \
    } while (0)

/* --- time ----------------------------------------------------------------- */

static inline uint64_t now_ns(void)
{
    unsigned __int128 ticks = arch_tsc() - arch_clock.tsc_base;

    return arch_clock.ns_base + (uint64_t)(ticks * arch_clock.multiplier >> arch_clock.shift);
}
