/* SPDX-License-Identifier: MIT */
/*
 * Which thread a core runs: round robin, one queue for all cores, and the direct
 * switch that calls make, which goes past the queue on the caller's slice.
 *
 * Every way into the kernel ends in kernel_exit(): it does what is left over (work
 * that has more steps, a ring to drain, an upcall to deliver), chooses again if the
 * current thread cannot go on, and lets go of the lock.
 */
#include "ring.h"
#include "switch.h"

#define SLICE_NS 10000000
#define CHORE_STEPS 16 /* each time a core chooses and has a thread to run */

struct cpu cpus[CPUS_MAX];
unsigned cpu_count = 1;

static struct list ready = { &ready, &ready };

void kernel_lock(struct cpu *c)
{
    while (!kernel_trylock()) {
        while (__atomic_load_n(&kernel.lock, __ATOMIC_RELAXED)) {
            if (__atomic_load_n(&c->flush_wanted, __ATOMIC_RELAXED))
                kernel_flush_requested();
            arch_pause();
        }
    }
}

/* --- the queue ------------------------------------------------------------- */

static void poke_idle_core(void)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *c = &cpus[i];

        if (c == this_cpu() || !c->idle)
            continue;
        c->idle = false; /* one poke is enough */
        __atomic_store_n(&c->resched, 1, __ATOMIC_RELEASE);
        arch_send_wakeup(i);
        return;
    }
}

void thread_ready(struct thread *t)
{
    t->state = THREAD_READY;
    list_add_tail(&ready, &t->queue_link);
    if (cpu_count > 1)
        poke_idle_core();
}

void thread_block(struct thread *t, enum thread_state state)
{
    if (t->state == THREAD_READY)
        list_remove(&t->queue_link);
    t->state = (uint8_t)state;
}

void thread_attend(struct thread *t)
{
    t->attention = true;
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpus[i].current != t || &cpus[i] == this_cpu())
            continue;
        __atomic_store_n(&cpus[i].resched, 1, __ATOMIC_RELEASE);
        arch_send_wakeup(i);
    }
}

void sched_yield_current(void)
{
    this_cpu()->resched = 1;
}

/* --- switching ------------------------------------------------------------- */

void thread_switch_direct(struct cpu *c, struct thread *t)
{
    if (c->current)
        switch_leave(c, c->current);
    switch_enter(c, t);
}

/* An earlier alarm that is already set does no harm, and setting it is dear. */
void sched_deadline(struct cpu *c, uint64_t deadline, uint64_t now)
{
    if (c->timer_armed > now && c->timer_armed <= deadline)
        return;
    c->timer_armed = deadline;
    arch_timer_arm(deadline > now ? deadline - now : 1);
}

/* Arm the timer for the end of the slice or the next deadline. */
static void arm_timer(struct cpu *c, uint64_t now)
{
    uint64_t next = wait_next_deadline();

    if (c->current && c->slice_end < next)
        next = c->slice_end;
    if (next != PHX_FOREVER)
        sched_deadline(c, next, now);
}

/* Take the next one; the current thread, if there is one, could go on. */
static void schedule(struct cpu *c)
{
    uint64_t now = now_ns();
    struct thread *old = c->current;
    struct list *first;

    c->resched = 0;
    if (old)
        thread_ready(old);
    wait_timers_queue_lazy();
    wait_timers_expire(now);

    first = list_first(&ready);
    if (first) {
        struct thread *t = CONTAINER(first, struct thread, queue_link);

        list_remove(first);
        if (t != old) {
            if (old)
                switch_leave(c, old);
            switch_enter(c, t);
        } else {
            t->state = THREAD_RUNNING;
        }
        c->slice_end = now + SLICE_NS;
    } else {
        if (old)
            switch_leave(c, old);
        c->current = NULL;
    }
    arm_timer(c, now);
}

/* --- chores ---------------------------------------------------------------- */

bool chore_begin(struct chore *chore, bool (*step)(struct chore *chore))
{
    if (list_is_linked(&chore->link))
        return false;
    chore->step = step;
    list_add_tail(&kernel.chores, &chore->link);
    this_cpu()->resched = 1; /* choose again, and so begin */
    return true;
}

/* A step of one of them; false: nothing could be done. */
static bool chore_step(void)
{
    struct list *first = list_first(&kernel.chores);

    if (!first)
        return false;
    list_remove(first); /* the others have their turn */
    list_add_tail(&kernel.chores, first);
    struct chore *chore = CONTAINER(first, struct chore, link);
    return chore->step(chore);
}

