/* SPDX-License-Identifier: MIT */
/*
 * What comes without being asked for: the interval timer, and the console's
 * control events. One helper thread waits for both and turns them into signals. It
 * exists from the start where there are events to watch, else from the first timer.
 */
#include "face.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "services.stubs.h"
#include "time.h"
#include "user.h"

#define EVENT_HANGUP 1
#define EVENT_INTERRUPT 2
#define EVENT_TERMINATE 4
#define EVENT_WINDOW 8

static struct lock timer_lock;
static struct thread *helper;
static uint64_t due, interval; /* monotonic ns; 0: no timer */

static void take_events(void)
{
    struct terminal_events_out out = {0};

    if (caps.events == 0 || terminal_events(caps.events, &out) < 0)
        return;
    if ((out.events & EVENT_HANGUP) != 0)
        signal_process(SIGHUP, SI_KERNEL);
    if ((out.events & EVENT_INTERRUPT) != 0)
        signal_process(SIGINT, SI_KERNEL);
    if ((out.events & EVENT_TERMINATE) != 0)
        signal_process(SIGTERM, SI_KERNEL);
    if ((out.events & EVENT_WINDOW) != 0)
        signal_process(SIGWINCH, SI_KERNEL);
}

/* The next time to wake at, after what is due has been done. */
static uint64_t run_timer(void)
{
    uint64_t next, now = time_monotonic();
    bool expired = false;

    lock_take(&timer_lock);
    if (due != 0 && due <= now) {
        expired = true;
        due = interval == 0 ? 0 : due + interval * ((now - due) / interval + 1);
    }
    next = due == 0 ? PHX_FOREVER : due;
    lock_release(&timer_lock);
    if (expired)
        signal_process(SIGALRM, SI_KERNEL);
    return next;
}

/* It asks for the events itself: nobody else has to wait for the console's driver. */
static void help(void)
{
    if (caps.events != 0)
        terminal_watch(caps.events, helper->bit, helper->notification, PHX_CAP_COPY);
    for (;;) {
        take_events();
        thread_park(run_timer());
    }
}

/* With timer_lock. */
static int64_t need_helper(void)
{
    int64_t e;

    if (helper != NULL)
        return 0;
    helper = thread_new_helper(help, &e);
    if (helper == NULL)
        return e;
    return thread_go(helper);
}

void timers_init(void)
{
    lock_take(&timer_lock);
    if (caps.events != 0 && need_helper() < 0)
        caps.events = 0;
    lock_release(&timer_lock);
}

/* Returns what was left of the old timer, and how often it came. */
static int64_t set_timer(uint64_t first, uint64_t every, uint64_t *left, uint64_t *old_every)
{
    uint64_t now = time_monotonic();
    int64_t e = 0;

    if (!time_is_known())
        return -E_PERM;
    lock_take(&timer_lock);
    *left = due > now ? due - now : due != 0;
    *old_every = interval;
    if (first != 0)
        e = need_helper();
    if (e == 0) {
        due = first == 0 ? 0 : time_ahead(first);
        interval = every;
        if (helper != NULL)
            thread_unpark(helper);
    }
    lock_release(&timer_lock);
    return e;
}

int64_t call_alarm(const struct call *c)
{
    uint64_t left, every;
    int64_t e = set_timer((uint32_t)c->a * NS_PER_SECOND, 0, &left, &every);

    return e < 0 ? e : (int64_t)((left + NS_PER_SECOND - 1) / NS_PER_SECOND);
}

struct linux_itimerval {
    struct linux_timeval interval, value;
};

static struct linux_timeval timeval_of(uint64_t ns)
{
    return (struct linux_timeval){(int64_t)(ns / NS_PER_SECOND),
                                  (int64_t)(ns % NS_PER_SECOND / 1000)};
}

static int64_t store_itimer(uint64_t to, uint64_t left, uint64_t every)
{
    struct linux_itimerval value = {timeval_of(every), timeval_of(left)};

    return to == 0 ? 0 : copy_to_user(to, &value, sizeof(value));
}

int64_t call_setitimer(const struct call *c)
{
    uint64_t every = 0, first = 0, left, old_every;
    int64_t e = 0;

    if (c->a != 0) /* only ITIMER_REAL: nobody counts a program's own time */
        return -E_INVAL;
    if (c->b != 0) {
        e = load_timeval(c->b, &every);
        if (e == 0)
            e = load_timeval(c->b + sizeof(struct linux_timeval), &first);
    }
    if (e == 0)
        e = set_timer(first, every, &left, &old_every);
    return e < 0 ? e : store_itimer(c->c, left, old_every);
}

int64_t call_getitimer(const struct call *c)
{
    uint64_t now = time_monotonic(), left, every;

    if (c->a != 0)
        return -E_INVAL;
    lock_take(&timer_lock);
    left = due > now ? due - now : 0;
    every = interval;
    lock_release(&timer_lock);
    return store_itimer(c->b, left, every);
}
