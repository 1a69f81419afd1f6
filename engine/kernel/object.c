/* SPDX-License-Identifier: MIT */
/*
 * What all kernel objects share: sizes, reference counts, first holds.
 */
#include "ring.h"
#include "thread.h"

#define LOOKS 40       /* at waiters, by a signal and by each step of what is left of it */
#define LOOKS_A_GIFT 8 /* that answering one of them costs */

struct kernel kernel;

struct badge *badge_find(const struct endpoint *e, uint64_t number)
{
    struct tree_node *node = number ? tree_floor(&e->badges, number) : NULL;

    return node && node->key == number ? CONTAINER(node, struct badge, node) : NULL;
}

void badge_check(struct endpoint *e, struct badge *b)
{
    if (b->holds > 0)
        return;
    watch_tell(&b->watch); /* once */
    pin_drop(&b->watch.notification);
    if (b->queued > 0)
        return;
    tree_remove(&e->badges, &b->node);
    object_free(b);
}

/* A row names its object from now on, or (by -1) no longer: who counts its rows hears of it,
 * and of the last. */
static void hold_counts(const struct hold *row, int by)
{
    struct waiter *caller = row->interface == IFACE_REPLY ? ipc_reply_target(row) : NULL;
    struct endpoint *e = (struct endpoint *)row->object;
    struct badge *b;

    if (caller && (caller->replies += by) == 0) /* nobody can answer it any more */
        wait_cancel(caller, PHX_DISCONNECTED);
    if (row->object->type != IFACE_ENDPOINT)
        return;
    if (row->interface != IFACE_ENDPOINT) {
        if ((b = badge_find(e, row->badge)) && (b->holds += by) == 0)
            badge_check(e, b);
    } else if ((row->methods & ENDPOINT_M_RECEIVE) && (e->servers += by) == 0) {
        chore_begin(&e->closing, &e->object, endpoint_disconnect);
    }
}

static void object_free_last(struct object *o)
{
    switch (o->type) {
    case IFACE_ACCOUNT: account_free((struct account *)o); break;
    case IFACE_PROCESS: process_free((struct process *)o); break;
    case IFACE_THREAD: thread_free(CONTAINER(o, struct thread, object)); break;
    case IFACE_ADDRESS_SPACE: space_free((struct space *)o); break;
    case IFACE_FRAME: frame_free((struct frame *)o); break;
    case IFACE_DMA_DOMAIN: domain_free((struct domain *)o); break;
    case IFACE_ENDPOINT: /* the holds of its badges are gone, and with them their records */
        if (((struct endpoint *)o)->server)
            ipc_serves_none(((struct endpoint *)o)->server);
        object_free(o);
        break;
    case IFACE_NOTIFICATION:
        irq_sweep();
        object_free(o);
        break;
    case IFACE_RING: /* its thread let go of what it had */
    case IFACE_SCHEDULE: object_free(o); break; /* neither threads, slots nor a place */
    case IFACE_FRAME_POOL: pool_free((struct pool *)o); break;
    case IFACE_LOG: tap_end(); break; /* the log itself is the machine's */
    default: break; /* static: never freed */
    }
}

void object_unref(struct object *o)
{
    if (--o->refs == 0)
        object_free_last(o);
}

void objects_init(void)
{
    static const uint16_t sizes[KIND_COUNT] = {
        [KIND_NODE] = sizeof(struct node),       [KIND_USES] = sizeof(struct uses),
        [KIND_ACCOUNT] = sizeof(struct account), [KIND_PROCESS] = sizeof(struct process),
        [KIND_THREAD] = sizeof(struct thread),   [KIND_SPACE] = sizeof(struct space),
        [KIND_MAPPING] = sizeof(struct mapping), [KIND_FRAME] = sizeof(struct frame),
        [KIND_ENDPOINT] = sizeof(union { struct endpoint e; struct badge b; struct notification n; struct pool p; }),  [KIND_RING] = sizeof(struct ring),
        [KIND_SCHEDULE] = sizeof(struct schedule),
    };
    _Static_assert(sizeof(struct thread) <= 2000, "two threads a page");
    _Static_assert(offsetof(struct thread, resume_full) == 144, "arch knows this offset");

    for (unsigned k = 0; k < KIND_COUNT; k++) {
        kernel.memory.align[k] = k == KIND_EXTENDED_STATE ? 64 : 16;
        kernel.memory.size[k] = (uint16_t)((sizes[k] + 15u) & ~15u);
    }
    kernel.memory.size[KIND_EXTENDED_STATE] = (uint16_t)((arch_fpu_size + 63u) & ~63u);
    caps_init(&kernel.caps, object_free_last);
    kernel.caps.counts = hold_counts;
    list_init(&kernel.processes);
    list_init(&kernel.chores);
    list_init(&kernel.memory.ended);
}

