/* SPDX-License-Identifier: MIT */
/*
 * Accounts: who pays. Every page, row and thread is charged to one account, and
 * a limit is budget that was moved down the tree, never made: what a child may
 * use counts as used in its parent. So what an account admits exists.
 *
 * Kernel objects live in pages that belong to (account, kind). An object is
 * charged by the page its neighbours share, which keeps one tenant's objects
 * out of another's pages and lets an account's end give back whole pages.
 *
 * Locking  the kernel lock; nothing here sleeps
 * Spec     docs/ARCHITECTURE.md, "Accounts"
 * Tests    account_test.c
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "list.h"

#define RESOURCES 6 /* enum Resource */
#define ACCOUNT_DEPTH_MAX 16

/* Kinds of kernel objects, one set of pages each. */
enum kind {
    KIND_NODE,
    KIND_USES,
    KIND_ACCOUNT,
    KIND_PROCESS, /* and DMA domains */
    KIND_THREAD,
    KIND_EXTENDED_STATE,
    KIND_SPACE,
    KIND_MAPPING,
    KIND_FRAME,
    KIND_ENDPOINT, /* endpoints, badges and notifications are of one size class */
    KIND_RING,
    KIND_SCHEDULE,
    KIND_COUNT
};

/* An account's object.dead: closed, and then without anything below that is open. */
enum { ACCOUNT_CLOSED = 1, ACCOUNT_LEFT };

struct account;
struct pool;

/* What every object that a hold can name begins with. */
struct object {
    uint8_t type;  /* the interface of its first hold; IFACE_CAPABILITY: of what exists once,
                    * static, and each hold's interface says which part of it */
    uint8_t dead;  /* its work is over; the memory stays until refs is 0 */
    uint8_t watched; /* caps.counts hears of its rows */
    uint32_t refs; /* holds, mappings and other objects that name it */
    struct account *account; /* pays for it; NULL: static */
};

/* Where pages come from; the kernel's is the buddy allocator, a test's may fail. */
struct memory {
    void *(*take)(struct memory *m, uint64_t pages); /* contiguous, not zeroed; NULL */
    void (*give)(struct memory *m, void *first, uint64_t pages);
    uint16_t size[KIND_COUNT];  /* bytes of an object of each kind, 16 to 4032 */
    uint16_t align[KIND_COUNT]; /* 16 or 64 */
    struct list ended;          /* accounts that nobody names any more: account_free() */
};

/*
 * Holds whenever the lock is free; account_ok() of the tests says the same in code:
 *   A1  used[r] <= limit[r] <= the parent's limit[r]
 *   A2  used[r] is what this account was charged itself plus its children's limits
 *   A3  an account with refs 0 has no children, objects, or pages
 */
struct account {
    struct object object;   /* .account is the parent */
    struct memory *memory;
    struct list children;   /* of struct account.sibling; those that are left last */
    struct list sibling;    /* or in memory->ended */
    struct list processes;  /* of struct process.account_link */
    struct list frames;     /* of struct frame.link, the last first: what can be taken back */
    struct pool *pool;      /* whose holder is asked to give pages back, or NULL */
    uint64_t limit[RESOURCES], used[RESOURCES];
    uint64_t peak[RESOURCES]; /* as of the last refund: account_peak() */
    uint64_t ran;           /* ns that its own threads had a core */
    struct list partial[KIND_COUNT]; /* object pages with room */
};

/* An account with all of its parent's memory source and no limits yet. */
void account_init(struct account *a, struct account *parent, struct memory *memory);
/* How many accounts are above it; who makes one keeps this below ACCOUNT_DEPTH_MAX, so
 * that a walk to the root is short. */
unsigned account_depth(const struct account *a);
/* Whether n more of r fit; changes nothing. */
MUST_USE static inline err_t account_can(const struct account *a, unsigned r, uint64_t n)
{
    return n <= a->limit[r] - a->used[r] ? OK : PHX_LIMIT_EXCEEDED;
}

MUST_USE static inline err_t account_charge(struct account *a, unsigned r, uint64_t n)
{
    TRY(account_can(a, r, n));
    a->used[r] += n;
    return OK;
}

/* The most that was ever used: less is used only after a refund. */
static inline uint64_t account_peak(const struct account *a, unsigned r)
{
    return a->used[r] > a->peak[r] ? a->used[r] : a->peak[r];
}

static inline void account_use_less(struct account *a, unsigned r, uint64_t n)
{
    a->peak[r] = account_peak(a, r);
    a->used[r] -= n;
}

/* A closed account has nothing to spare: what is refunded is its parent's, and so on up. */
static inline void account_refund(struct account *a, unsigned r, uint64_t n)
{
    for (; n > 0; a = a->object.account) {
        account_use_less(a, r, n);
        if (!a->object.dead || !a->object.account)
            return;
        a->limit[r] -= n;
    }
}
/* It had a core for so long. What its own budget of time has not left is its parent's. */
void account_ran(struct account *a, uint64_t ns);
/* Move unused limit. Either direct relatives, or any two with a common ancestor:
 * every account on the way keeps A1 and A2. */
MUST_USE err_t account_transfer(struct account *from, struct account *to, unsigned r, uint64_t n);
/* Give everything it still may use back to its parent, for ever: what is refunded later
 * is its parent's too. What it spent stays spent, and what is still charged to it (objects
 * that others hold) stays charged to the parent. */
void account_close(struct account *a);
/* Nothing names it any more: close it. Called by whoever brought refs to 0. Its memory, and
 * each parent that only it named, go one by one with account_free_next(): a line of accounts
 * that ends together would be too long for one hold of the lock. False: there is none. */
void account_free(struct account *a);
bool account_free_next(struct memory *m);

/* Each of these puts the address of what it made into a pointer of whatever type. */

/* Pages, charged; not zeroed unless it says so. */
MUST_USE err_t account_pages(struct account *a, uint64_t pages, void *first);
void account_give_pages(struct account *a, void *first, uint64_t pages);
MUST_USE err_t account_zero_page(struct account *a, void *page);

/* A zeroed object of a kind, charged to `a`. */
MUST_USE err_t object_new(struct account *a, enum kind kind, void *object);
/* The account that pays for an object from object_new is found from its page. */
void object_free(void *object);
