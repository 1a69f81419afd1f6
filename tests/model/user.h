/* SPDX-License-Identifier: MIT */
/*
 * What the booted programs of this folder share: themselves again as another process,
 * and a crew: threads without a stack that make one system call and end.
 */
#ifndef TESTS_MODEL_USER_H
#define TESTS_MODEL_USER_H

#include "proc/package.h"
#include "../harness/user_check.h"
#include "rt/rt.h"

/* Open the boot package, where this program's own binary is under that name. */
void user_begin(const char *name);
/* Is there another binary, of that name? */
bool user_has(const char *name);
#ifndef BENCH_H /* which has the same */
static inline void must(int64_t result, const char *what)
{
    if (result < 0)
        rt_panic("%s: %s", what, rt_error_text(result));
}
#endif

void sleep_ms(uint64_t ms);
/* This program in that role, paid by an account, started; with what it is granted. */
struct proc start_role(const char *role, uint64_t account, const struct proc_grant *grants,
    unsigned count);
/* Wait until it is dead, and let go of it: its status. */
uint64_t wait_gone(struct proc *proc);

struct order {
    uint64_t op, cap, words[5];
};
/* n threads that do it, all begun; their capabilities go where `threads` says, or are let
 * go of. The order stays where it is. */
void crew(const struct order *order, unsigned n, uint64_t *threads);
/* Until this process has no threads but the caller. */
void crew_gone(void);

#endif
