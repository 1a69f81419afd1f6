/* SPDX-License-Identifier: MIT */
/*
 * Schedules, and the slots and places in spare lists that they are given. Who is chosen is
 * core/slots.h; when, and what is run then, is sched.c.
 *
 * What names a Schedule keeps it: holds, its threads, its slots, its place. A slot and a
 * place remember the authority that gave them away, and are looked at when their turn
 * comes: after a revoke they are nobody's. That turn may never come, so a revoke looks too.
 */
#include "thread.h"

#define BIND_MOST 64 /* slots, and so as many steps */
#define SLOTS (CPUS_MAX * SLOTS_MAX)
#define LOOKS 8 /* at these, after a revoke, in one hold of the lock */

struct timetable timetable;
struct schedule root_schedule = {
    .object = { .type = IFACE_SCHEDULE, .refs = 1, .account = &kernel.root },
};

/* Of slots, core by core, and behind them of places in spare lists. */
static struct share *owners[SLOTS + POSITIONS];
static struct pin given[SLOTS + POSITIONS];

/* `by`: a Schedule, and the authority by which it gets this; without object: nobody has it. */
static void give(unsigned at, const struct hold *by)
{
    uint64_t place = at < SLOTS ? 0 : UINT64_C(1) << (at - SLOTS);
    struct share *s = owners[at];

    if (s && place)
        share_place(&timetable, s, 0);
    else if (s)
        s->slots--;
    for (unsigned i = 0; !by->object && i < cpu_count; i++)
        cpus[i].turns.spare &= ~place;
    owners[at] = NULL;
    pin_drop(&given[at]);
    if (!by->object)
        return;
    pin_set(&given[at], by);
    s = owners[at] = &((struct schedule *)by->object)->share;
    if (place)
        share_place(&timetable, s, place);
    else
        s->slots++;
}

/* Who has it, by an authority that is still one. */
static struct schedule *owner(unsigned at)
{
    if (given[at].object && !pin_alive(&given[at]))
        give(at, &(struct hold){ .object = NULL });
    return (struct schedule *)given[at].object;
}

bool schedules_sweep(uint64_t *next)
{
    unsigned slots = cpu_count * timetable.count;

    for (unsigned i = 0; i < LOOKS && *next < slots + POSITIONS; i++, ++*next)
        (void)owner((unsigned)*next < slots ? (unsigned)*next : SLOTS + (unsigned)*next - slots);
    return *next < slots + POSITIONS;
}

struct schedule *schedule_next(struct cpu *c, uint64_t now, unsigned *rank)
{
    struct schedule *s;

    turns_advance(&timetable, &c->turns, now);
    while ((*rank = turns_next(&timetable, &c->turns, now)) != RANK_NONE) {
        unsigned at = *rank == RANK_OWN ? (unsigned)(&c->turns.vector[c->turns.at] - owners)
                                        : SLOTS + (*rank - RANK_CREDIT) % POSITIONS;

        if ((s = owner(at)))
            return s;
    }
    return NULL;
}

void schedules_init(unsigned count, uint64_t slot_ns)
{
    struct node *root = &kernel.caps.root;
    struct hold by = { .object = &root_schedule.object, .up = root, .up_gen = root->gen };

    timetable = (struct timetable){ .slot_ns = slot_ns, .count = count };
    share_init(&root_schedule.share);
    for (unsigned i = 0; i < CPUS_MAX; i++)
        cpus[i].turns = (struct turns){ .vector = &owners[i * count],
                                        .at = count - 1,
                                        .spare = UINT64_C(1) << (POSITIONS - 1) };
    for (unsigned i = 0; i < CPUS_MAX * count; i++)
        give(i, &by);
    give(SLOTS + POSITIONS - 1, &by);
}

void thread_schedule(struct thread *t, struct schedule *s, unsigned order)
{
    bool in_line = list_is_linked(&t->queue_link);

    thread_leave_line(t);
    s->object.refs++;
    if (t->schedule)
        object_unref(&t->schedule->object);
    t->schedule = s;
    t->order = (uint8_t)order;
    if (in_line)
        thread_line_up(t);
}

/* --- operations ---------------------------------------------------------------- */

int op_schedule_add(struct invocation *inv, const struct schedule_add_in *in)
{
    struct hold *row;

    TRY(other(inv->thread, in->thread, IFACE_THREAD, THREAD_AFFINITY, &row));
    if (in->order >= ORDERS)
        return PHX_INVALID_ARGUMENT;
    thread_schedule(CONTAINER(row->object, struct thread, object),
                    (struct schedule *)inv->object, (unsigned)in->order);
    return OK;
}

int op_schedule_watch_slice_end(struct invocation *inv,
                                const struct schedule_watch_slice_end_in *in)
{
    ((struct schedule *)inv->object)->slice_end_bits = in->bits;
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

/* Who is to get what `inv` may give away, by that authority; id 0: nobody. */
static err_t receiver(struct invocation *inv, uint64_t id, struct hold *by)
{
    struct hold *row;

    *by = *inv->row;
    by->object = NULL;
    if (id == 0)
        return OK;
    TRY(other(inv->thread, id, IFACE_SCHEDULE, SCHEDULE_RECEIVE, &row));
    by->object = row->object;
    return OK;
}

int op_time_slice_bind(struct invocation *inv, const struct time_slice_bind_in *in)
{
    unsigned first = (unsigned)FRAME_BADGE_OFFSET(inv->badge);
    unsigned count = (unsigned)FRAME_BADGE_PAGES(inv->badge);
    struct hold by;

    if (count > BIND_MOST)
        return PHX_TOO_BIG;
    TRY(receiver(inv, in->schedule, &by));
    for (unsigned i = 0; i < count; i++)
        give(first + i, &by);
    cores_look();
    return OK;
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
    unsigned at = SLOTS + (unsigned)in->position;
    uint64_t place = UINT64_C(1) << (at - SLOTS) % POSITIONS, used = 0;
    struct hold by;

    if (in->position >= POSITIONS)
        return PHX_INVALID_ARGUMENT;
    TRY(receiver(inv, in->schedule, &by));
    if (by.object && (owners[at] ? given[at].object != by.object
                                 : ((struct schedule *)by.object)->share.place != 0))
        return PHX_EXISTS;
    for (unsigned i = 0; i < cpu_count; i++) {
        uint64_t *spare = &cpus[i].turns.spare;

        if (i >= first / timetable.count && i <= last / timetable.count)
            *spare = (*spare & ~place) | (by.object ? place : 0);
        used |= *spare;
    }
    if (by.object || !(used & place))
        give(at, &by);
    cores_look();
    return OK;
}