/* Nothing to run and nothing to do. */
static void idle(struct cpu *c)
{
    c->idle = true;
    kernel_unlock();
    if (!__atomic_load_n(&c->resched, __ATOMIC_ACQUIRE))
        arch_idle();
    kernel_lock(c);
    c->idle = false;
}

/* A few steps a call, until every table was gone through since the last revoke. */
static bool sweep_dead_rows(void)
{
    static uint64_t seen;

    if (seen != kernel.caps.revocations)
        kernel.swept_processes = 0;
    seen = kernel.caps.revocations;
    if (kernel.swept_processes >= kernel.process_count)
        return false;
    struct list *first = list_first(&kernel.processes);
    if (!cap_sweep(&CONTAINER(first, struct process, all_link)->table, 32))
        return true;
    list_remove(first);
    list_add_tail(&kernel.processes, first);
    kernel.swept_processes++;
    return true;
}

/* Between two steps, of work or of chores, interrupts come in and others have their turn. */
static void breathe(struct cpu *c, struct work *w)
{
    kernel_unlock();
    if (w && w->step && w->unlocked)
        w->unlocked(w);
    arch_interrupt_window();
    kernel_lock(c);
}

/* The next step of what takes long. */
static void go_on(struct cpu *c, struct thread *t)
{
    breathe(c, &t->work);
    if (t->work.step)
        work_step(t);
    else if (ring_wants(t))
        ring_continue(t);
    if (t->state == THREAD_RUNNING && (t->work.step || ring_wants(t)) &&
        __atomic_load_n(&c->resched, __ATOMIC_ACQUIRE))
        schedule(c);
}

/* What the current thread has left over, one thing at a time. */
static void attend(struct cpu *c, struct thread *t)
{
    if (t->work.step) {
        go_on(c, t);
    } else if (t->ending || t->process->state >= PROCESS_DYING) {
        if (!thread_end(t, t->exit_code))
            breathe(c, NULL);
    } else if (t->stop_wanted) {
        t->stop_wanted = false;
        wait_cancel(&t->waiter, PHX_INTERRUPTED); /* it ran for its ring */
        thread_block(t, THREAD_STOPPED);
    } else if (ring_wants(t)) {
        go_on(c, t);
    } else if (t->waiter.state != WAIT_NONE) {
        t->attention = t->pending != 0;
        thread_block(t, THREAD_BLOCKED);
    } else {
        t->attention = false;
        if (t->pending)
            upcall_pending(t);
    }
}

void kernel_exit(struct cpu *c)
{
    for (unsigned steps = 0;;) {
        struct thread *t = c->current;

        if (t && t->state != THREAD_RUNNING) {
            switch_leave(c, t); /* others may have it run, or take it down, from here on */
            c->current = NULL;
        } else if (t && t->attention) {
            attend(c, t);
        } else if (t && !__atomic_load_n(&c->resched, __ATOMIC_ACQUIRE)) {
            break;
        } else if (steps < CHORE_STEPS && chore_step()) {
            steps++;
            breathe(c, NULL);
        } else {
            schedule(c);
            if (c->current)
                continue;
            if (chore_step() || sweep_dead_rows())
                breathe(c, NULL);
            else
                idle(c);
        }
    }
    kernel_unlock();
}

/* --- interrupts ------------------------------------------------------------ */

void kernel_timer(bool from_user)
{
    struct cpu *c = this_cpu();

    c->timer_armed = 0;
    __atomic_store_n(&c->resched, 1, __ATOMIC_RELEASE);
    if (!from_user)
        return;
    kernel_lock(c);
    if (c->current->ring)
        ring_poll(c->current);
    kernel_exit(c);
}

void kernel_wakeup(bool from_user)
{
    struct cpu *c = this_cpu();

    __atomic_store_n(&c->resched, 1, __ATOMIC_RELEASE);
    if (!from_user)
        return;
    kernel_lock(c);
    kernel_exit(c);
}

/* --- work ------------------------------------------------------------------ */

err_t work_begin(struct thread *t, struct waiter *waiter, uint64_t out[5])
{
    struct work *w = &t->work;

    w->waiter = waiter;
    if (out)
        memcpy(w->out, out, sizeof w->out);
    if (!w->step(t, w)) {
        t->attention = true;
        return BLOCKED;
    }
    w->step = NULL;
    if (out && w->result == OK)
        memcpy(out, w->out, sizeof w->out);
    return w->result;
}

void work_step(struct thread *t)
{
    struct work *w = &t->work;

    if (!w->step(t, w))
        return;
    w->step = NULL;
    if (w->has_row)
        cap_unreserve(&t->process->table, w->row);
    if (w->result != BLOCKED)
        wait_answer_words(w->waiter, w->result, w->out);
}
