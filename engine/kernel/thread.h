/* SPDX-License-Identifier: MIT */
/*
 * Threads and what they wait for.
 *
 * Nothing sleeps on a kernel stack. A thread that waits is a struct waiter in some
 * queue, and an operation that takes long is a struct work with a cursor; both
 * are part of the thread, so that waiting never allocates. An entry in a ring
 * that waits has a waiter of its own, in the ring.
 */
#pragma once

#include "objects.h"

#define WAITS_A_STEP 12 /* that are ended, or looked at, in one hold of the lock */

enum wait_state {
    WAIT_NONE,
    WAIT_CALL,         /* in endpoint.callers */
    WAIT_RECEIVE,      /* in endpoint.receivers; they leave before it is freed */
    WAIT_REPLY,        /* in no queue: a thread's current_call, or what a Reply answers */
    WAIT_NOTIFICATION, /* in notification.waiters */
    WAIT_SLEEP,        /* in no queue but the timer's */
    WAIT_JOIN,         /* in thread.joiners */
    WAIT_RING,         /* Ring.enter, for completions */
    WAIT_LATER,        /* a ring's entry, to be started: in ring.pending, or chained */
};

enum wait_form {
    FORM_REGISTERS, /* a message's words are in the thread's registers: five may come */
    FORM_WIDE,      /* the same; ten may come */
    FORM_MESSAGE,   /* in `message`, which came from and goes to message_address */
    FORM_WORDS,     /* a kernel method's, in a ring: results go into the completion */
};

#define WAIT_CHAIN_MAX 16

enum timed { TIMED_NOT, TIMED_LAZY, TIMED_QUEUED };

struct waiter {
    struct list link;       /* of the queue that `state` names */
    struct thread *thread;  /* whose wait it is */
    struct ring *ring;      /* NULL: the thread itself waits; else the record's ring */
    uint64_t user;          /* of the ring's entry */
    union {
        struct {
            uint8_t state, form, timed;
            bool interruptible;
            uint8_t method, words;
            uint8_t rows_reserved;
            bool wants_reply; /* rows[PHX_MESSAGE_CAPS] is reserved */
        };
        uint32_t plain; /* the first four: nothing but a state when all is in registers */
        uint64_t all;   /* all eight */
    };
    uint64_t deadline;
    struct tree_node timer;
    struct list lazy;
    struct object *object;  /* the queue's, counted; NULL while answered for (WAIT_REPLY) */
    uint64_t cap;           /* through which it waits; of a WAIT_CALL `up` says more */
    uint64_t mask;          /* of a notification; of who waits for a message: a number that
                             * no other wait has, or 0 */
    uint64_t swept, seen;   /* the sweep that last found it alive; that gave it no bits */

    /* WAIT_CALL: what is looked at again when the call is taken out */
    struct node *up;
    uint64_t up_gen;
    struct uses *uses;
    uint64_t badge;

    /* WAIT_REPLY */
    struct thread *server;  /* whose current_call it is; NULL: it has a Reply, or waits no more */
    uint64_t sequence;      /* moves at every delivery, so that an old Reply is stale */
    uint32_t replies;       /* holds of its Reply; without one, current_call answers */

    /* FORM_MESSAGE */
    struct phx_message *near; /* the kernel's alias of message_address, and of recv_address: */
    void *near_buffer;        /* NULL: not in one page, or not looked at; both are good */
    uint64_t near_flushes;    /* while the space's `flushes` are this */
    uint64_t message_address;
    struct phx_message message;
    uint32_t rows[PHX_MESSAGE_CAPS + 1]; /* the last is for a Reply */
};

/*
 * An operation that goes on after its first bounded step. A dying thread's work is
 * finished before the thread is taken down.
 */
struct work {
    /* Another step, with the lock; true: it is over and `result` is set. NULL: none. */
    bool (*step)(struct thread *t, struct work *w);
    /* Done without the lock before the next step, bounded; or NULL. */
    void (*unlocked)(struct work *w);
    struct waiter *waiter; /* who is answered */
    err_t result;
    uint64_t out[5];       /* begins as what the answer has in these words */
    struct object *object; /* counted */
    struct space *space;
    struct frame *frame;   /* counted */
    struct mapping *mapping;
    uint64_t address, end, cursor;
    uint64_t copies;       /* the number of the wait for which `cursor` bytes were copied */
    unsigned protection;
    bool (*then)(struct thread *, struct work *); /* step behind the end of a range, or NULL */
    struct { struct space *space; uint64_t entries, count, done, methods; } list;
    bool every;            /* of a ring's entries */
};

