/* SPDX-License-Identifier: MIT */
/*
 * Waiting for one of several files: poll, select and their relatives.
 *
 * Pipes wake who polls; the console can only be waited for by reading. So a wait
 * for the console alone sleeps in it, one for pipes alone sleeps in them, and one
 * for both looks at the console every few milliseconds.
 */
#include "bytes.h"
#include "face.h"
#include "heap.h"
#include "stream.h"
#include "time.h"
#include "user.h"

#define GLANCE_NS UINT64_C(5000000)

struct watched {
    struct file *file; /* NULL: ignored */
    unsigned wanted, found;
};

static bool is_pipe(const struct file *file)
{
    return pipe_waiting(file) >= 0;
}

/* How many of them are ready. */
static uint64_t look(struct watched *w, uint64_t count)
{
    uint64_t ready = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (w[i].file == NULL)
            continue;
        w[i].found = io_poll(w[i].file) & (w[i].wanted | FILE_HUNG_UP | FILE_BROKEN);
        ready += w[i].found != 0;
    }
    return ready;
}

static int64_t wait_some(const struct watched *w, uint64_t count, uint64_t seen, uint64_t deadline)
{
    bool console = false, pipes = false;
    uint64_t soon;

    for (uint64_t i = 0; i < count; i++) {
        if (w[i].file == NULL)
            continue;
        console = console || (console_is_input(w[i].file) && (w[i].wanted & FILE_CAN_READ) != 0);
        pipes = pipes || is_pipe(w[i].file);
    }
    if (!console && !pipes)
        return sleep_until(deadline);
    if (console && !pipes) {
        console_await(deadline);
        return deadline != PHX_FOREVER && time_monotonic() >= deadline ? -E_TIMEDOUT : 0;
    }
    soon = console ? time_ahead(GLANCE_NS) : deadline;
    if (soon >= deadline)
        return pipe_await(seen, deadline);
    return pipe_await(seen, soon) == -E_RESTART ? -E_RESTART : 0;
}

/* Until one is ready, a signal, or the deadline: how many, or -E_INTR. */
static int64_t wait_for(struct watched *w, uint64_t count, uint64_t deadline)
{
    for (;;) {
        uint64_t seen = pipe_changes();
        uint64_t ready = look(w, count);
        int64_t e;

        if (ready != 0 || deadline == 0)
            return (int64_t)ready;
        if (face_interrupts()) {
            thread_self()->work = 1;
            return -E_INTR;
        }
        e = wait_some(w, count, seen, deadline);
        if (e == -E_TIMEDOUT || (e == 0 && deadline != PHX_FOREVER && time_monotonic() >= deadline))
            deadline = 0;
    }
}

static void put_all(struct watched *w, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (w[i].file != NULL)
            file_unref(w[i].file);
}

/* --- poll ----------------------------------------------------------------- */

static unsigned wanted_of(int16_t events)
{
    return ((events & (POLLIN | POLLRDNORM)) != 0 ? FILE_CAN_READ : 0u) |
           ((events & (POLLOUT | POLLWRNORM)) != 0 ? FILE_CAN_WRITE : 0u);
}

static int16_t revents_of(const struct watched *w, int16_t events)
{
    int r = 0;

    if ((w->found & FILE_CAN_READ) != 0)
        r |= events & (POLLIN | POLLRDNORM);
    if ((w->found & FILE_CAN_WRITE) != 0)
        r |= events & (POLLOUT | POLLWRNORM);
    if ((w->found & FILE_HUNG_UP) != 0)
        r |= POLLHUP;
    if ((w->found & FILE_BROKEN) != 0)
        r |= POLLERR;
    return (int16_t)r;
}

static int64_t poll_files(struct linux_pollfd *p, struct watched *w, uint64_t count,
                          uint64_t deadline)
{
    uint64_t bad = 0;
    int64_t ready = 0, e;

    for (uint64_t i = 0; i < count; i++) {
        w[i].file = p[i].fd < 0 ? NULL : descriptor_get((uint64_t)p[i].fd);
        w[i].wanted = wanted_of(p[i].events);
        p[i].revents = p[i].fd >= 0 && w[i].file == NULL ? POLLNVAL : 0;
        bad += p[i].revents != 0;
    }
    e = wait_for(w, count, bad != 0 ? 0 : deadline);
    for (uint64_t i = 0; i < count && e >= 0; i++) {
        if (w[i].file != NULL)
            p[i].revents = revents_of(&w[i], p[i].events);
        ready += p[i].revents != 0;
    }
    put_all(w, count);
    return e < 0 ? e : ready;
}

