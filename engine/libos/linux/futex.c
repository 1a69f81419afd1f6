/* SPDX-License-Identifier: MIT */
/*
 * Futexes: threads that wait at an address until another thread says so.
 *
 * There is one process, so an address is all of a futex's name, private or not.
 * The word is compared under the lock that covers the queues: a waker, who
 * changed the word first, finds the waiter, or the waiter finds the change.
 */
#include "face.h"
#include "list.h"
#include "time.h"
#include "user.h"

#define BUCKETS 64
#define WAITERS_BIT 0x80000000
#define OWNER_DIED 0x40000000
#define TID_MASK 0x3fffffff

struct waiter {
    struct list link;
    uint64_t address;
    uint32_t bits;
    bool woken;
    struct thread *thread;
};

static struct lock futex_lock;
static struct list buckets[BUCKETS];

/* An empty bucket is all zeroes before its first use. */
static struct list *bucket(uint64_t address)
{
    struct list *b = &buckets[(address >> 2) % BUCKETS];

    if (b->next == NULL)
        list_init(b);
    return b;
}

/* With the lock. */
static uint64_t wake(uint64_t address, uint64_t most, uint32_t bits)
{
    uint64_t n = 0;

    LIST_FOR_EACH(node, bucket(address)) {
        struct waiter *w = CONTAINER(node, struct waiter, link);

        if (n == most)
            break;
        if (w->address != address || (w->bits & bits) == 0)
            continue;
        list_remove(&w->link);
        w->woken = true;
        thread_unpark(w->thread);
        n++;
    }
    return n;
}

static uint64_t requeue(uint64_t address, uint64_t to, uint64_t most)
{
    uint64_t n = 0;

    LIST_FOR_EACH(node, bucket(address)) {
        struct waiter *w = CONTAINER(node, struct waiter, link);

        if (n == most)
            break;
        if (w->address != address)
            continue;
        list_remove(&w->link);
        w->address = to;
        list_add_tail(bucket(to), &w->link);
        n++;
    }
    return n;
}

static int64_t wait(uint64_t address, uint32_t value, uint32_t bits, uint64_t deadline)
{
    struct waiter w = {.address = address, .bits = bits, .thread = thread_self()};
    uint32_t now;
    int64_t e;

    lock_take(&futex_lock);
    e = load_user32(address, &now);
    if (e == 0 && now != value)
        e = -E_AGAIN;
    if (e < 0) {
        lock_release(&futex_lock);
        return e;
    }
    list_add_tail(bucket(address), &w.link);
    while (!w.woken && e == 0) {
        lock_release(&futex_lock);
        e = face_interrupts() ? -E_RESTART : thread_park(deadline);
        lock_take(&futex_lock);
    }
    if (w.woken)
        e = 0;
    else
        list_remove(&w.link);
    lock_release(&futex_lock);
    return e;
}

int64_t futex_wake_one_word(uint64_t address)
{
    lock_take(&futex_lock);
    wake(address, 1, ~0u);
    lock_release(&futex_lock);
    return 0;
}

/* FUTEX_WAIT's timeout is relative, FUTEX_WAIT_BITSET's is not. */
static int64_t deadline_of(const struct call *c, uint64_t operation, uint64_t *deadline)
{
    uint64_t ns;
    int64_t e;

    *deadline = PHX_FOREVER;
    if (c->d == 0)
        return 0;
    if ((operation & 127) == FUTEX_WAIT)
        return load_timeout(c->d, deadline);
    e = load_timespec(c->d, &ns);
    if (e < 0)
        return e;
    if (!time_is_known())
        return -E_PERM;
    if ((operation & FUTEX_CLOCK_REALTIME) != 0) {
        uint64_t now = time_realtime();

        ns = ns > now ? time_ahead(ns - now) : 0;
    }
    *deadline = ns;
    return 0;
}

static int64_t futex_wait(const struct call *c, uint32_t bits)
{
    uint64_t deadline;
    int64_t e = deadline_of(c, c->b, &deadline);

    if (e < 0)
        return e;
    if (bits == 0)
        return -E_INVAL;
    e = wait(c->a, (uint32_t)c->c, bits, deadline);
    /* What is left of a relative time is not known any more. */
    return e == -E_RESTART && c->d != 0 ? -E_INTR : e;
}

static int64_t futex_requeue(const struct call *c, bool compare)
{
    uint64_t woken, moved;
    uint32_t now;
    int64_t e = 0;

    if ((int32_t)c->c < 0 || (int32_t)c->d < 0)
        return -E_INVAL;
    if (c->e % 4 != 0 || !user_range(c->e, 4))
        return c->e % 4 != 0 ? -E_INVAL : -E_FAULT;
    lock_take(&futex_lock);
    if (compare) {
        e = load_user32(c->a, &now);
        if (e == 0 && now != (uint32_t)c->f)
            e = -E_AGAIN;
    }
    if (e == 0) {
        woken = wake(c->a, (uint32_t)c->c, ~0u);
        moved = requeue(c->a, c->e, (uint32_t)c->d);
        e = (int64_t)(compare ? woken + moved : woken);
    }
    lock_release(&futex_lock);
    return e;
}