enum thread_state { THREAD_STOPPED, THREAD_READY, THREAD_RUNNING, THREAD_BLOCKED, THREAD_DEAD };

struct thread {
    struct phx_registers regs; /* offset 0, for arch */
    uint64_t resume_full;      /* offset 144: leave with every register */
    struct object object;
    struct process *process;   /* counted */
    uint8_t state, order;
    bool attention;            /* the exit has something to do: dying, work, ring, pending */
    bool tapped;               /* it asked for something that the tap noted */
    bool stop_wanted;          /* stop at the next exit */
    bool ending;               /* ended itself: goes at the next exit */
    struct schedule *schedule; /* counted */
    struct list queue_link;    /* in the schedule's line, by order (see sched.c) */
    struct list process_link;
    struct waiter *current_call; /* the one RETURN with capability 0 answers */
    struct endpoint *serves;   /* whose `server` it is, or NULL */
    uint64_t serves_cap;       /* the hold it received through */
    struct list joiners;
    struct waiter waiter;
    struct work work;
    struct ring *ring;         /* counted; its own */
    uint64_t ring_submit;      /* Ring.enter: entries that may still be taken */
    uint64_t ring_taken, ring_complete, ring_deadline;
    bool ring_entering;
    bool ring_roused;          /* its ring has entries to start */
    struct phx_thread_page *page; /* the kernel's alias; NULL: none */
    struct pin page_frame;
    uint64_t page_address;
    uint64_t pending;          /* asynchronous bits not yet in the page */
    struct list untold_link;   /* in process.untold */
    struct process_stopped_out untold; /* what it could not be told */
    uint64_t fs_base, gs_base;
    void *extended;            /* FPU state, NULL until first used */
    unsigned extended_core;    /* whose registers had it last */
    uint64_t exit_code;
};

/* --- the tap (log.c) -------------------------------------------------------- */

extern struct account *tapped; /* counted; NULL: none */
/* A thread asks for `op`; or, 0, goes on with its answer. */
void tap_note(struct thread *t, uint64_t op, uint64_t cap);
void tap_end(void); /* its last hold is gone */

/* --- threads (thread.c) --------------------------------------------------- */

/* `page` or NULL: a hold of the frame that is its thread page. */
MUST_USE err_t thread_new(struct process *p, const struct hold *page, uint64_t page_address,
                          struct thread **out);
/* It ends: whoever waits for it or is served by it is answered. The memory stays
 * until the last hold is gone. False: there are more to be answered, and it did not yet. */
bool thread_end(struct thread *t, uint64_t code);

/* --- scheduler (sched.c) -------------------------------------------------- */

/* Make a thread runnable that was stopped or blocked. */
void thread_ready(struct thread *t);
/* In the line of its schedule, at the end of its order; and out of it. */
void thread_line_up(struct thread *t);
void thread_leave_line(struct thread *t);
/* It is in that one from now on. */
void thread_schedule(struct thread *t, struct schedule *s, unsigned order);
/* There may be something for cores that sleep. */
void cores_look(void);
/* The current thread no longer runs; who does is decided at the exit. */
void thread_block(struct thread *t, enum thread_state state);
/* Run `t` on this core instead of the thread that just blocked, on its slice. */
void thread_switch_direct(struct cpu *c, struct thread *t);
/* What is left of the current thread's own turn is that of `t` from now on, which was just
 * woken, waits for no answer and goes first in the same Schedule. */
void thread_take_turn(struct cpu *c, struct thread *t);
static inline bool thread_goes_first(const struct cpu *c, const struct thread *t)
{
    const struct thread *old = c->current;

    return c->turn == old && t->schedule == old->schedule && t->order < old->order &&
           !t->attention && !t->current_call;
}
/* It has something to do at its exit: if it runs on another core, have it look. */
void thread_attend(struct thread *t);
/* The way out of the kernel: with the lock held, at the end of every entry. */
void kernel_exit(struct cpu *c);
/* The same behind an operation of `t`; true: it simply goes on. */
static inline bool kernel_leave(struct cpu *c, const struct thread *t)
{
    if (c->current == t && t->state == THREAD_RUNNING && !t->attention &&
        !__atomic_load_n(&c->resched, __ATOMIC_ACQUIRE)) {
        kernel_unlock();
        return true;
    }
    kernel_exit(c);
    return false;
}
/* The core's timer comes at this time, or earlier. */
void sched_deadline(struct cpu *c, uint64_t deadline, uint64_t now);
/* Start the thread's work: the answer, or BLOCKED if steps remain for the exit. */
err_t work_begin(struct thread *t, struct waiter *waiter, uint64_t out[5]);
/* One step more; the waiter is answered after the last. */
void work_step(struct thread *t);