static int64_t poll_until(uint64_t address, uint64_t count, uint64_t deadline)
{
    uint64_t size = count * sizeof(struct linux_pollfd);
    uint64_t watched_size = count * sizeof(struct watched);
    struct linux_pollfd *p;
    struct watched *w;
    int64_t e = -E_NOMEM;

    if (count > DESCRIPTORS_MAX)
        return -E_INVAL;
    p = heap_alloc_buffer(size);
    w = heap_alloc(watched_size);
    if (p != NULL && w != NULL)
        e = copy_from_user(p, address, size);
    if (e == 0)
        e = poll_files(p, w, count, deadline);
    if (e >= 0 && copy_to_user(address, p, size) < 0)
        e = -E_FAULT;
    heap_free(p, size);
    heap_free(w, watched_size);
    return e;
}

int64_t call_poll(const struct call *c)
{
    int32_t ms = (int32_t)c->c;
    uint64_t deadline = PHX_FOREVER;

    if (ms > 0 && !time_is_known())
        return -E_PERM;
    if (ms >= 0)
        deadline = ms == 0 ? 0 : time_ahead((uint64_t)ms * 1000000);
    return poll_until(c->a, (uint32_t)c->b, deadline);
}

/* A mask for the time of the wait, as sigsuspend has it. */
static int64_t swap_mask(uint64_t address, uint64_t size)
{
    struct linux_thread *l = linux_self();
    uint64_t mask;
    int64_t e;

    if (address == 0)
        return 0;
    if (size != 8)
        return -E_INVAL;
    e = copy_from_user(&mask, address, 8);
    if (e < 0)
        return e;
    lock_take(&threads_lock);
    l->saved_mask = l->mask;
    l->restore_mask = true;
    l->mask = mask & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
    lock_release(&threads_lock);
    thread_self()->work = 1; /* which puts the old one back */
    return 0;
}

static int64_t load_wait(uint64_t address, uint64_t *deadline)
{
    struct linux_timespec t;
    int64_t e = load_timeout(address, deadline);

    if (e == -E_PERM && copy_from_user(&t, address, sizeof(t)) == 0 && t.tv_sec == 0 &&
        t.tv_nsec == 0) {
        *deadline = 0; /* not to wait needs no clock */
        return 0;
    }
    if (e == 0 && address != 0 && *deadline <= time_monotonic())
        *deadline = 0;
    return e;
}

/* Where the timeout was, Linux leaves what is left of it, in units of so many ns. It
 * is no failure if nothing can be written there. */
static int64_t tell_left(uint64_t address, uint64_t deadline, uint64_t unit, int64_t result)
{
    uint64_t now = time_monotonic(), left = deadline > now ? deadline - now : 0;
    const uint64_t pair[2] = {left / NS_PER_SECOND, left % NS_PER_SECOND / unit};

    if (address != 0 && deadline != 0)
        copy_to_user(address, pair, sizeof(pair));
    return result;
}

int64_t call_ppoll(const struct call *c)
{
    uint64_t deadline;
    int64_t e = load_wait(c->c, &deadline);

    if (e == 0)
        e = swap_mask(c->d, c->e);
    return e < 0 ? e : tell_left(c->c, deadline, 1, poll_until(c->a, (uint32_t)c->b, deadline));
}

/* --- select --------------------------------------------------------------- */

#define SET_WORDS (DESCRIPTORS_MAX / 64)

struct sets {
    uint64_t read[SET_WORDS], write[SET_WORDS], except[SET_WORDS];
};

static bool has(const uint64_t *set, uint64_t i)
{
    return (set[i / 64] >> i % 64 & 1) != 0;
}

