/* SPDX-License-Identifier: MIT */
/*
 * Waiting, deadlines, and answers.
 *
 * A deadline is a word in the waiter. It enters the timer tree only when the core
 * turns to something else while it is still waited for: a call that is answered
 * within the slice never touches the tree.
 */
#include "ipc.h"
#include "ring.h"

#define TIMERS_A_STEP 4 /* that are queued, and as many that end */

static struct tree timers;
static struct list lazy = { &lazy, &lazy };

static void untime(struct waiter *w)
{
    if (w->timed == TIMED_LAZY)
        list_remove(&w->lazy);
    else if (w->timed == TIMED_QUEUED)
        tree_remove(&timers, &w->timer);
    w->timed = TIMED_NOT;
}

static void queue_timer(struct waiter *w)
{
    w->timer.key = w->deadline;
    tree_insert(&timers, &w->timer);
    w->timed = TIMED_QUEUED;
}

void wait_begin(struct waiter *w, enum wait_state state, struct object *object,
                struct list *queue, uint64_t deadline)
{
    w->state = (uint8_t)state;
    w->object = object;
    if (object)
        object->refs++;
    if (queue)
        list_add_tail(queue, &w->link);
    w->deadline = deadline;
    if (deadline != PHX_FOREVER && w->ring && deadline) { /* its thread runs on */
        queue_timer(w);
        sched_deadline(this_cpu(), deadline, now_ns());
    } else if (deadline != PHX_FOREVER) {
        list_add_tail(&lazy, &w->lazy);
        w->timed = TIMED_LAZY;
    }
    if (w->thread && !w->ring)
        thread_block(w->thread, THREAD_BLOCKED);
}

err_t wait_for(struct waiter *w, enum wait_state state, struct object *object,
               struct list *queue, uint64_t deadline)
{
    if (deadline == 0)
        return PHX_WOULD_BLOCK;
    w->interruptible = true;
    wait_begin(w, state, object, queue, deadline);
    return BLOCKED;
}

void wait_end(struct waiter *w)
{
    struct object *o = w->object;

    untime(w);
    list_remove(&w->link);
    w->object = NULL;
    w->state = WAIT_NONE;
    if (w->server)
        w->server->current_call = NULL;
    w->server = NULL;
    if (o)
        object_unref(o);
}

uint64_t wait_timers(uint64_t now)
{
    struct tree_node *first;
    struct list *l;

    for (unsigned i = 0; i < TIMERS_A_STEP && (l = list_first(&lazy)); i++) {
        struct waiter *w = CONTAINER(l, struct waiter, lazy);

        list_remove(l);
        queue_timer(w);
    }
    for (unsigned i = 0; (first = tree_ceil(&timers, 0)) && first->key <= now && i < TIMERS_A_STEP;
         i++) {
        struct waiter *w = CONTAINER(first, struct waiter, timer);

        if (w->state == WAIT_LATER && w->deadline == 0) {
            untime(w);
            ring_rouse(w->thread);
        } else {
            wait_cancel(w, w->state == WAIT_SLEEP ? OK : PHX_TIMEOUT);
        }
    }
    if (!list_is_empty(&lazy))
        return 0;
    return first ? first->key : PHX_FOREVER;
}

void wait_cancel(struct waiter *w, err_t error)
{
    enum wait_state state = w->state;

    if (state == WAIT_NONE)
        return;
    if (state == WAIT_CALL || state == WAIT_RECEIVE || state == WAIT_REPLY)
        ipc_undo(w);
    if (!w->thread) { /* a one-way message */
        mail_end(w);
        return;
    }
    wait_end(w);
    if (state == WAIT_RING)
        ring_entered(w->thread, error == PHX_TIMEOUT ? OK : error);
    else
        wait_answer(w, -error, false);
}

static bool waiter_alive(const struct waiter *w)
{
    struct hold *row;

    if (w->state == WAIT_CALL)
        return node_alive(w->up, w->up_gen);
    row = cap_row(&w->thread->process->table, w->cap);
    return row && cap_alive(&kernel.caps, row);
}

/* Whoever stays goes to the end of the queue: those that were not looked at are in front
 * of them, or came later. */
bool wait_sweep(struct list *queue, uint64_t sweep)
{
    for (unsigned i = 0; i < WAITS_A_STEP; i++) {
        struct waiter *w = CONTAINER(queue->next, struct waiter, link);

        if (list_is_empty(queue) || w->swept >= sweep)
            return false;
        if (!waiter_alive(w)) {
            wait_cancel(w, PHX_REVOKED);
            continue;
        }
        w->swept = kernel.sweeps;
        list_move_tail(queue, &w->link);
    }
    return true;
}

void wait_answer(struct waiter *w, int64_t result, bool direct)
{
    struct thread *t = w->thread;

    if (w->form == FORM_MESSAGE && result >= 0)
        ipc_message_out(w);
    if (w->ring) {
        uint64_t words[2] = { w->form == FORM_MESSAGE ? w->message.badge : 0, 0 };

        ring_complete(w, result, words);
        return;
    }
    t->regs.rax = (uint64_t)result;
    if (!direct && t->state == THREAD_BLOCKED)
        thread_ready(t);
}

void wait_answer_words(struct waiter *w, err_t error, const uint64_t out[5])
{
    if (w->form == FORM_WORDS) {
        ring_complete(w, -error, out);
        return;
    }
    if (error == OK && w->form == FORM_MESSAGE) {
        if (out != w->message.words)
            memcpy(w->message.words, out, 5 * sizeof *out);
        w->message.info = 5;
    } else if (error == OK) {
        for (unsigned i = 0; i < 5; i++)
            *thread_word(w->thread, i) = out[i];
    }
    wait_answer(w, -error, false);
}
