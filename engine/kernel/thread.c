/* SPDX-License-Identifier: MIT */
/*
 * Threads: how they begin and end, and what others may do to them.
 */
#include "ring.h"
#include "thread.h"

err_t thread_new(struct process *p, const struct hold *page, uint64_t page_address,
                 struct thread **out)
{
    struct account *a = p->object.account;
    struct thread *t;

    TRY(account_can(a, RESOURCE_THREADS, 1));
    TRY(object_new(a, KIND_THREAD, &t));
    t->object.type = IFACE_THREAD;
    t->object.watched = 1; /* it is what Replies to its calls name */
    t->object.account = a;
    t->object.refs = 1; /* the process's list, until it ends */
    t->process = p;
    p->object.refs++;
    p->thread_count++;
    list_add_tail(&p->threads, &t->process_link);
    list_init(&t->joiners);
    t->waiter.thread = t;
    t->state = THREAD_STOPPED;
    thread_schedule(t, &root_schedule, 0);
    t->resume_full = 1;
    t->regs.rflags = arch_user_flags(0);
    if (page) {
        const struct frame *f = (const struct frame *)page->object;

        t->page = direct((f->pfn + FRAME_BADGE_OFFSET(page->badge)) << PHX_PAGE_SHIFT);
        pin_set(&t->page_frame, page);
        t->page_address = page_address;
        t->page->self = page_address;
    }
    *out = t;
    return account_charge(a, RESOURCE_THREADS, 1); /* it can, as was seen */
}

/* Whoever is being served or waits for the end hears of it; false: not all yet. */
static bool answer_others(struct thread *t)
{
    struct list *l;

    if (t->current_call)
        wait_cancel(t->current_call, PHX_DISCONNECTED);
    for (unsigned i = 0; i < WAITS_A_STEP && (l = list_first(&t->joiners)); i++) {
        struct waiter *w = CONTAINER(l, struct waiter, link);
        uint64_t out[5] = { t->exit_code };

        wait_end(w);
        wait_answer_words(w, OK, out);
    }
    return list_is_empty(&t->joiners);
}

static void forget_extended(struct thread *t)
{
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i].fpu_owner == t)
            cpus[i].fpu_owner = NULL;
    if (t->extended)
        object_free(t->extended);
    t->extended = NULL;
}

bool thread_end(struct thread *t, uint64_t code)
{
    struct process *p = t->process;
    struct cpu *c = this_cpu();

    t->exit_code = code;
    if (!answer_others(t) || ring_shrink(t))
        return false;
    t->state = THREAD_DEAD;
    thread_leave_line(t);
    if (c->current == t)
        c->current = NULL;
    wait_cancel(&t->waiter, PHX_INTERRUPTED);
    ipc_serves_none(t);
    pin_drop(&t->page_frame);
    forget_extended(t);
    list_remove(&t->process_link);
    list_remove(&t->untold_link);
    account_refund(p->object.account, RESOURCE_THREADS, 1);
    if (--p->thread_count == 0 && p->state == PROCESS_RUNNING)
        process_end(p, (code & 0xff) << 8, 0);
    object_unref(&t->object);
    return true;
}

void thread_free(struct thread *t)
{
    struct process *p = t->process;

    object_unref(&t->schedule->object);
    object_free(t);
    object_unref(&p->object);
}

/* --- operations on a thread ------------------------------------------------ */

static struct thread *target(const struct invocation *inv)
{
    return CONTAINER(inv->object, struct thread, object);
}

int op_process_new_thread(struct invocation *inv, const struct process_new_thread_in *in,
                          struct process_new_thread_out *out)
{
    struct process *p = (struct process *)inv->object;
    struct hold *page = NULL;
    struct thread *t;

    if (p->state >= PROCESS_DYING)
        return PHX_INVALID_STATE;
    if (in->entry >= PHX_USER_END || in->stack > PHX_USER_END)
        return PHX_INVALID_ARGUMENT;
    if (in->page) {
        TRY(other(inv->thread, in->page, IFACE_FRAME, FRAME_MAP_WRITE, &page));
        if (FRAME_BADGE_PAGES(page->badge) != 1 || in->page_address % PHX_PAGE_SIZE ||
            in->page_address >= PHX_USER_END)
            return PHX_INVALID_ARGUMENT;
    }
    TRY(thread_new(p, page, in->page_address, &t));