static int64_t select_files(struct sets *s, struct watched *w, uint64_t count, uint64_t deadline)
{
    int64_t ready = 0, e = 0;

    for (uint64_t i = 0; i < count && e == 0; i++) {
        if (!has(s->read, i) && !has(s->write, i) && !has(s->except, i))
            continue;
        w[i].file = descriptor_get(i);
        w[i].wanted = (has(s->read, i) ? FILE_CAN_READ : 0u) |
                      (has(s->write, i) ? FILE_CAN_WRITE : 0u);
        if (w[i].file == NULL)
            e = -E_BADF;
    }
    if (e == 0)
        e = wait_for(w, count, deadline);
    put_all(w, count);
    if (e < 0)
        return e;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        bool can_read = (w[i].found & (FILE_CAN_READ | FILE_HUNG_UP)) != 0 && has(s->read, i);
        bool can_write = (w[i].found & (FILE_CAN_WRITE | FILE_BROKEN)) != 0 && has(s->write, i);

        if (!can_read)
            s->read[i / 64] &= ~bit;
        if (!can_write)
            s->write[i / 64] &= ~bit;
        ready += can_read + can_write;
    }
    memset(s->except, 0, sizeof(s->except));
    return ready;
}

static int64_t load_set(uint64_t *set, uint64_t address, uint64_t size)
{
    return address == 0 ? 0 : copy_from_user(set, address, size);
}

static int64_t store_set(uint64_t address, const uint64_t *set, uint64_t size)
{
    return address == 0 ? 0 : copy_to_user(address, set, size);
}

static int64_t select_until(const struct call *c, uint64_t deadline)
{
    uint64_t count = (uint32_t)c->a, size, watched_size;
    struct sets sets = {{0}, {0}, {0}};
    struct watched *w;
    int64_t e;

    if ((int32_t)c->a < 0)
        return -E_INVAL;
    if (count > DESCRIPTORS_MAX)
        count = DESCRIPTORS_MAX;
    size = (count + 63) / 64 * 8;
    watched_size = (count + 1) * sizeof(*w);
    w = heap_alloc(watched_size);
    e = w == NULL ? -E_NOMEM : load_set(sets.read, c->b, size);
    if (e == 0)
        e = load_set(sets.write, c->c, size);
    if (e == 0)
        e = load_set(sets.except, c->d, size);
    if (e == 0)
        e = select_files(&sets, w, count, deadline);
    heap_free(w, watched_size);
    if (e < 0)
        return e;
    if (store_set(c->b, sets.read, size) < 0 || store_set(c->c, sets.write, size) < 0 ||
        store_set(c->d, sets.except, size) < 0)
        return -E_FAULT;
    return e;
}

#define SECONDS_MAX (INT64_MAX / (int64_t)NS_PER_SECOND / 4)

static uint64_t timeval_ns(int64_t seconds, int64_t us)
{
    if (seconds >= SECONDS_MAX || us / 1000000 >= SECONDS_MAX)
        return INT64_MAX;
    return ((uint64_t)seconds + (uint64_t)us / 1000000) * NS_PER_SECOND +
           (uint64_t)us % 1000000 * 1000;
}

int64_t call_select(const struct call *c)
{
    uint64_t deadline = PHX_FOREVER, ns = 0;
    struct linux_timeval t;

    if (c->e != 0 && copy_from_user(&t, c->e, sizeof(t)) < 0)
        return -E_FAULT;
    /* More microseconds than a second has are fine here, as nowhere else. */
    if (c->e != 0 && (t.tv_sec < 0 || t.tv_usec < 0))
        return -E_INVAL;
    if (c->e != 0)
        ns = timeval_ns(t.tv_sec, t.tv_usec);
    if (c->e != 0 && ns != 0 && !time_is_known())
        return -E_PERM;
    if (c->e != 0)
        deadline = ns == 0 ? 0 : time_ahead(ns);
    return tell_left(c->e, deadline, 1000, select_until(c, deadline));
}

int64_t call_pselect6(const struct call *c)
{
    uint64_t deadline, mask[2] = {0, 0};
    int64_t e = load_wait(c->e, &deadline);

    if (e == 0 && c->f != 0)
        e = copy_from_user(mask, c->f, sizeof(mask));
    if (e == 0)
        e = swap_mask(mask[0], mask[1]);
    return e < 0 ? e : tell_left(c->e, deadline, 1, select_until(c, deadline));
}
