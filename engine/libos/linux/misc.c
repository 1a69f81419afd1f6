/* SPDX-License-Identifier: MIT */
/*
 * Identity, limits, and small answers.
 *
 * A program here is user 0 of a system of its own: what it may do is decided by its
 * capabilities, so that being that user gives it nothing, and it may become any
 * other user as well.
 */
#include "misc.h"

#include "bytes.h"
#include "face.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "mm.h"
#include "random.h"
#include "time.h"
#include "user.h"

/* --- who ------------------------------------------------------------------ */

static uint32_t uid[3], gid[3]; /* real, effective, saved */

int64_t call_getpid(const struct call *c)
{
    (void)c;
    return (int64_t)program_pid;
}

/* Nobody in this container, as for the first process of a pid namespace. */
int64_t call_getppid(const struct call *c)
{
    (void)c;
    return 0;
}

int64_t call_getuid(const struct call *c)
{
    (void)c;
    return uid[0];
}

int64_t call_geteuid(const struct call *c)
{
    (void)c;
    return uid[1];
}

int64_t call_getgid(const struct call *c)
{
    (void)c;
    return gid[0];
}

int64_t call_getegid(const struct call *c)
{
    (void)c;
    return gid[1];
}

/* -1 keeps one; only user 0, or a number that it has already, may be taken. */
static int64_t set_ids(uint32_t ids[3], const uint64_t new[3])
{
    for (int i = 0; i < 3; i++) {
        uint32_t n = (uint32_t)new[i];

        if (n != ~0u && uid[1] != 0 && n != ids[0] && n != ids[1] && n != ids[2])
            return -E_PERM;
    }
    for (int i = 0; i < 3; i++)
        if ((uint32_t)new[i] != ~0u)
            ids[i] = (uint32_t)new[i];
    return 0;
}

static int64_t set_one(uint32_t ids[3], uint64_t new)
{
    uint64_t only_effective[3] = {~0u, new, ~0u}, all[3] = {new, new, new};

    if ((uint32_t)new == ~0u)
        return -E_INVAL;
    return set_ids(ids, uid[1] == 0 ? all : only_effective);
}

int64_t call_setuid(const struct call *c)
{
    return set_one(uid, c->a);
}

int64_t call_setgid(const struct call *c)
{
    return set_one(gid, c->a);
}

int64_t call_setreuid(const struct call *c)
{
    uint64_t new[3] = {c->a, c->b, c->b};

    return set_ids(uid, new);
}

int64_t call_setregid(const struct call *c)
{
    uint64_t new[3] = {c->a, c->b, c->b};

    return set_ids(gid, new);
}

int64_t call_setresuid(const struct call *c)
{
    uint64_t new[3] = {c->a, c->b, c->c};

    return set_ids(uid, new);
}

int64_t call_setresgid(const struct call *c)
{
    uint64_t new[3] = {c->a, c->b, c->c};

    return set_ids(gid, new);
}

static int64_t store_ids(const uint32_t ids[3], const struct call *c)
{
    int64_t e = store_user32(c->a, ids[0]);

    if (e == 0)
        e = store_user32(c->b, ids[1]);
    return e < 0 ? e : store_user32(c->c, ids[2]);
}

int64_t call_getresuid(const struct call *c)
{
    return store_ids(uid, c);
}

int64_t call_getresgid(const struct call *c)
{
    return store_ids(gid, c);
}

int64_t call_getgroups(const struct call *c)
{
    if ((int32_t)c->a < 0)
        return -E_INVAL;
    if (c->a == 0)
        return 1;
    return store_user32(c->b, gid[0]) < 0 ? -E_FAULT : 1;
}

int64_t call_setgroups(const struct call *c)
{
    return uid[1] != 0 ? -E_PERM : c->a > 65536 ? -E_INVAL : 0;
}

/* It leads its own group and session. */
static bool is_self(uint64_t pid)
{
    return (uint32_t)pid == 0 || (uint32_t)pid == program_pid;
}

int64_t call_getpgrp(const struct call *c)
{
    (void)c;
    return (int64_t)program_pid;
}

int64_t call_getpgid(const struct call *c)
{
    return is_self(c->a) ? (int64_t)program_pid : -E_SRCH;
}

int64_t call_getsid(const struct call *c)
{
    return is_self(c->a) ? (int64_t)program_pid : -E_SRCH;
}

int64_t call_setpgid(const struct call *c)
{
    if (!is_self(c->a))
        return -E_SRCH;
    return is_self(c->b) ? 0 : -E_PERM;
}

int64_t call_setsid(const struct call *c)
{
    (void)c;
    return -E_PERM;
}

/* --- the system ----------------------------------------------------------- */

int64_t call_uname(const struct call *c)
{
    static const char names[6][65] = {"Linux", "phoenix", "6.1.0-phoenix",
                                      "#1 Phoenix", "x86_64", "(none)"};

    return copy_to_user(c->a, names, sizeof(names));
}

struct linux_sysinfo {
    int64_t uptime;
    uint64_t loads[3], total, free, shared, buffers, swap_total, swap_free;
    uint16_t processes, pad;
    uint32_t pad2;
    uint64_t high_total, high_free;
    uint32_t unit, pad3;
};

int64_t call_sysinfo(const struct call *c)
{
    struct linux_sysinfo info = {.processes = 1, .unit = 1};
    uint64_t free, total;

    sys_memory(&free, &total);
    info.uptime = (int64_t)(time_monotonic() / NS_PER_SECOND);
    info.total = total * PHX_PAGE_SIZE;
    info.free = free * PHX_PAGE_SIZE;
    return copy_to_user(c->a, &info, sizeof(info));
}

