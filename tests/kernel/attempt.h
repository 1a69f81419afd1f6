/* SPDX-License-Identifier: MIT */
/*
 * One operation under every scarcity there is.
 *
 * A scenario prepares something and attempts the operation it is about. It runs
 * once for each kind of scarcity; attempt() asks again and again, with the first
 * page refused, then the second ..., or with the accounts' limit one unit above what
 * is used, then two ..., until the operation succeeds. Until then the answer must be
 * OutOfMemory or LimitExceeded, listed for the method, and nothing may have changed.
 */
#ifndef TESTS_KERNEL_ATTEMPT_H
#define TESTS_KERNEL_ATTEMPT_H

#include "world.h"

/* A method may be listed as 0: the transport, whose errors are the objects' own. */
struct scenario {
    const char *name;
    uint8_t interface, method;
    bool transport;
    void (*run)(void);
};

#define METHOD(interface, method, run)                                                             \
    {                                                                                              \
#run, IFACE_##interface, interface##_##method, false, run                                  \
    }

/* In a world of its own for each scarcity; *t becomes alice's thread. */
void scenario_run(const struct scenario *s, struct thread **t);
/* Those of interfaces `first` to `last`, of which each method must have one. */
void scenarios_run(
    const struct scenario *all, size_t count, unsigned first, unsigned last, struct thread **t);

/* The operation that the scenario is about; what it answered when it was let. */
int64_t attempt(struct thread *t, uint64_t op, uint64_t cap, const uint64_t words[5]);
#define ATTEMPT(t, op, cap, ...) attempt(t, op, cap, (const uint64_t[5]){__VA_ARGS__})
#define ATTEMPT_CALL(t, cap, method, ...)                                                          \
    ATTEMPT(t, PHX_OP_CALL((uint64_t)(method), 0), cap, __VA_ARGS__)

#define SLOT(name) PHX_SLOT_ID(SLOT_##name)
#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)

/* Things to have, made by the program's own operations. */
uint64_t make_endpoint(struct program *p);
uint64_t make_notification(struct program *p);
uint64_t make_frame(struct program *p, uint64_t pages);
uint64_t make_client(struct program *p, uint64_t endpoint, uint64_t badge, uint64_t uses);
/* bob serves what alice holds, in one go. */
void make_service(uint64_t *endpoint, uint64_t *client, uint64_t badge, uint64_t uses);
/* A message at `address` of a program's memory. */
struct phx_message *message_at(const struct program *p, uint64_t address);
/* ENTER1 of such a message: the entry is 512 bytes behind it. */
uint64_t entry_for(const struct program *p, uint64_t op, uint64_t cap, uint64_t message);

#endif