/* --- waiting (wait.c) ----------------------------------------------------- */

/* `w` waits on `object` in `queue` (either may be NULL) until the deadline. */
void wait_begin(struct waiter *w, enum wait_state state, struct object *object,
                struct list *queue, uint64_t deadline);
/* The same, for a method that waits and may be interrupted: BLOCKED; with deadline 0 it
 * is WouldBlock. */
MUST_USE err_t wait_for(struct waiter *w, enum wait_state state, struct object *object,
                        struct list *queue, uint64_t deadline);
/* Take it out of its queue and the timer's; its thread is not made ready. */
void wait_end(struct waiter *w);
/* After a revoke: end the waits in a queue whose capability is gone, some of them; false
 * when sweep number `sweep` (++kernel.sweeps) has seen them all. */
bool wait_sweep(struct list *queue, uint64_t sweep);
/* End the wait with an error, undoing what it had reserved. */
void wait_cancel(struct waiter *w, err_t error);
/* Answer: rax or the completion. Makes its thread ready, unless `direct`: then the
 * thread was not put into the queue and the caller runs it. */
void wait_answer(struct waiter *w, int64_t result, bool direct);
/* The same for a kernel method, with its results. */
void wait_answer_words(struct waiter *w, err_t error, const uint64_t out[5]);
/* The core is about to run something else: deadlines that have passed end their waits, a few
 * at a time. When the next one comes; PHX_FOREVER: none. */
uint64_t wait_timers(uint64_t now);

/* --- system calls that are not plain (fast.c has the others) ----------------- */

/* With the lock held, which it lets go: any operation, answered now or later. */
void syscall_general(struct cpu *c, struct thread *t);
/* The same for a method of `row`, which has it, in registers; what kernel_syscall says. */
bool syscall_method(struct cpu *c, struct thread *t, struct hold *row, unsigned method);
/* From outside the libos's range, without the lock: the libos's business. False. */
bool syscall_foreign(struct thread *t);

/* --- upcalls (upcall.c) --------------------------------------------------- */

/* Deliver pending bits if it may be interrupted now. */
void upcall_pending(struct thread *t);

/* --- messages (ipc.c) ----------------------------------------------------- */

err_t ipc_call(struct waiter *w, struct hold *row, unsigned method, unsigned words);
/* Of a call that was queued BLOCKED too: the waiter was answered. */
err_t ipc_send(struct waiter *w, struct hold *row, unsigned method, unsigned words);
/* RECV; or an answer first, that of a call which is gone being no error here. */
err_t ipc_receive(struct waiter *w, uint64_t cap, bool answers, unsigned status, unsigned words);
err_t ipc_return(struct waiter *w, uint64_t cap, unsigned status, unsigned words);
/* The thread that `t` waits for in the end, itself where it waits for none: it lends its
 * time there. At most WAIT_CHAIN_MAX links are followed. */
struct thread *wait_chain_end(struct thread *t);
/* It is no endpoint's server any more. */
void ipc_serves_none(struct thread *t);
/* Undo what a wait for a message had reserved. */
void ipc_undo(struct waiter *w);
/* Read struct phx_message; the answer will go there. */
err_t ipc_message_in(struct waiter *w, uint64_t address);
/* Write what of it is output. */
void ipc_message_out(struct waiter *w);
/* The last server hold is gone: a step of its chore. */
err_t endpoint_disconnect(struct object *o);

/* It has something to do for its ring before it goes on. */
static inline bool ring_wants(const struct thread *t)
{
    return t->ring_roused || (t->ring_entering && t->waiter.state == WAIT_NONE);
}

/* A message's words are the registers that struct phx_registers begins with. */
static inline uint64_t *thread_word(struct thread *t, unsigned i)
{
    return (uint64_t *)(void *)&t->regs + i;
}
