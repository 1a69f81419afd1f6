/* SPDX-License-Identifier: MIT */
/* Further threads of a native program, and the lock between them. */
#include "rt/rt.h"

#include "rt/layout.h"

#define STACK_PAGES 8
#define STACK_ROOM 0x100000 /* what is not mapped of it is the guard */

/* What a new thread finds in rdi; it frees it. */
struct beginning {
    void (*function)(void *);
    void *argument;
};

void rt_thread_entry(void);
_Noreturn void rt_thread_main(struct beginning *beginning);

static uint32_t threads; /* stacks handed out; they are not used again */

_Noreturn void rt_thread_main(struct beginning *beginning)
{
    struct beginning here = *beginning;

    rt_free(beginning);
    here.function(here.argument);
    thread_control_exit(RT_THREAD, 0);
    for (;;)
        __builtin_trap();
}

int64_t rt_thread(void (*function)(void *), void *argument, uint64_t *thread)
{
    uint64_t number = __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);
    uint64_t top = RT_THREADS_BASE + (number + 1) * STACK_ROOM;
    struct beginning *beginning = rt_alloc(sizeof *beginning);
    struct process_new_thread_out out = {0};
    int64_t result;

    if (beginning == NULL)
        return -PHX_OUT_OF_MEMORY;
    *beginning = (struct beginning){function, argument};
    result = rt_populate(RT_SPACE, RT_POOL, top - STACK_PAGES * PHX_PAGE_SIZE, STACK_PAGES,
        PHX_PROT_READ | PHX_PROT_WRITE);
    if (result == 0)
        result = process_new_thread(
            RT_PROCESS, (uint64_t)rt_thread_entry, top, (uint64_t)beginning, 0, 0, &out);
    if (result >= 0) {
        *thread = out.thread;
        return thread_start(out.thread);
    }
    address_space_unmap(RT_SPACE, top - STACK_PAGES * PHX_PAGE_SIZE, STACK_PAGES);
    rt_free(beginning);
    return result;
}

/* Acquire pairs with unlock's release: what the last holder wrote is seen. */
void rt_lock(struct rt_lock *lock)
{
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0)
        thread_control_yield(RT_THREAD);
}

void rt_unlock(struct rt_lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

struct relay {
    uint64_t notification, endpoint;
    unsigned method;
};

static void relay_run(void *argument)
{
    struct relay *relay = argument;

    for (;;) {
        struct notification_wait_out out = {0};
        uint64_t words[PHX_WORDS] = {0};

        if (notification_wait(relay->notification, ~UINT64_C(0), PHX_FOREVER, &out) < 0)
            return;
        words[0] = out.bits;
        phx_invoke(relay->endpoint, relay->method, words, 1);
    }
}

int64_t rt_relay(uint64_t notification, uint64_t endpoint, unsigned method)
{
    struct relay *relay = rt_alloc(sizeof *relay);
    uint64_t thread;
    int64_t result;

    if (relay == NULL)
        return -PHX_OUT_OF_MEMORY;
    *relay = (struct relay){notification, endpoint, method};
    result = rt_thread(relay_run, relay, &thread);
    if (result < 0)
        rt_free(relay);
    return result;
}
