/* SPDX-License-Identifier: MIT */
/*
 * Which thread a core runs, and on whose time.
 *
 * Schedules (core/slots.h) say whose turn it is; a turn lasts for a slice, or until a slot
 * begins that is another's. In a Schedule's line stand threads that are ready, and such as
 * wait for the answer to a call: they lend their turn to whoever can bring it on, the end
 * of the chain of calls. So the line may name somebody who has nothing to give, and is
 * looked at only when his turn comes: a thread whose call was answered on the short way
 * (fast.c touches no line) is found running, and dropped. Whoever becomes ready has those
 * line up again who wait for it.
 *
 * Direct switches, of calls and of yieldTo, change who runs and not whose turn it is.
 *
 * Every way into the kernel ends in kernel_exit(): it does what is left over (work
 * that has more steps, a ring to drain, an upcall to deliver), chooses again if the
 * current thread cannot go on, and lets go of the lock.
 */
#include "ring.h"
#include "switch.h"

#define GRACE_NS 2000   /* for whoever is told of his slice's end */
#define LENDERS_MOST 32 /* in line with nothing to give, passed over at once */
#define KEY(rank, order) ((unsigned)(rank) << 6 | (order))
#define CHORE_STEPS 16 /* each time a core chooses and has a thread to run */

struct cpu cpus[CPUS_MAX];
unsigned cpu_count = 1;

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

/* --- lines ----------------------------------------------------------------- */

void thread_line_up(struct thread *t)
{
    share_join(&timetable, &t->schedule->share, &t->queue_link, t->order);
}

void thread_leave_line(struct thread *t)
{
    if (t->schedule) /* a new one has none */
        share_leave(&timetable, &t->schedule->share, &t->queue_link, t->order);
}

static void choose_again(struct cpu *c)
{
    __atomic_store_n(&c->resched, RESCHED_CHOOSE, __ATOMIC_RELEASE);
    if (c != this_cpu())
        arch_send_wakeup(c->index);
}

void cores_look(void)
{
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i].turn_key == KEY(RANK_NONE, 0))
            choose_again(&cpus[i]);
}

/* It stands in line anew: the core that gains most by it has a look. An idle one is poked
 * once, since it is to have this turn from then on. */
static void offer(const struct thread *t)
{
    struct cpu *best = NULL;
    unsigned gain = 0;

    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *c = &cpus[i];
        unsigned key = KEY(turns_rank(&timetable, &c->turns, &t->schedule->share), t->order);

        if (key < c->turn_key && c->turn_key - key > gain) {
            gain = c->turn_key - key;
            best = c;
        }
    }
    if (!best)
        return;
    best->turn_key -= gain;
    choose_again(best);
}

/* Who waits for the answer to call `w`, and for his in turn, lends his time. Mail and calls
 * in rings wait without having any. */
static void lend(const struct waiter *w)
{
    for (unsigned i = 0; w && w->thread && !w->ring && i < WAIT_CHAIN_MAX; i++) {
        struct thread *t = w->thread;

        if (!list_is_linked(&t->queue_link)) {
            thread_line_up(t);
            offer(t);
        }
        w = t->current_call;
    }
}

/* Ready, and so are all that can lend it time: callers, and the next in its queue. */
static void join_line(struct thread *t)
{
    struct list *next = t->serves ? list_first(&t->serves->callers) : NULL;

    t->state = THREAD_READY;
    thread_line_up(t);
    lend(t->current_call);
    if (next)
        lend(CONTAINER(next, struct waiter, link));
}

void thread_ready(struct thread *t)
{
    join_line(t);
    offer(t);
}

void thread_block(struct thread *t, enum thread_state state)
{
    if (t->state == THREAD_READY)
        thread_leave_line(t);
    t->state = (uint8_t)state;
}

void thread_attend(struct thread *t)
{
    t->attention = true;
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i].current == t && &cpus[i] != this_cpu())
            choose_again(&cpus[i]);
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

/* Arm the timer for the end of the turn or the deadline `next`; where nobody has a turn,
 * for the next slot if an owner waits for his. */
static void arm_timer(struct cpu *c, uint64_t now, uint64_t next)
{
    uint64_t turn = c->current ? c->slice_end : turns_wake(&timetable, &c->turns);

    if (turn < next)
        next = turn;
    if (next != PHX_FOREVER)
        sched_deadline(c, next, now);
}

/* --- turns ------------------------------------------------------------------- */

/* Who can run on the turn of `t`: itself, or the end of what it waits for. NULL: nobody. */
static struct thread *heir(struct thread *t)
{
    if (t->state == THREAD_BLOCKED)
        t = wait_chain_end(t);
    return t->state == THREAD_READY ? t : NULL;
}

/* Who had the turn pays for it. */
static void turn_over(struct cpu *c, uint64_t now)
{
    struct thread *t = c->turn;

    if (!t)
        return;
    account_ran(t->process->object.account, now - c->turn_began);
    if (c->ahead)
        share_borrow(&timetable, &t->schedule->share, now - c->turn_began);
    c->turn = NULL;
    object_unref(&t->object);
}

/* It is the turn of `t`. */
static void turn_of(struct cpu *c, struct thread *t, uint64_t now)
{
    t->object.refs++;
    c->turn = t;
    c->turn_began = now;
}

void thread_take_turn(struct cpu *c, struct thread *t)
{
    struct thread *old = c->current;
    uint64_t now = now_ns();

    turn_over(c, now);
    turn_of(c, t, now);
    c->turn_key -= old->order - t->order;
    switch_leave(c, old);
    join_line(old);
    switch_enter(c, t);
}

/* The next turn begins: who is to run; NULL: nobody. Those in line who have nothing to
 * give leave it, a few at a time. */