err_t object_hold(struct thread *t, struct object *o, unsigned interface, uint64_t methods,
                  uint64_t badge, uint64_t *id)
{
    struct cap_table *table = &t->process->table;
    uint32_t row;

    o->refs++;
    err_t err = cap_reserve(table, &row);
    if (err == OK)
        *id = cap_put(table, row, o, interface, methods, badge);
    object_unref(o);
    return err;
}

err_t result_derive_in(struct invocation *inv, struct cap_table *table, uint32_t slot,
                       uint64_t methods, uint64_t badge, unsigned interface, uint64_t uses,
                       uint64_t *id)
{
    struct uses *counter;

    TRY(slot ? cap_reserve_slot(table, slot) : cap_reserve(table, &slot));
    err_t err = cap_prepare_derive(&inv->thread->process->table, inv->row, uses, &counter);
    if (err == OK)
        *id = cap_derive(table, slot, inv->row, methods, badge, interface, counter);
    else
        cap_unreserve(table, slot);
    return err;
}

err_t result_derive(struct invocation *inv, uint64_t methods, uint64_t badge, unsigned interface,
                    uint64_t uses, uint64_t *id)
{
    return result_derive_in(inv, &inv->thread->process->table, 0, methods, badge, interface, uses,
                            id);
}

err_t result_part(struct invocation *inv, uint64_t at, uint64_t count, uint64_t *id)
{
    uint64_t have = FRAME_BADGE_PAGES(inv->badge);

    if (count == 0 || count > have || at > have - count)
        return PHX_INVALID_ARGUMENT;
    uint64_t badge = FRAME_BADGE(FRAME_BADGE_OFFSET(inv->badge) + at, count);
    return result_derive(inv, inv->row->methods, badge, inv->row->interface, 0, id);
}

err_t other(struct thread *t, uint64_t id, unsigned interface, unsigned method, struct hold **row)
{
    TRY(cap_lookup(&t->process->table, id, method, row));
    if ((*row)->interface != interface)
        return PHX_INVALID_ARGUMENT;
    return interface == IFACE_FRAME ? frame_usable((struct frame *)(*row)->object, method) : OK;
}

void pin_set(struct pin *p, const struct hold *row)
{
    row->object->refs++;
    node_ref(row->up);
    pin_drop(p);
    if (row->object->type == IFACE_FRAME)
        frame_pin((struct frame *)row->object, 1);
    *p = (struct pin){ row->object, row->up, row->up_gen, 0 };
}

/* The order of the two reads is cap_alive()'s. */
bool pin_look(struct pin *p)
{
    uint64_t seen = kernel.caps.revocations;

    if (!node_alive(p->up, p->up_gen))
        return false;
    p->checked = seen;
    return true;
}

void pin_drop(struct pin *p)
{
    if (!p->object)
        return;
    node_unref(p->up);
    if (p->object->type == IFACE_FRAME)
        frame_pin((struct frame *)p->object, -1);
    object_unref(p->object);
    p->object = NULL;
}

/* --- what is made of nothing else -------------------------------------------- */

/* A new object that only its first hold names, in the invoking process. */
static err_t make(struct invocation *inv, unsigned type, uint64_t methods, uint64_t *id)
{
    struct account *a = (struct account *)inv->object;
    struct object *o;

    TRY(object_new(a, type == IFACE_SCHEDULE ? KIND_SCHEDULE : KIND_ENDPOINT, &o));
    o->type = (uint8_t)type;
    o->account = a;
    if (type == IFACE_ENDPOINT) {
        o->watched = 1;
        list_init(&((struct endpoint *)o)->callers);
        list_init(&((struct endpoint *)o)->receivers);
    } else if (type == IFACE_NOTIFICATION) {
        list_init(&((struct notification *)o)->waiters);
    } else if (type == IFACE_SCHEDULE) {
        share_init(&((struct schedule *)o)->share);
    }
    return object_hold(inv->thread, o, type, methods, 0, id);
}

int op_account_new_endpoint(struct invocation *inv, struct account_new_endpoint_out *out)
{
    return make(inv, IFACE_ENDPOINT, ENDPOINT_M_ALL, &out->endpoint);
}

int op_account_new_notification(struct invocation *inv, struct account_new_notification_out *out)
{
    return make(inv, IFACE_NOTIFICATION, NOTIFICATION_M_ALL, &out->notification);
}