/* The operation of FUTEX_WAKE_OP on the old value. */
static int64_t apply(uint32_t code, uint32_t old, uint32_t *new)
{
    uint32_t operand = code >> 12 & 0xfff;

    if ((code >> 31) != 0)
        operand = 1u << operand % 32;
    switch (code >> 28 & 7) {
    case 0: *new = operand; return 0;
    case 1: *new = old + operand; return 0;
    case 2: *new = old | operand; return 0;
    case 3: *new = old & ~operand; return 0;
    case 4: *new = old ^ operand; return 0;
    default: return -E_NOSYS;
    }
}

static bool compares(uint32_t code, uint32_t old)
{
    uint32_t operand = code & 0xfff;

    switch (code >> 24 & 15) {
    case 0: return old == operand;
    case 1: return old != operand;
    case 2: return (int32_t)old < (int32_t)operand;
    case 3: return (int32_t)old <= (int32_t)operand;
    case 4: return (int32_t)old > (int32_t)operand;
    default: return (int32_t)old >= (int32_t)operand;
    }
}

static int64_t futex_wake_op(const struct call *c)
{
    uint32_t old, new, found;
    uint64_t n;
    int64_t e;

    lock_take(&futex_lock);
    e = load_user32(c->e, &old);
    while (e == 0) {
        e = apply((uint32_t)c->f, old, &new);
        if (e == 0)
            e = raw_swap32(user_pointer(c->e), old, new, &found);
        if (e == 0 && found == old)
            break;
        old = found;
    }
    if (e == 0) {
        n = wake(c->a, (uint32_t)c->c, ~0u);
        if (compares((uint32_t)c->f, old))
            n += wake(c->e, (uint32_t)c->d, ~0u);
        e = (int64_t)n;
    }
    lock_release(&futex_lock);
    return e;
}

static int64_t futex_wake(const struct call *c, uint32_t bits)
{
    uint64_t n;

    if (bits == 0)
        return -E_INVAL;
    lock_take(&futex_lock);
    n = wake(c->a, (int32_t)c->c <= 0 ? 1 : (uint32_t)c->c, bits);
    lock_release(&futex_lock);
    return (int64_t)n;
}

int64_t call_futex(const struct call *c)
{
    if (c->a % 4 != 0)
        return -E_INVAL;
    if (!user_range(c->a, 4))
        return -E_FAULT;
    switch (c->b & 127) {
    case FUTEX_WAIT: return futex_wait(c, ~0u);
    case FUTEX_WAIT_BITSET: return futex_wait(c, (uint32_t)c->f);
    case FUTEX_WAKE: return futex_wake(c, ~0u);
    case FUTEX_WAKE_BITSET: return futex_wake(c, (uint32_t)c->f);
    case FUTEX_REQUEUE: return futex_requeue(c, false);
    case FUTEX_CMP_REQUEUE: return futex_requeue(c, true);
    case FUTEX_WAKE_OP: return futex_wake_op(c);
    default: return -E_NOSYS;
    }
}

/* --- mutexes of the dead -------------------------------------------------- */

#define ROBUST_MOST 2048 /* as Linux: a circular list ends somewhere */

static void release_one(uint64_t word, uint64_t tid)
{
    uint32_t old, found;

    if (word % 4 != 0 || load_user32(word, &old) < 0)
        return;
    while ((old & TID_MASK) == tid) {
        if (raw_swap32(user_pointer(word), old, (old & WAITERS_BIT) | OWNER_DIED, &found) < 0)
            return;
        if (found == old) {
            if ((old & WAITERS_BIT) != 0)
                futex_wake_one_word(word);
            return;
        }
        old = found;
    }
}

void futex_release_robust(uint64_t head, uint64_t tid)
{
    struct {
        uint64_t next, offset, pending;
    } list;
    uint64_t entry;

    if (head == 0 || copy_from_user(&list, head, sizeof(list)) < 0)
        return;
    entry = list.next;
    for (unsigned i = 0; i < ROBUST_MOST && entry != head; i++) {
        uint64_t next;

        if (copy_from_user(&next, entry & ~UINT64_C(1), sizeof(next)) < 0)
            return;
        if (entry != list.pending)
            release_one((entry & ~UINT64_C(1)) + list.offset, tid);
        entry = next;
    }
    if (list.pending != 0)
        release_one((list.pending & ~UINT64_C(1)) + list.offset, tid);
}
