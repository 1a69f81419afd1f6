/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include "bytes.h"
#include "heap.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "mm.h"
#include "offsets.h"
#include "start.h"
#include "upcall.h"

#define STACK_PAGES 4

_Static_assert(offsetof(struct phx_thread_page, local) == THREAD_LOCAL, "offsets.h");
_Static_assert(THREAD_LOCAL + offsetof(struct thread, fs) == THREAD_FS, "offsets.h");
_Static_assert(THREAD_LOCAL + offsetof(struct thread, work) == THREAD_WORK, "offsets.h");
_Static_assert(THREAD_LOCAL + sizeof(struct thread) <= PHX_PAGE_SIZE, "the page is full");

struct lock threads_lock;
struct list all_threads = {&all_threads, &all_threads};
unsigned thread_count;

static struct list ended = {&ended, &ended}; /* their kernel threads may still run */
static uint64_t next_id;

/* --- bits to park on ------------------------------------------------------ */

static uint64_t park_notification; /* bits are given out upwards, then a new one */
static unsigned park_bits = 64;

static int64_t park_place(struct thread *t)
{
    struct account_new_notification_out out = {0};
    int64_t e;

    if (t->notification != 0)
        return 0;
    if (park_bits == 64) {
        e = caps.account == 0 ? -PHX_PERMISSION_DENIED
                              : account_new_notification(caps.account, &out);
        if (e < 0)
            return error_of(e, 0);
        park_notification = out.notification;
        park_bits = 0;
    }
    t->notification = park_notification;
    t->bit = UINT64_C(1) << park_bits++;
    return 0;
}

int64_t thread_park(uint64_t deadline)
{
    struct thread *t = thread_self();
    struct notification_wait_out out = {0};
    int64_t e;

    if (t->notification != 0)
        e = notification_wait(t->notification, t->bit, deadline, &out);
    else
        e = thread_control_sleep(caps.control, deadline);
    if (t->notification == 0 && e == 0)
        return -E_TIMEDOUT;
    return e == -PHX_TIMEOUT || e == -PHX_WOULD_BLOCK ? -E_TIMEDOUT : 0;
}

void thread_unpark(struct thread *thread)
{
    if (thread->notification != 0)
        notification_signal(thread->notification, thread->bit);
}

void thread_kick(struct thread *thread)
{
    __atomic_store_n(&thread->work, 1, __ATOMIC_SEQ_CST);
    if (thread == thread_self())
        return;
    thread_unpark(thread);
    if (thread->capability != 0)
        thread_interrupt(thread->capability, 1);
}

/* --- making threads ------------------------------------------------------- */

static void page_prepare(struct thread *t)
{
    struct phx_thread_page *page = t->page;

    page->entry = start_program.trace || start_program.stats ? (uint64_t)upcall_entry_watched
                                                             : (uint64_t)upcall_entry;
    page->stack = t->stack_low + STACK_PAGES * PHX_PAGE_SIZE;
    page->restart_low = (uint64_t)restart_low;
    page->restart_high = (uint64_t)restart_high;
    page->disabled = 1;
    page->depth = 1;
    page->pending = 0;
    t->waiting.next = NULL;
}

void thread_init(struct phx_thread_page *page)
{
    struct thread *t = (struct thread *)page->local;
    struct thread_control_self_out out = {0};

    page->self = (uint64_t)page;
    memset(t, 0, sizeof(*t));
    t->page = page;
    t->stack_low = region_stack(STACK_PAGES);
    t->id = next_id = program_pid;
    page_prepare(t);
    if (thread_control_self(caps.control, &out) == 0)
        t->capability = out.thread;
    park_place(t);
    list_add_tail(&all_threads, &t->link);
    thread_count = 1;
}

/* One that ended, whose kernel thread is gone: page, stack and bit can be used again. */
static struct thread *take_ended(void)
{
    LIST_FOR_EACH(node, &ended) {
        struct thread *t = CONTAINER(node, struct thread, link);
        struct thread_join_out out = {0};

        if (thread_join(t->capability, 0, &out) < 0)
            continue;
        list_remove(&t->link);
        sys_release(t->capability);
        t->capability = 0;
        return t;
    }
    return NULL;
}