    thread_schedule(t, inv->thread->schedule, inv->thread->order);
    t->regs.rip = in->entry;
    t->regs.rsp = in->stack;
    t->regs.rdi = in->argument;
    t->regs.rsi = in->page_address;
    err_t err = object_hold(inv->thread, &t->object, IFACE_THREAD, THREAD_M_ALL, 0, &out->thread);
    if (err != OK)
        (void)thread_end(t, 0);
    return err;
}

int op_thread_start(struct invocation *inv)
{
    struct thread *t = target(inv);

    if (t->state != THREAD_STOPPED || t->process->state >= PROCESS_DYING)
        return PHX_INVALID_STATE;
    t->process->state = PROCESS_RUNNING;
    thread_ready(t);
    return OK;
}

int op_thread_stop(struct invocation *inv)
{
    struct thread *t = target(inv);

    if (t->state == THREAD_DEAD)
        return OK;
    if (t->state == THREAD_RUNNING || t->work.step) {
        t->stop_wanted = true;
        thread_attend(t);
        return OK;
    }
    wait_cancel(&t->waiter, PHX_INTERRUPTED);
    thread_block(t, THREAD_STOPPED);
    return OK;
}

int op_thread_interrupt(struct invocation *inv, const struct thread_interrupt_in *in)
{
    struct thread *t = target(inv);

    if (t->state == THREAD_DEAD)
        return OK;
    t->pending |= in->bits;
    thread_attend(t);
    if (t->waiter.state != WAIT_NONE && t->waiter.interruptible)
        wait_cancel(&t->waiter, PHX_INTERRUPTED);
    return OK;
}

int op_thread_registers(struct invocation *inv, const struct thread_registers_in *in)
{
    struct thread *t = target(inv);
    struct space *s = inv->thread->process->space;
    struct phx_registers new;

    if (t->state != THREAD_STOPPED || t->work.step)
        return PHX_INVALID_STATE;
    if (!in->write)
        return copy_out(s, in->address, &t->regs, sizeof t->regs);
    TRY(copy_in(s, &new, in->address, sizeof new));
    if (new.rip >= PHX_USER_END)
        return PHX_INVALID_ARGUMENT;
    new.rflags = arch_user_flags(new.rflags);
    t->regs = new;
    t->resume_full = 1;
    return OK;
}

int op_thread_join(struct invocation *inv, const struct thread_join_in *in,
                   struct thread_join_out *out)
{
    struct thread *t = target(inv);

    if (t == inv->thread)
        return PHX_DEADLOCK;
    if (t->state != THREAD_DEAD)
        return wait_for(inv->waiter, WAIT_JOIN, &t->object, &t->joiners, in->deadline);
    out->code = t->exit_code;
    return OK;
}

/* The turn stays whose it is. A call in a ring has none to give. */
int op_thread_yield_to(struct invocation *inv)
{
    struct thread *t = target(inv), *me = inv->thread, *end = wait_chain_end(t);

    if (t->state == THREAD_DEAD || t->state == THREAD_STOPPED)
        return PHX_INVALID_STATE;
    if (end->state != THREAD_READY || inv->waiter->ring || me != this_cpu()->current)
        return PHX_WOULD_BLOCK;
    thread_leave_line(end);
    thread_ready(me);
    thread_switch_direct(this_cpu(), end);
    return OK;
}

/* --- the calling thread ---------------------------------------------------- */

/* It ends on the way out, so that nothing below its own operation sees it gone. */
int op_thread_control_exit(struct invocation *inv, const struct thread_control_exit_in *in)
{
    struct thread *t = inv->thread;

    t->exit_code = in->code;
    t->ending = true;
    t->attention = true;
    return OK;
}

int op_thread_control_yield(struct invocation *)
{
    this_cpu()->resched = RESCHED_CHOOSE;
    return OK;
}

int op_thread_control_sleep(struct invocation *inv, const struct thread_control_sleep_in *in)
{
    return in->deadline ? wait_for(inv->waiter, WAIT_SLEEP, NULL, NULL, in->deadline) : OK;
}

int op_thread_control_self(struct invocation *inv, struct thread_control_self_out *out)
{
    struct thread *t = inv->thread;

    return object_hold(t, &t->object, IFACE_THREAD, THREAD_M_ALL, 0, &out->thread);
}
