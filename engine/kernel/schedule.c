/* SPDX-License-Identifier: MIT */
/*
 * Schedules, and the slots that they are given. Who is chosen is core/slots.h; when, and
 * what is run then, is sched.c.
 *
 * What names a Schedule keeps it: holds, its threads, its slots, a place in the spare
 * lists. A slot and a place remember the authority that gave them away, and are looked at
 * when their time comes: after a revoke they are nobody's.
 */
#include "thread.h"

#define BIND_MOST 64 /* slots, and so as many steps */

struct timetable timetable;
struct schedule root_schedule = {
    .object = { .type = OBJECT_SCHEDULE, .refs = 1, .account = &kernel.root },
};

static struct share *owners[CPUS_MAX * SLOTS_MAX];
static struct pin slots[CPUS_MAX * SLOTS_MAX], places[POSITIONS];

/* --- slots and places ------------------------------------------------------- */

/* `row`: a Schedule, and the authority by which it gets the slot; NULL: nobody. */
static void slot_bind(unsigned slot, const struct hold *row)
{
    unsigned first = slot - slot % timetable.count;
    uint64_t core = UINT64_C(1) << slot / timetable.count;
    struct share *s = owners[slot];

    owners[slot] = NULL;
    if (s) {
        s->slots--;
        s->cores &= ~core;
    }
    for (unsigned i = first; i < first + timetable.count; i++)
        if (s && owners[i] == s)
            s->cores |= core;
    pin_drop(&slots[slot]);
    if (!row)
        return;
    pin_set(&slots[slot], row);
    s = owners[slot] = &((struct schedule *)row->object)->share;
    s->slots++;
    s->cores |= core;
}

static void place_leave(unsigned position)
{
    for (unsigned i = 0; i < CPUS_MAX; i++)
        cpus[i].turns.spare &= ~(UINT64_C(1) << position);
    share_place(&timetable, &((struct schedule *)places[position].object)->share, 0);
    pin_drop(&places[position]);
}

static void place_take(unsigned position, const struct hold *row)
{
    pin_set(&places[position], row);
    share_place(&timetable, &((struct schedule *)row->object)->share, UINT64_C(1) << position);
}

struct schedule *schedule_next(struct cpu *c, uint64_t now, unsigned *rank)
{
    turns_advance(&timetable, &c->turns, now);
    while ((*rank = turns_next(&timetable, &c->turns, now)) == RANK_OWN) {
        unsigned slot = (unsigned)(&c->turns.vector[c->turns.at] - owners);

        if (pin_alive(&slots[slot]))
            return (struct schedule *)slots[slot].object;
        slot_bind(slot, NULL);
    }
    while (*rank != RANK_NONE) {
        unsigned position = (*rank - RANK_CREDIT) % POSITIONS;

        if (pin_alive(&places[position]))
            return (struct schedule *)places[position].object;
        place_leave(position);
        *rank = turns_next(&timetable, &c->turns, now);
    }
    return NULL;
}

void schedules_init(unsigned count, uint64_t slot_ns)
{
    struct node *root = &kernel.caps.root;
    struct hold row = { .object = &root_schedule.object, .up = root, .up_gen = root->gen };

    timetable = (struct timetable){ .slot_ns = slot_ns, .count = count };
    share_init(&root_schedule.share);
    for (unsigned i = 0; i < CPUS_MAX; i++) {
        cpus[i].turns = (struct turns){ .vector = &owners[i * count],
                                        .at = count - 1,
                                        .spare = UINT64_C(1) << (POSITIONS - 1) };
    }
    for (unsigned i = 0; i < CPUS_MAX * count; i++)
        slot_bind(i, &row);
    place_take(POSITIONS - 1, &row);
}

/* --- threads ----------------------------------------------------------------- */

void thread_schedule(struct thread *t, struct schedule *s, unsigned order)
{
    bool in_line = list_is_linked(&t->queue_link) || t->state == THREAD_READY;

    thread_leave_line(t);
    if (s)
        s->object.refs++;
    if (t->schedule)
        object_unref(&t->schedule->object);
    t->schedule = s;
    t->order = (uint8_t)order;
    if (in_line)
        thread_line_up(t);
}

/* --- operations on a Schedule --------------------------------------------------- */

static err_t thread_at(struct invocation *inv, uint64_t id, struct thread **t)
{
    struct hold *row;

    TRY(other(inv->thread, id, IFACE_THREAD, THREAD_AFFINITY, &row));
    *t = CONTAINER(row->object, struct thread, object);
    return OK;
}