static struct thread *thread_memory(void)
{
    uint64_t frame = 0, at = 0, stack = region_stack(STACK_PAGES);
    struct thread *t;

    if (stack != 0 && sys_frame(1, &frame) == 0)
        at = region_map(frame, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    if (at == 0) {
        if (frame != 0)
            sys_release(frame);
        if (stack != 0)
            region_free_stack(stack, STACK_PAGES);
        return NULL;
    }
    t = (struct thread *)((struct phx_thread_page *)at)->local;
    t->page = (struct phx_thread_page *)at;
    t->frame = frame;
    t->stack_low = stack;
    return t;
}

static void thread_memory_free(struct thread *t)
{
    uint64_t frame = t->frame, page = (uint64_t)t->page;

    /* Its park bit is lost: with its page goes the knowledge of it. */
    region_free_stack(t->stack_low, STACK_PAGES);
    region_free(page, 1);
    sys_release(frame);
}

static struct thread *thread_make(uint64_t entry, uint64_t argument, int64_t *e)
{
    struct process_new_thread_out out = {0};
    struct thread *t;

    *e = -E_AGAIN;
    lock_take(&threads_lock);
    t = take_ended();
    if (t == NULL)
        t = thread_memory();
    if (t == NULL)
        goto out;
    memset(t->face, 0, sizeof(t->face));
    t->work = 0;
    page_prepare(t);
    if (park_place(t) < 0 ||
        process_new_thread(caps.process, entry, t->page->stack, argument, t->frame,
                           (uint64_t)t->page, &out) < 0) {
        thread_memory_free(t);
        t = NULL;
        goto out;
    }
    t->capability = out.thread;
    t->id = ++next_id;
    *e = 0;
out:
    lock_release(&threads_lock);
    return t;
}

struct thread *thread_new(const struct phx_registers *registers, uint64_t fs, int64_t *e)
{
    struct thread *t = thread_make((uint64_t)thread_begin, 0, e);

    if (t == NULL)
        return NULL;
    t->fs = fs;
    t->page->frames[0].registers = *registers;
    lock_take(&threads_lock);
    list_add_tail(&all_threads, &t->link);
    __atomic_fetch_add(&thread_count, 1, __ATOMIC_ACQ_REL);
    lock_release(&threads_lock);
    return t;
}

struct thread *thread_new_helper(void (*run)(void), int64_t *e)
{
    struct thread *t = thread_make((uint64_t)thread_begin_helper, (uint64_t)run, e);

    if (t != NULL)
        t->helper = true;
    return t;
}

int64_t thread_go(struct thread *thread)
{
    return error_of(thread_start(thread->capability), 0);
}

void thread_abandon(struct thread *thread)
{
    lock_take(&threads_lock);
    list_remove(&thread->link);
    __atomic_fetch_sub(&thread_count, 1, __ATOMIC_ACQ_REL);
    sys_release(thread->capability);
    thread_memory_free(thread);
    lock_release(&threads_lock);
}

void thread_end(unsigned status)
{
    struct thread *t = thread_self();

    list_remove(&t->link);
    if (__atomic_sub_fetch(&thread_count, 1, __ATOMIC_ACQ_REL) == 0)
        process_end(status);
    list_add_tail(&ended, &t->link);
    lock_release(&threads_lock);
    for (;;)
        thread_control_exit(caps.control, 0);
}

/* --- waiting -------------------------------------------------------------- */

int64_t wait_in(struct wait_queue *queue, struct lock *lock, uint64_t deadline)
{
    struct thread *t = thread_self();
    int64_t e = 0;

    t->woken = 0;
    list_add_tail(&queue->threads, &t->waiting);
    while (t->woken == 0 && e == 0) {
        lock_release(lock);
        if (face_interrupts())
            e = -E_RESTART;
        else
            e = thread_park(deadline);
        lock_take(lock);
    }
    if (t->woken != 0)
        return 0;
    list_remove(&t->waiting);
    return e;
}

void wait_wake_all(struct wait_queue *queue)
{
    LIST_FOR_EACH(node, &queue->threads) {
        struct thread *t = CONTAINER(node, struct thread, waiting);

        list_remove(node);
        t->woken = 1;
        thread_unpark(t);
    }
}
