/* SPDX-License-Identifier: MIT */
/* What the native tests share. */
#ifndef TESTS_NATIVE_H
#define TESTS_NATIVE_H

#include "proc/package.h"
#include "proc/proc.h"
#include "../harness/user_check.h"
#include "rt/rt.h"

extern struct package package;
extern struct proc_image native_image; /* this program's own binary */


/* Start this binary again as `role`, with these grants; account 0: our own. */
bool spawn(const char *role, uint64_t account, const struct proc_grant *grants, size_t count,
    struct proc *proc);
/* Wait until it is dead: its status as wait(2) has it; ~0 if that takes too long. */
uint64_t wait_dead(struct proc *proc, uint64_t *fault_address);

struct balance {
    uint64_t pages, holds, threads;
};
struct balance balance_now(void);
/* Teardown goes on behind a death: true once our account is as it was. */
bool balance_returns(const struct balance *before, struct balance *last);

void sleep_ms(uint64_t ms);

/* In the first process. */
void test_authority(void);
void test_deaths(void);
void test_builds(void);
void test_runtime(void);
void test_restart(void);
void test_hostile(void);
void test_services(void);
void test_memory(void);
void test_shared(void);
void test_reclaim(void);
void test_rings(void);
void test_time(void);
void test_messages(void);

/* In the others: what main returns. */
int role_authority(void);
int role_peek(void);
int role_caller(void);
int role_server(void);
int role_holder(void);
int role_fault(void);
int role_flaky(void);
int role_wait(void);
int role_brittle(void);
int role_mischief(void);
int role_counter(void);
int role_viewer(void);
int role_giver(void);
int role_miser(void);
int role_reader(void);
int role_deep(void);
int role_sender(void);
int role_mirror(void);

#endif