static struct thread *turn_begin(struct cpu *c, uint64_t now)
{
    struct schedule *s;
    unsigned rank;

    c->grace = false;
    c->turn_key = KEY(RANK_NONE, 0);
    for (unsigned i = 0; (s = schedule_next(c, now, &rank)); i++) {
        unsigned order = (unsigned)__builtin_ctzll(s->share.orders);
        struct thread *t = CONTAINER(s->share.queue[order].next, struct thread, queue_link);
        struct thread *end = heir(t);

        thread_leave_line(t);
        if (end) {
            if (end != t)
                thread_leave_line(end);
            turn_of(c, t, now);
            c->turn_key = KEY(rank, order);
            c->ahead = rank >= RANK_CREDIT && rank < RANK_SPARE;
            c->slice_end = turns_end(&timetable, &c->turns, rank, &s->share, now);
            return end;
        }
        if (i == LENDERS_MOST) {
            c->resched = RESCHED_CHOOSE;
            break;
        }
    }
    return NULL;
}

/* Its slice is over: one that asked is told, and has a moment to leave by itself. */
static bool slice_end_told(struct cpu *c, struct thread *t, uint64_t now)
{
    if (!t || !t->schedule->slice_end_bits || c->grace || now < c->slice_end)
        return false;
    t->pending |= t->schedule->slice_end_bits;
    t->attention = true;
    c->grace = true;
    c->slice_end = now + GRACE_NS;
    sched_deadline(c, c->slice_end, now);
    return true;
}

/* Who runs next; the current thread, if there is one, could go on. If there is none the
 * turn goes on with whoever can run on it, unless somebody wants the core. */
static void schedule(struct cpu *c)
{
    uint64_t now = now_ns();
    struct thread *old = c->current, *t = NULL;
    bool goes_on = !old && !(c->resched & RESCHED_CHOOSE) && c->turn && now < c->slice_end;

    c->resched = 0;
    if (slice_end_told(c, old, now))
        return;
    if (old)
        join_line(old);
    uint64_t deadline = wait_timers(now);
    if (goes_on && (t = heir(c->turn))) {
        thread_leave_line(t);
    } else {
        turn_over(c, now);
        t = turn_begin(c, now);
    }
    if (t && t == old) {
        t->state = THREAD_RUNNING;
    } else {
        if (old)
            switch_leave(c, old);
        c->current = NULL;
        if (t)
            switch_enter(c, t);
        if (old)
            offer(old);
    }
    arm_timer(c, now, deadline);
}

/* --- chores ---------------------------------------------------------------- */

void chore_begin(struct chore *chore, struct object *object, err_t (*step)(struct object *object))
{
    /* Also where it began before: who makes more to do helps to do it. */
    __atomic_fetch_or(&this_cpu()->resched, RESCHED_CHORES, __ATOMIC_ACQ_REL);
    if (list_is_linked(&chore->link))
        return;
    object->refs++;
    chore->object = object;
    chore->step = step;
    list_add_tail(&kernel.chores, &chore->link);
}

/* A step of one of them; false: nothing could be done. */
static bool chore_step(void)
{
    struct list *first = list_first(&kernel.chores);

    if (account_free_next(&kernel.memory))
        return true;
    if (!first)
        return false;
    list_move_tail(&kernel.chores, first); /* the others have their turn */
    struct chore *chore = CONTAINER(first, struct chore, link);
    err_t err = chore->step(chore->object);
    if (err == OK) {
        list_remove(first);
        object_unref(chore->object);
    }
    return err != BLOCKED;
}

/* Nothing to run and nothing to do. */
static void idle(struct cpu *c)
{
    kernel_unlock();
    if (!__atomic_load_n(&c->resched, __ATOMIC_ACQUIRE))
        arch_idle();
    kernel_lock(c);
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
    if (!cap_sweep(&CONTAINER(first, struct process, all_link)->table, ROWS_A_STEP))
        return true;
    list_move_tail(&kernel.processes, first);
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
        (__atomic_load_n(&c->resched, __ATOMIC_ACQUIRE) & RESCHED_CHOOSE))
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

/* It was to look for nothing else, and has done so. */
static bool is_for_chores(struct cpu *c)
{
    uint32_t why = RESCHED_CHORES;

    return __atomic_compare_exchange_n(&c->resched, &why, 0, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

void kernel_exit(struct cpu *c)
{
    for (unsigned steps = 0;;) {
        struct thread *t = c->current;

        if (t && t->state != THREAD_RUNNING) {
            switch_leave(c, t); /* others may have it run, or take it down, from here on */
            c->current = NULL;
        } else if (t && (t->attention || t->process->state >= PROCESS_DYING)) {
            attend(c, t);
        } else if (t && !__atomic_load_n(&c->resched, __ATOMIC_ACQUIRE)) {
            break;
        } else if (steps < CHORE_STEPS && chore_step()) {
            steps++;
            breathe(c, NULL);
        } else if (t && is_for_chores(c)) {
            continue;
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
    if (tapped)
        tap_note(c->current, 0, 0);
    kernel_unlock();
}

/* --- interrupts ------------------------------------------------------------ */

void kernel_wakeup(bool from_user)
{
    struct cpu *c = this_cpu();

    __atomic_store_n(&c->resched, RESCHED_CHOOSE, __ATOMIC_RELEASE);
    if (!from_user)
        return;
    kernel_lock(c);
    if (c->current->ring)
        ring_poll(c->current);
    kernel_exit(c);
}

void kernel_timer(bool from_user)
{
    this_cpu()->timer_armed = 0;
    kernel_wakeup(from_user);
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
    if (w->result != BLOCKED)
        wait_answer_words(w->waiter, w->result, w->out);
}
