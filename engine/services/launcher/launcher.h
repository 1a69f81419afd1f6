/* SPDX-License-Identifier: MIT */
/* What the files of the launcher share. */
#ifndef LAUNCHER_LAUNCHER_H
#define LAUNCHER_LAUNCHER_H

#include "proc/package.h"
#include "proc/proc.h"
#include "rt/serve.h"

#define LAUNCHES_MAX 64 /* bit of a notification each */
#define GRANTS_MAX 24
#define WAITERS_MAX 4
#define ADOPTED_MAX 32
#define NAME_MAX 255

#define BADGE_LAUNCHER 0
#define BADGE_DEATHS (~UINT64_C(0)) /* our own relays */
#define BADGE_GONE (~UINT64_C(0) - 1)

enum launch_state { LAUNCH_FREE, LAUNCH_PREPARED, LAUNCH_RUNNING, LAUNCH_ENDED };

struct launch_grant {
    char *name;
    uint64_t capability;
    unsigned slot;
};

/*
 * A program from create() until nobody holds its Launch any more and it is dead.
 * Whoever holds the Launch owns the program: when the last holder lets go, by
 * release or by dying, the program is killed.
 */
struct launch {
    enum launch_state state;
    bool held;
    char *name;
    struct launch_grant grants[GRANTS_MAX];
    unsigned grant_count;
    uint64_t program;       /* a File that was granted as "image"; 0: found by name */
    uint64_t account, pool; /* while it runs */
    bool in_libos;          /* a Linux program */
    struct proc proc;
    uint64_t waiters[WAITERS_MAX]; /* Replies */
    unsigned waiter_count;
    uint64_t pid, status, fault_address;
};

extern uint64_t launcher_endpoint, launcher_account;
extern struct package launcher_package;
extern struct launch launches[LAUNCHES_MAX];

/* launch.c: what a Launch is asked. */
unsigned launch_handle(struct rt_call *call, struct launch *l);
/* Tell the waiters, free what only a living process needs. */
void launch_look(struct launch *l);
/* Nobody holds it any more. */
void launch_abandon(struct launch *l);
/* launch.c needs it for what start() sets. */
extern uint64_t launcher_deaths;

/* start.c: 0, or a negative error and a reason. */
int64_t launch_begin(struct launch *l, const uint8_t *startup, size_t length, const char **reason);

/* Whether a capability that came in a message has this interface. What has another may
 * be served by anybody, even by ourselves: calling it could wait for ever. */
bool has_interface(uint64_t capability, unsigned interface);

/* list.c: what `ps` shows, and what is behind a line of it. */
unsigned list_handle(struct rt_call *call);
unsigned adopt_handle(struct rt_call *call);
unsigned process_handle(struct rt_call *call);
unsigned account_handle(struct rt_call *call);

#endif