int op_account_new_schedule(struct invocation *inv, struct account_new_schedule_out *out)
{
    return make(inv, IFACE_SCHEDULE, SCHEDULE_M_ALL, &out->schedule);
}

int op_account_new_pool(struct invocation *inv, struct account_new_pool_out *out)
{
    return make(inv, IFACE_FRAME_POOL, FRAME_POOL_M_ALL, &out->pool);
}

/* The badge's record, made at its first mint. */
static err_t badge_record(struct endpoint *e, uint64_t number)
{
    struct badge *b;

    if (number == 0 || badge_find(e, number))
        return OK;
    TRY(object_new(e->object.account, KIND_ENDPOINT, &b));
    b->node.key = number;
    tree_insert(&e->badges, &b->node);
    return OK;
}

int op_endpoint_mint(struct invocation *inv, const struct endpoint_mint_in *in,
                     struct endpoint_mint_out *out)
{
    struct endpoint *e = (struct endpoint *)inv->object;

    if (in->interface < 64 || in->interface > UINT16_MAX)
        return PHX_INVALID_ARGUMENT;
    TRY(badge_record(e, in->badge));
    err_t err = result_derive(inv, in->methods, in->badge, (unsigned)in->interface, in->uses,
                              &out->capability);
    struct badge *b = badge_find(e, in->badge);
    if (b) /* perhaps made for what was refused */
        badge_check(e, b);
    return err;
}

int op_endpoint_watch(struct invocation *inv, const struct endpoint_watch_in *in)
{
    struct endpoint *e = (struct endpoint *)inv->object;
    struct badge *b = badge_find(e, in->badge);

    if (!b)
        return PHX_NOT_FOUND;
    return watch_set(&b->watch, inv->thread, in->notification, in->bits);
}

err_t watch_set(struct watch *w, struct thread *t, uint64_t id, uint64_t bits)
{
    struct hold *row;

    TRY(other(t, id, IFACE_NOTIFICATION, NOTIFICATION_SIGNAL, &row));
    pin_set(&w->notification, row);
    w->bits = bits;
    return OK;
}

bool watch_tell(struct watch *w)
{
    if (!pin_alive(&w->notification))
        return false;
    notification_signal((struct notification *)w->notification.object, w->bits);
    return true;
}

static uint64_t bits_take(struct notification *n, uint64_t mask)
{
    uint64_t got = n->bits & mask;

    n->bits &= ~got;
    return got;
}

/* To whoever waits for what there is, first come first served; who gets nothing goes to the
 * end of the queue, as in wait_sweep(). MORE: there are others to be looked at. */
static err_t give_some(struct object *o)
{
    struct notification *n = (struct notification *)o;
    struct list *queue = &n->waiters;

    for (unsigned looks = 0; looks < LOOKS; looks++) {
        struct waiter *w = CONTAINER(queue->next, struct waiter, link);

        if (list_is_empty(queue) || w->seen == n->round ||
            (!n->bits && CONTAINER(queue->prev, struct waiter, link)->seen != n->round))
            return OK;
        uint64_t out[5] = { bits_take(n, w->mask) };
        if (out[0]) {
            wait_end(w);
            wait_answer_words(w, OK, out);
            looks += LOOKS_A_GIFT;
        } else {
            w->seen = n->round;
            list_move_tail(queue, &w->link);
        }
    }
    return MORE;
}

void notification_signal(struct notification *n, uint64_t bits)
{
    n->bits |= bits;
    n->round = ++kernel.sweeps;
    if (give_some(&n->object) == MORE)
        chore_begin(&n->giving, &n->object, give_some);
}

int op_notification_signal(struct invocation *inv, const struct notification_signal_in *in)
{
    notification_signal((struct notification *)inv->object, in->bits);
    return OK;
}

int op_notification_poll(struct invocation *inv, const struct notification_poll_in *in,
                         struct notification_poll_out *out)
{
    out->bits = bits_take((struct notification *)inv->object, in->mask);
    return OK;
}

int op_notification_wait(struct invocation *inv, const struct notification_wait_in *in,
                         struct notification_wait_out *out)
{
    struct notification *n = (struct notification *)inv->object;

    if (in->mask == 0)
        return PHX_INVALID_ARGUMENT;
    uint64_t got = bits_take(n, in->mask);
    inv->waiter->mask = in->mask;
    if (!got)
        return wait_for(inv->waiter, WAIT_NOTIFICATION, &n->object, &n->waiters, in->deadline);
    out->bits = got;
    return OK;
}
