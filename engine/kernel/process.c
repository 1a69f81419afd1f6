/* SPDX-License-Identifier: MIT */
/*
 * Processes and the accounts that pay for them.
 *
 * A process that ends is marked first, which refuses everything it could still
 * ask, and then taken down in bounded steps by whichever core chooses a thread or
 * is idle: threads (and with them the callers they served), table, space.
 */
#include "thread.h"

#define MARKS 64 /* threads that an end stops at once */

err_t process_new(struct account *a, uint64_t libos_low, uint64_t libos_high,
                  struct process **out)
{
    struct process *p;

    if (libos_low >= libos_high || libos_high > PHX_USER_END)
        return PHX_INVALID_ARGUMENT;
    TRY(object_new(a, KIND_PROCESS, &p));
    err_t err = space_new(a, IFACE_ADDRESS_SPACE, &p->space);
    if (err != OK) {
        object_free(p);
        return err;
    }

    p->object.type = IFACE_PROCESS;
    p->object.account = a;
    p->object.refs = 1; /* until it is dead */
    a->object.refs++;
    p->space->object.refs++;
    p->libos_low = libos_low;
    p->libos_size = libos_high - libos_low;
    cap_table_init(&p->table, &kernel.caps, a);
    list_init(&p->threads);
    list_init(&p->untold);
    list_add_tail(&a->processes, &p->account_link);
    list_add_tail(&kernel.processes, &p->all_link);
    kernel.process_count++;
    p->pid = ++kernel.next_pid;
    *out = p;
    return OK;
}

void process_free(struct process *p)
{
    struct account *a = p->object.account;

    pin_drop(&p->watch.notification);
    pin_drop(&p->keeper.notification);
    object_free(p);
    object_unref(&a->object);
}

/* One step of one thread that runs nowhere; false: there is none. */
static bool reap_thread(struct process *p)
{
    LIST_FOR_EACH(l, &p->threads)
    {
        struct thread *t = CONTAINER(l, struct thread, process_link);

        if (t->state == THREAD_RUNNING) {
            thread_attend(t);
            continue;
        }
        if (!t->work.step) {
            (void)thread_end(t, 0); /* or begins to */
            return true;
        }
        if (t->work.unlocked)
            t->work.unlocked(&t->work);
        thread_block(t, THREAD_STOPPED);
        work_step(t);
        return true;
    }
    return false;
}

/* Its threads, rows and mappings are gone. Without any process nothing can happen any more,
 * and nobody could turn the machine off. */
static void process_gone(struct process *p)
{
    struct space *s = p->space;
    unsigned status = (unsigned)p->status;

    p->space = NULL;
    p->state = PROCESS_DEAD;
    object_unref(&s->object);
    list_remove(&p->account_link);
    list_remove(&p->all_link);
    kernel.process_count--;
    kernel.swept_processes = 0; /* it may have been one of them */
    watch_tell(&p->watch);
    object_unref(&p->object);
    if (kernel.process_count == 0)
        panic("the last process ended (status %u, signal %u)", status >> 8, status & 0x7f);
}

static err_t process_reap(struct object *o)
{
    struct process *p = (struct process *)o;

    if (reap_thread(p))
        return MORE;
    if (!list_is_empty(&p->threads))
        return BLOCKED; /* other cores run the rest */
    if (cap_table_shrink(&p->table) || space_shrink(p->space))
        return MORE;
    process_gone(p);
    return OK;
}

void process_end(struct process *p, uint64_t status, uint64_t fault_address)
{
    unsigned marked = 0;

    if (p->state >= PROCESS_DYING)
        return;
    p->state = PROCESS_DYING;
    p->status = status;
    p->fault_address = fault_address;
    p->space->object.dead = 1; /* nobody maps into it any more */
    list_move_tail(&p->object.account->processes, &p->account_link); /* behind those that live */
    LIST_FOR_EACH(l, &p->threads)
    {
        if (marked++ == MARKS) /* the others find out on their way to ring 3 */
            break;
        thread_attend(CONTAINER(l, struct thread, process_link));
    }
    chore_begin(&p->reap, &p->object, process_reap);
}

/* --- operations ------------------------------------------------------------ */

int op_account_new_process(struct invocation *inv, const struct account_new_process_in *in,
                           struct account_new_process_out *out)
{
    struct cap_table *table = &inv->thread->process->table;
    struct process *p;
    uint64_t id;

    TRY(process_new((struct account *)inv->object, in->libos_low, in->libos_high, &p));
    err_t err = object_hold(inv->thread, &p->object, IFACE_PROCESS, PROCESS_M_ALL, 0, &id);
    if (err == OK) {
        err = object_hold(inv->thread, &p->space->object, IFACE_ADDRESS_SPACE, ADDRESS_SPACE_M_ALL,
                          0, &out->space);
        if (err != OK)
            cap_release(table, cap_row(table, id));
    }
    if (err != OK)
        process_gone(p);
    else
        out->process = id;
    return err;
}

int op_process_exit(struct invocation *inv, const struct process_exit_in *in)
{
    process_end((struct process *)inv->object, in->status & 0xffff, 0);
    return OK;
}

