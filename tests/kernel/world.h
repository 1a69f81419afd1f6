/* SPDX-License-Identifier: MIT */
/*
 * A machine for tests: the whole generic kernel on fake memory, with one core that
 * the test steps by hand.
 *
 * The machine is started once and runs the boss, who holds what init would. Each
 * test begins a world in it: two programs, alice and bob, each with an account of
 * its own, built by the boss's system calls as any program builds another. When
 * the world ends, their accounts are destroyed, and whatever was charged, held or
 * started since it began must be gone, to the unit.
 *
 * A program does something by sys(): its registers are set, and kernel_syscall()
 * runs until some thread would return to ring 3 or the core would sleep.
 */
#ifndef TESTS_KERNEL_WORLD_H
#define TESTS_KERNEL_WORLD_H

#include "../harness/test.h"
#include "ring.h"
#include "thread.h"

#define SERVED 64        /* an interface that a program serves */
#define MEMORY 0x100000u /* where each program has pages of its own */
#define MEMORY_PAGES 4
#define PAGES_ALL 1500 /* limits of alice's and bob's accounts */
#define HOLDS_ALL 2500
#define THREADS_ALL 40

struct program {
    struct process *process;
    struct thread *thread;
    uint64_t account_id, process_id, space_id, thread_id; /* the boss's holds */
    struct account *account;
};

extern struct program boss, alice, bob;

/* What drivers have parts of: the boss's, in slots that it has no other use for. */
#define BOSS_IRQ SLOT_NAMESPACE
#define BOSS_PORTS SLOT_LAUNCHER
#define BOSS_REGISTERS SLOT_KEEPER
#define BOSS_FUNCTIONS SLOT_RING

/* Answers of sys() that are not rax. */
#define WAITS INT64_MIN       /* not answered yet */
#define ENDED (INT64_MIN + 1) /* the thread is no more */
#define OFF (INT64_MIN + 2)   /* the machine was turned off, or on again */

void world_begin(void);
/* Ends alice and bob, and checks that nothing of them is left. */
void world_end(void);
/* Accounts A1 and A2; every page taken is charged once; rows and threads add up. */
void world_check(void);
/* Live and reserved rows. */
uint64_t rows_in_use(const struct cap_table *t);
/* What all accounts together have spent of energy, time or gas; of the others nothing: what is
 * used of them comes back. */
uint64_t world_spent(unsigned r);
/* One more program like alice, with no account of its own: `like` pays. */
struct program world_program(const struct program *like);

int64_t sys(struct thread *t, uint64_t op, uint64_t cap, const uint64_t words[5]);
#define SYS(t, op, cap, ...) sys(t, op, cap, (const uint64_t[5]){__VA_ARGS__})
#define CALL(t, cap, method, ...) SYS(t, PHX_OP_CALL((uint64_t)(method), 0), cap, __VA_ARGS__)
#define WORD(t, i) (*thread_word((t), (i)))
/* Another way in, as if `t` were running: a fault, a foreign system call. */
void run_entry(void (*entry)(struct thread *), struct thread *t);
/* The machine may stop: the next sys() that does it answers OFF. */
void expect_off(void);
/* The answer that has come since, or WAITS. */
int64_t answer_of(const struct thread *t);
/* Let everything happen that can, and that until `ns` from now. */
void settle(void);
void pass_time(uint64_t ns);
/* The core's timer rings; if the core sleeps, it looks whether there is something. */
void world_tick(void);
/* So many slots for each core, of that length, from the next world on. */
void world_slots(unsigned count, uint64_t ns);
/* Another thread of a program, ready to run. */
struct thread *another_thread(struct program *p);

/* Physical address behind a user address with (at least) this protection, or 0. */
uint64_t space_resolve(struct space *s, uint64_t address, unsigned protection);
/* The kernel's alias of a program's byte. */
void *at(const struct program *p, uint64_t address);
struct object *object_of(const struct program *p, uint64_t id);
/* A hold of something of `from`'s in the table of `to`, as a grant makes it. */
uint64_t grant(const struct program *from, uint64_t cap, const struct program *to);

/* The same of an object of the kernel's. */
uint64_t world_hold(const struct program *to, struct object *o, unsigned interface,
    uint64_t methods, uint64_t badge);

/* --- scarcity -------------------------------------------------------------- */

/* The n-th taking of pages from now on fails (from 0); at -1 none does. */
void memory_fail(int64_t n);
/* How many takings failed since. */
unsigned memory_failed(void);
/* Pages that are taken now. */
uint64_t memory_taken(void);
/* Before the first world: each object in a page of its own, so that memory can run
 * out at every single one. */
void world_lonely_objects(void);
/* Whatever the programs allocate next needs a page: no row and no object that was
 * free before can be had. */
void starve(void);

/* --- what can be seen ------------------------------------------------------ */

/* Everything that a program could tell by its operations, as text: accounts (less
 * the pages a table or a row keeps for later), holds and what they name, mappings
 * and their entries, queues, threads. To be freed. */
char *world_dump(void);

#endif
