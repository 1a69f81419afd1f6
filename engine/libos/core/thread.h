/* SPDX-License-Identifier: MIT */
/*
 * Threads of the program, and how one waits inside the libos.
 *
 * A thread's page (phoenix/abi.h) is where the kernel saves its registers; the rest
 * of that page is struct thread, and the GS base points to the page while the
 * libos runs. While a system call is served, frame 0 of the page is the program's
 * registers: to change what the program sees is to change that frame.
 *
 * To wait is to park: sleep until somebody unparks this thread, a signal for it
 * arrives, or a time is reached. Each thread has a bit of a notification for this,
 * so that an unpark that comes first is not lost. What one waits for is checked
 * again after each park; parks may end without reason.
 */
#ifndef LIBOS_THREAD_H
#define LIBOS_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "lock.h"
#include "phoenix/abi.h"

#define FACE_SIZE 1024

struct thread {
    uint64_t fs;             /* FS base at its start */
    uint32_t work;           /* the face has something to do before the program goes on */
    struct phx_thread_page *page;
    struct list link;        /* in `all_threads`, or among the ended */
    uint64_t capability;     /* Thread; 0: not needed yet (first thread) */
    uint64_t frame;          /* of its page */
    uint64_t stack_low;      /* its libos stack, STACK_PAGES */
    uint64_t notification, bit; /* what it parks on; 0: none */
    uint64_t id;
    bool helper;             /* runs the libos's own code only */
    struct list waiting;     /* in a wait queue, under that queue's lock */
    uint32_t woken;
    _Alignas(16) uint8_t face[FACE_SIZE]; /* zeroed at its start; the face's own */
};

extern struct lock threads_lock; /* covers the list and the faces' signal state */
extern struct list all_threads;      /* struct thread.link, first thread first */
extern unsigned thread_count;    /* helpers not included */

static inline struct phx_thread_page *thread_page(void)
{
    struct phx_thread_page *page;

    __asm__("mov %%gs:%c1, %0" : "=r"(page) : "i"(PHX_PAGE_SELF));
    return page;
}

static inline struct thread *thread_self(void)
{
    return (struct thread *)thread_page()->local;
}

static inline struct phx_registers *thread_registers_of(struct thread *t)
{
    return &t->page->frames[0].registers;
}

/* No other thread can run the program's code. */
static inline bool thread_is_alone(void)
{
    return __atomic_load_n(&thread_count, __ATOMIC_ACQUIRE) <= 1;
}

/* The first thread: its page exists, its registers are up to the loader. */
void thread_init(struct phx_thread_page *page);
/* A thread that will run the program at these registers; NULL with *e -E_*. It does
 * not run before thread_go(). */
struct thread *thread_new(const struct phx_registers *registers, uint64_t fs, int64_t *e);
/* A thread of the libos's own. */
struct thread *thread_new_helper(void (*run)(void), int64_t *e);
int64_t thread_go(struct thread *thread);
/* thread_new, and then it shall not be. */
void thread_abandon(struct thread *thread);
/* The calling thread ends; the last one ends the process with `status`. Call with
 * threads_lock held; before it, the thread's face was taken down. */
_Noreturn void thread_end(unsigned status);

/* Sleep; 0, or -E_TIMEDOUT when `deadline` (monotonic ns) was reached. */
int64_t thread_park(uint64_t deadline);
void thread_unpark(struct thread *thread);
/* Make it notice `work` soon, wherever it is. */
void thread_kick(struct thread *thread);

/* --- waiting for a condition ---------------------------------------------- */

/* Threads that wait for something under one lock. A zeroed one must be inited. */
struct wait_queue {
    struct list threads; /* struct thread.waiting */
};

static inline void wait_init(struct wait_queue *queue)
{
    list_init(&queue->threads);
}

/* Wait in the queue until woken; the lock is released meanwhile. 0, -E_TIMEDOUT,
 * or -E_RESTART: a signal wants to be handled. Woken or not, check again. */
int64_t wait_in(struct wait_queue *queue, struct lock *lock, uint64_t deadline);
void wait_wake_all(struct wait_queue *queue);

/* The face's: whether a signal must end the calling thread's wait. */
bool face_interrupts(void);

#endif