static uint32_t mask = 022;

uint32_t file_mask(void)
{
    return mask;
}

int64_t call_umask(const struct call *c)
{
    return __atomic_exchange_n(&mask, (uint32_t)c->a & 0777, __ATOMIC_RELAXED);
}

int64_t call_personality(const struct call *c)
{
    return (uint32_t)c->a == 0xffffffff || c->a == 0 ? 0 : -E_INVAL;
}

int64_t call_getrandom(const struct call *c)
{
    uint64_t length = c->b < 0x2000000 ? c->b : 0x1ffffff;

    if ((c->c & ~UINT64_C(7)) != 0)
        return -E_INVAL;
    if (!user_range(c->a, length))
        return -E_FAULT;
    return random_fill(c->a, length);
}

/* --- limits --------------------------------------------------------------- */

enum { LIMIT_STACK = 3, LIMIT_CORE = 4, LIMIT_FILES = 7, LIMIT_COUNT = 16 };

struct linux_limit {
    uint64_t now, most;
};

/* Those that are kept here can only be lowered; the rest is unlimited. */
static struct linux_limit limits[LIMIT_COUNT] = {
    {~0ul, ~0ul}, {~0ul, ~0ul}, {~0ul, ~0ul}, {8 << 20, ~0ul}, {0, 0}, {~0ul, ~0ul},
    {~0ul, ~0ul}, {DESCRIPTORS_MAX, DESCRIPTORS_MAX}, {~0ul, ~0ul}, {~0ul, ~0ul},
    {~0ul, ~0ul}, {~0ul, ~0ul}, {~0ul, ~0ul}, {0, 0}, {0, 0}, {~0ul, ~0ul},
};

static int64_t set_limit(uint64_t which, const struct linux_limit *new)
{
    if (new->now > new->most)
        return -E_INVAL;
    if (new->most > limits[which].most)
        return -E_PERM;
    limits[which] = *new;
    return 0;
}

int64_t call_prlimit64(const struct call *c)
{
    struct linux_limit old, new;
    int64_t e = 0;

    if (c->b >= LIMIT_COUNT)
        return -E_INVAL;
    if (!is_self(c->a))
        return -E_SRCH;
    old = limits[c->b];
    if (c->c != 0)
        e = copy_from_user(&new, c->c, sizeof(new));
    if (e == 0 && c->c != 0)
        e = set_limit(c->b, &new);
    if (e == 0 && c->d != 0)
        e = copy_to_user(c->d, &old, sizeof(old));
    return e;
}

int64_t call_getrlimit(const struct call *c)
{
    return c->a >= LIMIT_COUNT ? -E_INVAL : copy_to_user(c->b, &limits[c->a], 16);
}

int64_t call_setrlimit(const struct call *c)
{
    struct linux_limit new;
    int64_t e = c->a >= LIMIT_COUNT ? -E_INVAL : copy_from_user(&new, c->b, sizeof(new));

    return e < 0 ? e : set_limit(c->a, &new);
}

/* --- scheduling ----------------------------------------------------------- */

int64_t call_sched_yield(const struct call *c)
{
    (void)c;
    thread_control_yield(caps.control);
    return 0;
}

/* Which processors there are is not told; a thread runs on one that is. */
int64_t call_sched_getaffinity(const struct call *c)
{
    uint64_t set = 1;

    if (c->b < 8 || c->b % 8 != 0)
        return -E_INVAL;
    return copy_to_user(c->c, &set, 8) < 0 ? -E_FAULT : 8;
}

int64_t call_sched_setaffinity(const struct call *c)
{
    uint64_t set = 0;
    int64_t e = copy_from_user(&set, c->c, c->b < 8 ? c->b : 8);

    return e < 0 ? e : (set & 1) != 0 ? 0 : -E_INVAL;
}

int64_t call_getpriority(const struct call *c)
{
    return c->a > 2 ? -E_INVAL : 20; /* 20 - nice */
}

int64_t call_setpriority(const struct call *c)
{
    return c->a > 2 ? -E_INVAL : 0;
}

/* --- prctl ---------------------------------------------------------------- */

enum { PR_SET_PDEATHSIG = 1, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_SET_NAME = 15,
       PR_GET_NAME = 16, PR_CAPBSET_READ = 23, PR_SET_NO_NEW_PRIVS = 38,
       PR_GET_NO_NEW_PRIVS = 39 };

static int64_t set_name(uint64_t address)
{
    char *name = linux_self()->name;
    int64_t n = copy_string_from_user(name, address, 16);

    name[15] = 0;
    return n == -E_NAMETOOLONG || n >= 0 ? 0 : n;
}

int64_t call_prctl(const struct call *c)
{
    static uint32_t dumpable = 1, no_new_privileges;

    switch (c->a) {
    case PR_SET_NAME:
        return set_name(c->b);
    case PR_GET_NAME:
        return copy_to_user(c->b, linux_self()->name, 16);
    case PR_GET_DUMPABLE:
        return dumpable;
    case PR_SET_DUMPABLE:
        if (c->b > 1)
            return -E_INVAL;
        dumpable = (uint32_t)c->b;
        return 0;
    case PR_SET_NO_NEW_PRIVS:
        if (c->b != 1)
            return -E_INVAL;
        no_new_privileges = 1;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return no_new_privileges;
    case PR_SET_PDEATHSIG: /* it has no parent to lose */
        return c->b > SIGNALS ? -E_INVAL : 0;
    case PR_CAPBSET_READ:
        return c->b > 40 ? -E_INVAL : 1;
    default:
        return -E_INVAL;
    }
}