int op_process_status(struct invocation *inv, struct process_status_out *out)
{
    const struct process *p = (const struct process *)inv->object;

    out->state = p->state;
    out->status = p->status;
    out->threads = p->thread_count;
    out->pid = p->pid;
    out->fault_address = p->fault_address;
    return OK;
}

int op_process_watch(struct invocation *inv, const struct process_watch_in *in)
{
    struct process *p = (struct process *)inv->object;

    TRY(watch_set(&p->watch, inv->thread, in->notification, in->bits));
    if (p->state == PROCESS_DEAD)
        watch_tell(&p->watch);
    return OK;
}

int op_process_keeper(struct invocation *inv, const struct process_keeper_in *in)
{
    struct process *p = (struct process *)inv->object;

    return watch_set(&p->keeper, inv->thread, in->notification, in->bits);
}

int op_process_stopped(struct invocation *inv, struct process_stopped_out *out)
{
    struct list *first = list_first(&((struct process *)inv->object)->untold);
    uint64_t id;

    if (!first)
        return PHX_NOT_FOUND;
    struct thread *t = CONTAINER(first, struct thread, untold_link);
    TRY(object_hold(inv->thread, &t->object, IFACE_THREAD, THREAD_M_ALL, 0, &id));
    list_remove(first);
    *out = t->untold;
    out->thread = id;
    return OK;
}

int op_process_getpid(struct invocation *inv, struct process_getpid_out *out)
{
    out->pid = ((const struct process *)inv->object)->pid;
    return OK;
}

int op_account_balance(struct invocation *inv, const struct account_balance_in *in,
                       struct account_balance_out *out)
{
    const struct account *a = (const struct account *)inv->object;

    if (in->resource >= RESOURCES)
        return PHX_INVALID_ARGUMENT;
    uint64_t r = in->resource;
    out->limit = a->limit[r];
    out->used = a->used[r];
    out->peak = r == RESOURCE_TIME ? a->ran : account_peak(a, (unsigned)r);
    return OK;
}

int op_account_create(struct invocation *inv, const struct account_create_in *in,
                      struct account_create_out *out)
{
    struct account *parent = (struct account *)inv->object, *a;
    const uint64_t limits[RESOURCES] = { in->pages, in->holds, in->threads, in->energy, 0, 0 };
    err_t err = OK;

    if (account_depth(parent) >= ACCOUNT_DEPTH_MAX)
        return PHX_DEPTH_EXCEEDED;
    TRY(object_new(parent, KIND_ACCOUNT, &a));
    account_init(a, parent, parent->memory);
    for (unsigned r = 0; r < RESOURCES && err == OK; r++)
        err = account_transfer(parent, a, r, limits[r]);
    if (err == OK)
        return object_hold(inv->thread, &a->object, IFACE_ACCOUNT, ACCOUNT_M_ALL, 0,
                           &out->account);
    account_free(a);
    return err;
}

int op_account_transfer(struct invocation *inv, const struct account_transfer_in *in)
{
    struct hold *row;

    TRY(other(inv->thread, in->to, IFACE_ACCOUNT, ACCOUNT_RECEIVE, &row));
    struct account *to = (struct account *)row->object;
    if (in->resource >= RESOURCES || to->object.dead)
        return PHX_INVALID_ARGUMENT;
    return account_transfer((struct account *)inv->object, to, (unsigned)in->resource, in->amount);
}

int op_account_charge(struct invocation *inv, const struct account_charge_in *in)
{
    if (in->resource != RESOURCE_ENERGY && in->resource != RESOURCE_GAS)
        return PHX_INVALID_ARGUMENT;
    return account_charge((struct account *)inv->object, (unsigned)in->resource, in->amount);
}

/* The next thing to do to a tree of accounts: close one, end a process of one that is
 * closed, or leave one that has nothing any more. From the top, so that nobody below
 * makes more of what is taken down. */
static bool destroy_step(struct thread *, struct work *w)
{
    for (struct account *a = (struct account *)w->object, *child;; a = child) {
        struct process *p = CONTAINER(a->processes.next, struct process, account_link);

        if (!a->object.dead) {
            account_close(a);
            return false;
        }
        if (!list_is_empty(&a->processes) && p->state < PROCESS_DYING) {
            process_end(p, 9, 0);
            return false;
        }
        child = CONTAINER(a->children.next, struct account, sibling);
        if (list_is_empty(&a->children) || child->object.dead == ACCOUNT_LEFT) {
            a->object.dead = ACCOUNT_LEFT;
            list_move_tail(&a->object.account->children, &a->sibling);
            if (&a->object != w->object)
                return false;
            object_unref(w->object);
            return true;
        }
    }
}

int op_account_destroy(struct invocation *inv)
{
    struct work *w = &inv->thread->work;

    if (inv->object == &kernel.root.object)
        return PHX_PERMISSION_DENIED;
    *w = (struct work){ .step = destroy_step, .object = inv->object };
    w->object->refs++;
    return work_begin(inv->thread, inv->waiter, NULL);
}