int op_schedule_add(struct invocation *inv, const struct schedule_add_in *in)
{
    struct schedule *s = (struct schedule *)inv->object;
    struct thread *t;

    TRY(thread_at(inv, in->thread, &t));
    if (in->order >= ORDERS || t->state == THREAD_DEAD)
        return PHX_INVALID_ARGUMENT;
    thread_schedule(t, s, (unsigned)in->order);
    return OK;
}

int op_schedule_remove(struct invocation *inv, const struct schedule_remove_in *in)
{
    struct thread *t;

    TRY(thread_at(inv, in->thread, &t));
    if (t->schedule != (struct schedule *)inv->object)
        return PHX_NOT_FOUND;
    thread_schedule(t, NULL, 0);
    return OK;
}

int op_schedule_watch_slice_end(struct invocation *inv,
                                const struct schedule_watch_slice_end_in *in)
{
    ((struct schedule *)inv->object)->slice_end_bits = in->bits;
    return OK;
}

int op_schedule_info(struct invocation *inv, struct schedule_info_out *out)
{
    const struct schedule *s = (const struct schedule *)inv->object;

    out->slots = s->share.slots;
    out->credit = s->share.credit;
    out->borrowed = s->share.borrowed;
    return OK;
}

int op_schedule_credit(struct invocation *inv, const struct schedule_credit_in *in)
{
    struct share *s = &((struct schedule *)inv->object)->share;

    if (in->ns > s->slots * timetable.slot_ns)
        return PHX_LIMIT_EXCEEDED;
    s->credit = in->ns;
    share_borrow(&timetable, s, 0);
    return OK;
}

/* --- operations on slots --------------------------------------------------------- */

/* Who is to get what `inv` may give away, and by that authority. */
static err_t receiver(struct invocation *inv, uint64_t id, struct hold *given)
{
    struct hold *row;

    TRY(other(inv->thread, id, IFACE_SCHEDULE, SCHEDULE_RECEIVE, &row));
    *given = (struct hold){ .object = row->object,
                            .up = inv->row->up,
                            .up_gen = inv->row->up_gen };
    return OK;
}

int op_time_slice_bind(struct invocation *inv, const struct time_slice_bind_in *in)
{
    unsigned first = (unsigned)FRAME_BADGE_OFFSET(inv->badge);
    unsigned end = first + (unsigned)FRAME_BADGE_PAGES(inv->badge);
    struct hold given = { .object = NULL };

    if (end - first > BIND_MOST)
        return PHX_TOO_BIG;
    if (in->schedule)
        TRY(receiver(inv, in->schedule, &given));
    for (unsigned i = first; i < end; i++)
        slot_bind(i, given.object ? &given : NULL);
    for (unsigned i = first / timetable.count; i <= (end - 1) / timetable.count; i++)
        cpu_look(&cpus[i]);
    return OK;
}

int op_time_slice_carve(struct invocation *inv, const struct time_slice_carve_in *in,
                        struct time_slice_carve_out *out)
{
    return result_part(inv, in->first, in->count, &out->slice);
}

int op_time_slice_info(struct invocation *inv, struct time_slice_info_out *out)
{
    out->first = FRAME_BADGE_OFFSET(inv->badge);
    out->count = FRAME_BADGE_PAGES(inv->badge);
    out->each = timetable.count;
    out->length = timetable.slot_ns;
    return OK;
}

int op_time_slice_spare(struct invocation *inv, const struct time_slice_spare_in *in)
{
    unsigned first = (unsigned)FRAME_BADGE_OFFSET(inv->badge);
    unsigned last = first + (unsigned)FRAME_BADGE_PAGES(inv->badge) - 1;
    unsigned position = (unsigned)in->position;
    struct hold given;

    if (in->position >= POSITIONS)
        return PHX_INVALID_ARGUMENT;
    const struct object *there = places[position].object;
    if (in->schedule) {
        TRY(receiver(inv, in->schedule, &given));
        const struct share *s = &((struct schedule *)given.object)->share;
        if (there ? there != given.object : s->place != 0)
            return PHX_EXISTS;
        place_take(position, &given);
    }
    uint64_t used = 0;
    for (unsigned i = 0; i < cpu_count; i++) {
        struct turns *c = &cpus[i].turns;

        if (i >= first / timetable.count && i <= last / timetable.count) {
            c->spare = (c->spare & ~(UINT64_C(1) << position)) |
                       (uint64_t)(in->schedule != 0) << position;
            cpu_look(&cpus[i]);
        }
        used |= c->spare;
    }
    if (there && !(used >> position & 1))
        place_leave(position);
    return OK;
}
